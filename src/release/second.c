/* SPDX-License-Identifier: Apache-2.0 */

#include "release/second.h"

#include "crypto/dsse.h"
#include "release/seal.h"

#include <errno.h>

struct release_frozen *second_freeze(struct release_channel *c, uint64_t id)
{
	for (size_t i = 0; i < c->nfreezes; i++)
		if (c->freeze[i].id == id && !c->freeze[i].lifted)
			return &c->freeze[i];
	return NULL;
}

static const struct release_person *find_person(const struct release_channel *c, const char *name)
{
	for (size_t i = 0; i < c->npeople; i++)
		if (strcmp(c->person[i].name, name) == 0)
			return &c->person[i];
	return NULL;
}

/* One person, however the name is spaced or capitalised. */
static bool same_person(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		if (!*a || !*b)
			return *a == *b;
		if (!span_eq_nocase(span_of(a, 1), span_of(b, 1)))
			return false;
	}
}

int second_may(const struct release_channel *c, const struct release_frozen *z, const char *person,
    const struct release_person **ret_p, struct fault *f)
{
	const struct release_person *p = find_person(c, person);

	if (!p)
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s is not enrolled in %s; the people whose "
		    "signature counts were named at its init", QUOTE(span_str(person)), c->name);
	if (same_person(p->name, z->order.owner))
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s owns this freeze; it takes a second person",
		    p->name);
	if (same_person(p->name, z->order.who.actor))
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s made this freeze; it takes a second person",
		    p->name);
	*ret_p = p;
	return 0;
}

int second_check(const struct release_person *p, struct json_val envelope, const char *type,
    struct span want, struct arena *a, struct fault *f)
{
	AUTO_KEY struct key *k = NULL;
	struct span payload;

	int rc = key_public(&k, span_str(p->key), f);
	if (rc == 0)
		rc = seal_open(envelope, type, k, a, &payload, f);
	if (rc == KEY_BAD_SIGNATURE)
		return fault_wrap(f, RELEASE_NOT_ALLOWED, "not %s's signature", p->name);
	if (rc < 0)
		return rc;
	if (!span_eq(payload, want))
		return fault_set(f, RELEASE_NOT_ALLOWED, "%s signed something else than this", p->name);
	return 0;
}

int second_sign(struct jw *w, const struct release_person *p, const struct key *k, const char *type,
    struct span payload, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf env = BUF_INIT(LEDGER_ENTRY_MAX), out = BUF_INIT(LEDGER_ENTRY_MAX);
	struct digest id = key_id(k);
	struct json_doc doc;

	if (!digest_eq(&id, &p->id))
		return fault_set(f, RELEASE_NOT_ALLOWED, "the key given is not the one that %s is "
		    "enrolled with", p->name);
	int rc = dsse_sign(&env, span_str(type), payload, k);
	if (rc == 0)
		rc = json_parse(&doc, buf_span(&env), a, f);
	if (rc == 0)
		rc = json_canonical(&out, json_root(&doc), a, f);
	if (rc == 0)
		jw_raw(w, buf_span(&out));
	return rc;
}
