/* SPDX-License-Identifier: Apache-2.0 */

/* state_check: what a client does with a state document. */

#include "crypto/note.h"
#include "release/read.h"
#include "release/seal.h"
#include "release/state.h"

#include <errno.h>

static enum release_state state_of(struct rd *r)
{
	struct json_val v = json_get(r->v, "state");

	for (enum release_state s = RELEASE_STATE_FROZEN; s <= RELEASE_STATE_ACTIVE; s++)
		if (json_is(v, release_state_name(s)))
			return s;
	rd_fail(r, -EBADMSG, "\"state\" is not active, frozen or rolled-back");
	return RELEASE_STATE_FROZEN;
}

static void *room(struct rd *r, size_t n, size_t size)
{
	void *p = r->rc ? NULL : arena_array(r->a, n ? n : 1, size);

	if (!p)
		rd_fail(r, -ENOMEM, "out of memory");
	return p;
}

static void read_current(struct rd *r, struct state_doc *d)
{
	static const char *const names[] = { "artifacts", "published", "version", NULL };
	static const char *const art_names[] = { "name", "sha256", "size", NULL };
	struct json_val v = json_get(r->v, "current");

	if (r->rc || json_type_of(v) == JSON_NULL)
		return;
	struct rd x = rd_object(v, names, r->a, r->f);
	struct json_val list = rd_array(&x, "artifacts", RELEASE_ARTIFACTS_MAX, &d->nartifacts);
	d->published = rd_time(&x, "published");
	d->current = rd_version(&x, "version");
	d->artifact = room(&x, d->nartifacts, sizeof(*d->artifact));
	size_t i = 0;
	JSON_EACH (e, list) {
		if (x.rc)
			break;
		struct rd y = rd_object(e, art_names, r->a, r->f);
		d->artifact[i].name = rd_text(&y, "name", RELEASE_TEXT_MAX);
		d->artifact[i].digest[DIGEST_SHA256] = rd_digest(&y, "sha256", DIGEST_SHA256);
		d->artifact[i++].size = (uint64_t)rd_int(&y, "size", 0, INT64_MAX);
		x.rc = y.rc;
	}
	r->rc = x.rc;
}

static void read_freezes(struct rd *r, struct state_doc *d)
{
	static const char *const names[] = { "case", "condition", "expires", "id", "owner", "reason",
		"scope", "since", NULL };
	struct json_val list = rd_array(r, "freezes", RELEASE_FREEZES_MAX, &d->nfreezes);
	size_t i = 0;

	d->freeze = room(r, d->nfreezes, sizeof(*d->freeze));
	JSON_EACH (e, list) {
		if (r->rc)
			return;
		struct rd x = rd_object(e, names, r->a, r->f);
		struct release_frozen *z = &d->freeze[i++];
		z->order.channel = d->channel;
		z->order.case_id = rd_text_opt(&x, "case", RELEASE_PERSON_MAX);
		z->order.condition = rd_text(&x, "condition", RELEASE_TEXT_MAX);
		z->order.expires = rd_time(&x, "expires");
		z->id = (uint64_t)rd_int(&x, "id", 0, INT64_MAX);
		z->order.owner = rd_text(&x, "owner", RELEASE_PERSON_MAX);
		z->order.reason = rd_text(&x, "reason", RELEASE_TEXT_MAX);
		z->order.scope = rd_strings(&x, "scope", RELEASE_LIST_MAX, &z->order.nscope);
		z->order.who.at = rd_time(&x, "since");
		r->rc = x.rc;
	}
}

static void read_digests(struct rd *r, struct json_val list, struct digest *out)
{
	JSON_EACH (e, list)
		if (!r->rc && (digest_parse(json_str(e, r->a), out) < 0 ||
				  out++->alg != DIGEST_SHA256))
			rd_fail(r, -EBADMSG, "\"artifacts\" holds something that is no sha256 digest");
}

static void read_withdrawn(struct rd *r, struct state_doc *d)
{
	static const char *const names[] = { "artifacts", "version", NULL };
	struct json_val list = rd_array(r, "withdrawn", RELEASE_RELEASES_MAX, &d->nwithdrawn);
	size_t i = 0;

	d->withdrawn = room(r, d->nwithdrawn, sizeof(*d->withdrawn));
	JSON_EACH (e, list) {
		if (r->rc)
			return;
		struct rd x = rd_object(e, names, r->a, r->f);
		struct state_withdrawn *w = &d->withdrawn[i++];
		struct json_val art = rd_array(&x, "artifacts", RELEASE_ARTIFACTS_MAX, &w->n);
		w->version = rd_version(&x, "version");
		w->sha256 = room(&x, w->n, sizeof(*w->sha256));
		read_digests(&x, art, w->sha256);
		r->rc = x.rc;
	}
}

static void read_checkpoint(struct rd *r, struct state_doc *d)
{
	int rc = 0;
	struct span s = r->rc ? SPAN_NONE : json_str(json_get(r->v, "checkpoint"), r->a);

	if (!r->rc && (!s.p || s.n > NOTE_TEXT_MAX))
		rd_fail(r, -EBADMSG, "\"checkpoint\" is missing or not a signed note");
	if (!r->rc)
		d->checkpoint = arena_dup(r->a, s, &rc);
	if (rc < 0)
		rd_fail(r, rc, "out of memory");
}

