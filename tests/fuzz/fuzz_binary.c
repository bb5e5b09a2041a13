/* SPDX-License-Identifier: Apache-2.0 */

/*
 * binary: what is refused says why and leaves the output alone; twice means the same; lists are
 * sorted without duplicates and within their caps, and memory within its own.
 */

#include "anatomy/binary/json.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_list(const struct text_list *l, uint32_t max)
{
	check(l->n <= max);
	for (uint32_t i = 1; i < l->n; i++)
		check(strcmp(l->v[i - 1], l->v[i]) < 0);
}

static void check_facts(const struct binary *b, const struct arena *a)
{
	check(a->used <= BINARY_ARENA_MAX);
	/* a fat file may have no slices */
	check((b->nslices || b->format == FORMAT_MACHO) && b->nslices <= BINARY_SLICES_MAX);
	check_list(&b->strings, BINARY_STRINGS_MAX);
	check_list(&b->odd, BINARY_NAMES_MAX);
	for (uint32_t i = 0; i < b->nslices; i++) {
		const struct binary_slice *s = &b->slice[i];
		check(s->arch && s->nsections <= BINARY_SECTIONS_MAX);
		check_list(&s->libraries, BINARY_NAMES_MAX);
		check_list(&s->imports, BINARY_NAMES_MAX);
		check_list(&s->exports, BINARY_NAMES_MAX);
		check_list(&s->init, BINARY_NAMES_MAX);
		check_list(&s->search, BINARY_NAMES_MAX);
		check_list(&s->traits, BINARY_NAMES_MAX);
		for (uint32_t k = 0; k < s->nsections; k++)
			check(s->section[k].name && s->section[k].entropy <= 8000);
	}
}

static int facts(struct span file, struct buf *out)
{
	AUTO_ARENA struct arena a = ARENA_INIT(2 * BINARY_ARENA_MAX);
	struct fault f = FAULT_INIT;
	struct binary b = { .nslices = 77 };
	struct jw w = jw_of(out);

	int rc = binary_read(&b, file, &a, &f);
	check(rc == 0 || rc == -EBADMSG);
	if (rc) {
		check(f.text[0] && b.nslices == 77);
		return rc;
	}
	check_facts(&b, &a);
	binary_json(&w, &b);
	check(!buf_err(out));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf a = BUF_INIT(256u << 20), b = BUF_INIT(256u << 20);
	struct span file = span_of(data, size);

	int rc = facts(file, &a);
	check(facts(file, &b) == rc && span_eq(buf_span(&a), buf_span(&b)));
	return 0;
}
