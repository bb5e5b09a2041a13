/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "wire/json.h"

/* The tokens of a text in one line, and where and how it failed. */
static char *tokens(struct span text, struct json_keys *keys, char out[static 1024])
{
	static const char mark[] = ".nft#\"k{}[]";
	struct json j;
	size_t n = 0;

	json_open(&j, text, keys);
	for (;;) {
		struct json_tok t = json_next(&j);
		if (t.type == JSON_NONE)
			break;
		n += (size_t)snprintf(out + n, 1024 - n, "%c", mark[t.type]);
		if (t.type == JSON_NUM && t.is_int)
			n += (size_t)snprintf(out + n, 1024 - n, "%lld", (long long)t.i);
		else if (t.raw.p)
			n += (size_t)snprintf(out + n, 1024 - n, "%.*s", SPAN_ARG(t.raw));
		if (n > 900)
			break;
	}
	if (j.err)
		snprintf(out + n, 1024 - n, "!%d@%zu", j.err, j.err_off);
	struct json_tok again = json_next(&j);
	if (n <= 900 && (again.type != JSON_NONE || again.raw.p))
		snprintf(out, 1024, "goes on after the end");
	return out;
}

/* A copy of exactly the right size, so that a sanitizer sees a read past the end. */
static char *tokens_str(const char *s, size_t n, char out[static 1024])
{
	AUTO_FREE uint8_t *copy = malloc(n ? n : 1);

	memcpy(copy, s, n);
	return tokens(span_of(copy, n), JSON_KEYS(64), out);
}

