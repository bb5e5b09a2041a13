/* SPDX-License-Identifier: Apache-2.0 */

#include "base/utf8.h"
#include "tap.h"
#include "wire/json.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void put_all(struct jw *w)
{
	jw_obj(w);
	jw_kcstr(w, "a", "x");
	jw_kcstr(w, "absent", NULL);
	jw_key(w, "b");
	jw_arr(w);
	jw_int(w, INT64_MIN);
	jw_bool(w, true);
	jw_null(w);
	jw_cstr(w, NULL);
	jw_arr(w);
	jw_end(w);
	jw_obj(w);
	jw_end(w);
	jw_raw(w, SPAN_LIT("{\"r\":1}"));
	jw_end(w);
	jw_kint(w, "c", 3);
	jw_kbool(w, "d", false);
	jw_kstr(w, "e", SPAN_NONE);
	jw_end(w);
}

static void test_shapes(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct jw w = jw_of(&b);

	put_all(&w);
	is_str(buf_str(&b), "{\"a\":\"x\",\"b\":[-9223372036854775808,true,null,null,[],{},{\"r\":1}],"
			    "\"c\":3,\"d\":false,\"e\":\"\"}", "compact");
	buf_reset(&b);
	w = jw_canonical(&b);
	put_all(&w);
	ok(b.n > 0 && b.p[b.n - 1] == '}', "canonical takes keys in order");
	buf_reset(&b);
	w = jw_pretty(&b);
	jw_obj(&w);
	jw_key(&w, "a");
	jw_arr(&w);
	jw_int(&w, 1);
	jw_int(&w, 2);
	jw_end(&w);
	jw_key(&w, "b");
	jw_obj(&w);
	jw_end(&w);
	jw_end(&w);
	is_str(buf_str(&b), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}", "pretty");
	AUTO_BUF struct buf small = BUF_INIT(10);
	w = jw_of(&small);
	put_all(&w);
	is_int(buf_err(&small), -EMSGSIZE, "a full buffer latches");
}

static const char *string(struct buf *b, struct span s, bool canonical)
{
	struct jw w = canonical ? jw_canonical(b) : jw_of(b);

	buf_reset(b);
	jw_str(&w, s);
	return buf_str(b);
}

static void test_strings(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	static const struct {
		const char *in, *out;
	} s[] = { { "a/b", "\"a/b\"" }, { "\"\\", "\"\\\"\\\\\"" }, { "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x0b\x1f", "\"\\u0001\\u000b\\u001f\"" }, { "\xe2\x82\xac", "\"\xe2\x82\xac\"" },
		{ "a\xff" "b\xe2\x82", "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\"" } };

	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		is_str(string(&b, span_str(s[i].in), false), s[i].out, "string %zu", i);
		is_str(string(&b, span_str(s[i].in), true), s[i].out, "canonical string %zu", i);
	}
	is_str(string(&b, SPAN_LIT("a\0b"), true), "\"a\xef\xbf\xbd" "b\"", "NUL, which no reader takes");
	is_str(string(&b, SPAN_LIT("\x7f\xc2\x9b"), false), "\"\\u007f\\u009b\"", "terminal controls");
	is_str(string(&b, SPAN_LIT("\x7f\xc2\x9b"), true), "\"\x7f\xc2\x9b\"", "RFC 8785 leaves them");
}

/* Random bytes written as keys and strings are read back as what they were, made UTF-8. */
static void test_roundtrip(void)
{
	uint32_t r = 3;
	int wrong = 0;

	for (int i = 0; i < 5000; i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		AUTO_BUF struct buf b = BUF_INIT(1 << 16), c = BUF_INIT(1 << 16), again = BUF_INIT(1 << 16);
		uint8_t raw[64];
		struct json_doc d, d2;
		size_t n = (r = r * 1664525 + 1013904223) >> 26;
		for (size_t j = 0; j < n; j++)
			raw[j] = (uint8_t)((r = r * 1664525 + 1013904223) >> (i % 2 ? 24 : 25));
		struct jw w = jw_of(&b);
		jw_obj(&w);
		jw_keyn(&w, span_of(raw, n));
		jw_str(&w, span_of(raw, n));
		jw_end(&w);
		wrong += json_doc_parse(&d, buf_span(&b), &a) != 0;
		struct json_val k = json_first(json_root(&d));
		struct span ks = json_str(k, &a), vs = json_str(json_member(k), &a);
		wrong += !span_eq(ks, vs) || utf8_check(ks) != ks.n;
		if (utf8_check(span_of(raw, n)) == n && !memchr(raw, 0, n))
			wrong += !span_eq(ks, span_of(raw, n));
		wrong += json_canonical(&c, json_root(&d), &a, NULL) != 0 ||
		    json_doc_parse(&d2, buf_span(&c), &a) != 0 ||
		    json_canonical(&again, json_root(&d2), &a, NULL) != 0 ||
		    !span_eq(buf_span(&c), buf_span(&again));
	}
	is_int(wrong, 0, "what is written is read; canonical of canonical is the same");
}

