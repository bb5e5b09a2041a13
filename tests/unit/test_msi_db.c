/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/msi_base.h"

#include "cfb_make.h"
#include "tap.h"

/* Strings: 1 "File", 2 "Key", 3 "Size", 4 "Data", 5 "k1", 6 is free, 7 of 65537 bytes. */
static uint8_t pool[64], text[66000];
static size_t npool, ntext;

static void add_string(const char *s, size_t n)
{
	if (n > 0xffff) {
		cfb_put(pool + npool, 0, 2);
		cfb_put(pool + npool + 2, 1, 2);
		cfb_put(pool + npool + 4, n, 4);
		npool += 8;
	} else {
		cfb_put(pool + npool, n, 2);
		cfb_put(pool + npool + 2, n ? 1 : 0, 2);
		npool += 4;
	}
	if (n)
		memcpy(text + ntext, s, n);
	ntext += n;
}

static void make_strings(void)
{
	static char longer[65537];

	npool = 4;
	ntext = 0;
	cfb_put(pool, 1252, 4);
	add_string("File", 4);
	add_string("Key", 3);
	add_string("Size", 4);
	add_string("Data", 4);
	add_string("k1", 2);
	add_string("", 0);
	memset(longer, 'x', sizeof(longer));
	add_string(longer, sizeof(longer));
}

static int read_strings(struct msi_strings *s, struct arena *a)
{
	struct fault f = FAULT_INIT;

	*a = ARENA_INIT(1u << 20);
	return msi_strings_read(s, span_of(pool, npool), span_of(text, ntext), a, &f);
}

static void test_names(void)
{
	static const struct {
		uint16_t units[8];
		const char *want;
	} t[] = {
		{ { 0x4840, 0x3f3f, 0x4577, 0x446c, 0x3e6a, 0x44b2, 0x482f, 0 }, "!_StringPool" },
		{ { 0x4840, 0x430f, 0x422f, 0 }, "!File" },
		{ { 5, 'S', 'u', 'm', 0 }, "\5Sum" },
		{ { 0x4801, 0 }, "1" },
		{ { 'a', 0xd800, 0xe9, 0 }, "a\xef\xbf\xbd\xc3\xa9" },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char out[MSI_NAME_MAX];
		size_t n = 0;
		while (t[i].units[n])
			n++;
		is_str(msi_stream_name(t[i].units, n, out), t[i].want, "name %zu", i);
	}
	uint16_t longest[CFB_NAME_MAX];
	char out[MSI_NAME_MAX];
	for (size_t i = 0; i < CFB_NAME_MAX; i++)
		longest[i] = 0xffee;
	is_int(strlen(msi_stream_name(longest, CFB_NAME_MAX, out)), 3 * CFB_NAME_MAX, "the longest name fits");
}

static void test_strings(void)
{
	struct msi_strings s;
	struct arena a;

	make_strings();
	is_int(read_strings(&s, &a), MSI_DB_OK, "strings read");
	ok(s.n == 8 && !s.wide && s.codepage == 1252, "as many as there are");
	ok(span_eq_str(msi_string(&s, 1), "File") && span_eq_str(msi_string(&s, 5), "k1"), "by number");
	ok(!msi_string(&s, 6).n && msi_string(&s, 7).n == 65537 && !msi_string(&s, 8).n,
	    "a free one, one of more than 64 KiB, one that is not there");
	arena_free(&a);
	struct fault none = FAULT_INIT;
	a = ARENA_INIT(1u << 20);
	is_int(msi_strings_read(&s, span_of(pool + 24, 4), SPAN_NONE, &a, &none), MSI_DB_OK,
	    "no strings and no data");
	is_int(msi_strings_read(&s, span_of((const uint8_t[8]){ 0 }, 8), SPAN_NONE, &a, &none), MSI_DB_OK,
	    "a free string without data");
	arena_free(&a);
	unsigned bad = 0;
	for (size_t n = npool; n-- > 0;) {
		struct fault f = FAULT_INIT;
		a = ARENA_INIT(1u << 20);
		if (msi_strings_read(&s, span_of(pool, n), span_of(text, ntext), &a, &f) != MSI_DB_BAD || s.n)
			bad++;
		arena_free(&a);
	}
	is_int(bad, 0, "every shorter pool is refused");
	ntext--;
	is_int(read_strings(&s, &a), MSI_DB_BAD, "a string past the end is refused");
	arena_free(&a);
	ntext += 2;
	is_int(read_strings(&s, &a), MSI_DB_BAD, "bytes of no string are refused");
	arena_free(&a);
}

