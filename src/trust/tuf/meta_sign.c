/* SPDX-License-Identifier: Apache-2.0 */

/* Who signed, by what the keys are and not by what they are called. */

#include "trust/keyobj.h"
#include "trust/tuf/priv.h"

#include <errno.h>

/* The key of that name, read when it is first asked for; NULL if there is none that can be used. */
static int key_of(struct tuf_meta *m, struct span keyid, struct meta_key **ret_k)
{
	struct meta_key *k = map_get(&m->keys, keyid);

	*ret_k = NULL;
	if (!k)
		return 0;
	if (!k->tried) {
		int rc = keyobj_read(&k->key, &k->scheme, k->obj, &m->arena, NULL);
		if (rc < 0)
			return rc;
		k->tried = true;
	}
	*ret_k = k->key ? k : NULL;
	return 0;
}

static bool seen_before(const struct digest *id, size_t n, const struct digest *one)
{
	for (size_t i = 0; i < n; i++)
		if (digest_eq(&id[i], one))
			return true;
	return false;
}

/* 1 when the key of that name signed m, and its id is none of the n. */
static int counts(const struct tuf_meta *m, struct tuf_meta *delegator, struct span keyid,
    struct digest *id, size_t n)
{
	const struct span *sig = map_get(&m->sigs, keyid);
	struct meta_key *k;

	if (!sig || !sig->n)
		return 0;
	int rc = key_of(delegator, keyid, &k);
	if (rc < 0 || !k)
		return rc;
	id[n] = key_id(k->key);
	if (seen_before(id, n, &id[n]))
		return 0;
	rc = key_scheme_verify(k->key, k->scheme, buf_span(&m->canonical), *sig);
	return rc < 0 ? rc : rc == KEY_GOOD;
}

int tuf_meta_signed_by(const struct tuf_meta *m, struct tuf_meta *delegator,
    const struct tuf_role *role, struct fault *f)
{
	struct digest id[TUF_SIGNATURES_MAX + 1];
	int64_t n = 0;

	/* n stays below the number of signatures: each counts under one name */
	for (size_t i = 0; i < role->nkeyids && n < role->threshold; i++) {
		int rc = counts(m, delegator, role->keyid[i], id, (size_t)n);
		if (rc < 0)
			return rc;
		n += rc;
	}
	if (n >= role->threshold)
		return 0;
	return fault_set(f, TUF_UNSIGNED, "signed by %lld of the %zu keys of role %s, %lld needed",
	    (long long)n, role->nkeyids, QUOTE(role->name), (long long)role->threshold);
}

/* Is a key like this one among those of the role? */
static int holds(struct tuf_meta *m, const struct tuf_role *role, const struct digest *id,
    bool *ret_holds)
{
	struct meta_key *k;

	*ret_holds = false;
	for (size_t i = 0; i < role->nkeyids; i++) {
		int rc = key_of(m, role->keyid[i], &k);
		if (rc < 0)
			return rc;
		if (k) {
			struct digest one = key_id(k->key);
			*ret_holds |= digest_eq(&one, id);
		}
	}
	return 0;
}

int tuf_meta_rotated(struct tuf_meta *old_root, struct tuf_meta *new_root, enum tuf_type t,
    bool *ret_rotated)
{
	const struct tuf_role *was = &old_root->role[t], *is = &new_root->role[t];
	struct meta_key *k;
	bool there;

	for (size_t i = 0; i < was->nkeyids; i++) {
		int rc = key_of(old_root, was->keyid[i], &k);
		if (rc < 0)
			return rc;
		if (!k)
			continue;
		struct digest id = key_id(k->key);
		rc = holds(new_root, is, &id, &there);
		if (rc < 0)
			return rc;
		if (!there) {
			*ret_rotated = true;
			return 0;
		}
	}
	*ret_rotated = false;
	return 0;
}
