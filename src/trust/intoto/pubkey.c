/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/pubkey.h"

#include "base/hex.h"
#include "crypto/hash.h"
#include "trust/intoto/gpg.h"
#include "trust/keyobj.h"
#include "wire/json_olpc.h"

#include <errno.h>

#define OBJECT_MAX (128u << 10)

void pubkey_free(struct pubkey *k)
{
	k->key = key_free(k->key);
	for (size_t i = 0; i < k->nsubs; i++)
		pubkey_free(&k->sub[i]);
}

const struct pubkey_id *pubkey_named(
    const struct pubkey *k, const char *keyid, const struct pubkey **ret_k)
{
	for (size_t i = 0; i < k->nids; i++) {
		if (strcmp(k->id[i].id, keyid) == 0) {
			*ret_k = k;
			return &k->id[i];
		}
	}
	for (size_t i = 0; i < k->nsubs; i++) {
		const struct pubkey_id *id = pubkey_named(&k->sub[i], keyid, ret_k);
		if (id)
			return id;
	}
	return NULL;
}

/* What securesystemslib hashes for a key's id, which is also the object without its id. */
struct object {
	const char *keytype;
	enum key_method method;
	struct span public_value;
	bool hash_algorithms;
};

static void put_object(struct buf *out, const struct object *o, const char *keyid)
{
	struct jw w = jw_of(out);

	jw_obj(&w);
	jw_kcstr(&w, "keyid", keyid);
	if (o->hash_algorithms) {
		jw_key(&w, "keyid_hash_algorithms");
		jw_raw(&w, SPAN_LIT("[\"sha256\",\"sha512\"]"));
	}
	jw_kcstr(&w, "keytype", o->keytype);
	jw_key(&w, "keyval");
	jw_obj(&w);
	jw_kstr(&w, "public", o->public_value);
	jw_end(&w);
	jw_kcstr(&w, "scheme", key_scheme_name(o->method));
	jw_end(&w);
}

static int object_id(const struct object *o, char out[static 65])
{
	AUTO_ARENA struct arena a = ARENA_INIT(8 * OBJECT_MAX);
	AUTO_BUF struct buf text = BUF_INIT(2 * OBJECT_MAX);
	AUTO_BUF struct buf olpc = BUF_INIT(2 * OBJECT_MAX);
	struct json_doc doc;
	struct fault f = FAULT_INIT;

	put_object(&text, o, NULL);
	int rc = buf_err(&text);
	if (rc == 0)
		rc = json_parse(&doc, buf_span(&text), &a, &f);
	if (rc == 0)
		rc = json_olpc(&olpc, json_root(&doc), &a, &f);
	if (rc < 0)
		return rc;
	struct digest d = sha256_of(buf_span(&olpc));
	hex_encode(out, span_of(d.b, d.len));
	return 0;
}

static int add_id(struct pubkey *k, const char *id, enum key_method m, struct arena *a)
{
	for (size_t i = 0; i < k->nids; i++)
		if (strcmp(k->id[i].id, id) == 0)
			return 0;
	if (k->nids == PUBKEY_IDS_MAX)
		return -ENOSPC;
	char *copy = arena_str(a, span_str(id));
	if (!copy)
		return -ENOMEM;
	k->id[k->nids++] = (struct pubkey_id){ copy, m };
	return 0;
}

/* With "keyid_hash_algorithms", as Debian's securesystemslib has it, and without. */
static int add_object_ids(struct pubkey *k, struct object *o, struct arena *a)
{
	char id[65];
	int rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++) {
		o->hash_algorithms = i == 0;
		rc = object_id(o, id);
		if (rc == 0)
			rc = add_id(k, id, o->method, a);
	}
	return rc;
}

static int new_ids(struct pubkey *k, struct arena *a)
{
	*k = (struct pubkey){ .expires = TS_FOREVER };
	k->id = arena_array(a, PUBKEY_IDS_MAX, sizeof(*k->id));
	return k->id ? 0 : -ENOMEM;
}

int pubkey_id_check(struct json_val v, const char **ret_id, struct arena *a, struct fault *f)
{
	char *id = json_cstr(v, a);

	if (!id)
		return json_fault(v, f, "a key's id must be a string");
	size_t n = strlen(id);
	if (!n || n > 128 || strspn(id, "0123456789abcdefABCDEF") != n)
		return json_fault(
		    v, f, "a key's id must be hex digits, not \"%s\"", QUOTE(span_str(id)));
	*ret_id = id;
	return 0;
}

