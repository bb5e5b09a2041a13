/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pe.h"

#include "pe_make.h"
#include "tap.h"

#define TABLE_OFF PE_MAKE_CONTENT

static const struct pe_anomaly *find(const struct pe_anomalies *o, enum pe_anomaly_kind kind)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->a[i].kind == kind)
			return &o->a[i];
	return NULL;
}

static void is_odd(const struct pe_anomalies *o, enum pe_anomaly_kind kind, uint64_t off,
    uint64_t len)
{
	const struct pe_anomaly *a = find(o, kind);
	if (!ok(a && a->off == off && a->len == len, "%s at %" PRIu64 "+%" PRIu64,
	    pe_anomaly_name(kind), off, len) && a)
		diag("is at %" PRIu64 "+%" PRIu64, a->off, a->len);
}

static int parse(struct pe *pe, const struct pe_make *m)
{
	return pe_parse(pe, span_of(m->p, m->n < PE_HEAD_MAX ? m->n : PE_HEAD_MAX), m->n);
}

static size_t put_entry(uint8_t *p, uint32_t length, unsigned revision, unsigned type)
{
	put32(p, length);
	put16(p + 4, revision);
	put16(p + 6, type);
	for (uint32_t i = 8; i < length; i++)
		p[i] = 0x30;
	return (length + 7) & ~7u;
}

static void test_good(int plus)
{
	uint8_t table[64] = { 0 };
	size_t n = put_entry(table, 29, 0x200, 2);
	n += put_entry(table + n, 24, 0x100, 2);
	struct pe_make m = pe_make(plus, 16, table, n, 0);
	struct pe pe;
	struct pe_range r[PE_COVERED_MAX];
	struct pe_certs c;

	is_int(parse(&pe, &m), PE_OK, "parses PE32%s", plus ? "+" : "");
	ok(pe.plus == plus && pe.nsections == 2 && pe.ndirs == 16, "header fields");
	is_str(pe.section[1].name, ".data", "section name");
	ok(pe.checksum_off == m.checksum_off && pe.security_off == m.security_off, "field offsets");
	ok(pe.table.off == TABLE_OFF + 16 && pe.table.len == n, "table place");
	ok(pe.odd.n == 1, "one anomaly: the overlay");
	is_odd(&pe.odd, PE_A_OVERLAY, TABLE_OFF, 16);
	is_int(pe_covered(&pe, r), 3, "three covered ranges");
	ok(r[0].off == 0 && r[0].len == m.checksum_off && r[1].off == m.checksum_off + 4 &&
	    r[1].off + r[1].len == m.security_off && r[2].off == m.security_off + 8 &&
	    r[2].off + r[2].len == pe.table.off, "everything but checksum, entry and table");
	pe_certs(&c, span_of(m.p + pe.table.off, pe.table.len), pe.table.off);
	ok(c.n == 2 && c.odd.n == 0, "two entries, nothing odd");
	ok(c.cert[0].off == pe.table.off && c.cert[0].length == 29 && c.cert[0].body.n == 24,
	    "first entry takes its padding");
	ok(c.cert[1].revision == 0x100 && c.cert[1].type == 2 && c.cert[1].off == pe.table.off + 32,
	    "second entry starts at the next multiple of 8");
	free(m.p);
}

static void test_unsigned(void)
{
	struct pe_make m = pe_make(1, 0, NULL, 0, 0);
	struct pe pe;
	struct pe_range r[PE_COVERED_MAX];

	is_int(parse(&pe, &m), PE_OK, "an unsigned file parses");
	ok(pe.table.len == 0 && pe.odd.n == 0, "no table, nothing odd");
	is_int(pe_covered(&pe, r), 3, "covered ranges run to the end");
	ok(r[2].off + r[2].len == m.n, "to the last byte");
	put32(m.p + PE_MAKE_NT + 24 + 108, 4); /* four directories: no security entry */
	is_int(parse(&pe, &m), PE_OK, "parses with four directories");
	is_int(pe_covered(&pe, r), 2, "then only the checksum is left out");
	free(m.p);
}

static void test_prefixes(void)
{
	uint8_t table[32] = { 0 };
	size_t n = put_entry(table, 32, 0x200, 2);
	struct pe_make m = pe_make(1, 0, table, n, 0);
	size_t headers = m.section_off + 80;
	static const struct pe zero;
	int bad = 0;

	for (size_t i = 0; i < headers; i++) {
		uint8_t *copy = malloc(i ? i : 1);
		struct pe pe;
		memcpy(copy, m.p, i);
		int rc = pe_parse(&pe, span_of(copy, i), i);
		if ((rc != PE_NOT && rc != PE_TRUNCATED) || memcmp(&pe, &zero, sizeof(pe)) != 0)
			bad++;
		free(copy);
	}
	is_int(bad, 0, "every prefix of the headers is refused, output zeroed");
	for (size_t i = headers; i < m.n; i++) {
		struct pe_make cut = { m.p, i, 0, 0, 0 };
		struct pe pe;
		if (parse(&pe, &cut) != PE_OK || pe.table.len || !find(&pe.odd, PE_A_TABLE_BEYOND))
			bad++;
	}
	is_int(bad, 0, "every shorter file has its table beyond the end");
	free(m.p);
}

