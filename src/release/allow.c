/* SPDX-License-Identifier: Apache-2.0 */

/* allow: an exception from a freeze: named bytes or versions, for a limited time. */

#include "release/read.h"
#include "release/second.h"
#include "release/text.h"

#include <errno.h>

int allow_may(const struct release_channel *c, const struct allow_claim *u,
    const struct release_person **ret_p, struct fault *f)
{
	const struct release_frozen *z = u->freeze;
	int rc = u->nallow ? 0 : fault_set(f, -EINVAL, "an exception names at least one version or "
	    "digest");

	for (size_t i = 0; i < u->nallow && rc == 0; i++)
		rc = text_allow(span_str(u->allow[i]), f);
	if (rc)
		return rc;
	if (u->expires <= u->at)
		return fault_set(f, -EINVAL, "the exception would expire before it begins");
	if (u->expires > z->order.expires)
		return fault_set(f, RELEASE_NOT_ALLOWED, "an exception may not outlive the freeze's "
		    "deadline; past it, lift the freeze or freeze anew");
	if (z->nexceptions == RELEASE_LIST_MAX)
		return fault_set(f, RELEASE_NOT_ALLOWED, "more than %d exceptions from one freeze",
		    RELEASE_LIST_MAX);
	return second_may(c, z, u->person, ret_p, f);
}

void allow_payload(struct buf *out, const struct release_channel *c, const struct allow_claim *u)
{
	struct jw w = jw_canonical(out);
	char time[TS_TEXT_MAX];

	jw_obj(&w);
	jw_key(&w, "allow");
	jw_arr(&w);
	for (size_t i = 0; i < u->nallow; i++)
		jw_cstr(&w, u->allow[i]);
	jw_end(&w);
	jw_kcstr(&w, "channel", c->name);
	jw_kcstr(&w, "entry", DIGEST_TEXT(&u->freeze->entry));
	jw_kcstr(&w, "expires", ts_format(u->expires, time));
	jw_kint(&w, "freeze", (int64_t)u->freeze->id);
	jw_kcstr(&w, "person", u->person);
	jw_kcstr(&w, "reason", u->reason);
	jw_kcstr(&w, "time", ts_format(u->at, time));
	jw_end(&w);
}

static int add(struct release_frozen *z, const struct release_exception *x, struct arena *a)
{
	struct release_exception *all = arena_array(a, z->nexceptions + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	if (z->nexceptions)
		memcpy(all, z->exception, z->nexceptions * sizeof(*all));
	all[z->nexceptions++] = *x;
	z->exception = all;
	return 0;
}

int allow_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "allow", "envelope", "expires", "freeze", "person",
		"reason", NULL };
	struct rd r = rd_object(e->data, names, a, f);
	struct allow_claim u = { .at = e->at };
	const struct release_person *p;

	u.allow = rd_strings(&r, "allow", RELEASE_LIST_MAX, &u.nallow);
	u.expires = rd_time(&r, "expires");
	uint64_t id = (uint64_t)rd_int(&r, "freeze", 0, INT64_MAX);
	u.person = rd_text(&r, "person", RELEASE_PERSON_MAX);
	u.reason = rd_text(&r, "reason", RELEASE_TEXT_MAX);
	if (r.rc)
		return r.rc;
	struct release_frozen *z = second_freeze(c, id);
	if (!z)
		return fault_set(f, RELEASE_NO_SUCH, "%s has no open freeze %llu", c->name,
		    (unsigned long long)id);
	u.freeze = z;
	int rc = allow_may(c, &u, &p, f);
	if (rc)
		return rc;
	AUTO_BUF struct buf want = BUF_INIT(LEDGER_ENTRY_MAX);
	allow_payload(&want, c, &u);
	rc = buf_err(&want);
	if (rc == 0)
		rc = second_check(p, json_get(e->data, "envelope"), ALLOW_TYPE, buf_span(&want), a, f);
	if (rc)
		return rc;
	return add(z, &(struct release_exception){ e->seq, p->name, u.reason, u.expires, u.allow,
	    u.nallow }, a);
}
