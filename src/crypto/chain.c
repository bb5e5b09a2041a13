/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/chain.h"

#include "crypto/chain_facts.h"
#include "crypto/chain_roots.h"

#include <errno.h>

#define PATHS_MAX 64 /* looked at for one leaf */

const char *chain_result_name(int result)
{
	static const char *const names[CHAIN_RESULTS] = {
		[CHAIN_OK] = "ok",
		[CHAIN_NO_ISSUER] = "no-issuer",
		[CHAIN_LEAF_IS_ANCHOR] = "leaf-is-anchor",
		[CHAIN_LEAF_IS_CA] = "leaf-is-ca",
		[CHAIN_NOT_CA] = "not-ca",
		[CHAIN_BAD_SIGNATURE] = "bad-signature",
		[CHAIN_EXPIRED] = "expired",
		[CHAIN_NOT_YET_VALID] = "not-yet-valid",
		[CHAIN_WRONG_USAGE] = "wrong-usage",
		[CHAIN_PATH_LENGTH] = "path-length",
		[CHAIN_NAMES] = "name-constraints",
		[CHAIN_POLICY] = "policy",
		[CHAIN_CRITICAL] = "critical-extension",
		[CHAIN_MALFORMED] = "malformed",
		[CHAIN_ALGORITHM] = "algorithm",
		[CHAIN_TOO_MANY] = "too-many",
	};
	return result >= 0 && result < CHAIN_RESULTS ? names[result] : "error";
}

struct node {
	struct chain_facts facts;
	bool read;
};

struct search {
	const struct chain_roots *roots;
	struct node extra[CHAIN_EXTRA_MAX];
	const struct cert *const *extra_cert;
	size_t nextra;
	struct chain_rules rules;

	const struct chain_facts *path[CHAIN_DEPTH_MAX];
	bool
	    signed_above[CHAIN_DEPTH_MAX]; /* path[i + 1]'s signature on path[i] is known to hold */
	size_t n;
	unsigned paths, signatures;

	int best; /* of the paths that failed */
	struct fault why;
};

/* How far a path got. */
static int rank(int rc)
{
	return rc == CHAIN_TOO_MANY ? 3 : rc == CHAIN_BAD_SIGNATURE ? 2 : rc != CHAIN_NO_ISSUER;
}

static void remember(struct search *s, int rc, const struct fault *f)
{
	if (rank(rc) <= rank(s->best))
		return;
	s->best = rc;
	s->why = *f;
}

static int check_signatures(struct search *s, struct fault *f)
{
	for (size_t i = 0; i + 1 < s->n; i++) {
		if (s->signed_above[i])
			continue;
		if (++s->signatures > CHAIN_SIGNATURES_MAX)
			return fault_set(f, CHAIN_TOO_MANY,
			    "the certificates with this one make too many chains to look at");
		int rc = chain_check_signature(s->path[i], s->path[i + 1], s->rules.sha1, f);
		if (rc != CHAIN_OK)
			return rc;
	}
	return CHAIN_OK;
}

/* A path that ends in an anchor. CHAIN_OK: it holds; otherwise the search goes on, unless the error
 * is -ENOMEM or CHAIN_TOO_MANY. */
static int try_path(struct search *s)
{
	struct fault f = FAULT_INIT;
	int rc = CHAIN_OK;

	if (++s->paths > PATHS_MAX)
		rc = fault_set(&f, CHAIN_TOO_MANY,
		    "the certificates with this one make too many chains to look at");
	if (rc == CHAIN_OK)
		rc = chain_check_path(s->path, s->n, s->rules.t, s->rules.purpose, &f);
	if (rc == CHAIN_OK)
		rc = check_signatures(s, &f);
	if (rc > 0)
		remember(s, rc, &f);
	return rc;
}

static bool stops(int rc)
{
	return rc == CHAIN_OK || rc < 0 || rc == CHAIN_TOO_MANY;
}

/* The same certificate, or the same name and key, twice makes no path (RFC 5280 6.1). */
static bool in_path(const struct search *s, const struct cert *c)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct cert *p = s->path[i]->cert;
		if (span_eq(p->subject, c->subject) && span_eq(p->spki, c->spki))
			return true;
	}
	return false;
}

static bool push(struct search *s, const struct chain_facts *x, bool signed_above)
{
	struct fault f = FAULT_INIT;

	if (s->n == CHAIN_DEPTH_MAX) {
		remember(s,
		    fault_set(&f, CHAIN_PATH_LENGTH, "a chain of more than %d certificates",
			CHAIN_DEPTH_MAX),
		    &f);
		return false;
	}
	s->signed_above[s->n - 1] = signed_above;
	s->path[s->n++] = x;
	return true;
}

