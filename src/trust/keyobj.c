/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/keyobj.h"

#include "base/hex.h"

#include <errno.h>

#define POINT_MAX (1 + 2 * 48)

static int want_str(struct json_val v, const char *name, struct fault *f)
{
	struct json_val m = json_get(v, name);

	if (json_type_of(m) == JSON_STR)
		return 0;
	return json_fault(json_ok(m) ? m : v, f, "\"%s\" of a key must be a string", name);
}

int keyobj_check(struct json_val v, struct fault *f)
{
	struct json_val val = json_get(v, "keyval");

	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a key must be an object");
	int rc = want_str(v, "keytype", f);
	if (rc == 0)
		rc = want_str(v, "scheme", f);
	if (rc < 0)
		return rc;
	if (json_type_of(val) != JSON_OBJ)
		return json_fault(json_ok(val) ? val : v, f, "\"keyval\" must be an object");
	return 0;
}

static const struct row {
	const char *type;
	enum key_method scheme;
	enum key_kind kind;
} rows[] = {
	{ "ed25519", KEY_SCHEME_ED25519, KEY_ED25519 },
	{ "ecdsa", KEY_SCHEME_ECDSA_P256, KEY_P256 },
	{ "ecdsa-sha2-nistp256", KEY_SCHEME_ECDSA_P256, KEY_P256 },
	{ "ecdsa", KEY_SCHEME_ECDSA_P384, KEY_P384 },
	{ "ecdsa-sha2-nistp384", KEY_SCHEME_ECDSA_P384, KEY_P384 },
	{ "rsa", KEY_SCHEME_RSA_PSS, KEY_RSA },
	{ "rsa", KEY_SCHEME_RSA_PKCS1, KEY_RSA },
};

static const struct row *row_of(struct json_val v, enum key_method scheme)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (json_is(json_get(v, "keytype"), rows[i].type) && rows[i].scheme == scheme)
			return &rows[i];
	return NULL;
}

/* SubjectPublicKeyInfo up to the point (RFC 5480). */
static const uint8_t p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
	0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42,
	0x00 };
static const uint8_t p384_head[] = { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
	0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00 };

static int from_point(
    struct key **ret_k, enum key_kind kind, const uint8_t *point, size_t n, struct fault *f)
{
	uint8_t der[sizeof(p256_head) + POINT_MAX];
	struct span head = kind == KEY_P256 ? span_of(p256_head, sizeof(p256_head)) :
					      span_of(p384_head, sizeof(p384_head));

	if (n != (kind == KEY_P256 ? 65u : 97u))
		return fault_set(f, -EBADMSG, "a point of %zu bytes", n);
	memcpy(der, head.p, head.n);
	memcpy(der + head.n, point, n);
	return key_public(ret_k, span_of(der, head.n + n), f);
}

static int from_hex(struct key **ret_k, enum key_kind kind, struct span text, struct fault *f)
{
	uint8_t raw[POINT_MAX];

	if (kind == KEY_RSA || text.n > 2 * sizeof(raw) || hex_decode(raw, text) < 0)
		return fault_set(f, -EBADMSG, "not in the form of its type");
	if (kind != KEY_ED25519)
		return from_point(ret_k, kind, raw, text.n / 2, f);
	if (text.n != 64)
		return fault_set(f, -EBADMSG, "an Ed25519 key of %zu bytes", text.n / 2);
	return key_from_raw_ed25519(ret_k, raw);
}

int keyobj_read(struct key **ret_k, enum key_method *ret_scheme, struct json_val v,
    struct arena *a, struct fault *f)
{
	struct key *k = NULL;
	int rc = keyobj_check(v, f);

	if (rc < 0)
		return rc;
	struct span name = json_str(json_get(v, "scheme"), a);
	struct span text = json_str(json_path(v, "keyval", "public", NULL), a);
	if (!name.p)
		return -ENOMEM;
	const struct row *row = row_of(v, key_scheme_of(name));
	if (!row)
		return fault_set(f, KEYOBJ_UNUSABLE, "scheme %s is not known for this type of key",
		    QUOTE(name));
	if (span_starts(text, SPAN_LIT("-----BEGIN PUBLIC KEY-----")))
		rc = key_public(&k, text, f);
	else
		rc = from_hex(&k, row->kind, text, f);
	if (rc == 0 && key_kind_of(k) != row->kind) {
		rc = fault_set(f, -EBADMSG, "a key of another type than it says");
		k = key_free(k);
	}
	if (rc < 0)
		return rc == -EBADMSG ? KEYOBJ_UNUSABLE : rc;
	*ret_k = k;
	*ret_scheme = row->scheme;
	return KEYOBJ_OK;
}
