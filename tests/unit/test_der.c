/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/der.h"
#include "tap.h"

static struct cur bytes(const void *p, size_t n)
{
	return cur_of(span_of(p, n));
}
#define CUR(...) bytes((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_lengths(void)
{
	static uint8_t big[5 + 70000];
	static const struct {
		uint8_t head[6];
		size_t n, body;
		int err;
	} v[] = {
		{ { 0x04, 0x00 }, 2, 0, 0 },
		{ { 0x04, 0x7f }, 2, 0x7f, 0 },
		{ { 0x04, 0x81, 0x80 }, 3, 0x80, 0 },
		{ { 0x04, 0x82, 0x01, 0x00 }, 4, 0x100, 0 },
		{ { 0x04, 0x83, 0x01, 0x00, 0x00 }, 5, 0x10000, 0 },
		{ { 0x04, 0x80 }, 2, 0, DER_E_LENGTH },		    /* indefinite */
		{ { 0x04, 0x81, 0x7f }, 3, 0, DER_E_LENGTH },	    /* fits the short form */
		{ { 0x04, 0x82, 0x00, 0xff }, 4, 0, DER_E_LENGTH }, /* leading zero */
		{ { 0x04, 0x83, 0x00, 0x01, 0x00 }, 5, 0, DER_E_LENGTH },
		{ { 0x04, 0x84, 0x80, 0x00, 0x00, 0x00 }, 6, 0, DER_E_LENGTH }, /* 2^31 */
		{ { 0x04, 0x85, 0x01 }, 3, 0, DER_E_LENGTH },
		{ { 0x04, 0xff }, 2, 0, DER_E_LENGTH },
		{ { 0x1f, 0x01, 0x00 }, 3, 0, DER_E_TAG }, /* multi-byte tag */
		{ { 0x04, 0x84, 0x7f, 0xff, 0xff, 0xff }, 6, 0, CUR_SHORT },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		memcpy(big, v[i].head, v[i].n);
		struct cur c = bytes(big, v[i].n + v[i].body);
		struct der d = der_any(&c);
		ok(c.err == v[i].err && d.body.n == v[i].body &&
			d.all.n == (v[i].err ? 0 : v[i].n + v[i].body) &&
			(v[i].err || der_done(&c)),
		    "length %zu: %s", i, der_strerror(c.err));
	}
}

static void test_nesting(void)
{
	static const uint8_t good[] = { 0x30, 0x0a, 0x30, 0x03, 0x02, 0x01, 0x05, 0x04, 0x03, 'a',
		'b', 'c' };
	for (size_t n = 0; n <= sizeof(good); n++) {
		struct cur c = bytes(good, n);
		struct cur s = der_enter(&c, DER_SEQ), t = der_enter(&s, DER_SEQ);
		uint64_t i = der_uint(&t, 9);
		der_leave(&s, &t);
		struct span abc = der_octets(&s);
		der_leave(&c, &s);
		bool whole = n == sizeof(good);
		ok(der_done(&c) == whole && (whole ? i == 5 && span_eq_str(abc, "abc") : !abc.n),
		    "cut at %zu: %s at %zu", n, der_strerror(c.err), c.off);
	}
	/* a member that nobody reads */
	struct cur c = bytes(good, sizeof(good));
	struct cur s = der_enter(&c, DER_SEQ), t = der_enter(&s, DER_SEQ);
	der_leave(&s, &t);
	(void)der_octets(&s);
	der_leave(&c, &s);
	ok(c.err == DER_E_TRAILING && c.off == 4, "unread bytes inside: %s at %zu",
	    der_strerror(c.err), c.off);
	/* another type, deep inside: where */
	c = bytes(good, sizeof(good));
	s = der_enter(&c, DER_SEQ);
	t = der_enter(&s, DER_SEQ);
	(void)der_oid(&t);
	der_leave(&s, &t);
	(void)der_octets(&s);
	der_leave(&c, &s);
	ok(c.err == DER_E_TAG && c.off == 4, "another type inside: %s at %zu", der_strerror(c.err),
	    c.off);
	c = CUR(0x05, 0x00, 0x00);
	(void)der_take(&c, DER_NULL);
	ok(!der_done(&c) && c.err == DER_E_TRAILING, "bytes at the end");
}

