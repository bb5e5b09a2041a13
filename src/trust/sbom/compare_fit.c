/* SPDX-License-Identifier: Apache-2.0 */

/* compare_fit: the digests of an item and those of a shipped file. */

#include "trust/sbom/compare_parts.h"

#define STRONG                                                                                     \
	(HASH_SET(DIGEST_SHA224) | HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA384) |             \
	    HASH_SET(DIGEST_SHA512) | HASH_SET(DIGEST_BLAKE2B) | HASH_SET(DIGEST_SHA3_224) |       \
	    HASH_SET(DIGEST_SHA3_256) | HASH_SET(DIGEST_SHA3_384) | HASH_SET(DIGEST_SHA3_512))

/* got: the digest in h's algorithm of what is shipped; NULL or unset: not known. Of several that
 * differ a strong one is kept. */
static void fit_one(struct fit *fit, const struct sbom_hash *h, const struct digest *got)
{
	bool strong = STRONG & HASH_SET(h->digest.alg);

	if (!digest_is_set(&h->digest) || !got || !digest_is_set(got))
		fit->unknown = true;
	else if (!digest_eq(got, &h->digest))
		fit->differs = fit->differs && !strong ? fit->differs : h;
	else if (strong)
		fit->strong = true;
	else
		fit->weak = true;
}

struct fit compare_fit(const struct compare *c, const struct sbom_item *it,
    const struct delivered_file *f)
{
	struct fit fit = { 0 };

	for (uint32_t i = 0; i < it->nhash; i++)
		fit_one(&fit, &it->hash[i],
		    delivery_digest(c->d, f, (enum digest_alg)it->hash[i].digest.alg));
	return fit;
}

/* The item noted in m by one of its strong digests that f has; -1 if there is none. */
long compare_item_with(const struct compare *c, const struct map *m, const struct delivered_file *f)
{
	for (int a = DIGEST_NONE + 1; a < DIGEST_ALGS; a++) {
		const struct digest *d = STRONG & c->s->set & HASH_SET(a) ?
		    delivery_digest(c->d, f, (enum digest_alg)a) :
		    NULL;
		uintptr_t i = d ? (uintptr_t)map_get(m, span_of(d, sizeof(*d))) : 0;
		if (i)
			return (long)i - 1;
	}
	return -1;
}

/* Notes item i in m by its strong digests; the first of several with the same stays. */
int compare_note_item(struct compare *c, struct map *m, size_t i)
{
	const struct sbom_item *it = &c->s->item[i];

	for (uint32_t k = 0; k < it->nhash; k++) {
		const struct digest *d = &it->hash[k].digest;
		int rc = digest_is_set(d) && (STRONG & HASH_SET(d->alg)) ?
		    map_add(m, span_of(d, sizeof(*d)), (void *)(i + 1), NULL) :
		    0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Is the archive itself what the component's digests speak of? */
struct fit compare_fit_own(const struct compare *c, const struct sbom_item *it)
{
	struct fit fit = { 0 };

	for (uint32_t i = 0; i < it->nhash; i++)
		fit_one(&fit, &it->hash[i], &c->d->own[it->hash[i].digest.alg]);
	return fit;
}
