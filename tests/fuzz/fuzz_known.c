/* SPDX-License-Identifier: Apache-2.0 */

/*
 * anatomy/known/format and anatomy/bare, by the first byte: a list is read to the same content
 * twice, whatever it is taken for, and each of its entries is found again; a file's former digests are the
 * same twice, and none is its own.
 */

#include "anatomy/bare.h"
#include "anatomy/known/format.h"
#include "crypto/hash.h"
#include "store/known_good.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_reject(void *ctx, const struct known_reject *r)
{
	uint64_t *n = ctx;

	if (!r->reason || !r->line)
		abort();
	++*n;
	return 0;
}

static int count(void *ctx, const struct known_hit *h)
{
	uint32_t *n = ctx;

	for (uint32_t i = 0; i < h->nversions; i++)
		if (h->version[i] >= h->list->nversions || (i && h->version[i] <= h->version[i - 1]))
			abort();
	++*n;
	return 0;
}

static void check_list(struct known_list *l)
{
	struct known_memory m = { .n = 0 };

	if (known_memory_add(&m, l) < 0)
		abort();
	struct known_source s = known_memory_source(&m);
	for (uint32_t i = 0; i < l->nentries; i++) {
		struct digest d;
		uint32_t n = 0;
		if (known_key_digest(l->entry[i].key, &d) < 0 || known_is_empty_file(&d) ||
		    (i && span_cmp(l->entry[i - 1].key, l->entry[i].key) >= 0) ||
		    s.find(s.ctx, &d, count, &n, NULL) < 0 || n != 1)
			abort();
	}
	for (uint32_t i = 0; i < l->npaths; i++)
		if (l->path[i].entry >= l->nentries || !l->path[i].path[0])
			abort();
}

static struct digest read_list(enum known_format as, struct span text)
{
	uint64_t rejects = 0;
	struct known_read r = { .format = as, .on_reject = on_reject, .ctx = &rejects };
	struct digest d = { 0 };
	struct fault f = FAULT_INIT;
	struct known_list l;

	known_list_init(&l);
	int rc = known_read(&r, &l, "x", text, &f);
	if (rc < 0 && !f.text[0])
		abort();
	if (rejects != r.rejects)
		abort();
	if (rc == 0) {
		if (known_list_seal(&l) < 0 || known_good_content(&l, &d) < 0)
			abort();
		check_list(&l);
	}
	known_list_free(&l);
	return d;
}

static void read_bare(struct span file)
{
	struct component_bare a, b;
	struct digest own = sha256_of(file);

	if (component_bare_of(&a, file, FORMAT_PE) < 0 || component_bare_of(&b, file, FORMAT_PE) < 0 ||
	    a.n != b.n || a.n > COMPONENT_BARE_MAX)
		abort();
	for (uint32_t i = 0; i < a.n; i++)
		if (!digest_eq(&a.as[i].sha256, &b.as[i].sha256) || digest_eq(&a.as[i].sha256, &own))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct span rest = span_of(data + 1, size - 1);
	unsigned as = data[0] % (KNOWN_FORMATS + 1);
	if (as == KNOWN_FORMATS) {
		read_bare(rest);
		return 0;
	}
	struct digest a = read_list((enum known_format)as, rest), b = read_list((enum known_format)as, rest);
	if (a.alg != b.alg || (a.alg && !digest_eq(&a, &b)))
		abort();
	return 0;
}
