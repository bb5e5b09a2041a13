/* SPDX-License-Identifier: Apache-2.0 */

#include "release/fold.h"

#include "crypto/key.h"
#include "release/read.h"
#include "release/second.h"
#include "release/text.h"

#include <errno.h>
#include <stdio.h>

/* Room for one more element: arrays hold 8, 16, 32 … elements, so a full one is seen by its n. */
static void *grow(struct arena *a, void *old, size_t n, size_t size)
{
	if (n && (n < 8 || (n & (n - 1))))
		return old;
	void *p = arena_array(a, n ? 2 * n : 8, size);
	if (p && n)
		memcpy(p, old, n * size);
	return p;
}

static const char *seq_text(uint64_t seq, char out[static 24])
{
	snprintf(out, 24, "%llu", (unsigned long long)seq);
	return out;
}
#define SEQ(seq) seq_text((seq), (char[24]){ 0 })

int fold_known(const struct release_channel *c, struct fault *f)
{
	if (c->owner)
		return 0;
	return fault_set(f, RELEASE_NO_CHANNEL, "channel %s is not known here; firebreak release init "
	    "makes it", QUOTE(span_str(c->name)));
}

/* --- what may be published --- */

bool fold_covers(const struct release_frozen *z, const char *version)
{
	for (size_t i = 0; i < z->order.nscope; i++)
		if (strcmp(z->order.scope[i], version) == 0)
			return true;
	return z->order.nscope == 0;
}

/* One list of versions and digests: does it name the version, or all of the bytes? */
static bool lists(const char *const *list, size_t n, const char *version,
    const struct release_artifact *art, size_t nart)
{
	size_t listed = 0;
	struct digest d;

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], version) == 0)
			return true;
	for (size_t i = 0; i < nart; i++) {
		bool is = false;
		for (size_t j = 0; j < n; j++)
			is |= digest_parse(span_str(list[j]), &d) == 0 &&
			    digest_eq(&d, &art[i].digest[d.alg]);
		listed += is;
	}
	return nart && listed == nart;
}

bool fold_allows(const struct release_frozen *z, const char *version,
    const struct release_artifact *art, size_t nart, ts at, struct fold_exception *ret_x)
{
	if (at >= z->order.expires)
		return false;
	for (size_t i = 0; i < z->nexceptions; i++) {
		const struct release_exception *x = &z->exception[i];
		if (at >= x->expires || !lists(x->allow, x->nallow, version, art, nart))
			continue;
		*ret_x = (struct fold_exception){ "allow", x->id, x->expires };
		return true;
	}
	if (!lists(z->order.allow, z->order.nallow, version, art, nart))
		return false;
	*ret_x = (struct fold_exception){ "freeze", z->id, z->order.expires };
	return true;
}

static bool ships(const struct release_version *r, const struct release_artifact *x, bool named)
{
	for (size_t i = 0; i < r->nartifacts; i++)
		if (digest_eq(&r->artifact[i].digest[DIGEST_SHA256], &x->digest[DIGEST_SHA256]) &&
		    (!named || strcmp(r->artifact[i].name, x->name) == 0))
			return true;
	return false;
}

static bool ships_all(const struct release_version *r, const struct release_artifact *art, size_t n,
    bool named)
{
	for (size_t i = 0; i < n; i++)
		if (!ships(r, &art[i], named))
			return false;
	return true;
}

/* All of it, or all of it and more: a file beside them does not make bad bytes good. */
static bool brings_back(const struct release_version *r, const struct release_artifact *art,
    size_t n)
{
	size_t again = 0;

	for (size_t i = 0; i < r->nartifacts; i++)
		for (size_t j = 0; j < n; j++)
			if (digest_eq(&r->artifact[i].digest[DIGEST_SHA256],
				&art[j].digest[DIGEST_SHA256])) {
				again++;
				break;
			}
	return again == r->nartifacts || ships_all(r, art, n, false);
}

static int published_before(const struct release_channel *c, const struct release_version *r,
    const struct release_artifact *art, size_t nart, struct fault *f)
{
	if (r->nartifacts != nart || !ships_all(r, art, nart, true))
		return fault_set(f, RELEASE_CONFLICT, "%s was published before with other artifacts "
		    "(entry %s); a version is never used twice", r->version, SEQ(r->seq));
	if (r->status == RELEASE_WITHDRAWN)
		return fault_set(f, RELEASE_CONFLICT, "%s was withdrawn; what replaces it needs a new "
		    "version", r->version);
	return fault_set(f, RELEASE_ALREADY, "%s is already published in %s (entry %s)", r->version,
	    c->name, SEQ(r->seq));
}

