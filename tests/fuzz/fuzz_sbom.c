/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sbom: the bytes as an SBOM of any format. Reading twice gives the same; an error means zeroed
 * output; what was read is complete, and comparing it with a small delivery never passes by itself.
 */

#include "trust/sbom/compare.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_item(const struct sbom *s, const struct sbom_item *it)
{
	check(it->name && it->nhash <= SBOM_HASHES_MAX);
	check((it->kind == SBOM_FILE) == (it->path != NULL));
	check(!it->path || (it->path[0] && it->path[0] != '/' && !strstr(it->path, "//")));
	for (uint32_t i = 0; i < it->nhash; i++) {
		const struct digest *d = &it->hash[i].digest;
		check(it->hash[i].alg && d->len == digest_len((enum digest_alg)d->alg));
		check(!digest_is_set(d) || (s->set & HASH_SET(d->alg)));
	}
}

/* Nothing that is shipped here has a digest that anybody could name by chance. */
static void compare(const struct sbom *s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct digest digest[DIGEST_ALGS];
	struct delivery d;
	struct verdict v;

	for (int i = DIGEST_NONE + 1; i < DIGEST_ALGS; i++) {
		uint8_t b[DIGEST_LEN_MAX] = { 0xfb, (uint8_t)i, 0x77, 0x13, 0x5a };
		digest[i] = digest_of((enum digest_alg)i, b);
	}
	verdict_init(&v, &a);
	delivery_init(&d, DELIVERY_TREE, "d", s->set, &a);
	check(delivery_add(&d, "a", 1, digest) == 0 && delivery_add(&d, "b/a", 1, digest) == 0);
	check(delivery_add(&d, "a", 1, digest) == -EEXIST);
	check(sbom_compare(s, &d, NULL, &v, NULL) == 0);
	check(verdict_conclude(&v) != VERDICT_PASS);
	delivery_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sbom nothing;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20), b = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct sbom s, again;

	int rc = sbom_parse(&s, span_of(data, size), &a, &f);
	check(rc == sbom_parse(&again, span_of(data, size), &b, &f));
	if (rc < 0) {
		check(memcmp(&s, &nothing, sizeof(s)) == 0 && f.text[0]);
		return 0;
	}
	check(s.n == again.n && s.set == again.set && s.nfiles + s.ncomponents == s.n);
	for (size_t i = 0; i < s.n; i++)
		check_item(&s, &s.item[i]);
	for (size_t i = 0; i < s.ncodes; i++)
		check(s.code[i].package < s.n);
	compare(&s);
	return 0;
}
