/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The back end for compound files, MSI among them. An MSI's files have their install paths; the rest
 * is beside them:
 *
 *	!tables/File          a table that has rows, as text (msi_text.h)
 *	!streams/Binary.x     other streams; control characters as "[5]"
 *	!cabinets/one.cab     a cabinet that was opened: its files have their own paths
 *	!unlisted/one.cab/x   what is in a cabinet and in no row of File
 */

#include "unpack/cab.h"
#include "unpack/msi_paths.h"
#include "unpack/msi_text.h"
#include "wire/msi_base.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TABLES_MAX (128u << 20) /* honest files: 1/64 of the file and their tables twice */
#define TEXT_MAX (256u << 20)
#define TEXT_FLUSH (48u << 10)
#define FACTS_MAX 64 /* of one table */

struct msi {
	struct unpack_work *w;
	struct arena arena;
	struct cfb cfb;
	struct msi_base base;
	struct msi_paths paths;
	bool *told; /* by entry: a cabinet, a table */
	const char *cabinet; /* being read */
	char path[UNPACK_PATH_MAX];
};

static int fetch(void *ctx, uint64_t off, void *p, size_t n)
{
	struct msi *m = ctx;
	int rc = unpack_pread(m->w, off, p, n);

	return rc > 0 ? -EBADMSG : rc;
}

/* --- what is odd ----------------------------------------------------------------------------- */

static int note(struct msi *m, enum unpack_note_kind kind, enum cfb_odd_kind k)
{
	const struct odd *o = &m->cfb.odd[k];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < o->count && i < ODD_EACH; i++)
		rc = unpack_note(m->w, &(struct unpack_note){ .kind = kind, .off = o->at[i].off,
		    .len = o->at[i].len, .text = cfb_odd_name(k) });
	return rc;
}

/* What two readers see differently is refused, what is in use and belongs to nothing is told. Slack
 * and free sectors are the matter of the judge of signatures (anatomy/msi.c). */
static int judge(struct msi *m)
{
	static const enum cfb_odd_kind bad[] = { CFB_A_CHAIN, CFB_A_CHAIN_SHORT, CFB_A_NAME,
		CFB_A_TREE_LINK, CFB_A_TREE_TWICE };
	static const enum cfb_odd_kind loose[] = { CFB_A_CHAIN_LONG, CFB_A_LOST, CFB_A_MINI_LOST,
		CFB_A_ENTRY_UNLISTED };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (m->cfb.odd[bad[i]].count)
			return unpack_stop(m->w, UNPACK_REFUSED,
			    "a directory entry at offset %" PRIu64 " makes no sense (%s)",
			    m->cfb.odd[bad[i]].at[0].off, cfb_odd_name(bad[i]));
	int rc = note(m, UNPACK_NOTE_BEHIND, CFB_A_AFTER_END);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(loose); i++)
		rc = note(m, UNPACK_NOTE_GAP, loose[i]);
	return rc;
}

/* --- streams --------------------------------------------------------------------------------- */

static int copy_stream(struct msi *m, uint32_t entry)
{
	struct cfb_walk walk = cfb_walk(&m->cfb, entry);
	struct cfb_range r;
	int rc = 0;

	if (m->cfb.entry[entry].broken)
		return unpack_stop(m->w, UNPACK_DAMAGED, "a stream is cut off");
	while (rc == 0 && cfb_next(&m->cfb, &walk, &r))
		rc = unpack_copy(m->w, r.off, r.len);
	return rc;
}

/* Control characters as "[5]". */
static size_t put_name(char *out, size_t max, const char *name)
{
	size_t n = 0;

	for (; *name && n + 5 < max; name++) {
		if ((unsigned char)*name < 0x20)
			n += (size_t)snprintf(out + n, max - n, "[%d]", *name);
		else
			out[n++] = *name;
	}
	out[n] = 0;
	return n;
}

/* "TOP/storage/stream" in m->path. */
static void set_path(struct msi *m, const char *top, uint32_t entry)
{
	uint32_t up[CFB_DEPTH_MAX + 1];
	char name[MSI_NAME_MAX];
	unsigned deep = 0;
	size_t n = (size_t)snprintf(m->path, sizeof(m->path), "%s", top);

	for (uint32_t i = entry; i && deep <= CFB_DEPTH_MAX; i = m->cfb.entry[i].parent)
		up[deep++] = i;
	while (deep--) {
		if (n)
			m->path[n++] = '/';
		n += put_name(m->path + n, sizeof(m->path) - n, msi_entry_name(&m->cfb, up[deep], name));
	}
}

static int begin(struct msi *m, const char *path, bool opened)
{
	return unpack_begin(m->w, &(struct parcel_begin){ .type = UNPACK_FILE, .opened = opened,
	    .path = path, .target = "", .mode = 0644 });
}

