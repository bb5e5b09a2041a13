/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/msi_names.h"

#include "anatomy/msi_digest.h"
#include "base/map.h"
#include "wire/msi_base.h"

#include <errno.h>
#include <stdio.h>

#define BINARY_TABLES_MAX 64
#define BINARY_ROWS_MAX 65536 /* of one of them */
#define TOLD_MAX 8 /* reasons of one kind */

struct names {
	struct anatomy *a;
	const struct cfb *c;
	struct arena *arena;
	struct msi_base base;
	struct map streams; /* name → its place in seen */
	bool *seen;	    /* by entry */
	enum reason_kind bad;
	bool covered; /* names, by MsiDigitalSignatureEx */
	unsigned missing;
};

static int take_name(struct names *n, uint32_t entry)
{
	char text[MSI_NAME_MAX];
	char *name = arena_str(n->arena, span_str(msi_entry_name(n->c, entry, text)));

	if (!name)
		return -ENOMEM;
	int rc = map_add(&n->streams, span_str(name), &n->seen[entry], NULL);
	if (rc == 1)
		verdict_add(n->a->verdict, n->bad, "msi.stream-twice",
		    "two streams are called %s, written in two ways", QUOTE(span_str(name)));
	return rc < 0 ? rc : 0;
}

static int take_names(struct names *n)
{
	int rc = 0;

	n->seen = arena_array(n->arena, n->c->nentries, sizeof(*n->seen));
	if (!n->seen)
		return -ENOMEM;
	for (uint32_t i = 1; rc == 0 && i < n->c->nlisted; i++) {
		const struct cfb_entry *e = &n->c->entry[n->c->listed[i]];
		if (e->parent == 0 && e->type == CFB_STREAM)
			rc = take_name(n, n->c->listed[i]);
	}
	return rc;
}

static bool mark(struct names *n, struct span name)
{
	bool *seen = map_get(&n->streams, name);

	if (seen)
		*seen = true;
	return seen;
}

static void mark_known(struct names *n)
{
	static const char *const known[] = { "!_StringPool", "!_StringData", "!_Tables", "!_Columns",
		"\5DocumentSummaryInformation", MSI_SIGNATURE, MSI_SIGNATURE_EX };

	if (!mark(n, span_str("\5SummaryInformation")))
		verdict_add(n->a->verdict, n->bad, "msi.stream-missing",
		    "the stream SummaryInformation, which every installer has, is not there");

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		mark(n, span_str(known[i]));
}

static void mark_tables(struct names *n)
{
	char name[MSI_NAME_MAX];

	for (uint32_t i = 0; i < n->base.tables.nrows; i++) {
		struct span t = span_cut(msi_text(&n->base.tables, i, 0), 0, 128);
		snprintf(name, sizeof(name), "!%.*s", SPAN_ARG(t));
		mark(n, span_str(name));
	}
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* A row names a stream. */
static void want(struct names *n, const char *name, struct span table)
{
	if (mark(n, span_str(name)) || !is_ascii(name) || n->missing++ >= TOLD_MAX)
		return;
	verdict_add(n->a->verdict, n->bad, "msi.stream-missing",
	    "table %s has a row whose stream %s is not there", QUOTE(table), QUOTE(span_str(name)));
}

static void mark_rows(struct names *n, const struct msi_table *t)
{
	char name[MSI_NAME_MAX];

	for (uint32_t row = 0; row < t->nrows; row++)
		for (uint32_t i = 0; i < t->ncolumns; i++)
			if (MSI_TYPE_BINARY(t->column[i].type) &&
			    msi_int(t, row, (int)i) != MSI_NULL)
				want(n, msi_row_name(t, row, name), t->name);
}

/* Tables with a column that stands for streams. */
static int mark_binaries(struct names *n, struct fault *f)
{
	const struct msi_table *c = &n->base.columns;
	struct span last = SPAN_NONE;
	unsigned ntables = 0;

	for (uint32_t i = 0; i < c->nrows; i++) {
		struct span table = msi_text(c, i, 0);
		struct msi_table t;
		if (!MSI_TYPE_BINARY((unsigned)msi_int(c, i, 3)) || span_eq(table, last))
			continue;
		last = table;
		char *name = arena_str(n->arena, table);
		if (!name)
			return -ENOMEM;
		if (ntables++ == BINARY_TABLES_MAX)
			return fault_set(f, MSI_DB_BAD, "more than %d tables with streams",
			    BINARY_TABLES_MAX);
		int rc = msi_base_table(&n->base, name, &t, f);
		if (rc)
			return rc;
		if (t.nrows > BINARY_ROWS_MAX)
			return fault_set(f, MSI_DB_BAD, "table %s has more than %d streams",
			    QUOTE(table), BINARY_ROWS_MAX);
		mark_rows(n, &t);
	}
	return 0;
}

/* Media.Cabinet: "#name" is a stream, without "#" a file beside this one. */
static int mark_cabinets(struct names *n, struct fault *f)
{
	struct msi_table t;
	int rc = msi_base_table(&n->base, "Media", &t, f);

	for (uint32_t row = 0; rc == 0 && row < t.nrows; row++) {
		struct span cab = msi_text(&t, row, msi_column(&t, "Cabinet"));
		char name[MSI_NAME_MAX];
		if (!cab.n || cab.p[0] != '#')
			continue;
		snprintf(name, sizeof(name), "%.*s", SPAN_ARG(span_cut(cab, 1, MSI_NAME_MAX - 1)));
		want(n, name, t.name);
	}
	return rc;
}

static void judge_unseen(struct names *n)
{
	unsigned told = 0;

	for (size_t i = 0; i < n->streams.n; i++) {
		const struct map_entry *e = &n->streams.e[i];
		if (*(const bool *)e->val || told++ >= TOLD_MAX)
			continue;
		if (e->key.p[0] == '!')
			verdict_add(n->a->verdict, n->bad, "msi.table-unlisted",
			    "the stream of a table %s that the database does not list",
			    QUOTE(span_from(e->key, 1)));
		else
			verdict_add(n->a->verdict, n->covered ? REASON_WARN : n->bad,
			    "msi.stream-unlisted", "stream %s is named by no row of the database%s",
			    QUOTE(e->key),
			    n->covered ? "" : ", and nothing says that this is the name it was signed with");
	}
}

static int judge(struct names *n, struct fault *f)
{
	int rc = msi_base_open(&n->base, n->c, n->arena, f);

	if (rc == 0)
		rc = take_names(n);
	if (rc)
		return rc;
	mark_known(n);
	mark_tables(n);
	rc = mark_binaries(n, f);
	if (rc == 0)
		rc = mark_cabinets(n, f);
	if (rc == 0)
		judge_unseen(n);
	return rc;
}

int msi_judge_names(struct anatomy *a, const struct cfb *c, struct arena *arena, bool is_signed)
{
	struct names n = { .a = a, .c = c, .arena = arena,
		.bad = is_signed ? REASON_FAIL : REASON_WARN };
	struct fault f = FAULT_INIT;

	n.covered = cfb_find(c, 0, MSI_SIGNATURE_EX) != CFB_NONE;
	if (!msi_base_is(c)) {
		verdict_add(a->verdict, REASON_NOTE, "msi.no-database",
		    "a compound file without an installer's database");
		return 0;
	}
	map_init(&n.streams, CFB_ENTRIES_MAX);
	int rc = judge(&n, &f);
	map_free(&n.streams);
	if (rc != MSI_DB_BAD)
		return rc;
	verdict_add(a->verdict, n.bad, "msi.database", "the installer's database cannot be read: %s",
	    f.text);
	return 0;
}
