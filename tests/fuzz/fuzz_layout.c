/* SPDX-License-Identifier: Apache-2.0 */

/*
 * layout: signed documents, layouts, links, keys, canonical JSON. An error means zeroed output;
 * twice means the same; canonical JSON of equal values is equal; every rule list ends.
 */

#include "trust/intoto/layout.h"
#include "wire/json_olpc.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static const struct param values[] = { { SPAN_LIT("v"), SPAN_LIT("1.0") },
	{ SPAN_LIT("x-y"), SPAN_LIT("{v}*") } };
static const struct params some = { values, 2 }, none;

static void try_rules(const struct layout *l, struct arena *a)
{
	static const struct artifact file[] = { { SPAN_LIT("a/b"), SPAN_LIT("{}") },
		{ SPAN_LIT("foo.py"), SPAN_LIT("{\"x\":1}") } };
	struct rule_link link = { SPAN_LIT("write"), { (struct artifact *)(uintptr_t)file, 2 },
		{ (struct artifact *)(uintptr_t)file, 1 } };
	struct rule_links links = { &link, 1 };
	struct rule_failure bad;

	for (size_t i = 0; i < l->nsteps; i++) {
		const struct rules *r = &l->step[i].products;
		int rc = rules_apply(r, &link, i % 2, &links, a, &bad);
		check(rc == -ENOMEM || rc == RULE_HOLDS || bad.rule < r->n);
	}
}

static void try_body(struct json_val body, struct arena *a)
{
	static const struct layout zero;
	static const struct link zero_link;
	struct fault f = FAULT_INIT;
	struct layout l;
	struct link k;

	for (int with = 0; with < 2; with++) {
		int rc = layout_read(&l, body, with ? &some : &none, a, &f);
		check(rc == 0 || memcmp(&l, &zero, sizeof(l)) == 0);
		check(rc == 0 || rc == -ENOMEM || f.text[0]);
		if (rc == 0)
			try_rules(&l, a);
		for (size_t i = 0; rc == 0 && i < l.nsteps; i++)
			check(l.step[i].threshold >= 1 && !strchr(l.step[i].name, '/'));
		layout_free(&l);
	}
	int rc = link_read(&k, body, a, &f);
	check(rc == 0 || memcmp(&k, &zero_link, sizeof(k)) == 0);
	for (size_t i = 1; rc == 0 && i < k.materials.n; i++)
		check(span_cmp(k.materials.item[i - 1].path, k.materials.item[i].path) < 0);
}

static void try_canonical(struct json_val v, struct arena *a)
{
	AUTO_BUF struct buf one = BUF_INIT(1u << 20), two = BUF_INIT(1u << 20);
	AUTO_BUF struct buf text = BUF_INIT(1u << 20);
	struct fault f = FAULT_INIT;
	struct json_doc again;

	if (json_olpc(&one, v, a, &f) < 0 || json_canonical(&text, v, a, &f) < 0)
		return;
	check(json_doc_parse(&again, buf_span(&text), a) == 0);
	check(json_olpc(&two, json_root(&again), a, &f) == 0);
	check(span_eq(buf_span(&one), buf_span(&two)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct meta zero;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct span text = span_of(data, size);
	struct fault f = FAULT_INIT;
	struct json_doc doc;
	struct pubkey key;
	struct meta m, n;

	int rc = meta_read(&m, text, &a, &f);
	check(meta_read(&n, text, &a, &f) == rc && m.nsigs == n.nsigs && m.type == n.type);
	check(span_eq(m.signed_bytes, n.signed_bytes));
	check(rc == 0 || memcmp(&m, &zero, sizeof(m)) == 0);
	if (rc == 0)
		try_body(m.body, &a);
	if (pubkey_of_file(&key, text, &a, &f) == 0) {
		check(key.nids >= 1);
		if (rc == 0)
			check(meta_verify(&m, &key, 0, NULL) != META_GOOD || size > 64);
		pubkey_free(&key);
	}
	if (json_doc_parse(&doc, text, &a) == 0) {
		try_body(json_root(&doc), &a);
		try_canonical(json_root(&doc), &a);
	}
	return 0;
}