int fold_may_publish(const struct release_channel *c, const char *version,
    const struct release_artifact *art, size_t nart, ts at, struct fault *f)
{
	const struct release_version *r = release_find(c, version);

	if (r)
		return published_before(c, r, art, nart, f);
	for (size_t i = 0; i < c->nreleases; i++)
		if (c->release[i].status == RELEASE_WITHDRAWN &&
		    brings_back(&c->release[i], art, nart))
			return fault_set(f, RELEASE_CONFLICT, "these bytes were withdrawn as %s; a new "
			    "version number does not make them good", c->release[i].version);
	for (size_t i = 0; i < c->nfreezes; i++) {
		const struct release_frozen *z = &c->freeze[i];
		struct fold_exception x;
		if (z->lifted || fold_allows(z, version, art, nart, at, &x))
			continue;
		bool late = at >= z->order.expires;
		return fault_set(f, RELEASE_IS_FROZEN, "%s is frozen since entry %s%s: %s (owner %s, "
		    "lifted by %s)%s", c->name, SEQ(z->id), late ? " and overdue" : "",
		    z->order.reason, z->order.owner, z->order.condition,
		    late ? "; a freeze does not end by itself" : "");
	}
	if (c->nreleases == RELEASE_RELEASES_MAX)
		return fault_set(f, RELEASE_CONFLICT, "%s has %d releases, which is the most that a "
		    "channel holds; begin a new one", c->name, RELEASE_RELEASES_MAX);
	return 0;
}

/* --- one function a kind --- */

static struct span gate_of(struct rd *r, enum verdict_status *ret_verdict)
{
	struct json_val g = json_get(r->v, "gate"), v = json_get(g, "verdict");
	struct digest policy = { 0 };

	*ret_verdict = json_is(v, "PASS") ? VERDICT_PASS :
	    json_is(v, "UNKNOWN")	  ? VERDICT_UNKNOWN :
					    VERDICT_FAIL;
	if (*ret_verdict == VERDICT_FAIL && !json_is(v, "FAIL"))
		rd_fail(r, -EBADMSG, "the gate has no verdict");
	if (!r->rc && digest_parse(json_str(json_get(g, "policy"), r->a), &policy) < 0)
		rd_fail(r, -EBADMSG, "the gate does not name its policy");
	return rd_raw(r, "gate");
}

static bool is_policy(const struct release_channel *c, struct json_val gate, struct arena *a)
{
	struct digest d = { 0 };

	return digest_parse(json_str(json_get(gate, "policy"), a), &d) == 0 &&
	    digest_eq(&d, &c->policy.sha256);
}

static int wrong_policy(const struct release_channel *c, struct fault *f)
{
	return fault_set(f, RELEASE_CONFLICT, "the policy of %s changed while this was verified; run "
	    "it again", c->name);
}

static int read_people(struct rd *r, struct release_channel *c)
{
	static const char *const names[] = { "id", "key", "name", NULL };
	struct json_val v = rd_array(r, "people", RELEASE_PEOPLE_MAX, &c->npeople);

	c->person = arena_array(r->a, c->npeople + 1, sizeof(*c->person));
	if (!c->person)
		return rd_fail(r, -ENOMEM, "out of memory");
	size_t n = 0;
	JSON_EACH (x, v) {
		struct rd p = rd_object(x, names, r->a, r->f);
		struct release_person *q = &c->person[n];
		AUTO_KEY struct key *k = NULL;
		q->id = rd_digest(&p, "id", DIGEST_SHA256);
		q->name = rd_text(&p, "name", RELEASE_PERSON_MAX);
		/* PEM has line ends, so it is no line of text. */
		q->key = p.rc ? NULL : json_cstr(json_get(x, "key"), r->a);
		if (p.rc)
			return r->rc = p.rc;
		int rc = key_public(&k, span_str(q->key), r->f);
		struct digest id = rc == 0 ? key_id(k) : (struct digest){ 0 };
		if (rc < 0 || !digest_eq(&id, &q->id))
			return rd_fail(r, -EBADMSG, "%s's key is not the one its id names", q->name);
		for (size_t i = 0; i < n; i++)
			if (span_eq_nocase(span_str(c->person[i].name), span_str(q->name)) ||
			    digest_eq(&c->person[i].id, &q->id))
				return rd_fail(r, -EINVAL, "%s and %s: each person needs a name and a "
				    "key of their own", c->person[i].name, q->name);
		n++;
	}
	return r->rc;
}

static void read_rules(struct rd *r, struct release_channel *c, uint64_t seq)
{
	c->key = rd_files(r, "keys", RELEASE_KEYS_MAX, &c->nkeys);
	c->policy = rd_file(r, "policy");
	c->signer = rd_files(r, "signers", RELEASE_KEYS_MAX, &c->nsigners);
	c->policy_seq = seq;
}

