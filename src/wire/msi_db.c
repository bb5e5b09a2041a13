/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/msi_db.h"

#include "base/cur.h"
#include "base/utf8.h"

#include <errno.h>

/* --- names of streams ------------------------------------------------------------------------ */

#define NAME_PAIR 0x3800u   /* two characters: 0x3800 + first + second * 64 */
#define NAME_SINGLE 0x4800u /* one: 0x4800 + it */
#define NAME_TABLE 0x4840u  /* in front of a table's name */

static char squeezed(unsigned v)
{
	static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

	return alphabet[v & 63];
}

char *msi_stream_name(const uint16_t *name, size_t units, char out[static MSI_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < units && n + 4 < MSI_NAME_MAX; i++) {
		unsigned u = name[i];
		if (u >= NAME_PAIR && u < NAME_SINGLE) {
			out[n++] = squeezed(u - NAME_PAIR);
			out[n++] = squeezed((u - NAME_PAIR) >> 6);
		} else if (u >= NAME_SINGLE && u < NAME_TABLE) {
			out[n++] = squeezed(u - NAME_SINGLE);
		} else if (u == NAME_TABLE && i == 0) {
			out[n++] = '!';
		} else {
			n += utf8_put((uint8_t *)out + n, u >= 0xd800 && u < 0xe000 ? 0xfffd : u);
		}
	}
	out[n] = 0;
	return out;
}

/* --- strings --------------------------------------------------------------------------------- */

/*
 * The pool: codepage and flags, then a pair for each string: length, number of references. A string
 * of 64 KiB or more has a pair in front with no length and references, and its own pair then holds
 * the length in 32 bits.
 */
static int next_string(struct cur *pool, struct cur *data, struct span *ret_s)
{
	uint32_t len = cur_le16(pool), refs = cur_le16(pool);

	if (!len && refs)
		len = cur_le32(pool);
	*ret_s = len ? cur_take(data, len) : SPAN_NONE;
	return pool->err || data->err ? MSI_DB_BAD : MSI_DB_OK;
}

int msi_strings_read(struct msi_strings *ret_s, struct span pool, struct span data,
    struct arena *a, struct fault *f)
{
	struct cur p = cur_of(pool), d = cur_of(data);
	struct msi_strings s = { 0 };
	uint32_t max = (uint32_t)(pool.n / 4);

	*ret_s = (struct msi_strings){ 0 };
	if (pool.n < 4 || pool.n % 4 || pool.n / 4 > MSI_STRINGS_MAX)
		return fault_set(f, MSI_DB_BAD, "_StringPool is %zu bytes long", pool.n);
	s.codepage = cur_le16(&p);
	unsigned flags = cur_le16(&p);
	s.wide = flags & 0x8000;
	s.codepage |= (flags & 0x7fffu) << 16;
	s.v = arena_array(a, max, sizeof(*s.v));
	if (!s.v)
		return -ENOMEM;
	s.n = 1;
	while (cur_left(&p))
		if (next_string(&p, &d, &s.v[s.n++]) != MSI_DB_OK)
			return fault_set(f, MSI_DB_BAD,
			    "_StringPool: string %u is not inside _StringData", s.n - 1);
	if (cur_left(&d))
		return fault_set(f, MSI_DB_BAD,
		    "_StringData: %zu bytes at the end belong to no string", cur_left(&d));
	*ret_s = s;
	return MSI_DB_OK;
}

struct span msi_string(const struct msi_strings *s, uint32_t id)
{
	return id < s->n ? s->v[id] : SPAN_NONE;
}

/* --- tables ---------------------------------------------------------------------------------- */

static int add_column(struct msi_table *t, struct span name, uint16_t type, struct fault *f)
{
	unsigned size = type & 0xff;
	struct msi_column *c = &t->column[t->ncolumns];

	if (t->ncolumns == MSI_COLUMNS_MAX)
		return fault_set(f, MSI_DB_BAD, "table %s has more than %d columns", QUOTE(t->name),
		    MSI_COLUMNS_MAX);
	*c = (struct msi_column){ name, type, 2 };
	if (MSI_TYPE_BINARY(type))
		c->width = 2;
	else if (type & MSI_TYPE_STRING)
		c->width = t->strings->wide ? 3 : 2;
	else if (size == 4)
		c->width = 4;
	else if (size != 2 && size != 1)
		return fault_set(f, MSI_DB_BAD, "table %s: a column of type 0x%x", QUOTE(t->name),
		    type);
	t->row_width += c->width;
	t->ncolumns++;
	return MSI_DB_OK;
}