/* A CA of the roots, and those that are known to stand above it. */
static int through_root(struct search *s, const struct chain_ca *ca)
{
	size_t before = s->n;
	int rc = CHAIN_NO_ISSUER;
	bool fits = push(s, &ca->facts, false);

	while (fits && ca->parent != CHAIN_ANCHOR) {
		ca = &s->roots->ca[ca->parent];
		fits = push(s, &ca->facts, true);
	}
	if (fits)
		rc = try_path(s);
	if (rc != CHAIN_OK)
		s->n = before;
	return rc;
}

static const struct chain_facts *extra_facts(struct search *s, size_t i)
{
	if (!s->extra[i].read)
		chain_facts_read(&s->extra[i].facts, s->extra_cert[i]);
	s->extra[i].read = true;
	return &s->extra[i].facts;
}

/* Depth first from the last certificate of the path; roots before extras. */
static int extend(struct search *s)
{
	const struct chain_facts *top = s->path[s->n - 1];

	for (size_t i = 0; i < s->roots->n; i++) {
		const struct chain_ca *ca = &s->roots->ca[i];
		if (!chain_may_issue(&ca->facts, top) || in_path(s, ca->cert))
			continue;
		int rc = through_root(s, ca);
		if (stops(rc))
			return rc;
	}
	for (size_t i = 0; i < s->nextra; i++) {
		if (!span_eq(s->extra_cert[i]->subject, top->cert->issuer) ||
		    !chain_may_issue(extra_facts(s, i), top) || in_path(s, s->extra_cert[i]) ||
		    !push(s, &s->extra[i].facts, false))
			continue;
		int rc = extend(s);
		if (stops(rc))
			return rc;
		s->n--;
	}
	return CHAIN_NO_ISSUER;
}

static int no_issuer(const struct cert *leaf, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 18);
	struct x509_facts x;
	int rc = cert_facts(&x, leaf, &a);

	return rc < 0 ? rc
		      : fault_set(f, CHAIN_NO_ISSUER,
			    "no chain to a trusted certificate: the issuer is %s",
			    QUOTE(span_str(x.issuer)));
}

/* A signer's own certificate that was given as such is the whole path. */
static int run_trusted(struct search *s, const struct chain_facts *leaf, struct fault *f)
{
	int rc = chain_check_trusted(leaf, s->rules.purpose, f);

	s->path[s->n++] = leaf;
	return rc == CHAIN_OK ? chain_check_time(leaf, s->rules.t, f) : rc;
}

static int run(struct search *s, const struct chain_facts *leaf, struct fault *f)
{
	if (chain_roots_trust(s->roots, leaf->cert))
		return run_trusted(s, leaf, f);
	for (size_t i = 0; i < s->roots->n; i++)
		if (span_eq(s->roots->ca[i].cert->der, leaf->cert->der))
			return fault_set(f, CHAIN_LEAF_IS_ANCHOR,
			    "a trusted CA's own certificate stands where a signer's belongs");
	int rc = chain_check_leaf(leaf, s->rules.purpose, f);
	if (rc != CHAIN_OK)
		return rc;
	s->path[s->n++] = leaf;
	rc = extend(s);
	if (rc <= CHAIN_OK)
		return rc;
	if (s->best == CHAIN_NO_ISSUER)
		return no_issuer(leaf->cert, f);
	return fault_set(f, s->best, "%s", s->why.text);
}

int chain_verify(struct chain_path *ret_p, const struct chain_roots *r, const struct cert *leaf,
    const struct cert *const *extra, size_t nextra, ts t, enum chain_purpose purpose,
    struct fault *f)
{
	const struct chain_rules rules = { .t = t, .purpose = purpose };

	return chain_verify_by(ret_p, r, leaf, extra, nextra, &rules, f);
}

int chain_verify_by(struct chain_path *ret_p, const struct chain_roots *r, const struct cert *leaf,
    const struct cert *const *extra, size_t nextra, const struct chain_rules *rules,
    struct fault *f)
{
	struct search s;
	struct chain_facts x;

	if (rules->t == TS_NONE || rules->t == TS_FOREVER || rules->purpose >= CHAIN_PURPOSES)
		return -EINVAL;
	if (nextra > CHAIN_EXTRA_MAX)
		return fault_set(f, CHAIN_TOO_MANY, "more than %d certificates with the signer's",
		    CHAIN_EXTRA_MAX);
	s.roots = r;
	s.extra_cert = extra;
	s.nextra = nextra;
	for (size_t i = 0; i < nextra; i++)
		s.extra[i].read = false;
	s.rules = *rules;
	s.n = s.paths = s.signatures = 0;
	s.best = CHAIN_NO_ISSUER;
	s.why = FAULT_INIT;
	chain_facts_read(&x, leaf);
	int rc = run(&s, &x, f);
	if (rc != CHAIN_OK || !ret_p)
		return rc;
	*ret_p = (struct chain_path){ .n = s.n };
	for (size_t i = 0; i < s.n; i++)
		ret_p->cert[i] = s.path[i]->cert;
	return CHAIN_OK;
}