static void test_integers(void)
{
	struct cur c = CUR(0x02, 0x01, 0x00);
	is_int(der_uint(&c, 0), 0, "zero");
	ok(!c.err, "is an integer");
	c = CUR(0x02, 0x02, 0x00, 0x80);
	is_int(der_uint(&c, 128), 128, "128");
	c = CUR(0x02, 0x02, 0x00, 0x80);
	ok(der_uint(&c, 127) == 0 && c.err == DER_E_VALUE, "over the maximum");
	c = CUR(0x02, 0x09, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	ok(der_uint(&c, UINT64_MAX) == UINT64_MAX && !c.err, "2^64 - 1");
	c = CUR(0x02, 0x09, 0x01, 0, 0, 0, 0, 0, 0, 0, 0);
	ok(der_uint(&c, UINT64_MAX) == 0 && c.err == DER_E_VALUE, "2^64");
	c = CUR(0x02, 0x01, 0xff);
	ok(der_uint(&c, 255) == 0 && c.err == DER_E_VALUE, "-1 is not unsigned");
	c = CUR(0x02, 0x01, 0xff);
	ok(der_integer(&c).n == 1 && !c.err, "-1 is an integer");
	c = CUR(0x02, 0x00);
	ok(der_integer(&c).n == 0 && c.err == DER_E_VALUE, "empty");
	c = CUR(0x02, 0x02, 0x00, 0x7f);
	ok(der_integer(&c).n == 0 && c.err == DER_E_VALUE, "leading zero");
	c = CUR(0x02, 0x02, 0xff, 0x80);
	ok(der_integer(&c).n == 0 && c.err == DER_E_VALUE, "leading ff");
}

static void test_oids(void)
{
	static const struct {
		const char *text;
		uint8_t n, b[12];
	} v[] = {
		{ "1.2.840.113549.1.7.2", 9,
		    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 } },
		{ "1.3.6.1.4.1.311.2.1.4", 10,
		    { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x04 } },
		{ "2.5.4.3", 3, { 0x55, 0x04, 0x03 } },
		{ "2.999.3", 3, { 0x88, 0x37, 0x03 } },
		{ "0.0", 1, { 0x00 } },
		{ "?", 11, { 0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f } },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		uint8_t b[16] = { 0x06, v[i].n };
		char text[DER_OID_TEXT_MAX];
		memcpy(b + 2, v[i].b, v[i].n);
		struct cur c = bytes(b, v[i].n + 2u);
		struct span oid = der_oid(&c);
		ok(!c.err && oid.n == v[i].n, "%s is read", v[i].text);
		is_str(der_oid_text(oid, text), v[i].text, "as text");
	}
	struct cur c = CUR(0x06, 0x00);
	ok(!der_oid(&c).n && c.err == DER_E_VALUE, "empty");
	c = CUR(0x06, 0x02, 0x2a, 0x86);
	ok(!der_oid(&c).n && c.err == DER_E_VALUE, "unfinished arc");
	c = CUR(0x06, 0x03, 0x2a, 0x80, 0x01);
	ok(!der_oid(&c).n && c.err == DER_E_VALUE, "padded arc");
}

