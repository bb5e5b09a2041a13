/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/chain_roots.h"

#include "crypto/hash.h"
#include "crypto/pem.h"

#include <errno.h>
#include <stdlib.h>

int chain_roots_new(struct chain_roots **ret_r)
{
	struct chain_roots *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	*ret_r = r;
	return 0;
}

/* Back to n certificates. */
static void cut(struct chain_roots *r, size_t n)
{
	while (r->n > n)
		x509_close(r->ca[--r->n].cert);
}

static void cut_leaves(struct chain_roots *r, size_t n)
{
	while (r->nleaves > n)
		x509_close(r->leaf[--r->nleaves]);
}

struct chain_roots *chain_roots_free(struct chain_roots *r)
{
	if (!r)
		return NULL;
	cut(r, 0);
	cut_leaves(r, 0);
	free(r->ca);
	free(r->leaf);
	free(r->digest);
	free(r);
	return NULL;
}

void chain_roots_free_p(struct chain_roots **r)
{
	chain_roots_free(*r);
}

size_t chain_roots_count(const struct chain_roots *r)
{
	return r->n + r->nleaves + r->ndigests;
}

/* Copies, parses and checks one CA. */
static int add(struct chain_roots *r, struct span der, size_t parent, struct fault *f)
{
	struct chain_ca ca = { .parent = parent };

	if (r->n == CHAIN_ROOTS_MAX)
		return fault_set(
		    f, CHAIN_TOO_MANY, "more than %d trusted certificates", CHAIN_ROOTS_MAX);
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 4;
		struct chain_ca *p = reallocarray(r->ca, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		r->ca = p;
		r->cap = cap;
	}
	int rc = x509_open(&ca.cert, der, f);
	if (rc < 0)
		return rc;
	chain_facts_read(&ca.facts, ca.cert);
	rc = chain_check_ca(&ca.facts, f);
	if (rc == CHAIN_OK && parent != CHAIN_ANCHOR && ca.cert->version < 3)
		rc = fault_set(f, CHAIN_NOT_CA, "an intermediate certificate is not of version 3");
	if (rc != CHAIN_OK) {
		x509_close(ca.cert);
		return rc;
	}
	r->ca[r->n++] = ca;
	return CHAIN_OK;
}

static int check_edge(const struct chain_ca *ca, const struct chain_ca *parent, struct fault *f)
{
	if (!chain_may_issue(&parent->facts, &ca->facts))
		return fault_set(f, CHAIN_NO_ISSUER,
		    "the chain is out of order: a certificate's issuer is not the next one");
	return chain_check_signature(&ca->facts, &parent->facts, false, f);
}

/* Root first, so that each parent is there. */
int chain_roots_add_chain(struct chain_roots *r, const struct span *der, size_t n, struct fault *f)
{
	size_t before = r->n;
	int rc = n ? CHAIN_OK : fault_set(f, -EBADMSG, "an empty certificate chain");

	if (n > CHAIN_DEPTH_MAX - 1)
		rc = fault_set(
		    f, CHAIN_TOO_MANY, "a chain of more than %d certificates", CHAIN_DEPTH_MAX - 1);
	for (size_t i = n; rc == CHAIN_OK && i-- > 0;) {
		rc = add(r, der[i], i + 1 == n ? CHAIN_ANCHOR : r->n - 1, f);
		if (rc == CHAIN_OK && i + 1 < n)
			rc = check_edge(&r->ca[r->n - 1], &r->ca[r->n - 2], f);
		if (rc != CHAIN_OK)
			rc = fault_wrap(f, rc, "certificate %zu of %zu", i + 1, n);
	}
	if (rc != CHAIN_OK)
		cut(r, before);
	return rc;
}

static bool is_anchor(const struct chain_roots *r, struct span der)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->ca[i].parent == CHAIN_ANCHOR && span_eq(r->ca[i].cert->der, der))
			return true;
	return false;
}

/* The line (from 1) that rest begins at. */
static size_t line_of(struct span whole, struct span rest)
{
	size_t line = 1, end = whole.n - rest.n;

	for (size_t i = 0; i < end; i++)
		line += whole.p[i] == '\n';
	return line;
}

