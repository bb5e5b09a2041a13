/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "wire/json_olpc.h"

#include <errno.h>

static int run(const char *text, struct buf *out, struct arena *a, struct fault *f)
{
	struct json_doc d;

	int rc = json_parse(&d, span_str(text), a, f);
	return rc < 0 ? rc : json_olpc(out, json_root(&d), a, f);
}

static const struct {
	const char *in, *out; /* out NULL: refused */
} cases[] = {
	{ "{}", "{}" },
	{ " [ ] ", "[]" },
	{ "[1, 2 ,3]", "[1,2,3]" },
	{ "{\"b\":1,\"a\":{\"d\":null,\"c\":[true,false]}}",
	    "{\"a\":{\"c\":[true,false],\"d\":null},\"b\":1}" },
	/* control characters and everything else stand raw, but for two */
	{ "\"a\\n\\t\\\"\\\\\\/\\u00e4\\u001f\\u007f\"", "\"a\n\t\\\"\\\\/\xc3\xa4\x1f\x7f\"" },
	{ "\"\\\\\\\\\"", "\"\\\\\\\\\"" },
	{ "\"\"", "\"\"" },
	/* keys by code point after unescaping; U+FF5E before U+1F600 (UTF-16 has it the other way) */
	{ "{\"\\ud83d\\ude00\":1,\"\\uff5e\":2,\"\\u0041\":3,\"\":4}",
	    "{\"\":4,\"A\":3,\"\xef\xbd\x9e\":2,\"\xf0\x9f\x98\x80\":1}" },
	{ "{\"ab\":1,\"a\":2,\"a\\\"\":3}", "{\"a\":2,\"a\\\"\":3,\"ab\":1}" },
	{ "[-0,0,-1,123456789012345678901234567890]",
	    "[0,0,-1,123456789012345678901234567890]" },
	{ "[1.0]", NULL },
	{ "[1e3]", NULL },
	{ "{\"a\":[{\"b\":-0.0}]}", NULL },
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
		AUTO_BUF struct buf b = BUF_INIT(4096);
		struct fault f = FAULT_INIT;
		int rc = run(cases[i].in, &b, &a, &f);
		if (!cases[i].out) {
			is_int(rc, -EBADMSG, "refused: %s", cases[i].in);
			ok(f.text[0], "says why: %s", f.text);
			continue;
		}
		is_int(rc, 0, "case %zu", i);
		is_str(buf_str(&b), cases[i].out, "case %zu: form", i);
	}
}

static void test_limits(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	AUTO_BUF struct buf b = BUF_INIT(4);
	struct fault f = FAULT_INIT;
	struct json_doc d;

	is_int(run("[1,2,3,4]", &b, &a, &f), -EMSGSIZE, "the buffer's cap");
	is_int(json_olpc(&b, JSON_ABSENT, &a, &f), -EBADMSG, "no value");
	is_int(json_parse(&d, SPAN_LIT("{\"a\":{\"b\":1}}"), &a, &f), 0, "parsed");
	AUTO_ARENA struct arena none = ARENA_INIT(16);
	AUTO_BUF struct buf c = BUF_INIT(4096);
	is_int(json_olpc(&c, json_root(&d), &none, &f), -ENOMEM, "an arena without room");
}

int main(void)
{
	test_cases();
	test_limits();
	return tap_done();
}