static const struct {
	const char *text, *tokens;
} good[] = {
	{ "null", "n" }, { "true", "t" }, { "false", "f" }, { " \t\r\n1 \t\r\n", "#1" },
	{ "[]", "[]" }, { "{}", "{}" }, { "[ ]", "[]" }, { "{ }", "{}" },
	{ "[1,2,[3],{}]", "[#1#2[#3]{}]" },
	{ "{\"a\":1,\"b\":{\"a\":[null]},\"\":\"\"}", "{ka#1kb{ka[n]}k\"}" },
	{ "[{\"a\":1},{\"a\":2}]", "[{ka#1}{ka#2}]" },
	{ "{\"a\" : [ true , false ] }", "{ka[tf]}" },
	{ "0", "#0" }, { "-0", "#0" }, { "-1", "#-1" }, { "10", "#10" },
	{ "9223372036854775807", "#9223372036854775807" },
	{ "-9223372036854775808", "#-9223372036854775808" },
	{ "9223372036854775808", "#9223372036854775808" },
	{ "-9223372036854775809", "#-9223372036854775809" },
	{ "1.0", "#1.0" }, { "1e5", "#1e5" }, { "1E+05", "#1E+05" }, { "-0.0e-0", "#-0.0e-0" },
	{ "0e0", "#0e0" }, { "1e999", "#1e999" },
	{ "\"\"", "\"" }, { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t" },
	{ "\"\\u0001\\uD834\\udd1e\"", "\"\\u0001\\uD834\\udd1e" },
	{ "\"\x7f\xc2\x80\xe2\x82\xac\xf0\x9d\x84\x9e\xef\xbf\xbf\"",
	    "\"\x7f\xc2\x80\xe2\x82\xac\xf0\x9d\x84\x9e\xef\xbf\xbf" },
	{ "\"12345678901234567890\xe2\x82\xac" "12345678\\n12345678\"",
	    "\"12345678901234567890\xe2\x82\xac" "12345678\\n12345678" },
};

/* Text, then error code and offset. */
static const struct {
	const char *text;
	int err;
	size_t off;
} bad[] = {
	{ "", JSON_E_EOF, 0 }, { "  ", JSON_E_EOF, 2 }, { "[", JSON_E_EOF, 1 }, { "{", JSON_E_EOF, 1 },
	{ "[1", JSON_E_EOF, 2 }, { "[1,", JSON_E_EOF, 3 }, { "{\"a\"", JSON_E_EOF, 4 },
	{ "{\"a\":", JSON_E_EOF, 5 }, { "{\"a\":1", JSON_E_EOF, 6 }, { "{\"a\":1,", JSON_E_EOF, 7 },
	{ "\"abc", JSON_E_EOF, 4 }, { "tru", JSON_E_EOF, 0 }, { "-", JSON_E_EOF, 0 }, { "1e", JSON_E_EOF, 0 },
	{ "]", JSON_E_SYNTAX, 0 }, { "}", JSON_E_SYNTAX, 0 }, { ",", JSON_E_SYNTAX, 0 },
	{ ":", JSON_E_SYNTAX, 0 }, { "[1]]", JSON_E_TRAILING, 3 }, { "{}{}", JSON_E_TRAILING, 2 },
	{ "1 2", JSON_E_TRAILING, 2 }, { "nullx", JSON_E_TRAILING, 4 }, { "true1", JSON_E_TRAILING, 4 },
	{ "[1}", JSON_E_SYNTAX, 2 }, { "{\"a\":1]", JSON_E_SYNTAX, 6 }, { "[1 2]", JSON_E_SYNTAX, 3 },
	{ "[1,]", JSON_E_SYNTAX, 3 }, { "[,1]", JSON_E_SYNTAX, 1 }, { "[1,,2]", JSON_E_SYNTAX, 3 },
	{ "{,}", JSON_E_SYNTAX, 1 }, { "{\"a\":1,}", JSON_E_SYNTAX, 7 }, { "{\"a\",1}", JSON_E_SYNTAX, 4 },
	{ "{\"a\":}", JSON_E_SYNTAX, 5 }, { "{\"a\" 1}", JSON_E_SYNTAX, 5 }, { "{a:1}", JSON_E_SYNTAX, 1 },
	{ "{1:1}", JSON_E_SYNTAX, 1 }, { "{null:1}", JSON_E_SYNTAX, 1 }, { "[\"a\":1]", JSON_E_SYNTAX, 4 },
	{ "{\"a\":1 \"b\":2}", JSON_E_SYNTAX, 7 }, { "{\"a\"::1}", JSON_E_SYNTAX, 5 },
	{ "nul ", JSON_E_SYNTAX, 0 }, { "True", JSON_E_SYNTAX, 0 }, { "NaN", JSON_E_SYNTAX, 0 },
	{ "Infinity", JSON_E_SYNTAX, 0 }, { "'a'", JSON_E_SYNTAX, 0 }, { "// x\n1", JSON_E_SYNTAX, 0 },
	{ "[/**/]", JSON_E_SYNTAX, 1 }, { "\xef\xbb\xbf" "1", JSON_E_SYNTAX, 0 },
	{ "\xc2\xa0" "1", JSON_E_SYNTAX, 0 }, { "\f1", JSON_E_SYNTAX, 0 }, { "\v1", JSON_E_SYNTAX, 0 },
	{ "+1", JSON_E_SYNTAX, 0 }, { ".5", JSON_E_SYNTAX, 0 },
	{ "01", JSON_E_NUMBER, 0 }, { "-01", JSON_E_NUMBER, 0 }, { "00", JSON_E_NUMBER, 0 },
	{ "[-]", JSON_E_NUMBER, 1 }, { "[--1]", JSON_E_NUMBER, 1 }, { "[1.]", JSON_E_NUMBER, 1 },
	{ "[1.e1]", JSON_E_NUMBER, 1 }, { "[1e]", JSON_E_NUMBER, 1 }, { "[1e+]", JSON_E_NUMBER, 1 },
	{ "[-x]", JSON_E_NUMBER, 1 }, { "0x10", JSON_E_TRAILING, 1 }, { "[1_0]", JSON_E_SYNTAX, 2 },
	{ "1.5.5", JSON_E_TRAILING, 3 }, { "[1e5e5]", JSON_E_SYNTAX, 4 },
	{ "\"\t\"", JSON_E_CONTROL, 1 }, { "\"a\nb\"", JSON_E_CONTROL, 2 },
	{ "\"12345678\x1f\"", JSON_E_CONTROL, 9 }, { "\"1234567\x01" "89\"", JSON_E_CONTROL, 8 },
	{ "\"\\x\"", JSON_E_ESCAPE, 1 }, { "\"\\\"", JSON_E_EOF, 3 }, { "\"\\", JSON_E_ESCAPE, 1 },
	{ "\"\\u12\"", JSON_E_ESCAPE, 1 }, { "\"\\u12g4\"", JSON_E_ESCAPE, 1 }, { "\"\\U1234\"", JSON_E_ESCAPE, 1 },
	{ "\"\\u0000\"", JSON_E_ESCAPE, 1 }, { "\"\\ud800\"", JSON_E_ESCAPE, 1 },
	{ "\"\\udc00\"", JSON_E_ESCAPE, 1 }, { "\"\\ud800x\"", JSON_E_ESCAPE, 1 },
	{ "\"\\ud800\\n\"", JSON_E_ESCAPE, 1 }, { "\"\\ud800\\u0041\"", JSON_E_ESCAPE, 1 },
	{ "\"\\ud800\\ud800\"", JSON_E_ESCAPE, 1 }, { "\"\\udc00\\ud800\"", JSON_E_ESCAPE, 1 },
	{ "\"\\ud800\\udc0\"", JSON_E_ESCAPE, 1 }, { "{\"\\ud800\":1}", JSON_E_ESCAPE, 2 },
	{ "\"\xff\"", JSON_E_UTF8, 1 }, { "\"\x80\"", JSON_E_UTF8, 1 }, { "\"\xc0\x80\"", JSON_E_UTF8, 1 },
	{ "\"\xe0\x9f\xbf\"", JSON_E_UTF8, 1 }, { "\"\xed\xa0\x80\"", JSON_E_UTF8, 1 },
	{ "\"\xf4\x90\x80\x80\"", JSON_E_UTF8, 1 }, { "\"a\xc3\"", JSON_E_UTF8, 2 },
	{ "\"12345678\xe2\x82\"", JSON_E_UTF8, 9 }, { "{\"\xff\":1}", JSON_E_UTF8, 2 },
	{ "{\"a\":1,\"a\":2}", JSON_E_DUPKEY, 7 }, { "{\"a\":1,\"\\u0061\":2}", JSON_E_DUPKEY, 7 },
	{ "{\"\\u0061\":1,\"a\":2}", JSON_E_DUPKEY, 12 }, { "{\"\":1,\"\":2}", JSON_E_DUPKEY, 6 },
	{ "{\"\\ud834\\udd1e\":1,\"\xf0\x9d\x84\x9e\":2}", JSON_E_DUPKEY, 18 },
	{ "{\"a\":{\"b\":1},\"c\":2,\"a\":3}", JSON_E_DUPKEY, 19 },
	{ "[{\"x\":{\"y\":1,\"y\":2}}]", JSON_E_DUPKEY, 13 },
	{ "{\"a\\/b\":1,\"a/b\":2}", JSON_E_DUPKEY, 10 },
};

static void test_tables(void)
{
	char out[1024], want[1024];

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		is_str(tokens_str(good[i].text, strlen(good[i].text), out), good[i].tokens, "good %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		tokens_str(bad[i].text, strlen(bad[i].text), out);
		snprintf(want, sizeof(want), "!%d@%zu", bad[i].err, bad[i].off);
		const char *got = strchr(out, '!');
		is_str(got ? got : out, want, "bad %zu: %s", i, QUOTE(span_str(bad[i].text)));
	}
	ok(strchr(tokens_str("\"a\0b\"", 5, out), '!'), "a raw NUL in a string");
	is_str(tokens_str("1\0", 2, out), "#1!3@1", "a NUL behind the value");
	for (int e = JSON_OK; e <= JSON_E_SIZE; e++)
		ok(strcmp(json_strerror(e), "unknown error") != 0, "error %d has words", e);
	ok(json_strerror(-1) && json_strerror(99), "others do not crash");
}

static bool accepts(struct span text)
{
	struct json j;

	json_open(&j, text, JSON_KEYS(64));
	while (json_next(&j).type != JSON_NONE)
		;
	return !j.err;
}

/* No proper prefix of a container passes, and each one stops at its end or before. */
static void test_prefixes(void)
{
	static const char text[] = "{\"a\":[1,-2.5e3,true,null,\"\\u20ac\xe2\x82\xac\\ud834\\udd1e\"],"
				   "\"b\":{\"\\u0061\":{\"a\":[[],{}]}},\"long enough for words\":false}";
	int wrong = !accepts(span_of(text, sizeof(text) - 1));

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		AUTO_FREE uint8_t *copy = malloc(n ? n : 1);
		struct json j;
		memcpy(copy, text, n);
		json_open(&j, span_of(copy, n), JSON_KEYS(64));
		while (json_next(&j).type != JSON_NONE)
			;
		wrong += !j.err || j.err_off > n;
	}
	is_int(wrong, 0, "every proper prefix is refused");
}

