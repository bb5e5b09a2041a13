/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/msi_base.h"

#include <errno.h>
#include <stdio.h>

char *msi_entry_name(const struct cfb *c, uint32_t entry, char out[static MSI_NAME_MAX])
{
	return msi_stream_name(c->entry[entry].name, c->entry[entry].nname, out);
}

uint32_t msi_stream_find(const struct cfb *c, const char *name)
{
	char text[MSI_NAME_MAX];

	for (uint32_t i = 1; i < c->nlisted; i++) {
		const struct cfb_entry *e = &c->entry[c->listed[i]];
		if (e->parent == 0 && e->type == CFB_STREAM &&
		    strcmp(msi_stream_name(e->name, e->nname, text), name) == 0)
			return c->listed[i];
	}
	return CFB_NONE;
}

int msi_stream_read(const struct cfb *c, uint32_t entry, size_t max, struct arena *a,
    struct span *ret_s, struct fault *f)
{
	const struct cfb_entry *e = &c->entry[entry];
	char name[MSI_NAME_MAX];
	struct cfb_range r;
	size_t n = 0;

	if (e->broken || e->size > max)
		return fault_set(f, MSI_DB_BAD, "stream %s: %s",
		    QUOTE(span_str(msi_entry_name(c, entry, name))),
		    e->broken ? "its sectors are broken" : "too long");
	uint8_t *p = arena_alloc(a, (size_t)e->size + 1);
	if (!p)
		return -ENOMEM;
	for (struct cfb_walk w = cfb_walk(c, entry); cfb_next(c, &w, &r); n += (size_t)r.len) {
		int rc = c->fetch(c->ctx, r.off, p + n, (size_t)r.len);
		if (rc)
			return rc;
	}
	*ret_s = span_of(p, n);
	return MSI_DB_OK;
}

bool msi_base_is(const struct cfb *c)
{
	char text[MSI_NAME_MAX];

	for (uint32_t i = 1; i < c->nlisted; i++) {
		const struct cfb_entry *e = &c->entry[c->listed[i]];
		if (e->parent == 0 && e->type == CFB_STREAM &&
		    msi_stream_name(e->name, e->nname, text)[0] == '!')
			return true;
	}
	return false;
}

/* An absent stream is an empty one. */
static int read_named(const struct msi_base *b, const char *name, struct span *ret_s,
    struct fault *f)
{
	uint32_t i = msi_stream_find(b->cfb, name);

	*ret_s = SPAN_NONE;
	return i == CFB_NONE ? MSI_DB_OK :
			       msi_stream_read(b->cfb, i, MSI_STREAM_MAX, b->arena, ret_s, f);
}

int msi_base_open(struct msi_base *ret_b, const struct cfb *c, struct arena *a, struct fault *f)
{
	struct msi_base *b = ret_b;
	struct span pool, data;

	*b = (struct msi_base){ .cfb = c, .arena = a };
	int rc = read_named(b, "!_StringPool", &pool, f);
	if (rc == MSI_DB_OK)
		rc = read_named(b, "!_StringData", &data, f);
	if (rc == MSI_DB_OK)
		rc = msi_strings_read(&b->strings, pool, data, a, f);
	if (rc == MSI_DB_OK)
		rc = read_named(b, "!_Tables", &data, f);
	if (rc == MSI_DB_OK)
		rc = msi_tables_read(&b->tables, &b->strings, data, f);
	if (rc == MSI_DB_OK)
		rc = read_named(b, "!_Columns", &data, f);
	if (rc == MSI_DB_OK)
		rc = msi_columns_read(&b->columns, &b->strings, data, f);
	if (rc != MSI_DB_OK)
		*b = (struct msi_base){ 0 };
	return rc;
}

static bool has_table(const struct msi_base *b, const char *name)
{
	for (uint32_t i = 0; i < b->tables.nrows; i++)
		if (span_eq_str(msi_text(&b->tables, i, 0), name))
			return true;
	return false;
}

int msi_base_table(const struct msi_base *b, const char *name, struct msi_table *ret_t,
    struct fault *f)
{
	char stream[MSI_NAME_MAX];
	struct span data;

	*ret_t = (struct msi_table){ 0 };
	if (!has_table(b, name))
		return MSI_DB_OK;
	snprintf(stream, sizeof(stream), "!%s", name);
	int rc = read_named(b, stream, &data, f);
	return rc ? rc : msi_table_read(ret_t, name, &b->columns, data, f);
}

char *msi_row_name(const struct msi_table *t, uint32_t row, char out[static MSI_NAME_MAX])
{
	size_t n = (size_t)snprintf(out, MSI_NAME_MAX, "%.*s", SPAN_ARG(span_cut(t->name, 0, 64)));

	for (uint32_t i = 0; i < t->ncolumns && n < MSI_NAME_MAX; i++) {
		unsigned type = t->column[i].type;
		if (!(type & MSI_TYPE_KEY))
			continue;
		if (type & MSI_TYPE_STRING) {
			struct span s = span_cut(msi_text(t, row, (int)i), 0, MSI_NAME_MAX);
			n += (size_t)snprintf(out + n, MSI_NAME_MAX - n, ".%.*s", SPAN_ARG(s));
		} else {
			n += (size_t)snprintf(out + n, MSI_NAME_MAX - n, ".%d",
			    (int)msi_int(t, row, (int)i));
		}
	}
	return out;
}
