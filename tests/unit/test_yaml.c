/* SPDX-License-Identifier: Apache-2.0 */

#include "base/file.h"
#include "conf/yaml.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

/* Each YAML text and the JSON text that it must become. */
static const struct {
	const char *yaml, *json;
} good[] = {
	{ "a: b", "{\"a\":\"b\"}" },
	{ "---\na: 1\n", "{\"a\":1}" },
	{ "a: 1\n...\n", "{\"a\":1}" },
	{ "word", "\"word\"" },
	{ "- a\n- - b\n  - c\n", "[\"a\",[\"b\",\"c\"]]" },
	{ "{a: [1, 2], 'b': {}}", "{\"a\":[1,2],\"b\":{}}" },
	{ "a:\n  b:\n    - c: d\n      e: f\n", "{\"a\":{\"b\":[{\"c\":\"d\",\"e\":\"f\"}]}}" },
	{ "# note\na: b # note\n", "{\"a\":\"b\"}" },
	{ "a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}" },
	{ "a: b\r\nc: d\r\n", "{\"a\":\"b\",\"c\":\"d\"}" },
	{ "a: \"\\u00e9\\x07\\t\"", "{\"a\":\"\xc3\xa9\\u0007\\t\"}" },
	{ "a: \xe2\x82\xac", "{\"a\":\"\xe2\x82\xac\"}" },
	/* typed plain scalars */
	{ "[true, false, null, ~]", "[true,false,null,null]" },
	{ "a:\nb: x", "{\"a\":null,\"b\":\"x\"}" },
	{ "[0, 7, -12]", "[0,7,-12]" },
	{ "[9223372036854775807, -9223372036854775808]",
	    "[9223372036854775807,-9223372036854775808]" },
	/* and everything that stays a string */
	{ "[9223372036854775808, -9223372036854775809]",
	    "[\"9223372036854775808\",\"-9223372036854775809\"]" },
	{ "[007, -0, +1, 0x10, 0o7, 1.5, 1e3, .inf, 1_000, 190:20:30]",
	    "[\"007\",\"-0\",\"+1\",\"0x10\",\"0o7\",\"1.5\",\"1e3\",\".inf\",\"1_000\",\"190:20:30\"]" },
	{ "[yes, No, on, OFF, y, True, NULL, Null]",
	    "[\"yes\",\"No\",\"on\",\"OFF\",\"y\",\"True\",\"NULL\",\"Null\"]" },
	{ "['true', \"null\", '12', '']", "[\"true\",\"null\",\"12\",\"\"]" },
	{ "2023-03-29", "\"2023-03-29\"" },
	{ "da39a3ee5e6b4b0d3255bfef95601890afd80709", "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"" },
	{ "0000000000000000000000000000000000000000", "\"0000000000000000000000000000000000000000\"" },
	{ "'true': 1\n\"1\": 2\n", "{\"true\":1,\"1\":2}" },
	{ "-", "[null]" },
};

static const struct {
	const char *yaml, *fault;
} bad[] = {
	{ "", "t.yaml:1:1: no document" },
	{ "# only a comment\n", "t.yaml:2:1: no document" },
	{ "a: 1\n--- \nb: 2\n", "t.yaml:2:1: a second document" },
	{ "a: 1\nb: 2\na: 3\n", "t.yaml:3:1: duplicate key" },
	{ "x:\n  - {k: 1, \"\\x6b\": 2}\n", "t.yaml:2:12: duplicate key" },
	{ "a: &x 1\n", "t.yaml:1:4: anchors are not used here" },
	{ "a: &x [1]\n", "t.yaml:1:4: anchors are not used here" },
	{ "a: &x {b: 1}\n", "t.yaml:1:4: anchors are not used here" },
	{ "&x a: 1\n", "t.yaml:1:1: anchors are not used here" },
	{ "a: 1\nb: *x\n", "t.yaml:2:4: aliases are not used here" },
	{ "*x : 1\n", "t.yaml:1:1: aliases are not used here" },
	{ "a: !!str 1\n", "t.yaml:1:4: tags are not used here" },
	{ "a: ! 1\n", "t.yaml:1:4: tags are not used here" },
	{ "a: !x {b: 1}\n", "t.yaml:1:4: tags are not used here" },
	{ "a: !x [b]\n", "t.yaml:1:4: tags are not used here" },
	{ "%YAML 1.1\n---\na: 1\n", "t.yaml:1:1: directives are not used here" },
	{ "%TAG ! tag:x,2000:\n---\na: 1\n", "t.yaml:1:1: directives are not used here" },
	{ "? [a, b]\n: 1\n", "t.yaml:1:3: key is not a string" },
	{ "{{a: 1}: 2}\n", "t.yaml:1:2: key is not a string" },
	{ "1: a\n", "t.yaml:1:1: key is not a string; quote it" },
	{ "a: 1\ntrue: a\n", "t.yaml:2:1: key is not a string; quote it" },
	{ ": a\n", "t.yaml:1:1: did not find expected key while parsing a block mapping" },
	{ "?\n: a\n", "t.yaml:1:2: key is not a string; quote it" },
	{ "~: a\n", "t.yaml:1:1: key is not a string; quote it" },
	{ "<<: {a: 1}\n", "t.yaml:1:1: merge keys are not used here" },
	{ "a: \"x\\0\"\n", "t.yaml:1:4: NUL in a string" },
	{ "a: x\xff\n", "t.yaml:1:5: not UTF-8" },
	{ "a: 1\nb: \xed\xa0\x80\n", "t.yaml:2:4: not UTF-8" },
	{ "# \xc0\xaf\n", "t.yaml:1:3: not UTF-8" },
	{ "\xef\xbb\xbf" "a: 1\n", "t.yaml:1:1: byte order mark; save the file as UTF-8 without one" },
	{ "\xff\xfe" "a\0", "t.yaml:1:1: not UTF-8" },
	{ "# x\ra: 1\n", "t.yaml:1:4: line break that is neither LF nor CRLF" },
	{ "# x\xc2\x85" "a: 1\n", "t.yaml:1:4: line break that is neither LF nor CRLF" },
	{ "# x\xe2\x80\xa8" "a: 1\n", "t.yaml:1:4: line break that is neither LF nor CRLF" },
	{ "a: \x1b[31m\n", "t.yaml:1:4: control character" },
	{ "a: \xc2\x9b\n", "t.yaml:1:4: control character" },
	{ "\ta: 1\n", "t.yaml:1:1: found character that cannot start any token while scanning for "
		      "the next token" },
	{ "a: [1, 2\n", "t.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence" },
	{ "a: 'x\n", "t.yaml:2:1: found unexpected end of stream while scanning a quoted scalar" },
	{ "a: b: c\n", "t.yaml:1:5: mapping values are not allowed in this context" },
	{ "a: 1\n b: 2\n", "t.yaml:2:3: mapping values are not allowed in this context" },
};

static int parse(struct json_doc *d, const char *text, struct arena *a, struct fault *f)
{
	return yaml_parse(d, "t.yaml", span_str(text), a, f);
}

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct fault f = FAULT_INIT;
		struct json_doc d;
		int rc = parse(&d, good[i].yaml, &a, &f);
		is_int(rc, 0, "good %zu %s", i, f.text);
		if (rc == 0)
			is_str(arena_str(&a, d.text), good[i].json, "good %zu text", i);
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct fault f = FAULT_INIT;
		struct json_doc d;
		is_int(parse(&d, bad[i].yaml, &a, &f), -EBADMSG, "bad %zu", i);
		is_str(f.text, bad[i].fault, "bad %zu says what and where", i);
		ok(!d.node && !d.n, "bad %zu leaves nothing", i);
	}
}

