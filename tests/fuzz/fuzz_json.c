/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Properties: the pull parser and the document agree; an error has an offset inside the text and
 * leaves nothing; the nodes form a tree that lies in the text; canonical form is read back to the
 * same canonical form; memory for keys is clean for the next text.
 */

#include "base/utf8.h"
#include "wire/json.h"

#include <stdlib.h>

#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int pull(struct span text, struct json_keys *keys, size_t *ret_off)
{
	struct json j;

	json_open(&j, text, keys);
	for (struct json_tok t; (t = json_next(&j)).type != JSON_NONE;) {
		MUST(t.off < text.n && (!t.raw.p || (t.raw.p >= text.p && t.raw.p + t.raw.n <= text.p + text.n)));
		MUST(t.type != JSON_STR || utf8_check(t.raw) == t.raw.n);
	}
	MUST(j.err_off <= text.n && json_next(&j).type == JSON_NONE);
	*ret_off = j.err_off;
	return j.err;
}

/* Every value once, in order; returns how many nodes. */
static uint32_t walk(struct json_val v, struct arena *a)
{
	uint32_t n = 1, count = 0;

	if (json_type_of(v) == JSON_STR)
		MUST(json_str(v, a).p && json_is(v, json_cstr(v, a)));
	JSON_EACH (x, v) {
		count++;
		if (json_type_of(v) == JSON_OBJ) {
			char *name = json_cstr(x, a);
			MUST(name && json_get(v, name).at == json_member(x).at);
			n += 1 + walk(json_member(x), a);
		} else {
			n += walk(x, a);
		}
	}
	MUST(count == json_count(v));
	return n;
}

static void canonical(const struct json_doc *d, struct arena *a)
{
	AUTO_BUF struct buf one = BUF_INIT(1u << 20), two = BUF_INIT(1u << 20);
	struct json_doc again;

	if (json_canonical(&one, json_root(d), a, NULL) < 0)
		return; /* numbers that are no int64 */
	MUST(json_doc_parse(&again, buf_span(&one), a) == 0 && again.n == d->n);
	MUST(json_canonical(&two, json_root(&again), a, NULL) == 0);
	MUST(span_eq(buf_span(&one), buf_span(&two)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json_keys *keys;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct span text = span_of(data, size);
	struct json_doc d;
	size_t off;

	if (!keys) { /* the same for all inputs, wherever the one before stopped */
		static struct json_key key[256];
		static uint32_t slot[256];
		static struct json_keys k = { key, slot, 256, 0 };
		keys = &k;
	}
	int err = pull(text, keys, &off);
	int rc = json_doc_parse(&d, text, &a);
	MUST(err == rc || err == JSON_E_KEYS);
	if (rc) {
		MUST(!d.n && !d.node && d.err == rc && d.err_off <= size && (err != rc || d.err_off == off));
		return 0;
	}
	MUST(d.n && d.node[0].next == d.n && walk(json_root(&d), &a) == d.n);
	canonical(&d, &a);
	return 0;
}