static int set_data(struct msi_table *t, struct span data, struct fault *f)
{
	if (!t->row_width || data.n % t->row_width || data.n / t->row_width > MSI_ROWS_MAX)
		return fault_set(f, MSI_DB_BAD, "table %s: %zu bytes are not rows of %u", QUOTE(t->name),
		    data.n, t->row_width);
	t->nrows = (uint32_t)(data.n / t->row_width);
	t->data = data;
	return MSI_DB_OK;
}

struct fixed {
	const char *name;
	uint16_t type;
};

static int read_fixed(struct msi_table *ret_t, const char *name, const struct fixed *c, size_t n,
    const struct msi_strings *s, struct span data, uint32_t max, struct fault *f)
{
	struct msi_table t = { .name = span_str(name), .strings = s };
	int rc = MSI_DB_OK;

	*ret_t = (struct msi_table){ 0 };
	for (size_t i = 0; rc == MSI_DB_OK && i < n; i++)
		rc = add_column(&t, span_str(c[i].name), c[i].type, f);
	if (rc == MSI_DB_OK)
		rc = set_data(&t, data, f);
	if (rc == MSI_DB_OK && t.nrows > max)
		rc = fault_set(f, MSI_DB_BAD, "%s has more than %u rows", name, max);
	if (rc == MSI_DB_OK)
		*ret_t = t;
	return rc;
}

int msi_tables_read(struct msi_table *ret_t, const struct msi_strings *s, struct span data,
    struct fault *f)
{
	static const struct fixed c[] = { { "Name", 0x2d40 } };

	return read_fixed(ret_t, "_Tables", c, ARRAY_LEN(c), s, data, MSI_TABLES_MAX, f);
}

int msi_columns_read(struct msi_table *ret_t, const struct msi_strings *s, struct span data,
    struct fault *f)
{
	static const struct fixed c[] = { { "Table", 0x2d40 }, { "Number", 0x2502 },
		{ "Name", 0x0d40 }, { "Type", 0x0502 } };

	return read_fixed(
	    ret_t, "_Columns", c, ARRAY_LEN(c), s, data, MSI_ALL_COLUMNS_MAX, f);
}

int msi_table_read(struct msi_table *ret_t, const char *name, const struct msi_table *columns,
    struct span data, struct fault *f)
{
	struct msi_table t = { .name = span_str(name), .strings = columns->strings };

	*ret_t = (struct msi_table){ 0 };
	for (uint32_t i = 0; i < columns->nrows; i++) {
		if (!span_eq(msi_text(columns, i, 0), t.name))
			continue;
		if (msi_int(columns, i, 1) != (int32_t)t.ncolumns + 1)
			return fault_set(f, MSI_DB_BAD, "table %s: column %u is out of order",
			    QUOTE(t.name), t.ncolumns + 1);
		int rc = add_column(&t, msi_text(columns, i, 2),
		    (uint16_t)msi_int(columns, i, 3), f);
		if (rc)
			return rc;
	}
	int rc = set_data(&t, data, f);
	if (rc == MSI_DB_OK)
		*ret_t = t;
	return rc;
}

int msi_column(const struct msi_table *t, const char *name)
{
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (span_eq_str(t->column[i].name, name))
			return (int)i;
	return -1;
}

/* The value's bytes, as an unsigned number. */
static bool cell(const struct msi_table *t, uint32_t row, int column, uint32_t *ret_v)
{
	size_t off = 0;

	if (column < 0 || (uint32_t)column >= t->ncolumns || row >= t->nrows)
		return false;
	for (int i = 0; i < column; i++)
		off += (size_t)t->column[i].width * t->nrows;
	unsigned width = t->column[column].width;
	const uint8_t *p = t->data.p + off + (size_t)row * width;
	uint32_t v = 0;
	for (unsigned i = width; i--;)
		v = v << 8 | p[i];
	*ret_v = v;
	return true;
}

struct span msi_text(const struct msi_table *t, uint32_t row, int column)
{
	uint32_t v;

	if (!cell(t, row, column, &v) || !(t->column[column].type & MSI_TYPE_STRING) ||
	    MSI_TYPE_BINARY(t->column[column].type))
		return SPAN_NONE;
	return msi_string(t->strings, v);
}

int32_t msi_int(const struct msi_table *t, uint32_t row, int column)
{
	uint32_t v;

	if (!cell(t, row, column, &v) || v == 0)
		return MSI_NULL;
	if (MSI_TYPE_BINARY(t->column[column].type))
		return (int32_t)v;
	if (t->column[column].type & MSI_TYPE_STRING)
		return MSI_NULL;
	return t->column[column].width == 4 ? (int32_t)(v ^ 0x80000000u) : (int32_t)v - 0x8000;
}

struct span msi_long_name(struct span s)
{
	size_t colon = span_find(s, ':'), bar;

	s = span_cut(s, 0, colon);
	bar = span_find(s, '|');
	return bar == SIZE_MAX ? s : span_from(s, bar + 1);
}