static void test_times(void)
{
	static const struct {
		uint8_t tag;
		const char *s;
		const char *want; /* RFC 3339; "forever", "none"; NULL: refused */
	} v[] = {
		{ DER_UTC_TIME, "230322000000Z", "2023-03-22T00:00:00Z" },
		{ DER_UTC_TIME, "700101000000Z", "1970-01-01T00:00:00Z" },
		{ DER_UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z" },
		{ DER_UTC_TIME, "500101000000Z", "none" },
		{ DER_TIME, "20230322010203Z", "2023-03-22T01:02:03Z" },
		{ DER_TIME, "20230322010203.5Z", "2023-03-22T01:02:03.5Z" },
		{ DER_TIME, "20240229000000Z", "2024-02-29T00:00:00Z" },
		{ DER_TIME, "99991231235959Z", "forever" },
		{ DER_TIME, "19500101000000Z", "none" },
		{ DER_UTC_TIME, "230322000000+0000", NULL },
		{ DER_UTC_TIME, "2303220000Z", NULL },
		{ DER_UTC_TIME, "230322000060Z", NULL },
		{ DER_UTC_TIME, "231322000000Z", NULL },
		{ DER_UTC_TIME, "23022a000000Z", NULL },
		{ DER_UTC_TIME, "230229000000Z", NULL },
		{ DER_TIME, "20230322010203", NULL },
		{ DER_TIME, "20230322010203.Z", NULL },
		{ DER_TIME, "20230322010203.50Z", NULL },
		{ DER_TIME, "20230322010203.1234567891Z", NULL },
		{ DER_TIME, "20230322010203,5Z", NULL },
		{ DER_TIME, "99991331235959Z", NULL },
		{ DER_OCTETS, "20230322010203Z", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		uint8_t b[64] = { v[i].tag, (uint8_t)strlen(v[i].s) };
		char text[TS_TEXT_MAX];
		memcpy(b + 2, v[i].s, b[1]);
		struct cur c = bytes(b, b[1] + 2u);
		ts t = der_time(&c);
		if (!v[i].want) {
			ok(c.err && t == TS_NONE, "%s is refused", v[i].s);
			continue;
		}
		const char *got = c.err		    ? "error"
				  : t == TS_FOREVER ? "forever"
				  : t == TS_NONE    ? "none"
						    : ts_format(t, text);
		is_str(got, v[i].want, "%s", v[i].s);
	}
}

static void test_others(void)
{
	struct cur c = CUR(0x03, 0x02, 0x00, 0xaa);
	ok(der_bits(&c).n == 1 && !c.err, "whole octets");
	c = CUR(0x03, 0x02, 0x01, 0xaa);
	ok(!der_bits(&c).n && c.err == DER_E_VALUE, "odd bits");
	c = CUR(0x03, 0x00);
	ok(!der_bits(&c).n && c.err == DER_E_VALUE, "no count of unused bits");
	struct span params;
	c = CUR(0x30, 0x06, 0x06, 0x02, 0x2a, 0x03, 0x05, 0x00);
	ok(der_algorithm(&c, NULL).n == 2 && !c.err, "algorithm with NULL");
	c = CUR(0x30, 0x04, 0x06, 0x02, 0x2a, 0x03);
	ok(der_algorithm(&c, NULL).n == 2 && !c.err, "algorithm without parameters");
	c = CUR(0x30, 0x07, 0x06, 0x02, 0x2a, 0x03, 0x02, 0x01, 0x00);
	ok(!der_algorithm(&c, NULL).n && c.err == DER_E_VALUE, "parameters that nobody asked for");
	c = CUR(0x30, 0x07, 0x06, 0x02, 0x2a, 0x03, 0x02, 0x01, 0x00);
	ok(der_algorithm(&c, &params).n == 2 && params.n == 3 && !c.err, "parameters asked for");
	c = CUR(0x30, 0x07, 0x06, 0x02, 0x2a, 0x03, 0x05, 0x01, 0x00);
	ok(!der_algorithm(&c, &params).n && c.err == DER_E_VALUE, "NULL with content");
	c = CUR(0x30, 0x08, 0x06, 0x02, 0x2a, 0x03, 0x05, 0x00, 0x05, 0x00);
	ok(!der_algorithm(&c, &params).n && c.err == DER_E_TRAILING, "a third member");
}

int main(void)
{
	test_lengths();
	test_nesting();
	test_integers();
	test_oids();
	test_times();
	test_others();
	return tap_done();
}