static void test_use(void)
{
	static const char text[] = "# routes\nname: three  signals\nroutes:\n  - kind: gap\n"
				   "    severity: 3\n  - kind: hit\n    severity: high\n    extra: 1\n";
	static const char *const names[] = { "kind", "severity", NULL };
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct fault f = FAULT_INIT;
	struct json_doc d;
	int64_t n = 0;

	if (!ok(parse(&d, text, &a, &f) == 0, "a document like ours"))
		return;
	struct json_val root = json_root(&d), routes = json_get(root, "routes");
	ok(json_is(json_get(root, "name"), "three  signals"), "json_get on it");
	is_int(json_count(routes), 2, "json_count on it");
	struct json_val first = json_first(routes), second = json_next_of(routes, first);
	ok(json_int(json_get(first, "severity"), &n) == 0 && n == 3, "json_int on it");
	is_int(json_fault(json_get(second, "severity"), &f, "severity is not a number"), -EBADMSG,
	    "json_fault gives -EBADMSG");
	is_str(f.text, "t.yaml:7:15: severity is not a number", "with the place of the value");
	json_fault(second, &f, "no \"x\"");
	is_str(f.text, "t.yaml:6:5: no \"x\"", "and of a mapping");
	json_fault(root, &f, "x");
	is_str(f.text, "t.yaml:2:1: x", "and of the root");
	json_fault(JSON_ABSENT, &f, "x");
	is_str(f.text, "x", "an absent value has none");
	is_int(json_only(first, names, &f), 0, "json_only accepts");
	is_int(json_only(second, names, &f), -EBADMSG, "json_only refuses");
	is_str(f.text, "t.yaml:8:5: unknown member \"extra\"", "with the place of the key");
}

static char *nested(int depth, char *out)
{
	memset(out, '[', (size_t)depth);
	memset(out + depth, ']', (size_t)depth);
	out[2 * depth] = 0;
	return out;
}