static struct span nest(char *text, int depth, char c)
{
	for (int i = 0; i < depth; i++) {
		text[i] = c;
		text[2 * depth - 1 - i] = c + 2;
	}
	return span_of(text, 2 * (size_t)depth);
}

static void test_limits(void)
{
	char text[3 * JSON_KEY_MAX], out[1024];

	ok(accepts(nest(text, JSON_DEPTH_MAX, '[')), "as deep as allowed");
	char *got = tokens(nest(text, JSON_DEPTH_MAX + 1, '['), JSON_KEYS(64), out);
	is_str(strchr(got, '!'), "!4@64", "one deeper");
	for (int n = JSON_KEY_MAX; n <= JSON_KEY_MAX + 1; n++) {
		memset(text, 'k', sizeof(text));
		memcpy(text, "{\"", 2);
		memcpy(text + 2 + n, "\":1}", 4);
		struct json j;
		json_open(&j, span_of(text, (size_t)n + 6), JSON_KEYS(64));
		while (json_next(&j).type != JSON_NONE)
			;
		is_int(j.err, n > JSON_KEY_MAX ? JSON_E_SIZE : 0, "a key of %d bytes", n);
	}
	struct json j;
	json_open(&j, span_of(text, (size_t)JSON_STREAM_MAX + 1), JSON_KEYS(64));
	ok(json_next(&j).type == JSON_NONE && j.err == JSON_E_SIZE, "a text too large is not read");
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct json_doc d;
	is_int(json_doc_parse(&d, span_of(text, (size_t)JSON_TEXT_MAX + 1), &a), JSON_E_SIZE,
	    "nor one too large for a document");
}