int state_decode(struct span payload, struct arena *a, struct state_doc *ret_d, struct fault *f)
{
	static const char *const names[] = { "channel", "checkpoint", "current", "expires", "freezes",
		"issued", "state", "v", "version", "withdrawn", NULL };
	struct state_doc d = { .published = TS_NONE };
	struct json_doc doc;

	int rc = json_parse(&doc, payload, a, f);
	if (rc < 0)
		return rc;
	struct rd r = rd_object(json_root(&doc), names, a, f);
	rd_int(&r, "v", 1, 1);
	d.channel = rd_text(&r, "channel", RELEASE_NAME_MAX);
	d.version = (uint64_t)rd_int(&r, "version", 1, INT64_MAX);
	d.issued = rd_time(&r, "issued");
	d.expires = rd_time(&r, "expires");
	d.state = state_of(&r);
	read_checkpoint(&r, &d);
	read_current(&r, &d);
	read_freezes(&r, &d);
	read_withdrawn(&r, &d);
	if (!r.rc && d.expires <= d.issued)
		rd_fail(&r, -EBADMSG, "it expires before it was issued");
	if (!r.rc && (d.state == RELEASE_STATE_FROZEN) && !d.nfreezes)
		rd_fail(&r, -EBADMSG, "it is frozen, but no freeze is named");
	if (!r.rc && d.state == RELEASE_STATE_ACTIVE && d.nfreezes)
		rd_fail(&r, -EBADMSG, "it is active, but a freeze is named");
	if (r.rc)
		return fault_wrap(f, r.rc == -EINVAL ? -EBADMSG : r.rc, "state document");
	*ret_d = d;
	return 0;
}

int state_open(struct span text, const struct key *k, struct arena *a, struct state_doc *ret_d,
    struct fault *f)
{
	struct span payload;
	struct checkpoint cp;
	struct state_doc d;

	if (text.n > 2 * STATE_TEXT_MAX)
		return fault_set(f, -EBADMSG, "longer than %u bytes", 2 * STATE_TEXT_MAX);
	int rc = seal_open_text(text, STATE_TYPE, k, a, &payload, f);
	if (rc == 0)
		rc = state_decode(payload, a, &d, f);
	if (rc)
		return rc;
	rc = checkpoint_open(&cp, d.checkpoint, k, f);
	if (rc)
		return fault_wrap(f, rc, "the checkpoint in it");
	if (cp.size != d.version)
		return fault_set(f, -EBADMSG, "state document: its version is not its checkpoint's size");
	*ret_d = d;
	return 0;
}

/* --- judging --- */

static const struct state_withdrawn *withdrawn_as(const struct state_doc *d, const struct digest *x)
{
	for (size_t i = 0; i < d->nwithdrawn; i++)
		for (size_t j = 0; j < d->withdrawn[i].n; j++)
			if (digest_eq(&d->withdrawn[i].sha256[j], x))
				return &d->withdrawn[i];
	return NULL;
}

static bool is_current(const struct state_doc *d, const struct digest *x)
{
	for (size_t i = 0; i < d->nartifacts; i++)
		if (digest_eq(&d->artifact[i].digest[DIGEST_SHA256], x))
			return true;
	return false;
}

static void judge_artifact(const struct state_doc *d, const struct release_artifact *x,
    struct verdict *v)
{
	const struct digest *sha = &x->digest[DIGEST_SHA256];
	const struct state_withdrawn *w = withdrawn_as(d, sha);

	/* A part that was good may be in a withdrawn release too: what counts is the current one. */
	if (is_current(d, sha))
		verdict_add(v, REASON_PROVEN, "state.artifact", "%s belongs to the current release %s",
		    x->name, d->current)->evidence = *sha;
	else if (w)
		verdict_add(v, REASON_FAIL, "state.withdrawn", "%s was withdrawn with %s; go to %s",
		    x->name, w->version, d->current ? d->current : "no release: none is current")
		    ->evidence = *sha;
	else
		verdict_add(v, REASON_FAIL, "state.artifact", "%s is not in the current release %s",
		    x->name, d->current ? d->current : "(there is none)")->evidence = *sha;
}

static void judge_time(const struct state_doc *d, ts now, struct verdict *v)
{
	char when[TS_TEXT_MAX];

	if (now >= d->expires)
		verdict_add(v, REASON_FAIL, "state.expired", "it expired at %s: get a newer one, or find "
		    "out who keeps it from you", ts_format(d->expires, when));
	if (d->issued > now + STATE_SKEW)
		verdict_add(v, REASON_FAIL, "state.future", "it was issued at %s, which is yet to come: "
		    "the clock here is wrong, or there", ts_format(d->issued, when));
}

void state_judge(const struct state_doc *d, const struct state_question *q, struct verdict *v)
{
	char when[TS_TEXT_MAX];

	verdict_add(v, REASON_PROVEN, "state.signature", "version %llu of channel %s, signed by the key "
	    "given", (unsigned long long)d->version, d->channel);
	if (q->channel && strcmp(q->channel, d->channel) != 0)
		verdict_add(v, REASON_FAIL, "state.channel", "it speaks of channel %s, not of %s",
		    d->channel, q->channel);
	judge_time(d, q->now, v);
	if (d->version < q->min_version)
		verdict_add(v, REASON_FAIL, "state.rollback", "it is version %llu, and version %llu was "
		    "seen before: an old state is being shown", (unsigned long long)d->version,
		    (unsigned long long)q->min_version);
	for (size_t i = 0; i < d->nfreezes; i++)
		verdict_add(v, d->state == RELEASE_STATE_FROZEN ? REASON_FAIL : REASON_NOTE,
		    "state.frozen", "frozen since %s: %s", ts_format(d->freeze[i].order.who.at, when),
		    d->freeze[i].order.reason);
	for (size_t i = 0; i < q->nartifacts; i++)
		judge_artifact(d, &q->artifact[i], v);
	verdict_conclude(v);
}