/* File: Key (string, key), Size (int 4), Data (stream); two rows. */
static const uint16_t columns[][4] = { { 1, 0x8001, 2, 0xad48 }, { 1, 0x8002, 3, 0x9104 },
	{ 1, 0x8003, 4, 0x9900 } };

static size_t put_columns(uint8_t *p, size_t n)
{
	for (size_t c = 0; c < 4; c++)
		for (size_t i = 0; i < n; i++)
			cfb_put(p + (c * n + i) * 2, columns[i][c], 2);
	return n * 8;
}

static void test_table(void)
{
	uint8_t p[64], rows[16];
	struct msi_table c, t;
	struct msi_strings s;
	struct fault f = FAULT_INIT;
	struct arena a;
	char name[MSI_NAME_MAX];

	make_strings();
	is_int(read_strings(&s, &a), 0, "strings");
	size_t n = put_columns(p, 3);
	is_int(msi_columns_read(&c, &s, span_of(p, n), &f), MSI_DB_OK, "columns read");
	cfb_put(rows, 5, 2);
	cfb_put(rows + 2, 2, 2);
	cfb_put(rows + 4, 0x80000000u + 77, 4);
	cfb_put(rows + 8, 0, 4);
	cfb_put(rows + 12, 1, 2);
	cfb_put(rows + 14, 0, 2);
	is_int(msi_table_read(&t, "File", &c, span_of(rows, 16), &f), MSI_DB_OK, "the table reads");
	ok(t.nrows == 2 && t.ncolumns == 3 && t.row_width == 8, "its shape");
	ok(span_eq_str(msi_text(&t, 0, msi_column(&t, "Key")), "k1") &&
		span_eq_str(msi_text(&t, 1, 0), "Key"), "strings");
	ok(msi_int(&t, 0, msi_column(&t, "Size")) == 77 && msi_int(&t, 1, 1) == MSI_NULL, "integers, null");
	ok(msi_int(&t, 0, 0) == MSI_NULL && !msi_text(&t, 0, 1).n && msi_int(&t, 2, 1) == MSI_NULL &&
		msi_column(&t, "No") == -1 && !msi_text(&t, 0, -1).n, "what is not there");
	is_str(msi_row_name(&t, 0, name), "File.k1", "the stream of a row");
	unsigned bad = 0;
	for (size_t k = 1; k < 16; k++)
		if (k != 8 && msi_table_read(&t, "File", &c, span_of(rows, k), &f) != MSI_DB_BAD)
			bad++;
	is_int(bad, 0, "bytes that are no rows are refused");
	is_int(msi_table_read(&t, "Key", &c, SPAN_NONE, &f), MSI_DB_BAD, "a table without columns");
	p[3 * 2] ^= 2; /* its number */
	is_int(msi_columns_read(&c, &s, span_of(p, n), &f), MSI_DB_OK, "columns");
	is_int(msi_table_read(&t, "File", &c, SPAN_NONE, &f), MSI_DB_BAD, "a column out of order");
	p[3 * 2] ^= 2;
	p[9 * 2 + 2] = 3; /* its type's width */
	is_int(msi_columns_read(&c, &s, span_of(p, n), &f), MSI_DB_OK, "columns");
	is_int(msi_table_read(&t, "File", &c, SPAN_NONE, &f), MSI_DB_BAD, "an integer of 3 bytes");
	arena_free(&a);
}

static void test_long_name(void)
{
	static const char *const t[][2] = { { "a", "a" }, { "A~1|a long", "a long" }, { "t|tt:s|ss", "tt" },
		{ ".:x", "." }, { "", "" }, { "a|", "" } };

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ok(span_eq_str(msi_long_name(span_str(t[i][0])), t[i][1]), "\"%s\" is \"%s\"", t[i][0], t[i][1]);
}

int main(void)
{
	test_names();
	test_strings();
	test_table();
	test_long_name();
	return tap_done();
}