int pubkey_of_layout(struct pubkey *ret_k, struct json_val name, struct arena *a, struct fault *f)
{
	struct json_val v = json_member(name), inner = json_get(v, "keyid");
	struct fault why = FAULT_INIT;
	enum key_method m = KEY_SCHEME_NONE;
	struct pubkey k;
	const char *id;

	int rc = new_ids(&k, a);
	if (rc == 0)
		rc = pubkey_id_check(name, &id, a, f);
	if (rc < 0)
		return rc;
	if (json_ok(inner) && !json_is(inner, id))
		return json_fault(
		    inner, f, "the key that is called %s says that it is another", id);
	if (gpg_key_is(v))
		return gpg_key_read(ret_k, v, id, a, f);
	rc = keyobj_read(&k.key, &m, v, a, &why);
	if (rc < 0)
		return fault_set(f, rc, "key %.8s: %s", id, why.text);
	k.id[k.nids++] = (struct pubkey_id){ id, m };
	k.why = rc ? arena_str(a, span_str(why.text)) : NULL;
	*ret_k = k;
	return 0;
}

/* A file with a key object: its ids are those of the object as it stands. */
static int of_json(struct pubkey *k, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val inner = json_get(v, "keyid");
	enum key_method m;
	const char *id;

	if (gpg_key_is(v)) {
		int rc = pubkey_id_check(inner, &id, a, f);
		return rc < 0 ? rc : gpg_key_read(k, v, id, a, f);
	}
	int rc = keyobj_read(&k->key, &m, v, a, f);
	if (rc)
		return rc < 0 ? rc : -EBADMSG;
	if (json_ok(inner)) {
		rc = pubkey_id_check(inner, &id, a, f);
		if (rc == 0)
			rc = add_id(k, id, m, a);
		if (rc < 0)
			return rc;
	}
	struct object o = { json_cstr(json_get(v, "keytype"), a), m,
		json_str(json_path(v, "keyval", "public", NULL), a), true };
	return o.keytype && o.public_value.p ? add_object_ids(k, &o, a) : -ENOMEM;
}

static int public_text(struct buf *out, const struct key *k)
{
	uint8_t raw[32];
	char hex[65];

	if (key_kind_of(k) != KEY_ED25519)
		return key_write_public(k, out);
	int rc = key_raw_ed25519(k, raw);
	if (rc < 0)
		return rc;
	hex_encode(hex, span_of(raw, sizeof(raw)));
	buf_puts(out, hex);
	return buf_err(out);
}

static const char *keytype_of(const struct key *k)
{
	enum key_kind kind = key_kind_of(k);

	return kind == KEY_RSA ? "rsa" : kind == KEY_ED25519 ? "ed25519" : "ecdsa";
}

/* A PEM key has no object: every one that securesystemslib would make of it. */
static int of_pem(struct pubkey *k, struct span text, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf pem = BUF_INIT(OBJECT_MAX);

	int rc = key_public(&k->key, text, f);
	if (rc == 0)
		rc = public_text(&pem, k->key);
	for (enum key_method m = KEY_SCHEME_NONE + 1; rc == 0 && m < KEY_SCHEMES; m++) {
		if (!key_scheme_fits(m, key_kind_of(k->key)))
			continue;
		struct object o = { keytype_of(k->key), m, span_trim(buf_span(&pem)), true };
		rc = add_object_ids(k, &o, a);
		if (rc == 0 && o.public_value.n < pem.n) {
			o.public_value = buf_span(&pem);
			rc = add_object_ids(k, &o, a);
		}
	}
	if (rc == 0 && !k->nids)
		rc = fault_set(f, -EBADMSG, "in-toto has no signature scheme for %s keys",
		    key_kind_name(key_kind_of(k->key)));
	return rc;
}

int pubkey_of_file(struct pubkey *ret_k, struct span text, struct arena *a, struct fault *f)
{
	struct pubkey k;
	struct json_doc doc;
	struct span t = span_trim(text);

	int rc = new_ids(&k, a);
	if (rc < 0)
		return rc;
	if (t.n && t.p[0] == '{') {
		rc = json_parse(&doc, text, a, f);
		if (rc == 0)
			rc = of_json(&k, json_root(&doc), a, f);
	} else {
		rc = of_pem(&k, text, a, f);
	}
	if (rc < 0) {
		pubkey_free(&k);
		return rc;
	}
	*ret_k = k;
	return 0;
}

static int object_of(struct object *o, struct buf *pem, const struct key *k, enum key_method m)
{
	if (!key_scheme_fits(m, key_kind_of(k)))
		return -EINVAL;
	int rc = public_text(pem, k);
	*o = (struct object){ keytype_of(k), m, span_trim(buf_span(pem)), true };
	return rc;
}

int pubkey_object(struct buf *out, const struct key *k, enum key_method m)
{
	AUTO_BUF struct buf pem = BUF_INIT(OBJECT_MAX);
	struct object o;
	char keyid[65];

	int rc = object_of(&o, &pem, k, m);
	if (rc == 0)
		rc = object_id(&o, keyid);
	if (rc < 0)
		return rc;
	put_object(out, &o, keyid);
	return buf_err(out);
}

int pubkey_keyid(const struct key *k, enum key_method m, char out[static 65])
{
	AUTO_BUF struct buf pem = BUF_INIT(OBJECT_MAX);
	struct object o;

	int rc = object_of(&o, &pem, k, m);
	return rc < 0 ? rc : object_id(&o, out);
}
