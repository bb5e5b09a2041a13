/* SPDX-License-Identifier: Apache-2.0 */

#include "base/span.h"
#include "base/utf8.h"
#include "tap.h"

#define L(s) SPAN_LIT(s)

static bool lines_are(struct span text, const char *want)
{
	char got[64] = "";
	struct span line;

	while (span_next_line(&text, &line)) {
		strncat(got, (const char *)line.p, line.n);
		strcat(got, "|");
	}
	return strcmp(got, want) == 0;
}

static void test_span(void)
{
	ok(span_eq(SPAN_NONE, L("")) && !span_eq(L("a"), L("b")) && !span_eq(L("a"), L("ab")), "eq");
	ok(span_eq_str(L("a"), "a") && span_eq_str(SPAN_NONE, NULL), "eq_str");
	ok(span_starts(L("abc"), L("ab")) && span_starts(L("abc"), L("")) && span_starts(SPAN_NONE, L("")),
	    "starts");
	ok(!span_starts(L("a"), L("ab")) && !span_starts(SPAN_NONE, L("a")), "does not start");
	ok(span_ends(L("abc"), L("bc")) && !span_ends(L("c"), L("bc")) && span_ends(L("c"), L("")), "ends");
	ok(span_eq(span_cut(L("abcd"), 1, 2), L("bc")) && span_eq(span_cut(L("ab"), 1, SIZE_MAX), L("b")),
	    "cut");
	ok(!span_cut(L("ab"), 2, 1).p && !span_cut(L("ab"), SIZE_MAX, SIZE_MAX).p &&
	    !span_from(SPAN_NONE, 0).p, "cut out of range gives nothing");
	ok(span_cmp(L("a"), L("b")) < 0 && span_cmp(L("b"), L("a")) > 0 && span_cmp(L("a"), L("a")) == 0 &&
	    span_cmp(L("a"), L("ab")) < 0 && span_cmp(SPAN_NONE, L("")) == 0 &&
	    span_cmp(L("\xff"), L("a")) > 0, "cmp");
	ok(span_eq_nocase(L("aZ09"), L("Az09")) && !span_eq_nocase(L("@"), L("`")) &&
	    !span_eq_nocase(L("[k"), L("{k")), "eq_nocase folds letters only");
	ok(span_eq(span_trim(L(" \t\r\na b\n")), L("a b")) && span_trim(L(" \n")).n == 0 &&
	    span_trim(SPAN_NONE).n == 0, "trim");
	ok(span_find(L("abc"), 'c') == 2 && span_find(L("abc"), 'd') == SIZE_MAX &&
	    span_find(SPAN_NONE, 0) == SIZE_MAX, "find");
	ok(lines_are(L("a\nb\r\nc"), "a|b|c|"), "lines");
	ok(lines_are(L("\n\na\n"), "||a|"), "empty lines; none after the last LF");
	ok(lines_are(L("a\rb\n\r\n"), "a\rb||"), "a lone CR is part of the line");
	ok(lines_are(SPAN_NONE, ""), "no lines");
}

/* Every code point there and back, and everything that is not one refused. */
static void test_utf8(void)
{
	uint32_t bad = 0, got = 0;

	for (uint32_t c = 0; c < 0x110000; c++) {
		uint8_t b[4] = { 0 };
		if (c == 0xd800)
			c = 0xe000;
		size_t n = utf8_put(b, c);
		bad += utf8_next(span_of(b, n), &got) != n || got != c;
		for (size_t i = 0; i < n; i++)
			bad += utf8_next(span_of(b, i), &got) != 0;
	}
	is_int(bad, 0, "all scalar values, no proper prefix of one");
	/* All four-byte strings by class: decoding succeeds only for what utf8_put writes. */
	for (uint32_t v = 0; v < 1u << 24; v++) {
		uint8_t b[4] = { (uint8_t)(v >> 16 | 0x80), (uint8_t)(v >> 8), (uint8_t)v, 0x80 }, again[4];
		size_t n = utf8_next(span_of(b, 4), &got);
		if (n)
			bad += utf8_put(again, got) != n || memcmp(b, again, n) != 0 ||
			    (got >= 0xd800 && got < 0xe000) || got > 0x10ffff;
	}
	is_int(bad, 0, "what decodes is the one encoding of a scalar value");
	ok(utf8_check(L("a\xc3\xa9\xff")) == 3 && utf8_check(L("a\xe2\x82")) == 1 &&
	    utf8_check(SPAN_NONE) == 0 && utf8_check(L("ok")) == 2, "check gives the first bad offset");
}

int main(void)
{
	test_span();
	test_utf8();
	return tap_done();
}