/* {"k0":0,"k1":0,…}: n keys, each written in one of three ways; with dup the last repeats dup. */
static struct span many(struct buf *b, int n, int dup)
{
	static const char *const way[][2] = { { "k", "0" }, { "\\u006b", "0" }, { "k", "{\"k0\":1}" } };

	buf_reset(b);
	buf_putc(b, '{');
	for (int i = 0; i < n; i++) {
		int name = i == n - 1 && dup >= 0 ? dup : i;
		buf_printf(b, "%s\"%s%d\":%s", i ? "," : "", way[i % 3][0], name, way[i % 3][1]);
	}
	buf_putc(b, '}');
	return buf_span(b);
}

static int err_of(struct span text, struct json_keys *keys)
{
	struct json j;

	json_open(&j, text, keys);
	while (json_next(&j).type != JSON_NONE)
		;
	return j.err;
}

static bool keys_clean(const struct json_keys *k)
{
	for (uint32_t i = 0; i < k->cap; i++)
		if (k->slot[i])
			return false;
	return k->n == 0;
}

static void test_keys(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct json_keys *keys = JSON_KEYS(64);
	int wrong = 0;

	/* Below, at and above where the search turns into a table, a repeat of any key is found. */
	for (int n = 1; n <= 40; n++) {
		wrong += err_of(many(&b, n, -1), keys) != 0 || !keys_clean(keys);
		for (int dup = 0; dup < n - 1; dup++)
			wrong += err_of(many(&b, n, dup), keys) != JSON_E_DUPKEY;
	}
	is_int(wrong, 0, "duplicates among 1 to 40 keys, escaped or not, and none where there is none");
	is_int(err_of(many(&b, 47, -1), keys), 0, "a full table"); /* + 1 in the nested one: 48 */
	is_int(err_of(many(&b, 49, -1), keys), JSON_E_KEYS, "one key too many");
	is_int(err_of(SPAN_LIT("{\"k0\":1}"), keys), 0, "memory left full by an error is used again");
	ok(keys_clean(keys), "and left clean");
	struct json j;
	json_open(&j, many(&b, 40, -1), keys);
	for (int i = 0; i < 60; i++)
		(void)json_next(&j);
	is_int(err_of(SPAN_LIT("{\"k0\":1,\"k1\":2}"), keys), 0, "so is memory of a text given up half way");
	ok(keys_clean(keys), "and left clean");
	is_int(err_of(SPAN_LIT("{\"a\":1}"), JSON_KEYS(1)), JSON_E_KEYS, "no memory for keys");
	is_int(err_of(SPAN_LIT("[1,{}]"), JSON_KEYS(1)), 0, "needs none without keys");

	/* The same keys at every level, with tables of their own at the same time. */
	buf_reset(&b);
	for (int d = 0; d < 20; d++) {
		for (int i = 0; i < 20; i++)
			buf_printf(&b, "%s\"k%d\":%d", i ? "," : "{", i, i);
		buf_puts(&b, ",\"deeper\":");
	}
	buf_puts(&b, "0");
	for (int d = 0; d < 20; d++)
		buf_puts(&b, ",\"behind\":1}");
	is_int(err_of(buf_span(&b), JSON_KEYS(1024)), 0, "equal keys in nested objects");
}

