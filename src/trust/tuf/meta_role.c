/* SPDX-License-Identifier: Apache-2.0 */

/* Keys, roles and delegations as root and targets metadata list them (4.3, 4.5). */

#include "trust/keyobj.h"
#include "trust/tuf/priv.h"

#include <errno.h>

static int read_key(struct tuf_meta *m, struct json_val name, struct json_val v, struct fault *f)
{
	struct span keyid;
	int rc = keyobj_check(v, f);

	if (rc == 0)
		rc = meta_want_str(name, &m->arena, &keyid, f);
	if (rc < 0)
		return rc;
	struct meta_key *k = ARENA_NEW(&m->arena, struct meta_key);
	if (!k)
		return -ENOMEM;
	k->obj = v;
	rc = map_add(&m->keys, keyid, k, NULL);
	return rc > 0 ? json_fault(name, f, "two keys with the keyid %s", QUOTE(keyid)) : rc;
}

int meta_read_keys(struct tuf_meta *m, struct json_val v, struct fault *f)
{
	struct json_val keys;
	int rc = meta_want(v, "keys", JSON_OBJ, &keys, f);

	if (rc == 0 && json_count(keys) > TUF_KEYS_MAX)
		return json_fault(keys, f, "more than %d keys", TUF_KEYS_MAX);
	if (rc < 0)
		return rc;
	JSON_EACH(x, keys) {
		rc = read_key(m, x, json_member(x), f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_strings(
    struct tuf_meta *m, struct json_val arr, struct span **ret_s, size_t *ret_n, struct fault *f)
{
	struct span *s = arena_array(&m->arena, json_count(arr) + 1, sizeof(*s));
	size_t n = 0;

	if (!s)
		return -ENOMEM;
	JSON_EACH(x, arr) {
		int rc = meta_want_str(x, &m->arena, &s[n++], f);
		if (rc < 0)
			return rc;
	}
	*ret_s = s;
	*ret_n = n;
	return 0;
}

static int read_keyids(struct tuf_meta *m, struct tuf_role *r, struct json_val v, struct fault *f)
{
	AUTO_MAP struct map seen;
	struct json_val ids;

	int rc = meta_want(v, "keyids", JSON_ARR, &ids, f);
	if (rc == 0 && json_count(ids) > TUF_KEYS_MAX)
		rc = json_fault(ids, f, "more than %d keyids", TUF_KEYS_MAX);
	if (rc == 0)
		rc = read_strings(m, ids, &r->keyid, &r->nkeyids, f);
	map_init(&seen, TUF_KEYS_MAX);
	for (size_t i = 0; rc == 0 && i < r->nkeyids; i++) {
		rc = map_add(&seen, r->keyid[i], r, NULL);
		if (rc == 1)
			rc = json_fault(ids, f, "the keyid %s is there twice", QUOTE(r->keyid[i]));
	}
	return rc < 0 ? rc : meta_want_int(v, "threshold", 1, &r->threshold, f);
}

int meta_read_root_roles(struct tuf_meta *m, struct json_val signed_, struct fault *f)
{
	struct json_val roles, v;
	int rc = meta_want(signed_, "roles", JSON_OBJ, &roles, f);

	for (enum tuf_type t = 0; rc == 0 && t < TUF_TYPES; t++) {
		const char *name = tuf_type_name(t);
		rc = meta_want(roles, name, JSON_OBJ, &v, f);
		m->role[t].name = span_str(name);
		if (rc == 0)
			rc = read_keyids(m, &m->role[t], v, f);
	}
	return rc;
}

/* A role's name becomes a file's name. */
static int check_name(struct span name, struct json_val v, struct fault *f)
{
	if (!name.n || name.n > TUF_NAME_MAX)
		return json_fault(v, f, "the name of a role must have 1 to %d bytes", TUF_NAME_MAX);
	for (enum tuf_type t = 0; t < TUF_TYPES; t++)
		if (span_eq_str(name, tuf_type_name(t)))
			return json_fault(v, f, "a delegated role cannot be called %s", QUOTE(name));
	return 0;
}

static int read_patterns(struct tuf_meta *m, struct tuf_role *r, struct json_val v, struct fault *f)
{
	struct json_val paths = json_get(v, "paths"), hashes = json_get(v, "path_hash_prefixes");
	struct json_val list = json_ok(paths) ? paths : hashes;

	if (json_ok(paths) && json_ok(hashes))
		return json_fault(hashes, f, "\"paths\" and \"path_hash_prefixes\" exclude each other");
	if (!json_ok(list))
		return 0;
	if (json_type_of(list) != JSON_ARR)
		return json_fault(list, f, "must be an array of strings");
	r->by_hash = json_ok(hashes);
	return read_strings(m, list, &r->pattern, &r->npatterns, f);
}

static int read_delegation(
    struct tuf_meta *m, struct tuf_role *r, struct json_val v, struct fault *f)
{
	struct json_val name, end = json_get(v, "terminating");
	enum json_type t = json_type_of(end);

	int rc = meta_want(v, "name", JSON_STR, &name, f);
	if (rc == 0)
		rc = meta_want_str(name, &m->arena, &r->name, f);
	if (rc == 0)
		rc = check_name(r->name, name, f);
	if (rc == 0 && json_ok(end) && t != JSON_TRUE && t != JSON_FALSE)
		rc = json_fault(end, f, "\"terminating\" must be true or false");
	r->terminating = json_is_true(end);
	if (rc == 0)
		rc = read_keyids(m, r, v, f);
	return rc < 0 ? rc : read_patterns(m, r, v, f);
}

static int read_roles(struct tuf_meta *m, struct json_val roles, struct fault *f)
{
	AUTO_MAP struct map seen;

	map_init(&seen, TUF_ROLES_MAX);
	m->delegation = arena_array(&m->arena, json_count(roles) + 1, sizeof(*m->delegation));
	if (!m->delegation)
		return -ENOMEM;
	JSON_EACH(x, roles) {
		struct tuf_role *r = &m->delegation[m->ndelegations++];
		int rc = read_delegation(m, r, x, f);
		if (rc == 0)
			rc = map_add(&seen, r->name, r, NULL);
		if (rc == 1)
			return json_fault(x, f, "two roles called %s", QUOTE(r->name));
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* TAP 15: one entry for all bins. */
static int read_succinct(struct tuf_meta *m, struct json_val v, struct fault *f)
{
	struct tuf_role *r = ARENA_NEW(&m->arena, struct tuf_role);
	struct json_val prefix;
	int64_t bits = 0;

	if (!r)
		return -ENOMEM;
	int rc = meta_want(v, "name_prefix", JSON_STR, &prefix, f);
	if (rc == 0)
		rc = meta_want_str(prefix, &m->arena, &r->name, f);
	if (rc == 0)
		rc = check_name(r->name, prefix, f);
	if (rc == 0)
		rc = meta_want_int(v, "bit_length", 1, &bits, f);
	if (rc == 0 && bits > TUF_BITS_MAX)
		rc = json_fault(v, f, "\"bit_length\" is more than %d", TUF_BITS_MAX);
	if (rc == 0)
		rc = read_keyids(m, r, v, f);
	r->bits = (unsigned)bits;
	r->terminating = true;
	m->delegation = r;
	m->ndelegations = 1;
	return rc;
}

int meta_read_delegations(struct tuf_meta *m, struct json_val signed_, struct fault *f)
{
	struct json_val d = json_get(signed_, "delegations"), roles;
	struct json_val succinct = json_get(d, "succinct_roles");

	if (!json_ok(d))
		return 0;
	if (json_type_of(d) != JSON_OBJ)
		return json_fault(d, f, "\"delegations\" must be an object");
	int rc = meta_read_keys(m, d, f);
	if (rc == 0 && json_ok(succinct)) {
		if (json_ok(json_get(d, "roles")))
			return json_fault(d, f, "\"roles\" and \"succinct_roles\" exclude each other");
		return read_succinct(m, succinct, f);
	}
	if (rc == 0)
		rc = meta_want(d, "roles", JSON_ARR, &roles, f);
	if (rc == 0 && json_count(roles) > TUF_ROLES_MAX)
		rc = json_fault(roles, f, "more than %d delegations", TUF_ROLES_MAX);
	return rc < 0 ? rc : read_roles(m, roles, f);
}
