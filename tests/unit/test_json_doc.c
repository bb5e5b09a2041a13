/* SPDX-License-Identifier: Apache-2.0 */

#include "base/file.h"
#include "tap.h"
#include "wire/json.h"

#include <errno.h>

static struct json_doc parse(const char *text, struct arena *a)
{
	struct json_doc d;

	if (json_doc_parse(&d, span_str(text), a) != 0)
		abort();
	return d;
}

static void test_getters(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct json_doc d = parse(" {\"a\":{\"b\":[1,\"x\\n\",true,null,-7]},\"\\u0063\":\"plain\","
				  "\"d\":1.5,\"e\":{},\"f\":[]} ", &a);
	struct json_val root = json_root(&d), arr = json_path(root, "a", "b", NULL);
	int64_t i = 42;

	is_int(json_type_of(root), JSON_OBJ, "root");
	is_int(json_count(root), 5, "members are counted");
	is_int(json_count(arr), 5, "elements are counted");
	ok(json_is(json_get(root, "c"), "plain"), "an escaped key is found by its name");
	ok(!json_ok(json_get(root, "b")) && !json_ok(json_get(arr, "a")) &&
	    !json_ok(json_path(root, "a", "x", "y", NULL)), "what is not there is absent");
	static const enum json_type type[] = { JSON_NUM, JSON_STR, JSON_TRUE, JSON_NULL, JSON_NUM };
	int n = 0, wrong = 0;
	JSON_EACH (x, arr) {
		wrong += json_type_of(x) != type[n++];
	}
	ok(n == 5 && !wrong, "iteration over an array");
	n = 0;
	JSON_EACH (k, root) {
		wrong += json_type_of(k) != JSON_KEY || !json_ok(json_member(k));
		n++;
	}
	ok(n == 5 && !wrong, "iteration over an object");
	struct json_val first = json_first(arr), second = json_next_of(arr, first);
	ok(json_int(first, &i) == 0 && i == 1, "integer");
	ok(json_int(second, &i) == -EINVAL && json_int(json_get(root, "d"), &i) == -EINVAL && i == 1,
	    "no integer");
	ok(span_eq_str(json_str(second, &a), "x\n") && strcmp(json_cstr(second, &a), "x\n") == 0, "string");
	ok(json_str(json_get(root, "c"), NULL).n == 5, "a string without escapes needs no arena");
	ok(!json_str(first, &a).p && !json_cstr(first, &a), "no string");
	ok(json_is_true(json_next_of(arr, second)) && !json_is_true(first), "true");
	ok(span_eq_str(json_text(arr), "[1,\"x\\n\",true,null,-7]"), "text of an array");
	ok(span_eq_str(json_text(second), "\"x\\n\"") && span_eq_str(json_text(json_get(root, "d")), "1.5") &&
	    span_eq_str(json_text(json_get(root, "e")), "{}"), "text of others");
	ok(!json_ok(json_first(json_get(root, "e"))) && !json_ok(json_first(json_get(root, "f"))), "empty ones");
	AUTO_ARENA struct arena none = ARENA_INIT(0);
	ok(!json_str(second, &none).p && !json_cstr(second, &none), "an arena that is full");

	struct json_val no = JSON_ABSENT;
	ok(json_type_of(no) == JSON_NONE && !json_count(no) && !json_ok(json_first(no)) &&
	    !json_ok(json_member(no)) && !json_ok(json_get(no, "a")) && !json_ok(json_next_of(no, no)) &&
	    !json_ok(json_next_of(root, no)) && !json_str(no, &a).p && !json_cstr(no, &a) &&
	    json_int(no, &i) == -EINVAL && !json_is_true(no) && !json_is(no, "") && !json_text(no).p &&
	    !json_ok(json_path(no, "a", NULL)) && !json_ok(json_root(NULL)), "every getter takes absent");
	ok(!json_ok(json_member(first)), "only a key has a member");
}