static int apply_init(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "keys", "owner", "people", "policy", "risk", "signers",
		"valid", NULL };

	if (c->owner)
		return fault_set(f, RELEASE_EXISTS, "channel %s is there already", c->name);
	struct rd r = rd_object(e->data, names, a, f);
	read_rules(&r, c, e->seq);
	c->risk = rd_text(&r, "risk", 16);
	c->valid = rd_int(&r, "valid", RELEASE_VALID_MIN / TS_SECOND, RELEASE_VALID_MAX / TS_SECOND) *
	    TS_SECOND;
	const char *owner = rd_text(&r, "owner", RELEASE_PERSON_MAX);
	if (!r.rc)
		r.rc = text_risk(span_str(c->risk), f);
	if (r.rc || read_people(&r, c))
		return r.rc;
	c->owner = owner;
	c->created = e->at;
	return 0;
}

static int apply_policy(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "keys", "policy", "signers", NULL };
	struct rd r = rd_object(e->data, names, a, f);

	read_rules(&r, c, e->seq);
	return r.rc;
}

static int check_names(const struct release_version *r, struct fault *f)
{
	for (size_t i = 0; i < r->nartifacts; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(r->artifact[i].name, r->artifact[j].name) == 0)
				return fault_set(f, -EINVAL, "two artifacts are called %s",
				    QUOTE(span_str(r->artifact[i].name)));
	return 0;
}

static void add_release(struct release_channel *c, const struct release_version *new)
{
	if (c->current && c->current->status == RELEASE_CURRENT)
		c->current->status = RELEASE_SUPERSEDED;
	c->release[c->nreleases] = *new;
	c->current = &c->release[c->nreleases++];
	c->rolled_back_seq = 0;
}

static int room_for_release(struct release_channel *c, struct arena *a)
{
	size_t cur = c->current ? (size_t)(c->current - c->release) : 0;
	void *p = grow(a, c->release, c->nreleases, sizeof(*c->release));

	if (!p)
		return -ENOMEM;
	c->release = p;
	if (c->current)
		c->current = &c->release[cur];
	return 0;
}

/* release.publish and release.hold say the same; the verdict decides which of them it is. */
static int apply_gated(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "artifacts", "evidence", "gate", "version", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	struct release_version n = { .seq = e->seq, .at = e->at, .checked_seq = e->seq,
		.checked_at = e->at };

	n.artifact = rd_artifacts(&r, "artifacts", &n.nartifacts);
	n.evidence = rd_files(&r, "evidence", RELEASE_EVIDENCE_MAX, &n.nevidence);
	n.gate = gate_of(&r, &n.checked);
	n.version = rd_version(&r, "version");
	n.actor = arena_str(a, span_str(e->actor));
	if (r.rc)
		return r.rc;
	if (!n.actor)
		return -ENOMEM;
	int rc = check_names(&n, f);
	if (rc == 0)
		rc = fold_may_publish(c, n.version, n.artifact, n.nartifacts, e->at, f);
	if (rc)
		return rc;
	if (!is_policy(c, json_get(e->data, "gate"), a))
		return wrong_policy(c, f);
	bool hold = strcmp(e->kind, "release.hold") == 0;
	if (hold == (n.checked == VERDICT_PASS))
		return fault_set(f, -EBADMSG, "%s with verdict %s", e->kind, verdict_name(n.checked));
	if (hold) {
		c->hold = grow(a, c->hold, c->nholds, sizeof(*c->hold));
		if (!c->hold)
			return -ENOMEM;
		c->hold[c->nholds++] = (struct release_hold){ e->seq, e->at, n.actor, n.version,
			n.checked, n.gate };
		return 0;
	}
	rc = room_for_release(c, a);
	if (rc == 0)
		add_release(c, &n);
	return rc;
}

static int check_lists(const struct release_freeze *z, struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; i < z->nscope && rc == 0; i++)
		rc = text_version(span_str(z->scope[i]), "scope", f);
	for (size_t i = 0; i < z->nallow && rc == 0; i++)
		rc = text_allow(span_str(z->allow[i]), f);
	return rc;
}