/* A signer's own certificate. */
static int add_leaf(struct chain_roots *r, struct span der, struct fault *f)
{
	if (r->nleaves == CHAIN_ROOTS_MAX)
		return fault_set(
		    f, CHAIN_TOO_MANY, "more than %d trusted certificates", CHAIN_ROOTS_MAX);
	struct cert **p = reallocarray(r->leaf, r->nleaves + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	r->leaf = p;
	int rc = x509_open(&p[r->nleaves], der, f);
	if (rc == 0)
		r->nleaves++;
	return rc;
}

static int add_block(
    struct chain_roots *r, struct span label, struct span der, bool leaves, struct fault *f)
{
	if (!span_eq_str(label, "CERTIFICATE"))
		return fault_set(f, -EBADMSG, "a PEM block \"%s\" is no certificate", QUOTE(label));
	if (is_anchor(r, der))
		return CHAIN_OK;
	int rc = add(r, der, CHAIN_ANCHOR, f);
	if (!leaves || (rc != CHAIN_OK && rc != CHAIN_NOT_CA))
		return rc;
	return rc == CHAIN_NOT_CA || r->ca[r->n - 1].facts.self_issued ? add_leaf(r, der, f) : rc;
}

static int add_pem(struct chain_roots *r, struct span bytes, bool leaves, struct fault *f)
{
	AUTO_BUF struct buf der = BUF_INIT(PEM_TEXT_MAX);
	struct span rest = bytes, label;
	size_t count = 0;
	int rc;

	for (;; count++) {
		buf_reset(&der);
		rc = pem_next(&rest, &label, &der, f);
		if (rc == PEM_END)
			break;
		if (rc == PEM_OK)
			rc = add_block(r, label, buf_span(&der), leaves, f);
		if (rc == -ENOMEM)
			return rc;
		if (rc != CHAIN_OK)
			return fault_wrap(f, -EBADMSG, "the certificate that ends at line %zu",
			    line_of(bytes, rest) - 1);
	}
	return count ? CHAIN_OK : fault_set(f, -EBADMSG, "no certificate in it");
}

static int add_file(struct chain_roots *r, struct span bytes, bool leaves, struct fault *f)
{
	size_t before = r->n, leaves_before = r->nleaves;
	int rc;

	if (bytes.n > CHAIN_PEM_MAX)
		return fault_set(f, -EBADMSG, "larger than %u bytes", CHAIN_PEM_MAX);
	if (bytes.n && bytes.p[0] == DER_SEQ && bytes.n < X509_DER_MAX)
		rc = add_block(r, SPAN_LIT("CERTIFICATE"), bytes, leaves, f);
	else
		rc = add_pem(r, bytes, leaves, f);
	if (rc != CHAIN_OK) {
		cut(r, before);
		cut_leaves(r, leaves_before);
	}
	return rc > 0 ? -EBADMSG : rc;
}

int chain_roots_add_file(struct chain_roots *r, struct span bytes, struct fault *f)
{
	return add_file(r, bytes, false, f);
}

int chain_roots_add_trusted(struct chain_roots *r, struct span bytes, struct fault *f)
{
	return add_file(r, bytes, true, f);
}

int chain_roots_add_digest(struct chain_roots *r, const struct digest *sha256, struct fault *f)
{
	if (r->ndigests == CHAIN_ROOTS_MAX)
		return fault_set(
		    f, CHAIN_TOO_MANY, "more than %d trusted digests", CHAIN_ROOTS_MAX);
	struct digest *p = reallocarray(r->digest, r->ndigests + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	r->digest = p;
	p[r->ndigests++] = *sha256;
	return 0;
}

bool chain_roots_trust(const struct chain_roots *r, const struct cert *leaf)
{
	struct digest id = { 0 }, key = { 0 };

	for (size_t i = 0; i < r->nleaves; i++)
		if (span_eq(r->leaf[i]->der, leaf->der))
			return true;
	if (r->ndigests) {
		id = sha256_of(leaf->der);
		key = sha256_of(leaf->spki);
	}
	for (size_t i = 0; i < r->ndigests; i++)
		if (digest_eq(&r->digest[i], &id) || digest_eq(&r->digest[i], &key))
			return true;
	return false;
}

static bool is_one(const struct cert *a, const struct cert *b)
{
	return span_eq(a->signature, b->signature) ||
	       (span_eq(a->issuer, b->issuer) && span_eq(a->serial, b->serial));
}

const struct cert *chain_roots_find(const struct chain_roots *r, const struct cert *c)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_one(r->ca[i].cert, c))
			return r->ca[i].cert;
	for (size_t i = 0; i < r->nleaves; i++)
		if (is_one(r->leaf[i], c))
			return r->leaf[i];
	return NULL;
}