static int tell_stream(struct msi *m, const char *top, uint32_t entry)
{
	set_path(m, top, entry);
	int rc = begin(m, m->path, false);
	if (rc == 0)
		rc = copy_stream(m, entry);
	return rc ? rc : unpack_end(m->w);
}

/* All streams that were not told in another way. */
static int tell_streams(struct msi *m, const char *top)
{
	int rc = 0;

	for (uint32_t i = 1; rc == 0 && i < m->cfb.nlisted; i++) {
		uint32_t entry = m->cfb.listed[i];
		if (m->cfb.entry[entry].type == CFB_STREAM && !(m->told && m->told[entry]))
			rc = tell_stream(m, top, entry);
	}
	return rc;
}

/* --- tables ---------------------------------------------------------------------------------- */

static int flush(struct msi *m, struct buf *b, size_t at_least)
{
	int rc = buf_err(b);

	if (rc == 0 && b->n >= at_least) {
		rc = unpack_data(m->w, buf_span(b));
		buf_reset(b);
	}
	return rc;
}

static int tell_rows(struct msi *m, const struct msi_table *t)
{
	AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);
	int rc = 0;

	msi_text_head(&b, t);
	for (uint32_t i = 0; rc == 0 && i < t->nrows; i++) {
		msi_text_row(&b, t, i);
		rc = flush(m, &b, TEXT_FLUSH);
	}
	return rc ? rc : flush(m, &b, 0);
}

/* Rows that run something, now or at every start, and what it calls itself: as facts. */
static const struct {
	const char *table, *with; /* in the row, in any case */
} facts[] = {
	{ "CustomAction", "" },
	{ "LaunchCondition", "" },
	{ "Property", "" },
	{ "Registry", "\\CurrentVersion\\Run" },
	{ "ServiceInstall", "" },
};

static const char *fact_with(struct span table)
{
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (span_eq_str(table, facts[i].table))
			return facts[i].with;
	return NULL;
}

static int tell_facts(struct msi *m, const struct msi_table *t)
{
	const char *with = fact_with(t->name);
	char line[PARCEL_TEXT_MAX];
	unsigned told = 0;
	int rc = 0;

	for (uint32_t i = 0; with && rc == 0 && i < t->nrows && told < FACTS_MAX; i++) {
		AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);
		msi_text_row(&b, t, i);
		if (buf_err(&b))
			return b.err;
		if (!strcasestr(buf_str(&b), with))
			continue;
		told++;
		snprintf(line, sizeof(line), "%.*s=%.*s", SPAN_ARG(t->name),
		    SPAN_ARG(span_cut(span_trim(buf_span(&b)), 0, sizeof(line) - 40)));
		rc = unpack_note(m->w,
		    &(struct unpack_note){ .kind = UNPACK_NOTE_FACT, .text = line });
	}
	return rc;
}

static int tell_table(struct msi *m, const char *name)
{
	struct fault f = FAULT_INIT;
	struct msi_table t;
	char stream[MSI_NAME_MAX];

	int rc = msi_base_table(&m->base, name, &t, &f);
	if (rc)
		return rc > 0 ? unpack_stop(m->w, UNPACK_DAMAGED, "%s", f.text) : rc;
	snprintf(stream, sizeof(stream), "!%s", name);
	uint32_t entry = msi_stream_find(&m->cfb, stream);
	if (entry != CFB_NONE)
		m->told[entry] = true;
	if (!t.nrows)
		return 0;
	size_t n = (size_t)snprintf(m->path, sizeof(m->path), "!tables/");
	put_name(m->path + n, sizeof(m->path) - n, name);
	rc = begin(m, m->path, false);
	if (rc == 0)
		rc = tell_rows(m, &t);
	if (rc == 0)
		rc = unpack_end(m->w);
	return rc ? rc : tell_facts(m, &t);
}

static int tell_tables(struct msi *m)
{
	const struct msi_table *t = &m->base.tables;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < t->nrows; i++) {
		char *name = arena_str(&m->arena, msi_text(t, i, 0));
		rc = !name   ? -ENOMEM :
		     !*name ? unpack_stop(m->w, UNPACK_DAMAGED, "a table without a name") :
			      tell_table(m, name);
	}
	return rc;
}

/* --- cabinets -------------------------------------------------------------------------------- */

static const char *file_path(void *ctx, const struct cab_file *f)
{
	struct msi *m = ctx;
	struct msi_file *file = msi_paths_find(&m->paths, f->name);
	char name[CAB_NAME_MAX + 1];

	if (file) {
		file->given = true;
		return file->path;
	}
	snprintf(m->path, sizeof(m->path), "!unlisted/%s/%s", m->cabinet, unpack_cab_name(f, name));
	return m->path;
}

