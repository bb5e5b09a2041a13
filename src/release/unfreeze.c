/* SPDX-License-Identifier: Apache-2.0 */

/* unfreeze: when a freeze may be lifted. */

#include "release/read.h"
#include "release/second.h"
#include "release/text.h"

#include <errno.h>

/* "verified:V": V's newest verification passed, after the freeze and under the policy of now. */
static int check_verified(const struct release_channel *c, const struct release_frozen *z,
    struct span version, struct fault *f)
{
	const struct release_version *v = NULL;

	for (size_t i = 0; i < c->nreleases; i++)
		if (span_eq_str(version, c->release[i].version))
			v = &c->release[i];
	if (!v)
		return fault_set(f, RELEASE_NOT_MET, "the condition is %s, and %s was never published",
		    z->order.condition, QUOTE(version));
	if (v->status == RELEASE_WITHDRAWN)
		return fault_set(f, RELEASE_NOT_MET, "the condition is %s, and that was withdrawn",
		    z->order.condition);
	if (v->checked != VERDICT_PASS || v->checked_seq < z->id || v->checked_seq < c->policy_seq)
		return fault_set(f, RELEASE_NOT_MET, "the condition is %s, and that does not verify now",
		    z->order.condition);
	return 0;
}

bool unfreeze_is_late(const struct unfreeze_claim *u)
{
	const struct release_freeze *z = &u->freeze->order;

	return u->at >= z->expires && (!u->clock_injected || z->who.clock_injected);
}

static int check_met(const struct release_channel *c, const struct unfreeze_claim *u,
    struct fault *f)
{
	const struct release_freeze *z = &u->freeze->order;
	struct condition cond;
	int rc = condition_parse(span_str(z->condition), &cond, f);

	if (rc < 0)
		return rc;
	if (strcmp(u->met, "statement") == 0) {
		if (cond.kind != CONDITION_STATEMENT && !unfreeze_is_late(u))
			return fault_set(f, RELEASE_NOT_MET, "the condition is %s; a statement can stand "
			    "for it only after the freeze's expiry", z->condition);
		if (!u->nevidence)
			return fault_set(f, RELEASE_NOT_MET, "a statement needs the evidence that it rests "
			    "on (--evidence FILE)");
		return 0;
	}
	if (strcmp(u->met, "condition") != 0)
		return fault_set(f, -EBADMSG, "\"met\" is neither condition nor statement");
	if (cond.kind == CONDITION_STATEMENT)
		return fault_set(f, RELEASE_NOT_MET, "the condition is a statement: no machine can see it");
	/* Whether a case is closed is in another subject of the ledger: the writer looks there. */
	return cond.kind == CONDITION_VERIFIED ? check_verified(c, u->freeze, cond.arg, f) : 0;
}

int unfreeze_may(const struct release_channel *c, const struct unfreeze_claim *u,
    const struct release_person **ret_p, struct fault *f)
{
	const struct release_person *p;
	int rc = second_may(c, u->freeze, u->person, &p, f);

	if (rc == 0)
		rc = check_met(c, u, f);
	if (rc == 0)
		*ret_p = p;
	return rc;
}

void unfreeze_payload(struct buf *out, const struct release_channel *c,
    const struct unfreeze_claim *u)
{
	struct jw w = jw_canonical(out);
	char time[TS_TEXT_MAX];

	jw_obj(&w);
	jw_kcstr(&w, "channel", c->name);
	jw_kcstr(&w, "condition", u->freeze->order.condition);
	jw_kcstr(&w, "entry", DIGEST_TEXT(&u->freeze->entry));
	jw_key(&w, "evidence");
	jw_arr(&w);
	for (size_t i = 0; i < u->nevidence; i++)
		jw_cstr(&w, DIGEST_TEXT(&u->evidence[i].sha256));
	jw_end(&w);
	jw_kint(&w, "freeze", (int64_t)u->freeze->id);
	jw_kcstr(&w, "met", u->met);
	jw_kcstr(&w, "person", u->person);
	jw_kcstr(&w, "policy", DIGEST_TEXT(&c->policy.sha256));
	jw_kcstr(&w, "time", ts_format(u->at, time));
	jw_end(&w);
}

int unfreeze_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "envelope", "evidence", "freeze", "met", "person", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	struct unfreeze_claim u = { .at = e->at, .clock_injected = e->clock_injected };
	const struct release_person *p;

	u.evidence = rd_files(&r, "evidence", RELEASE_EVIDENCE_MAX, &u.nevidence);
	uint64_t id = (uint64_t)rd_int(&r, "freeze", 0, INT64_MAX);
	u.met = rd_text(&r, "met", 16);
	u.person = rd_text(&r, "person", RELEASE_PERSON_MAX);
	if (r.rc)
		return r.rc;
	struct release_frozen *z = second_freeze(c, id);
	if (!z)
		return fault_set(f, RELEASE_NO_SUCH, "%s has no open freeze %llu", c->name,
		    (unsigned long long)id);
	u.freeze = z;
	int rc = unfreeze_may(c, &u, &p, f);
	if (rc)
		return rc;
	AUTO_BUF struct buf want = BUF_INIT(LEDGER_ENTRY_MAX);
	unfreeze_payload(&want, c, &u);
	rc = buf_err(&want);
	if (rc == 0)
		rc = second_check(p, json_get(e->data, "envelope"), UNFREEZE_TYPE, buf_span(&want), a, f);
	if (rc)
		return rc;
	z->lifted = true;
	z->lifted_seq = e->seq;
	z->lifted_at = e->at;
	z->lifted_by = p->name;
	c->nopen--;
	return 0;
}