static void test_shape(void)
{
	static const struct {
		const char *name;
		size_t off;
		uint32_t v;
		unsigned width;
		int want;
	} t[] = {
		{ "no MZ", 0, 0x4d5b, 2, PE_NOT },
		{ "e_lfanew past the file", 0x3c, 0x7fffffff, 4, PE_NOT },
		{ "e_lfanew at the last byte", 0x3c, 0x5ff, 4, PE_NOT },
		{ "no PE", PE_MAKE_NT, 0x454e, 4, PE_NOT },
		{ "97 sections", PE_MAKE_NT + 6, 97, 2, PE_SECTIONS },
		{ "65535 sections", PE_MAKE_NT + 6, 0xffff, 2, PE_SECTIONS },
		{ "50 sections run past the end", PE_MAKE_NT + 6, 50, 2, PE_TRUNCATED },
		{ "optional header of 111 bytes", PE_MAKE_NT + 20, 111, 2, PE_OPTIONAL },
		{ "optional header without room for 16 directories", PE_MAKE_NT + 20, 232, 2,
		    PE_OPTIONAL },
		{ "optional header past the end", PE_MAKE_NT + 20, 0xfff0, 2, PE_TRUNCATED },
		{ "ROM magic", PE_MAKE_NT + 24, 0x107, 2, PE_MAGIC },
		{ "17 directories", PE_MAKE_NT + 24 + 108, 17, 4, PE_DIRS },
		{ "4 billion directories", PE_MAKE_NT + 24 + 108, 0xffffffff, 4, PE_DIRS },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct pe_make m = pe_make(1, 0, NULL, 0, 0);
		struct pe pe;
		if (t[i].width == 2)
			put16(m.p + t[i].off, t[i].v);
		else
			put32(m.p + t[i].off, t[i].v);
		is_int(parse(&pe, &m), t[i].want, "%s: %s", t[i].name, pe_strerror(t[i].want));
		free(m.p);
	}
	uint8_t *far = calloc(1, PE_HEAD_MAX);
	struct pe pe;
	memcpy(far, "MZ", 2);
	put32(far + 0x3c, PE_HEAD_MAX);
	is_int(pe_parse(&pe, span_of(far, PE_HEAD_MAX), 1u << 20), PE_TRUNCATED,
	    "headers beyond the first 64 KiB are refused, not taken for another format");
	free(far);
}

