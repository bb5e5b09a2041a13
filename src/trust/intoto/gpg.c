/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/gpg.h"

#include "base/cur.h"
#include "base/hex.h"
#include "crypto/hash.h"

#include <errno.h>

/* RFC 4880 9.1, RFC 9580 9.1, 9.5 */
#define PGP_RSA 1
#define PGP_RSA_SIGN 3
#define PGP_EDDSA 22
#define PGP_SHA256 8
#define PGP_SIG_BINARY 0

bool gpg_key_is(struct json_val v)
{
	return json_ok(json_get(v, "method")) && json_ok(json_get(v, "hashes"));
}

static int read_hex(struct span *ret_bytes, struct json_val v, struct arena *a, struct fault *f)
{
	struct span text = json_str(v, a);
	uint8_t *out = text.n ? arena_alloc(a, text.n / 2 + 1) : NULL;

	if (!out || hex_decode(out, text) < 0)
		return json_fault(v, f, "must be hex digits");
	*ret_bytes = span_of(out, text.n / 2);
	return 0;
}

static int read_numbers(struct pubkey *k, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val pub = json_path(v, "keyval", "public", NULL),
			method = json_get(v, "method");
	struct span n, e;

	if (json_is(method, "pgp+rsa-pkcsv1.5")) {
		int rc = read_hex(&n, json_get(pub, "n"), a, f);
		if (rc == 0)
			rc = read_hex(&e, json_get(pub, "e"), a, f);
		if (rc < 0)
			return rc;
		while (n.n > 1 && !n.p[0])
			n = span_from(n, 1);
		k->modulus = n.n;
		return key_rsa_from_numbers(&k->key, n, e, f);
	}
	if (!json_is(method, "pgp+eddsa-ed25519"))
		return fault_set(
		    f, -EBADMSG, "GPG method %s is not supported", QUOTE(json_text(method)));
	int rc = read_hex(&n, json_get(pub, "q"), a, f);
	if (rc < 0)
		return rc;
	if (n.n != 32)
		return fault_set(f, -EBADMSG, "an Ed25519 key of %zu bytes", n.n);
	return key_from_raw_ed25519(&k->key, n.p);
}

/* When a key with a validity period ends; both times in seconds. */
static int read_expiry(ts *ret_t, struct json_val v, struct fault *f)
{
	struct json_val made = json_get(v, "creation_time"), lasts = json_get(v, "validity_period");
	int64_t from = 0, n = 0;

	if ((json_ok(made) && (json_int(made, &from) < 0 || from < 0 || from > UINT32_MAX)) ||
	    (json_ok(lasts) && (json_int(lasts, &n) < 0 || n < 0 || n > UINT32_MAX)))
		return json_fault(v, f, "a key's times must be seconds");
	*ret_t = from && n ? (from + n) * TS_SECOND : TS_FOREVER;
	return 0;
}

static int read_one(
    struct pubkey *k, struct json_val v, const char *id, struct arena *a, struct fault *f)
{
	struct fault why = FAULT_INIT;

	*k = (struct pubkey){ .gpg = true, .id = ARENA_NEW(a, struct pubkey_id), .nids = 1 };
	if (!k->id)
		return -ENOMEM;
	k->id->id = id;
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a key must be an object");
	int rc = read_expiry(&k->expires, v, f);
	if (rc < 0)
		return rc;
	rc = read_numbers(k, v, a, &why);
	if (rc == -ENOMEM)
		return rc;
	k->why = rc ? arena_str(a, span_str(why.text)) : NULL;
	return 0;
}

static int read_subkeys(struct pubkey *k, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val subs = json_get(v, "subkeys");

	if (!json_ok(subs))
		return 0;
	if (json_type_of(subs) != JSON_OBJ || json_count(subs) > PUBKEY_SUBKEYS_MAX)
		return json_fault(subs, f, "\"subkeys\" must be an object of at most %d keys",
		    PUBKEY_SUBKEYS_MAX);
	k->sub = arena_array(a, json_count(subs), sizeof(*k->sub));
	if (!k->sub)
		return -ENOMEM;
	JSON_EACH(name, subs) {
		const char *id;
		int rc = pubkey_id_check(name, &id, a, f);
		if (rc == 0)
			rc = read_one(&k->sub[k->nsubs], json_member(name), id, a, f);
		if (rc < 0)
			return rc;
		k->nsubs++;
	}
	return 0;
}

int gpg_key_read(
    struct pubkey *ret_k, struct json_val v, const char *id, struct arena *a, struct fault *f)
{
	struct pubkey k;

	int rc = read_one(&k, v, id, a, f);
	if (rc == 0)
		rc = read_subkeys(&k, v, a, f);
	if (rc < 0) {
		pubkey_free(&k);
		return rc;
	}
	*ret_k = k;
	return 0;
}

/* Version, type, key and hash algorithm, and exactly the hashed subpackets that they announce. */
static bool headers_fit(const struct pubkey *k, struct span headers)
{
	struct cur c = cur_of(headers);
	uint8_t version = cur_u8(&c), type = cur_u8(&c), alg = cur_u8(&c), hash = cur_u8(&c);

	cur_skip(&c, cur_be16(&c));
	if (c.err || c.off != c.n || version != 4 || type != PGP_SIG_BINARY || hash != PGP_SHA256)
		return false;
	if (key_kind_of(k->key) == KEY_RSA)
		return alg == PGP_RSA || alg == PGP_RSA_SIGN;
	return alg == PGP_EDDSA;
}

int gpg_verify(const struct pubkey *k, struct span msg, struct span headers, struct span sig)
{
	AUTO_BUF struct buf all = BUF_INIT(BUF_MAX_DEFAULT);
	uint8_t full[KEY_RSA_BITS_MAX / 8] = { 0 };

	if (!headers_fit(k, headers))
		return KEY_BAD_SIGNATURE;
	buf_put_span(&all, msg);
	buf_put_span(&all, headers);
	buf_put_be16(&all, 0x04ff);
	buf_put_be32(&all, (uint32_t)headers.n);
	int rc = buf_err(&all);
	if (rc < 0)
		return rc;
	if (key_kind_of(k->key) != KEY_RSA) {
		struct digest d = sha256_of(buf_span(&all));
		return key_scheme_verify(k->key, KEY_SCHEME_ED25519, span_of(d.b, d.len), sig);
	}
	/* An MPI has no leading zeros; PKCS#1 signatures are as long as the modulus. */
	size_t n = k->modulus;
	if (!sig.n || !sig.p[0] || sig.n > n || n > sizeof(full))
		return KEY_BAD_SIGNATURE;
	memcpy(full + n - sig.n, sig.p, sig.n);
	return key_scheme_verify(k->key, KEY_SCHEME_RSA_PKCS1, buf_span(&all), span_of(full, n));
}