static void canonical_is(const char *text, const char *want)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;
	struct json_doc d;

	if (json_parse(&d, span_str(text), &a, &f) < 0)
		abort();
	is_int(json_canonical(&b, json_root(&d), &a, &f), 0, "canonical %s", f.text);
	is_str(buf_str(&b), want, "canonical form");
}

static void test_canonical(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20), none = ARENA_INIT(1 << 20);
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;
	struct json_doc d;

	canonical_is(" { \"b\" : [ 1 , -0 , true ] , \"a\" : { \"z\" : null , \"\" : \"\\u0041\\/\" } } ",
	    "{\"a\":{\"\":\"A/\",\"z\":null},\"b\":[1,0,true]}");
	/* The example of RFC 8785, section 3.2.3. */
	canonical_is("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With "
		     "Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
		     "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
	    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin Small Letter O With "
	    "Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":"
	    "\"Hebrew Letter Dalet With Dagesh\"}");
	/* Keys longer than what the order check remembers, alike for its whole length. */
	canonical_is("{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkb\":1,"
		     "\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkka\":2}",
	    "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkka\":2,"
	    "\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkb\":1}");
	if (json_parse(&d, SPAN_LIT("[1,2.5]"), &a, &f) < 0)
		abort();
	is_int(json_canonical(&b, json_root(&d), &a, &f), -EBADMSG, "a float");
	is_str(f.text, "offset 3: 2.5 is not a 64-bit integer", "is named");
	is_int(json_canonical(&b, JSON_ABSENT, &a, &f), -EBADMSG, "absent");
	if (json_parse(&d, SPAN_LIT("{\"a\":1}"), &none, &f) < 0)
		abort();
	none.max = none.used;
	is_int(json_canonical(&b, json_root(&d), &none, &f), -ENOMEM, "arena full");
	AUTO_BUF struct buf tiny = BUF_INIT(3);
	is_int(json_canonical(&tiny, json_root(&d), &a, &f), -EMSGSIZE, "buffer full");
}

static void in_utf16_order(void)
{
	static const uint32_t c[] = { 0x20, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0x10000, 0x40000, 0x10ffff,
		0xe000, 0xefff, 0xf000, 0xffff };
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		for (size_t j = 0; j < ARRAY_LEN(c); j++) {
			uint8_t a[5] = { 'x' }, b[5] = { 'x' };
			int r = json_key_cmp(span_of(a, 1 + utf8_put(a + 1, c[i])),
			    span_of(b, 1 + utf8_put(b + 1, c[j])));
			wrong += (r > 0) - (r < 0) != (i > j) - (i < j);
		}
	is_int(wrong, 0, "keys are ordered by UTF-16 code units");
	ok(json_key_cmp(SPAN_NONE, SPAN_LIT("")) == 0 && json_key_cmp(SPAN_NONE, SPAN_LIT("a")) < 0 &&
	    json_key_cmp(SPAN_LIT("ab"), SPAN_LIT("a")) > 0, "and by length");
}

/* Misuse is a bug of ours, and stops the program rather than writing what is not JSON. */
static void misuse(int which)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct jw w = which < 2 ? jw_canonical(&b) : jw_of(&b);

	if (which == 5)
		for (int i = 0; i < JSON_DEPTH_MAX; i++)
			jw_arr(&w);
	if (which != 3 && which != 5 && which != 6)
		jw_obj(&w);
	if (which < 2) { /* out of order; twice the same */
		jw_kint(&w, "b", 1);
		jw_kint(&w, which ? "b" : "a", 1);
	} else if (which == 2) { /* no key */
		jw_int(&w, 1);
	} else if (which == 3) { /* a key in an array */
		jw_arr(&w);
		jw_key(&w, "a");
	} else if (which == 4) { /* a key without a value */
		jw_key(&w, "a");
		jw_end(&w);
	} else if (which == 5) { /* too deep */
		jw_arr(&w);
	} else { /* nothing to end */
		jw_end(&w);
	}
}

static void test_misuse(void)
{
	for (int which = 0; which < 7; which++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			struct rlimit none = { 0, 0 };
			setrlimit(RLIMIT_CORE, &none);
			fclose(stderr);
			misuse(which);
			_exit(0);
		}
		int status = 0;
		ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), "misuse %d stops the program", which);
	}
}

int main(void)
{
	test_shapes();
	test_strings();
	test_roundtrip();
	test_canonical();
	in_utf16_order();
	test_misuse();
	return tap_done();
}
