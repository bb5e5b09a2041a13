/* SPDX-License-Identifier: Apache-2.0 */

/* diff_sig: who signed it then, who signs it now. */

#include "anatomy/diff/priv.h"

/* The file's own signature: the first that is not inside another one. */
static const struct component_signature *own(const struct component *c)
{
	for (uint32_t i = 0; i < c->nsignatures; i++)
		if (c->signature[i].nested == 0)
			return &c->signature[i];
	return NULL;
}

static const char *signer_of(const struct component_signature *s)
{
	return s->signer.common_name ? s->signer.common_name :
	    s->signer.subject	     ? s->signer.subject :
	    s->team		     ? s->team :
				       "ad hoc";
}

/* The same name is the same signer, unless it now vouches for itself. */
static bool same_signer(const struct component_signature *a, const struct component_signature *b)
{
	if (strcmp(signer_of(a), signer_of(b)) != 0)
		return false;
	return !(b->signer.self_issued && !a->signer.self_issued);
}

/* Do they have a digest without signature in common? A file without one is its own. */
static bool same_bare(const struct component *o, const struct component *n)
{
	uint32_t no = o->bare ? o->bare->n : 0, nn = n->bare ? n->bare->n : 0;

	for (uint32_t i = 0; i <= no; i++)
		for (uint32_t k = 0; k <= nn; k++) {
			const struct digest *a = i < no ? &o->bare->as[i].sha256 : &o->sha256;
			const struct digest *b = k < nn ? &n->bare->as[k].sha256 : &n->sha256;
			if (digest_is_set(a) && digest_eq(a, b))
				return true;
		}
	return false;
}

static struct diff_finding *tell(struct diff_run *r, enum diff_kind k, uint32_t o, uint32_t n,
    const struct component_signature *so, const struct component_signature *sn)
{
	struct diff_finding *x = NULL;

	if (so && sn)
		x = diff_add(r, k, o, n, "signed by %s; before by %s",
		    QUOTE(span_str(signer_of(sn))), QUOTE(span_str(signer_of(so))));
	else if (so)
		x = diff_add(r, k, o, n, "not signed; before by %s",
		    QUOTE(span_str(signer_of(so))));
	else
		x = diff_add(r, k, o, n, "signed by %s; before by nobody",
		    QUOTE(span_str(signer_of(sn))));
	if (sn) {
		x->has_off = true;
		x->off = sn->off;
		x->len = sn->len;
	}
	return x;
}

static void both(struct diff_run *r, uint32_t o, uint32_t n, const struct component_signature *so,
    const struct component_signature *sn)
{
	if (sn->result == SIGNED_BROKEN && so->result == SIGNED_VERIFIES)
		diff_add(r, DIFF_SIG_BROKEN, o, n, "the signature of %s does not verify",
		    QUOTE(span_str(signer_of(sn))));
	if (!same_signer(so, sn))
		tell(r, same_bare(diff_old(r, o), diff_new(r, n)) ? DIFF_SIG_RESIGNED : DIFF_SIG_SIGNER,
		    o, n, so, sn);
	else if (digest_is_set(&so->signer.id) && !digest_eq(&so->signer.id, &sn->signer.id))
		diff_add(r, DIFF_SIG_CERTIFICATE, o, n, "another certificate of %s",
		    QUOTE(span_str(signer_of(sn))));
	if (so->chain == CHAIN_STATE_ANCHORED && sn->chain == CHAIN_STATE_FAILED)
		diff_add(r, DIFF_SIG_CHAIN, o, n, "the certificate of %s leads to no anchor",
		    QUOTE(span_str(signer_of(sn))));
	if (so->time != TS_NONE && sn->time == TS_NONE)
		diff_add(r, DIFF_SIG_STAMP, o, n, "the signature has no time stamp any more");
}

void diff_signatures(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component_signature *so = own(diff_old(r, o)), *sn = own(diff_new(r, n));

	if (so && sn)
		both(r, o, n, so, sn);
	else if (so)
		tell(r, DIFF_SIG_GONE, o, n, so, NULL);
	else if (sn)
		tell(r, DIFF_SIG_NEW, o, n, NULL, sn);
}
