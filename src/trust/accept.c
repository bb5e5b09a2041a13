/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/accept.h"

#include <errno.h>

int accept_add(struct accept *a, const struct policy_signer *s, size_t n, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i].kind != POLICY_SIGNER_IDENTITY && s[i].kind != POLICY_SIGNER_OPENPGP)
			continue;
		if (a->n == ACCEPT_RULES_MAX)
			return fault_set(f, -ENOSPC, "more than %d signers", ACCEPT_RULES_MAX);
		struct accept_rule *r = &a->rule[a->n++];
		*r = (struct accept_rule){ .signer = &s[i] };
		int rc = 0;
		if (s[i].identity_regexp)
			rc = regexp_new(&r->identity, s[i].identity_regexp, f);
		if (rc == 0 && s[i].issuer_regexp)
			rc = regexp_new(&r->issuer, s[i].issuer_regexp, f);
		if (rc < 0)
			return fault_wrap(f, rc, "signer");
	}
	return 0;
}

void accept_free(struct accept *a)
{
	while (a->n) {
		struct accept_rule *r = &a->rule[--a->n];
		regexp_free(r->identity);
		regexp_free(r->issuer);
	}
}

static bool matches(const char *exact, const struct regexp *regexp, const char *text)
{
	return regexp ? regexp_match(regexp, text) : exact && text && strcmp(exact, text) == 0;
}

static bool claims_hold(const struct policy_signer *p, const struct signer *s)
{
	for (size_t i = 0; i < p->nclaims; i++)
		if (!policy_allows(&p->claim[i].values, s->claim[p->claim[i].claim]))
			return false;
	return true;
}

static bool rule_names(const struct accept_rule *r, const struct signer *s)
{
	const struct policy_signer *p = r->signer;

	if (p->kind == POLICY_SIGNER_OPENPGP)
		return s->kind == SIGNER_OPENPGP && s->fingerprint &&
		       strcmp(p->fingerprint, s->fingerprint) == 0;
	return (s->kind == SIGNER_IDENTITY || s->kind == SIGNER_CERTIFICATE) &&
	       matches(p->identity, r->identity, s->identity) &&
	       matches(p->issuer, r->issuer, s->issuer) && claims_hold(p, s);
}

bool accept_signer(const struct accept *a, struct signer *s)
{
	s->may_sign = false;
	for (size_t i = 0; i < a->n && !s->may_sign; i++)
		s->may_sign = rule_names(&a->rule[i], s);
	for (size_t i = 0; i < a->keys->n; i++) {
		const struct trust_key *k = &a->keys->key[i];
		if (!digest_eq(&k->id, &s->key))
			continue;
		s->may_sign |= k->may_sign;
		if (s->kind == SIGNER_KEY)
			s->name = k->name;
	}
	return s->may_sign;
}
