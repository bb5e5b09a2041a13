/* SPDX-License-Identifier: Apache-2.0 */

#include "release/change.h"

#include "release/draft.h"
#include "release/text.h"

#include <errno.h>

static int put_people(struct jw *w, const struct release_init *x, struct fault *f)
{
	jw_key(w, "people");
	jw_arr(w);
	for (size_t i = 0; i < x->npeople; i++) {
		const struct release_person *p = &x->person[i];
		AUTO_KEY struct key *k = NULL;
		int rc = key_public(&k, span_str(p->key), f);
		if (rc < 0)
			return fault_wrap(f, rc, "%s's key", QUOTE(span_str(p->name)));
		struct digest id = key_id(k);
		jw_obj(w);
		jw_kcstr(w, "id", DIGEST_TEXT(&id));
		jw_kcstr(w, "key", p->key);
		jw_kcstr(w, "name", p->name);
		jw_end(w);
	}
	jw_end(w);
	return 0;
}

static int put_init(struct draft *d, const struct release_init *x, struct fault *f)
{
	draft_files(&d->w, "keys", x->rules.key, x->rules.nkeys);
	jw_kcstr(&d->w, "owner", x->owner);
	int rc = text_line(span_str(x->owner), RELEASE_PERSON_MAX, "owner", f);
	for (size_t i = 0; i < x->npeople && rc == 0; i++)
		rc = text_line(span_str(x->person[i].name), RELEASE_PERSON_MAX, "a person's name", f);
	if (rc == 0)
		rc = put_people(&d->w, x, f);
	draft_file(&d->w, "policy", &x->rules.policy);
	jw_kcstr(&d->w, "risk", x->risk);
	draft_files(&d->w, "signers", x->rules.signer, x->rules.nsigners);
	jw_kint(&d->w, "valid", x->valid / TS_SECOND);
	return rc;
}

int release_init_check(const struct release_init *x, struct fault *f)
{
	AUTO_DRAFT struct draft d;
	int rc = text_channel(span_str(x->channel), f);

	draft_new(&d, x->channel);
	if (rc == 0)
		rc = put_init(&d, x, f);
	return rc ? rc : draft_judge(&d, "release.init", &x->who, 0, f);
}

int release_init(struct store *s, const struct release_init *x, uint64_t *ret_seq, struct fault *f)
{
	AUTO_DRAFT struct draft d;
	int rc = draft_open(&d, s, x->channel, f);

	if (rc == 0)
		return fault_set(f, RELEASE_EXISTS, "channel %s is there already", d.c.name);
	if (rc != RELEASE_NO_CHANNEL)
		return rc;
	rc = put_init(&d, x, f);
	return rc ? rc : draft_append(&d, s, "release.init", &x->who, ret_seq, f);
}

int release_policy(struct store *s, const struct release_policy *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	int rc = draft_open(&d, s, x->channel, f);

	if (rc)
		return rc;
	draft_files(&d.w, "keys", x->rules.key, x->rules.nkeys);
	draft_file(&d.w, "policy", &x->rules.policy);
	draft_files(&d.w, "signers", x->rules.signer, x->rules.nsigners);
	return draft_append(&d, s, "release.policy", &x->who, ret_seq, f);
}

static void artifact_json(struct jw *w, const struct release_artifact *x)
{
	jw_obj(w);
	if (digest_is_set(&x->authenticode))
		jw_kcstr(w, "authenticode", DIGEST_TEXT(&x->authenticode));
	jw_kcstr(w, "format", x->format);
	jw_kcstr(w, "md5", DIGEST_TEXT(&x->digest[DIGEST_MD5]));
	jw_kcstr(w, "name", x->name);
	jw_kcstr(w, "sha1", DIGEST_TEXT(&x->digest[DIGEST_SHA1]));
	jw_kcstr(w, "sha256", DIGEST_TEXT(&x->digest[DIGEST_SHA256]));
	jw_kcstr(w, "sha512", DIGEST_TEXT(&x->digest[DIGEST_SHA512]));
	jw_kint(w, "size", (int64_t)x->size);
	jw_end(w);
}

struct fold_exception release_exception_of(const struct release_channel *c, const char *version,
    const struct release_artifact *art, size_t nart, ts at)
{
	struct fold_exception first = { 0 }, x;

	for (size_t i = 0; i < c->nfreezes; i++)
		if (!c->freeze[i].lifted && fold_allows(&c->freeze[i], version, art, nart, at, &x) &&
		    (!first.kind || x.expires < first.expires))
			first = x;
	return first;
}

int release_publish(struct store *s, const struct release_publish *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	int rc = draft_open(&d, s, x->channel, f);

	if (rc == 0)
		rc = fold_may_publish(&d.c, x->version, x->artifact, x->nartifacts, x->who.at, f);
	if (rc)
		return rc;
	FB_ASSERT(x->gate.njudged == x->nartifacts);
	bool pass = gate_verdict(d.c.risk, &x->gate) == VERDICT_PASS;
	jw_key(&d.w, "artifacts");
	jw_arr(&d.w);
	for (size_t i = 0; i < x->nartifacts; i++)
		artifact_json(&d.w, &x->artifact[i]);
	jw_end(&d.w);
	draft_files(&d.w, "evidence", x->gate.evidence, x->gate.nevidence);
	jw_key(&d.w, "gate");
	struct fold_exception ex = release_exception_of(&d.c, x->version, x->artifact, x->nartifacts,
	    x->who.at);
	gate_json(&d.w, &d.c, &x->gate, &ex, x->who.at);
	jw_kcstr(&d.w, "version", x->version);
	rc = draft_append(&d, s, pass ? "release.publish" : "release.hold", &x->who, ret_seq, f);
	return rc == 0 && !pass ? RELEASE_HELD : rc;
}

const struct release_version *release_rollback_next(const struct release_channel *c,
    const struct release_version *prev)
{
	size_t i = prev ? (size_t)(prev - c->release) : c->nreleases;

	while (i-- > 0)
		if (fold_may_roll_back(c, c->release[i].version, NULL) == 0)
			return &c->release[i];
	return NULL;
}

int release_rollback(struct store *s, const struct release_rollback *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	int rc = draft_open(&d, s, x->channel, f);

	if (rc == 0)
		rc = text_line(span_str(x->reason), RELEASE_TEXT_MAX, "reason", f);
	if (rc == 0)
		rc = fold_may_roll_back(&d.c, x->to, f);
	if (rc)
		return rc;
	jw_kcstr(&d.w, "from", d.c.current->version);
	jw_key(&d.w, "gate");
	gate_json(&d.w, &d.c, &x->gate, NULL, x->who.at);
	jw_kcstr(&d.w, "reason", x->reason);
	jw_kcstr(&d.w, "to", x->to);
	return draft_append(&d, s, "release.rollback", &x->who, ret_seq, f);
}

int release_recheck(struct store *s, const struct release_recheck *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	int rc = draft_open(&d, s, x->channel, f);

	if (rc)
		return rc;
	jw_key(&d.w, "gate");
	gate_json(&d.w, &d.c, &x->gate, NULL, x->who.at);
	jw_kcstr(&d.w, "version", x->version);
	return draft_append(&d, s, "release.recheck", &x->who, ret_seq, f);
}