static void test_errors(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20), none = ARENA_INIT(0), small = ARENA_INIT(40000);
	struct fault f = FAULT_INIT;
	struct json_doc d;
	static const char *const names[] = { "a", "b", NULL };

	is_int(json_doc_parse(&d, SPAN_LIT("[1,2"), &a), JSON_E_EOF, "error code");
	ok(!d.node && !d.n && !d.text.p && d.err == JSON_E_EOF && d.err_off == 4, "leaves only the error");
	ok(!json_ok(json_root(&d)), "and no root");
	is_int(json_parse(&d, SPAN_LIT("{\"a\":1,\"a\":2}"), &a, &f), -EBADMSG, "json_parse");
	is_str(f.text, "offset 7: duplicate key", "in words");
	is_int(json_doc_parse(&d, SPAN_LIT("1"), &none), -ENOMEM, "no memory for keys");
	ok(!d.node && !d.n, "leaves nothing");
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	buf_putc(&b, '[');
	for (int i = 0; i < 3000; i++)
		buf_puts(&b, "1,");
	buf_puts(&b, "1]");
	is_int(json_parse(&d, buf_span(&b), &small, &f), -ENOMEM, "no memory for nodes");
	ok(!d.node && !d.n && strstr(f.text, "needs more memory"), "leaves nothing: %s", f.text);
	is_int(json_doc_parse(&d, buf_span(&b), &a), 0, "with memory");
	is_int(json_count(json_root(&d)), 3001, "all are there");

	d = parse("{\"a\":1,\"x\\u001b\":2}", &a);
	is_int(json_only(json_root(&d), names, &f), -EBADMSG, "an unknown member");
	is_str(f.text, "offset 7: unknown member \"x\\x5cu001b\"", "is named, escaped");
	is_int(json_only(json_get(json_root(&d), "a"), names, &f), -EBADMSG, "no object");
	is_str(f.text, "offset 5: not an object", "says so");
	is_int(json_only(JSON_ABSENT, names, &f), -EBADMSG, "absent is no object");
	d = parse("{\"\\u0061\":1,\"b\":2}", &a);
	is_int(json_only(json_root(&d), names, &f), 0, "known members, also escaped");
	is_int(json_fault(json_get(json_root(&d), "b"), &f, "%d too many", 3), -EBADMSG, "json_fault");
	is_str(f.text, "offset 16: 3 too many", "has the offset");
}

/* More keys open at once than the first table holds, at several levels, through several growths. */
static void test_many_keys(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64 << 20);
	AUTO_BUF struct buf b = BUF_INIT(8 << 20);
	struct json_doc d;
	const int each = 7000;

	for (int level = 0; level < 4; level++)
		for (int i = 0; i < each; i++)
			buf_printf(&b, "%s\"%s%d\":%s", i ? "," : "{", i % 2 ? "k" : "\\u006b", i,
			    i == each - 1 && level < 3 ? "" : "1");
	buf_puts(&b, "}}}}");
	is_int(json_doc_parse(&d, buf_span(&b), &a), 0, "four objects of 7,000 keys inside one another");
	int wrong = 0;
	struct json_val v = json_root(&d);
	for (int level = 0; level < 4; level++, v = json_get(v, "k6999"))
		wrong += json_count(v) != 7000;
	is_int(wrong, 0, "all keys are there");
	b.n -= 1; /* the outermost gets one more: a repeat of one from before all the growing */
	buf_puts(&b, ",\"k3\":0}");
	is_int(json_doc_parse(&d, buf_span(&b), &a), JSON_E_DUPKEY, "a duplicate across all growths");
}

static void test_big_files(void)
{
	static const char *const name[] = { "trust/known-good/electron-darwin-x64.json",
		"trust/known-good/electron-linux-x64.json", "trust/known-good/electron-win32-x64.json",
		"intel/warninglists/cloudflare-top100k/list.json",
		"intel/misp-events/nukesped_lazarus_lazarus_3cx.json" };

	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(64 << 20);
		struct fault f = FAULT_INIT;
		struct file_map m;
		struct json_doc d;
		char path[256];
		snprintf(path, sizeof(path), "../shared/data/%s", name[i]);
		if (file_map_open(&m, path, &f) < 0) {
			tap_skip(name[i], "no ../shared/data");
			continue;
		}
		is_int(json_parse(&d, m.s, &a, &f), 0, "%s in 64 MiB %s", name[i], f.text);
		ok(json_count(json_root(&d)) > 0 && d.node[0].next == d.n, "its tree is whole");
		file_map_close(&m);
	}
}

int main(void)
{
	test_getters();
	test_errors();
	test_many_keys();
	test_big_files();
	return tap_done();
}