/* A parser that gets more memory for keys in the middle still knows all it has seen. */
static void test_keys_move(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	int wrong = 0;

	for (int n = 2; n <= 40; n++)
		for (int at = 1; at < 2 * n; at++) {
			struct json j;
			json_open(&j, many(&b, n, n / 2 < n - 1 ? n / 2 : -1), JSON_KEYS(64));
			for (int i = 0; i < at; i++)
				(void)json_next(&j);
			json_keys_move(&j, JSON_KEYS(128));
			while (json_next(&j).type != JSON_NONE)
				;
			wrong += j.err != (n / 2 < n - 1 ? JSON_E_DUPKEY : 0);
		}
	is_int(wrong, 0, "duplicates are found after json_keys_move");
}

static void test_skip(void)
{
	static const char text[] = "{\"a\":{\"x\":[1,{\"y\":2}]},\"b\":[[],[3]],\"c\":4,\"d\":\"s\"}";
	char seen[16] = "";
	struct json j;

	json_open(&j, span_str(text), JSON_KEYS(64));
	struct json_tok t = json_next(&j);
	while ((t = json_next(&j)).type == JSON_KEY) {
		strncat(seen, (const char *)t.raw.p, t.raw.n);
		json_skip(&j, &t);
	}
	ok(t.type == JSON_OBJ_END && strcmp(seen, "abcd") == 0, "skipping the value of each key");
	json_open(&j, SPAN_LIT("[[1,[2]],3]"), JSON_KEYS(64));
	(void)json_next(&j);
	t = json_next(&j);
	json_skip(&j, &t);
	t = json_next(&j);
	ok(t.type == JSON_NUM && t.i == 3, "skipping an array");
	json_skip(&j, &t);
	ok(json_next(&j).type == JSON_ARR_END, "a number has nothing to skip");
	json_open(&j, SPAN_LIT("{\"a\":[1,"), JSON_KEYS(64));
	(void)json_next(&j);
	t = json_next(&j);
	json_skip(&j, &t);
	is_int(j.err, JSON_E_EOF, "skipping ends at an error");
}

static void test_strings(void)
{
	uint8_t out[64];
	static const struct {
		const char *raw, *plain;
	} s[] = { { "abc", "abc" }, { "", "" }, { "\\u0061\\n\\\"", "a\n\"" }, { "\\ud834\\udd1e", "\xf0\x9d\x84\x9e" },
		{ "\\u20AC\\u00e9", "\xe2\x82\xac\xc3\xa9" }, { "a\\/b\\\\", "a/b\\" } };

	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		struct span raw = span_str(s[i].raw);
		size_t n = json_unescape(out, raw);
		ok(n <= raw.n && span_eq_str(span_of(out, n), s[i].plain), "unescape %zu", i);
		ok(json_str_eq(raw, true, span_str(s[i].plain)), "equals %zu", i);
		ok(!json_str_eq(raw, true, SPAN_LIT("abcd")) && !json_str_eq(raw, true, SPAN_LIT("x")),
		    "does not equal others %zu", i);
	}
	ok(json_str_eq(SPAN_LIT("a\\n"), false, SPAN_LIT("a\\n")), "not escaped: bytes");
	int64_t v = 5;
	ok(!json_num_int(SPAN_NONE, &v) && !json_num_int(SPAN_LIT("-"), &v) &&
	    !json_num_int(SPAN_LIT("1.0"), &v) && !json_num_int(SPAN_LIT("1e5"), &v) && v == 5,
	    "what is no integer");
}

int main(void)
{
	test_tables();
	test_prefixes();
	test_limits();
	test_keys();
	test_keys_move();
	test_skip();
	test_strings();
	return tap_done();
}