static int apply_freeze(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "allow", "case", "condition", "expires", "owner",
		"reason", "scope", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	struct release_frozen n = { .id = e->seq, .entry = e->entry };
	struct release_freeze *z = &n.order;
	struct condition cond;

	z->channel = c->name;
	z->allow = rd_strings(&r, "allow", RELEASE_LIST_MAX, &z->nallow);
	z->case_id = rd_text_opt(&r, "case", RELEASE_PERSON_MAX);
	z->condition = rd_text(&r, "condition", RELEASE_TEXT_MAX);
	z->expires = rd_time(&r, "expires");
	z->owner = rd_text(&r, "owner", RELEASE_PERSON_MAX);
	z->reason = rd_text(&r, "reason", RELEASE_TEXT_MAX);
	z->scope = rd_strings(&r, "scope", RELEASE_LIST_MAX, &z->nscope);
	z->who = (struct release_who){ arena_str(a, span_str(e->actor)), e->at,
		e->clock_injected };
	if (!r.rc)
		r.rc = condition_parse(span_str(z->condition), &cond, f);
	if (!r.rc)
		r.rc = check_lists(z, f);
	if (r.rc)
		return r.rc;
	if (z->expires <= e->at)
		return fault_set(f, -EINVAL, "the freeze would expire before it begins");
	if (c->nfreezes == RELEASE_FREEZES_MAX)
		return fault_set(f, -EINVAL, "more than %d freezes of one channel",
		    RELEASE_FREEZES_MAX);
	c->freeze = grow(a, c->freeze, c->nfreezes, sizeof(*c->freeze));
	if (!c->freeze || !z->who.actor)
		return -ENOMEM;
	c->freeze[c->nfreezes++] = n;
	c->nopen++;
	return 0;
}

int fold_may_roll_back(const struct release_channel *c, const char *to, struct fault *f)
{
	const struct release_version *r = release_find(c, to);

	if (!c->current)
		return fault_set(f, RELEASE_NO_SUCH, "nothing was published in %s yet", c->name);
	if (!r)
		return fault_set(f, RELEASE_NO_SUCH, "%s was never published in %s", QUOTE(span_str(to)),
		    c->name);
	if (r == c->current)
		return fault_set(f, RELEASE_CONFLICT, "%s is the current release", r->version);
	if (r->status == RELEASE_WITHDRAWN)
		return fault_set(f, RELEASE_CONFLICT, "%s was withdrawn", r->version);
	if (r > c->current)
		return fault_set(f, RELEASE_CONFLICT, "%s is newer than the current release %s",
		    r->version, c->current->version);
	const struct release_frozen *z = release_scope_of(c, to);
	if (z)
		return fault_set(f, RELEASE_IN_SCOPE, "%s lies in the scope of the freeze of entry %s: "
		    "%s", r->version, SEQ(z->id), z->order.reason);
	return 0;
}

static void mark_checked(struct release_version *v, const struct release_step *e,
    enum verdict_status s)
{
	v->checked = s;
	v->checked_seq = e->seq;
	v->checked_at = e->at;
}

static int apply_rollback(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "from", "gate", "reason", "to", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	enum verdict_status verdict;

	const char *from = rd_version(&r, "from"), *to = rd_version(&r, "to");
	rd_text(&r, "reason", RELEASE_TEXT_MAX);
	gate_of(&r, &verdict);
	int rc = r.rc ? r.rc : fold_may_roll_back(c, to, f);
	if (rc)
		return rc;
	if (strcmp(from, c->current->version) != 0)
		return fault_set(f, RELEASE_CONFLICT, "the current release is %s, not %s",
		    c->current->version, from);
	if (verdict != VERDICT_PASS)
		return fault_set(f, RELEASE_NOT_VERIFIED, "%s does not verify now: %s", to,
		    verdict_name(verdict));
	if (!is_policy(c, json_get(e->data, "gate"), a))
		return wrong_policy(c, f);
	c->current->status = RELEASE_WITHDRAWN;
	c->current = release_find(c, to);
	c->current->status = RELEASE_CURRENT;
	mark_checked(c->current, e, verdict);
	c->rolled_back_seq = e->seq;
	return 0;
}

static int apply_recheck(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "gate", "version", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	enum verdict_status verdict;

	const char *version = rd_version(&r, "version");
	gate_of(&r, &verdict);
	if (r.rc)
		return r.rc;
	struct release_version *v = release_find(c, version);
	if (!v)
		return fault_set(f, RELEASE_NO_SUCH, "%s was never published in %s", version, c->name);
	if (!is_policy(c, json_get(e->data, "gate"), a))
		return wrong_policy(c, f);
	mark_checked(v, e, verdict);
	return 0;
}

int fold_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const struct {
		const char *kind;
		int (*apply)(struct release_channel *, const struct release_step *, struct arena *,
		    struct fault *);
	} kinds[] = {
		{ "release.init", apply_init },
		{ "release.policy", apply_policy },
		{ "release.publish", apply_gated },
		{ "release.hold", apply_gated },
		{ "release.freeze", apply_freeze },
		{ "release.allow", allow_apply },
		{ "release.unfreeze", unfreeze_apply },
		{ "release.rollback", apply_rollback },
		{ "release.recheck", apply_recheck },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(e->kind, kinds[i].kind) != 0)
			continue;
		int rc = i == 0 ? 0 : fold_known(c, f);
		if (rc == 0)
			rc = kinds[i].apply(c, e, a, f);
		if (rc == 0) {
			c->last_seq = e->seq;
			c->last = e->at;
		}
		return rc;
	}
	return fault_set(f, -EBADMSG, "unknown kind of entry");
}