/* The pieces of a stream. */
static int read_pieces(struct msi *m, uint32_t entry, struct cab_stream *s)
{
	struct cfb_walk walk = cfb_walk(&m->cfb, entry);
	struct cab_piece *v = NULL;
	size_t cap = 0;
	struct cfb_range r;

	for (; cfb_next(&m->cfb, &walk, &r); s->size += r.len, s->n++) {
		if (s->n == cap) {
			cap = cap ? cap * 2 : 64;
			struct cab_piece *more = reallocarray(v, cap, sizeof(*v));
			if (!more)
				return free(v), -ENOMEM;
			v = more;
		}
		v[s->n] = (struct cab_piece){ s->size, r.off, r.len };
	}
	s->piece = v;
	return 0;
}

static int tell_cabinet(struct msi *m, const char *name, uint32_t entry)
{
	struct cab_stream s = { .w = m->w, .name = name, .path = file_path, .ctx = m };

	m->cabinet = name;
	m->told[entry] = true;
	snprintf(m->path, sizeof(m->path), "!cabinets/%s", name);
	int rc = begin(m, m->path, true);
	if (rc == 0)
		rc = copy_stream(m, entry);
	if (rc == 0)
		rc = unpack_end(m->w);
	if (rc == 0)
		rc = read_pieces(m, entry, &s);
	if (rc == 0 && !s.n)
		rc = unpack_stop(m->w, UNPACK_DAMAGED, "cabinet %s is empty", QUOTE(span_str(name)));
	return rc ? rc : unpack_cab(&s);
}

/* Media.Cabinet: "#name" is a stream; others are files beside this one. */
static int tell_cabinets(struct msi *m)
{
	struct fault f = FAULT_INIT;
	struct msi_table t;
	int rc = msi_base_table(&m->base, "Media", &t, &f);

	if (rc > 0)
		return unpack_stop(m->w, UNPACK_DAMAGED, "%s", f.text);
	for (uint32_t i = 0; rc == 0 && i < t.nrows; i++) {
		struct span cab = msi_text(&t, i, msi_column(&t, "Cabinet"));
		if (!cab.n || cab.p[0] != '#')
			continue;
		char *name = arena_str(&m->arena, span_from(cab, 1));
		if (!name)
			return -ENOMEM;
		uint32_t entry = msi_stream_find(&m->cfb, name);
		if (entry == CFB_NONE)
			return unpack_stop(m->w, UNPACK_DAMAGED, "cabinet %s is not there",
			    QUOTE(span_from(cab, 1)));
		if (!m->told[entry])
			rc = tell_cabinet(m, name, entry);
	}
	return rc;
}

/* Files that are in no cabinet inside: beside this one, packed or not. */
static int tell_elsewhere(struct msi *m)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->paths.file.n; i++) {
		const struct msi_file *file = m->paths.file.e[i].val;
		if (file->given)
			continue;
		rc = begin(m, file->path, false);
		if (rc == 0)
			rc = unpack_end_without(m->w, UNPACK_ELSEWHERE,
			    file->size > 0 ? (uint64_t)file->size : 0, NULL);
	}
	return rc;
}

/* --- all of it ------------------------------------------------------------------------------- */

static int tell_installer(struct msi *m)
{
	struct fault f = FAULT_INIT;

	m->told = arena_array(&m->arena, m->cfb.nentries, sizeof(*m->told));
	if (!m->told)
		return -ENOMEM;
	int rc = msi_base_open(&m->base, &m->cfb, &m->arena, &f);
	if (rc > 0)
		return unpack_stop(m->w, UNPACK_DAMAGED, "%s", f.text);
	if (rc == 0)
		rc = msi_paths_read(&m->paths, &m->base, m->w);
	if (rc == 0)
		rc = tell_cabinets(m);
	if (rc == 0)
		rc = tell_elsewhere(m);
	if (rc == 0)
		rc = tell_tables(m);
	return rc ? rc : tell_streams(m, "!streams");
}

static int run(struct unpack_work *w)
{
	static struct msi msi;
	struct msi *m = &msi;

	m->w = w;
	m->arena = ARENA_INIT(TABLES_MAX);
	int rc = cfb_open(&m->cfb, fetch, m, w->file_size, &m->arena);
	if (rc == CFB_OK)
		rc = cfb_account(&m->cfb);
	if (rc == -EBADMSG)
		return UNPACK_DAMAGED; /* said by unpack_pread */
	if (rc > 0)
		return unpack_stop(w, UNPACK_DAMAGED, "%s", cfb_strerror(rc));
	if (rc == 0)
		rc = judge(m);
	if (rc)
		return rc;
	return msi_base_is(&m->cfb) ? tell_installer(m) : tell_streams(m, "");
}

static bool probe(struct span head, struct span tail, uint64_t size)
{
	static const uint8_t magic[] = { 0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1 };

	(void)tail;
	return size && span_starts(head, span_of(magic, sizeof(magic)));
}

const struct unpack_backend unpack_backend_cfb = { UNPACK_FORMAT_CFB, probe, run };