static void test_layout(void)
{
	uint8_t table[32] = { 0 };
	size_t n = put_entry(table, 32, 0x200, 2);
	struct pe_make m = pe_make(1, 0, table, n, 0);
	uint8_t *s1 = m.p + m.section_off, *s2 = s1 + 40, *dir = m.p + m.security_off;
	struct pe pe;

#define CASE(edit, kind, off, len)                                                                 \
	do {                                                                                       \
		uint8_t *keep = malloc(m.n);                                                       \
		memcpy(keep, m.p, m.n);                                                            \
		edit;                                                                              \
		is_int(parse(&pe, &m), PE_OK, "parses: " #edit);                                   \
		is_odd(&pe.odd, kind, off, len);                                                   \
		memcpy(m.p, keep, m.n);                                                            \
		free(keep);                                                                        \
	} while (0)

	CASE(put32(s2 + 20, 0x300), PE_A_SECTION_OVERLAP, 0x300, 0x100);
	CASE(put32(s1 + 20, 0x100), PE_A_SECTION_OVERLAP, 0x100, 0x100);
	CASE(put32(s2 + 16, 0x210), PE_A_SECTION_IN_TABLE, TABLE_OFF, 0x10);
	CASE(put32(s2 + 16, 0x100), PE_A_OVERLAY, 0x500, 0x100);
	CASE(put32(s1 + 20, 0x280); put32(s1 + 16, 0x180), PE_A_SECTION_GAP, 0x200, 0x80);
	CASE(put32(s2 + 16, 0xfffffff0), PE_A_SECTION_BEYOND, 0x400, 0xfffffff0);
	CASE(put32(dir, 0), PE_A_TABLE_HALF, m.security_off, 8);
	CASE(put32(dir + 4, 0), PE_A_TABLE_HALF, m.security_off, 8);
	CASE(put32(dir + 4, 33), PE_A_TABLE_BEYOND, TABLE_OFF, 33);
	CASE(put32(dir, 0xffffffff), PE_A_TABLE_BEYOND, 0xffffffff, 32);
	CASE(put32(dir, 0x100), PE_A_TABLE_IN_HEADERS, 0x100, 32);
	CASE(put32(dir + 4, 24), PE_A_AFTER_TABLE, TABLE_OFF + 24, 8);
	CASE(put32(dir, TABLE_OFF - 4), PE_A_TABLE_ALIGN, TABLE_OFF - 4, 4);
	CASE(put32(dir, TABLE_OFF - 4), PE_A_AFTER_TABLE, TABLE_OFF + 28, 4);
	CASE(put32(dir, TABLE_OFF - 8), PE_A_SECTION_IN_TABLE, TABLE_OFF - 8, 8);
#undef CASE
	put32(dir + 4, PE_TABLE_MAX + 8);
	is_int(pe_parse(&pe, span_of(m.p, m.n), 1ull << 32), PE_OK, "a table over the cap");
	is_odd(&pe.odd, PE_A_TABLE_TOO_BIG, TABLE_OFF, PE_TABLE_MAX + 8);
	ok(pe.table.len == 0, "is not offered for reading");
	free(m.p);
}

static void test_certs(void)
{
	uint8_t t[8 * PE_CERTS_MAX + 32] = { 0 };
	struct pe_certs c;

	put_entry(t, 24, 0x200, 2);
	pe_certs(&c, span_of(t, 24 + 16), 1000);
	ok(c.n == 1, "directory grown alone: the entry is there");
	is_odd(&c.odd, PE_A_ENTRY_SHORT, 1024, 16);
	pe_certs(&c, span_of(t, 24 + 4), 1000);
	is_odd(&c.odd, PE_A_ENTRY_SHORT, 1024, 4);
	put32(t, 7);
	pe_certs(&c, span_of(t, 24), 1000);
	ok(c.n == 0, "dwLength 7");
	is_odd(&c.odd, PE_A_ENTRY_SHORT, 1000, 24);
	put32(t, 25);
	pe_certs(&c, span_of(t, 24), 1000);
	is_odd(&c.odd, PE_A_ENTRY_BEYOND, 1000, 25);
	put32(t, 0xffffffff);
	pe_certs(&c, span_of(t, 24), 1000);
	is_odd(&c.odd, PE_A_ENTRY_BEYOND, 1000, 0xffffffff);
	put_entry(t, 24, 0x300, 2);
	pe_certs(&c, span_of(t, 24), 1000);
	is_odd(&c.odd, PE_A_ENTRY_REVISION, 1004, 2);
	put_entry(t, 24, 0x200, 1);
	pe_certs(&c, span_of(t, 24), 1000);
	is_odd(&c.odd, PE_A_ENTRY_TYPE, 1006, 2);
	put_entry(t, 21, 0x200, 2);
	pe_certs(&c, span_of(t, 21), 1000);
	is_odd(&c.odd, PE_A_ENTRY_UNPADDED, 1000, 21);
	ok(c.n == 1 && c.cert[0].body.n == 13, "and its body ends with the table");
	for (size_t i = 0; i <= PE_CERTS_MAX; i++)
		put_entry(t + 8 * i, 8, 0x200, 2);
	pe_certs(&c, span_of(t, 8 * (PE_CERTS_MAX + 1)), 0);
	is_int(c.n, PE_CERTS_MAX, "no more entries than the cap");
	is_odd(&c.odd, PE_A_ENTRY_COUNT, 8 * PE_CERTS_MAX, 8);
	for (size_t i = 0; i <= PE_CERTS_MAX; i++)
		put_entry(t + 8 * i, 8, 0x300, 1);
	pe_certs(&c, span_of(t, 8 * (PE_CERTS_MAX + 1)), 0);
	ok(c.odd.n == PE_ANOMALIES_MAX && c.odd.more == 1, "anomalies over the cap are counted");
	pe_certs(&c, SPAN_NONE, 0);
	ok(c.n == 0 && c.odd.n == 0, "an empty table is empty");
}

/* The definition, word by word, as the reference. */
static uint32_t plain_sum(const uint8_t *p, size_t n, size_t field)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i += 2) {
		uint32_t lo = i >= field && i < field + 4 ? 0 : p[i];
		uint32_t hi = i + 1 == n || (i + 1 >= field && i + 1 < field + 4) ? 0 : p[i + 1];
		sum += lo | hi << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum + (uint32_t)n;
}

static void test_sum(void)
{
	struct pe_make m = pe_make(0, 1021, NULL, 0, 3);
	struct pe pe;
	int bad = 0;

	is_int(parse(&pe, &m), PE_OK, "parses");
	put32(m.p + m.checksum_off, 0xdeadbeef);
	for (size_t n = pe.checksum_off; n <= m.n; n++)
		for (size_t step = 4; step <= 4096; step *= 4) {
			struct pe_sum s = pe_sum_of(&pe);
			for (size_t at = 0; at < n; at += step)
				pe_sum_update(&s, m.p + at, n - at < step ? n - at : step);
			bad += pe_sum_final(&s) != plain_sum(m.p, n, pe.checksum_off);
		}
	is_int(bad, 0, "the checksum is the definition's, at every length and step");
	pe.checksum_off = 0x9a; /* an odd place in a word */
	struct pe_sum s = pe_sum_of(&pe);
	pe_sum_update(&s, m.p, m.n);
	is_int(pe_sum_final(&s), plain_sum(m.p, m.n, 0x9a), "a field across two words");
	free(m.p);
}

int main(void)
{
	test_good(0);
	test_good(1);
	test_unsigned();
	test_prefixes();
	test_shape();
	test_layout();
	test_certs();
	test_sum();
	return tap_done();
}
