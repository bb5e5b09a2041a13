/* SPDX-License-Identifier: Apache-2.0 */

#include "release/unfreeze.h"

#include "release/read.h"
#include "release/seal.h"
#include "release/text.h"

#include <errno.h>

static const struct release_person *find_person(const struct release_channel *c, const char *name)
{
	for (size_t i = 0; i < c->npeople; i++)
		if (strcmp(c->person[i].name, name) == 0)
			return &c->person[i];
	return NULL;
}

static struct release_frozen *find_freeze(const struct release_channel *c, uint64_t id)
{
	for (size_t i = 0; i < c->nfreezes; i++)
		if (c->freeze[i].id == id)
			return &c->freeze[i];
	return NULL;
}

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

static int check_met(const struct release_channel *c, const struct unfreeze_claim *u,
    struct fault *f)
{
	const struct release_freeze *z = &u->freeze->order;
	struct condition cond;
	int rc = condition_parse(span_str(z->condition), &cond, f);

	if (rc < 0)
		return rc;
	if (strcmp(u->met, "statement") == 0) {
		if (cond.kind != CONDITION_STATEMENT && u->at < z->expires)
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
	const struct release_freeze *z = &u->freeze->order;
	const struct release_person *p = find_person(c, u->person);

	if (!p)
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s is not enrolled in %s; the people whose "
		    "signature counts were named at its init", QUOTE(span_str(u->person)), c->name);
	if (span_eq_nocase(span_str(p->name), span_str(z->owner)))
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s owns this freeze; a second person must lift "
		    "it", p->name);
	if (span_eq_nocase(span_str(p->name), span_str(z->who.actor)))
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s made this freeze; a second person must lift "
		    "it", p->name);
	int rc = check_met(c, u, f);
	if (rc == 0 && ret_p)
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

/* Is the envelope what this person would have signed? */
static int check_envelope(const struct release_channel *c, const struct unfreeze_claim *u,
    const struct release_person *p, struct json_val envelope, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf want = BUF_INIT(LEDGER_ENTRY_MAX);
	AUTO_KEY struct key *k = NULL;
	struct span payload;

	int rc = key_public(&k, span_str(p->key), f);
	if (rc < 0)
		return rc;
	rc = seal_open(envelope, UNFREEZE_TYPE, k, a, &payload, f);
	if (rc == KEY_BAD_SIGNATURE)
		return fault_wrap(f, RELEASE_NOT_ALLOWED, "not %s's signature", p->name);
	if (rc < 0)
		return rc;
	unfreeze_payload(&want, c, u);
	if (buf_err(&want))
		return buf_err(&want);
	if (!span_eq(payload, buf_span(&want)))
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s signed something else than this", p->name);
	return 0;
}

int unfreeze_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "envelope", "evidence", "freeze", "met", "person", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	struct unfreeze_claim u = { .at = e->at };
	const struct release_person *p;

	u.evidence = rd_files(&r, "evidence", RELEASE_EVIDENCE_MAX, &u.nevidence);
	uint64_t id = (uint64_t)rd_int(&r, "freeze", 0, INT64_MAX);
	u.met = rd_text(&r, "met", 16);
	u.person = rd_text(&r, "person", RELEASE_PERSON_MAX);
	if (r.rc)
		return r.rc;
	struct release_frozen *z = find_freeze(c, id);
	if (!z || z->lifted)
		return fault_set(f, RELEASE_NO_SUCH, "%s has no open freeze %llu", c->name,
		    (unsigned long long)id);
	u.freeze = z;
	int rc = unfreeze_may(c, &u, &p, f);
	if (rc == 0)
		rc = check_envelope(c, &u, p, json_get(e->data, "envelope"), a, f);
	if (rc)
		return rc;
	z->lifted = true;
	z->lifted_seq = e->seq;
	z->lifted_at = e->at;
	z->lifted_by = p->name;
	c->nopen--;
	return 0;
}
