/* SPDX-License-Identifier: Apache-2.0 */

/* judge_vsa: one verification summary against the policies (slsa.dev/spec/v1.1, verification_summary,
 * "How to verify"). The signature and the subject were looked at before. */

#include "trust/judge_parts.h"

static size_t check_levels(const struct policy *p, const struct attestation *a, struct verdict *v,
    enum reason_kind kind)
{
	const struct vsa *s = &a->vsa;
	size_t bad = 0;

	for (size_t i = 0; i < p->vsa.levels.n; i++) {
		bool found = false;
		for (size_t k = 0; k < s->nlevels && !found; k++)
			found = policy_level(p->vsa.levels.item[i], s->level[k]);
		if (found)
			continue;
		PROBLEM(v, kind, a, "vsa.level", "level %s was not verified",
		    QUOTE(span_str(p->vsa.levels.item[i])));
		bad++;
	}
	return bad;
}

static size_t check_policy(const struct judge *j, const struct policy *p,
    const struct attestation *a, struct verdict *v, enum reason_kind kind)
{
	const struct vsa *s = &a->vsa;
	const struct {
		const struct policy_list *allowed;
		const char *is, *code, *what;
	} t[] = {
		{ &p->vsa.verifiers, s->verifier, "vsa.verifier", "verifier" },
		{ &p->vsa.resources, s->resource, "vsa.resource", "resource" },
		{ &p->vsa.policies, s->policy, "vsa.policy", "the verifier's policy" },
	};
	const struct judge_age age = { s->time, p->vsa.max_age, "vsa.time", "vsa.stale",
		"it was verified" };
	size_t bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		if (policy_allows(t[i].allowed, t[i].is))
			continue;
		PROBLEM(v, kind, a, t[i].code, "%s %s is not allowed (allowed: %s)", t[i].what,
		    QUOTE(span_str(judge_or_none(t[i].is))), judge_allowed(t[i].allowed, j->arena));
		bad++;
	}
	bad += check_levels(p, a, v, kind);
	return bad + judge_time(j, &age, a, v, kind);
}

size_t judge_vsa(const struct judge *j, const struct verify_artifact *art,
    const struct attestation *a, struct verdict *v, enum reason_kind kind)
{
	size_t bad = a->vsa.result != VSA_PASSED; /* judge.c says so */

	if (a->state == ATTESTATION_REFUSED) {
		PROBLEM(v, kind, a, "vsa.signer", "signed by %s, who is not a signer that the policy lists",
		    signer_text(&a->signer, j->arena));
		bad++;
	}
	/* A verdict from the future is no verdict, whatever age is allowed. */
	if (a->vsa.time > j->now + JUDGE_CLOCK_SKEW) {
		PROBLEM(v, kind, a, "vsa.time", "says that it was verified in the future");
		bad++;
	}
	for (size_t i = 0; i < JUDGE_POLICIES; i++)
		if (j->policy[i] && j->policy[i]->require & POLICY_VSA)
			bad += check_policy(j, j->policy[i], a, v, kind);
	return bad;
}
