/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "wire/csv.h"

#include <stdio.h>

#define MAX 16

/* All records as "a|b/c|d", or "error N line L offset O". */
static const char *all(struct span text, char delim, bool comments)
{
	static char out[4096];
	struct csv_field f[MAX];
	struct csv c;
	size_t n, at = 0;

	csv_open(&c, text, delim, comments);
	while (csv_next(&c, f, MAX, &n)) {
		if (at)
			out[at++] = '/';
		for (size_t i = 0; i < n; i++) {
			if (i)
				out[at++] = '|';
			at += csv_unescape((uint8_t *)out + at, f[i]);
		}
	}
	out[at] = 0;
	if (c.err)
		snprintf(out, sizeof(out), "error %d line %d offset %zu", c.err, (int)c.err_line,
		    c.err_off);
	return out;
}

static void good(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "", "" },
		{ "a", "a" },
		{ "a,b\nc,d", "a|b/c|d" },
		{ "a,b\r\nc,d\r\n", "a|b/c|d" },
		{ "a,,b\n,\n", "a||b/|" },
		{ "\n\na\n\n", "a" },
		{ "\"a,b\",c", "a,b|c" },
		{ "\"a \"\"q\"\"\",c", "a \"q\"|c" },
		{ "\"two\nlines\",x\ny", "two\nlines|x/y" },
		{ "\"\"", "" },
		{ "\xef\xbb\xbf"
		  "a,b",
		    "a|b" },
		{ " a , b ", " a | b " },
		{ "caf\xc3\xa9,x", "caf\xc3\xa9|x" },
		{ "#a,b\nc", "#a|b/c" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(all(span_str(t[i].in), ',', false), t[i].out, "record %zu", i);
	is_str(all(SPAN_LIT("# a \"comment\"\na\tb,c\n#last"), '\t', true), "a|b,c",
	    "tabs and comments");
}

static void bad(void)
{
	static const struct {
		struct span in;
		const char *out;
	} t[] = {
		{ SPAN_LIT("a\nb\"c"), "error 1 line 2 offset 3" },
		{ SPAN_LIT("\"a\"b,c"), "error 1 line 1 offset 3" },
		{ SPAN_LIT("\"a\" ,c"), "error 1 line 1 offset 3" },
		{ SPAN_LIT("x\n\"a\nb"), "error 2 line 3 offset 6" },
		{ SPAN_LIT("a,b\0,c"), "error 4 line 1 offset 3" },
		{ SPAN_LIT("a\rb"), "error 4 line 1 offset 1" },
		{ SPAN_LIT("a\r"), "error 4 line 1 offset 1" },
		{ SPAN_LIT("a,\xff"), "error 5 line 1 offset 2" },
		{ SPAN_LIT("\"\xc3\""), "error 5 line 1 offset 1" },
		{ SPAN_LIT("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"), "error 3 line 1 offset 32" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(all(t[i].in, ',', false), t[i].out, "refused %zu", i);
	is_str(csv_strerror(CSV_E_EOF), "the text ends inside quotes", "errors have words");
	is_str(csv_strerror(99), "unknown error", "also those that do not exist");
}

/* A cut inside quotes is an error; any other cut gives the records as far as they go. */
static void prefixes(void)
{
	static const char text[] = "h,v\n\"a\"\"b\",\"c\nd\"\ne,f\n";
	int wrong = 0;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct csv_field f[MAX];
		struct csv c;
		size_t k, quotes = 0;
		csv_open(&c, span_of(text, n), ',', false);
		while (csv_next(&c, f, MAX, &k))
			;
		for (size_t i = 0; i < n; i++)
			quotes += text[i] == '"';
		wrong += (c.err == CSV_E_EOF) != (quotes % 2 == 1);
	}
	is_int(wrong, 0, "every cut inside quotes, and no other, is an error");
}

static void lines(void)
{
	struct csv_field f[MAX];
	struct csv c;
	size_t n;

	csv_open(&c, SPAN_LIT("# c\n\n\"a\nb\"\nx\n"), ',', true);
	ok(csv_next(&c, f, MAX, &n) && c.rec_line == 3, "a record knows the line it starts on");
	ok(csv_next(&c, f, MAX, &n) && c.rec_line == 5, "lines inside quotes are counted");
	ok(!csv_next(&c, f, MAX, &n) && !c.err, "the end is no error");
}

int main(void)
{
	good();
	bad();
	prefixes();
	lines();
	return tap_done();
}