static void test_caps(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64 << 20), small = ARENA_INIT(256);
	struct fault f = FAULT_INIT;
	struct json_doc d;
	char text[256];

	is_int(parse(&d, nested(YAML_DEPTH_MAX, text), &a, &f), 0, "deepest");
	is_int(parse(&d, nested(YAML_DEPTH_MAX + 1, text), &a, &f), -EBADMSG, "one deeper");
	is_str(f.text, "t.yaml:1:17: nested too deeply", "says where");

	AUTO_FREE char *big = malloc(YAML_TEXT_MAX + 2);
	memset(big, 'x', YAML_TEXT_MAX + 1);
	is_int(yaml_parse(&d, "t", span_of(big, YAML_TEXT_MAX), &a, &f), 0, "largest text");
	is_int(yaml_parse(&d, "t", span_of(big, YAML_TEXT_MAX + 1), &a, &f), -EBADMSG, "one more");
	is_str(f.text, "t: larger than 1048576 bytes", "says so");

	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "k%d: v\n", i);
	is_int(yaml_parse(&d, "t", buf_span(&b), &small, &f), -ENOMEM, "arena too small");
	is_str(f.text, "t: needs more memory than is allowed here", "says so");
	buf_reset(&b);
	for (int i = 0; i < 3000; i++)
		buf_putc(&b, 'k');
	buf_puts(&b, ": v\n");
	is_int(yaml_parse(&d, "t", buf_span(&b), &a, &f), -EBADMSG, "a key too long");
	/* The name goes into messages: bytes from outside must not. */
	is_int(yaml_parse(&d, "\x1b[2Jt", SPAN_NONE, &a, &f), -EBADMSG, "odd name");
	is_str(f.text, "\\x1b[2Jt:1:1: no document", "is escaped");
}

/* Every text that makes the densest JSON must fit, and take time in proportion. */
static void test_dense(void)
{
	static const char *const unit[] = { "a,", "- ", "-\n", "[],", "{},", "\\a", "k:\n", "\x01", "? ",
		"[", "{", "a: ", "'", "- - ", "!", "&a ", "*a ", "[[]],", "#\n" };
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(unit); i++)
		for (int shape = 0; shape < 3; shape++) {
			AUTO_ARENA struct arena a = ARENA_INIT(256 << 20);
			AUTO_BUF struct buf b = BUF_INIT(YAML_TEXT_MAX);
			struct json_doc d;
			buf_puts(&b, shape == 0 ? "" : shape == 1 ? "[" : "\"");
			while (b.n + strlen(unit[i]) < YAML_TEXT_MAX / 8)
				buf_puts(&b, unit[i]);
			buf_puts(&b, shape == 0 ? "" : shape == 1 ? "]" : "\"");
			int rc = yaml_parse(&d, "t", buf_span(&b), &a, &f);
			ok(rc == 0 || rc == -EBADMSG, "dense %zu/%d: %d", i, shape, rc);
		}
}

static void test_prefixes(void)
{
	static const char text[] = "a: [1, {b: 'c'}]\nd: |\n  x\ne: \"\\u00e9\"\n";
	int wrong = 0;

	for (size_t n = 0; n < sizeof(text); n++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct fault f = FAULT_INIT;
		struct json_doc d;
		AUTO_FREE char *copy = malloc(n ? n : 1);
		memcpy(copy, text, n);
		int rc = yaml_parse(&d, "t", span_of(copy, n), &a, &f);
		/* A prefix may be a smaller document, but never half an error. */
		wrong += rc == 0 ? !d.n || !d.source : rc != -EBADMSG || !f.text[0] || d.n;
	}
	is_int(wrong, 0, "prefixes");
}

static void test_load(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct fault f = FAULT_INIT;
	struct json_doc d;
	char path[] = "/tmp/fb-yaml-XXXXXX";

	is_int(yaml_load(&d, "/nonexistent/x.yaml", &a, &f), -ENOENT, "missing file");
	ok(strstr(f.text, "/nonexistent/x.yaml"), "names it");
	int fd = mkstemp(path);
	ok(fd >= 0 && file_write_all(fd, SPAN_LIT("a: 1\na: 2\n")) == 0, "wrote a file");
	is_int(yaml_load(&d, path, &a, &f), -EBADMSG, "bad file");
	ok(strstr(f.text, path) && strstr(f.text, ":2:1: duplicate key"), "names file and place");
	ok(ftruncate(fd, 5) == 0 && yaml_load(&d, path, &a, &f) == 0, "good file");
	ok(ftruncate(fd, YAML_TEXT_MAX + 1) == 0, "grown");
	is_int(yaml_load(&d, path, &a, &f), -EMSGSIZE, "too large a file");
	close(fd);
	unlink(path);
}

/* Other people's rules parse: the subset is not too small for Sigma. */
static void test_sigma(void)
{
	static const char dir[] = "../shared/data/cases/3cx-2023/sigma";
	DIR *dp = opendir(dir);
	if (!dp) {
		tap_skip("Sigma rules parse", "no ../shared/data");
		return;
	}
	for (struct dirent *e; (e = readdir(dp));) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct fault f = FAULT_INIT;
		struct json_doc d;
		char path[512];
		if (!span_ends(span_str(e->d_name), SPAN_LIT(".yml")))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		is_int(yaml_load(&d, path, &a, &f), 0, "%s %s", e->d_name, f.text);
		ok(json_ok(json_path(json_root(&d), "detection", "condition", NULL)),
		    "%s has a condition", e->d_name);
	}
	closedir(dp);
}

int main(void)
{
	test_good();
	test_bad();
	test_use();
	test_caps();
	test_dense();
	test_prefixes();
	test_load();
	test_sigma();
	return tap_done();
}
