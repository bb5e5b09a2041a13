/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/tsp_authority.h"

#include <errno.h>
#include <stdlib.h>

struct tsp_authority *tsp_authority_free(struct tsp_authority *a)
{
	if (!a)
		return NULL;
	chain_roots_free(a->own);
	x509_close(a->pinned);
	free(a);
	return NULL;
}

void tsp_authority_free_p(struct tsp_authority **a)
{
	tsp_authority_free(*a);
}

int tsp_authority_of_roots(struct tsp_authority **ret_a, const struct chain_roots *r)
{
	struct tsp_authority *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->roots = r;
	*ret_a = a;
	return 0;
}

/* The TSA's own certificate under the chain that was just loaded, whose issuing CA came in last. */
static int pin(struct tsp_authority *a, struct fault *f)
{
	const struct chain_roots *r = a->roots;

	a->path[a->n++] = &a->facts;
	if (!r)
		return CHAIN_OK;
	const struct chain_ca *issuer = &r->ca[r->n - 1];
	if (!chain_may_issue(&issuer->facts, &a->facts))
		return fault_set(f, CHAIN_NO_ISSUER,
		    "the certificate of the time-stamping authority is not issued by the next one");
	for (size_t i = r->n; i-- > 0;)
		a->path[a->n++] = &r->ca[i].facts;
	return chain_check_signature(&a->facts, &issuer->facts, false, f);
}

static int load_chain(struct tsp_authority *a, const struct span *der, size_t n, struct fault *f)
{
	int rc = chain_roots_new(&a->own);

	if (rc == 0)
		rc = chain_roots_add_chain(a->own, der, n, f);
	a->roots = a->own;
	return rc;
}

static int load(struct tsp_authority *a, const struct span *der, size_t n, struct fault *f)
{
	struct chain_facts x;

	if (!n)
		return fault_set(f, -EBADMSG, "an empty certificate chain");
	int rc = x509_open(&a->pinned, der[0], f);
	if (rc < 0)
		return rc;
	chain_facts_read(&x, a->pinned);
	if (chain_check_ca(&x, NULL) == CHAIN_OK) {
		a->pinned = x509_close(a->pinned);
		return load_chain(a, der, n, f);
	}
	a->facts = x;
	if (n > 1)
		rc = load_chain(a, der + 1, n - 1, f);
	return rc == CHAIN_OK ? pin(a, f) : rc;
}

int tsp_authority_new(
    struct tsp_authority **ret_a, const struct span *der, size_t n, struct fault *f)
{
	AUTO_TSA struct tsp_authority *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	int rc = load(a, der, n, f);
	if (rc == CHAIN_OK)
		*ret_a = TAKE_PTR(a);
	return rc;
}
