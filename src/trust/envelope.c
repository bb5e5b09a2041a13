/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/envelope.h"

#include "base/hex.h"
#include "crypto/dsse.h"

#include <errno.h>

bool envelope_is(struct json_val v)
{
	return json_ok(json_get(v, "payloadType")) || json_ok(json_get(v, "signatures"));
}

static int read_base64(struct span *ret_bytes, struct json_val v, struct json_val parent,
    const char *name, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(BUF_MAX_DEFAULT);

	if (json_type_of(v) != JSON_STR)
		return json_fault(
		    json_ok(v) ? v : parent, f, "\"%s\" must be a base64 string", name);
	struct span text = json_str(v, a);
	if (!text.p)
		return -ENOMEM;
	int rc = b64_decode(&b, text, B64_ANY_PAD);
	if (rc == -EINVAL)
		return json_fault(v, f, "\"%s\" is not base64", name);
	if (rc < 0)
		return rc;
	*ret_bytes = arena_dup(a, buf_span(&b), &rc);
	return rc;
}

static int read_sig(struct envelope_sig *ret_s, struct json_val v, struct arena *a, struct fault *f)
{
	struct envelope_sig s = { .keyid = "" };
	struct json_val keyid = json_get(v, "keyid");

	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a signature must be an object");
	if (json_type_of(keyid) == JSON_STR) {
		s.keyid = json_cstr(keyid, a);
		if (!s.keyid)
			return -ENOMEM;
		if (strlen(s.keyid) > ENVELOPE_KEYID_MAX)
			return json_fault(
			    keyid, f, "\"keyid\" is longer than %d bytes", ENVELOPE_KEYID_MAX);
	} else if (json_ok(keyid) && json_type_of(keyid) != JSON_NULL) {
		return json_fault(keyid, f, "\"keyid\" must be a string");
	}
	int rc = read_base64(&s.sig, json_get(v, "sig"), v, "sig", a, f);
	if (rc < 0)
		return rc;
	*ret_s = s;
	return 0;
}

static int read_sigs(struct envelope *e, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val sigs = json_get(v, "signatures");

	if (json_type_of(sigs) != JSON_ARR)
		return json_fault(json_ok(sigs) ? sigs : v, f, "\"signatures\" must be an array");
	if (!json_count(sigs) || json_count(sigs) > ENVELOPE_SIGS_MAX)
		return json_fault(sigs, f, "%u signatures: 1 to %d are accepted", json_count(sigs),
		    ENVELOPE_SIGS_MAX);
	JSON_EACH(x, sigs) {
		int rc = read_sig(&e->sig[e->nsigs], x, a, f);
		if (rc < 0)
			return rc;
		e->nsigs++;
	}
	return 0;
}

static int read_all(struct envelope *e, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val type = json_get(v, "payloadType");

	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a DSSE envelope must be an object");
	if (json_type_of(type) != JSON_STR)
		return json_fault(json_ok(type) ? type : v, f, "\"payloadType\" must be a string");
	e->payload_type = json_str(type, a);
	if (!e->payload_type.p)
		return -ENOMEM;
	if (!e->payload_type.n)
		return json_fault(type, f, "\"payloadType\" is empty");
	int rc = read_base64(&e->payload, json_get(v, "payload"), v, "payload", a, f);
	return rc < 0 ? rc : read_sigs(e, v, a, f);
}

int envelope_read(struct envelope *ret_e, struct json_val v, struct arena *a, struct fault *f)
{
	*ret_e = (struct envelope){ 0 };
	int rc = read_all(ret_e, v, a, f);
	if (rc < 0)
		*ret_e = (struct envelope){ 0 };
	return rc;
}

/* One big-endian number as a DER INTEGER (X.690 8.3). Returns the end. */
static uint8_t *put_integer(uint8_t *out, struct span n)
{
	while (n.n > 1 && n.p[0] == 0)
		n = span_from(n, 1);
	bool sign = n.p[0] & 0x80;
	*out++ = 0x02;
	*out++ = (uint8_t)(n.n + sign);
	if (sign)
		*out++ = 0;
	memcpy(out, n.p, n.n);
	return out + n.n;
}

/*
 * ECDSA signatures come as DER (Sigstore, OpenSSL) or as r || s (IEEE P1363: the specification's
 * own example, cloud key stores). key_verify takes DER, so the other form is rewritten.
 */
static int verify_one(const struct key *k, struct span pae, struct span sig)
{
	uint8_t der[2 + 2 * (2 + 1 + 48)];
	enum key_kind kind = key_kind_of(k);
	size_t half = kind == KEY_P256 ? 32 : kind == KEY_P384 ? 48 : 0;

	int rc = key_verify(k, pae, sig);
	if (rc != KEY_BAD_SIGNATURE || !half || sig.n != 2 * half)
		return rc;
	uint8_t *end = put_integer(der + 2, span_cut(sig, 0, half));
	end = put_integer(end, span_from(sig, half));
	der[0] = 0x30;
	der[1] = (uint8_t)(end - der - 2);
	return key_verify(k, pae, span_of(der, (size_t)(end - der)));
}

/* One signature against the keys it may be by. Sets a bit of c->good, or finds a false claim. */
static int check_sig(struct envelope_check *c, const struct envelope_sig *s, struct span pae,
    const struct keyring *keys)
{
	for (size_t k = 0; k < keys->n; k++) {
		if (!keys->key[k].general || !keyring_names(s->keyid, &keys->key[k]))
			continue;
		int rc = verify_one(keys->key[k].key, pae, s->sig);
		if (rc == KEY_GOOD)
			c->good |= 1u << k;
		else if (rc > 0)
			c->bad_key = k;
		return rc > 0 ? ENVELOPE_BAD : rc;
	}
	for (size_t k = 0; k < keys->n; k++) {
		int rc = keys->key[k].general ? verify_one(keys->key[k].key, pae, s->sig)
					      : KEY_BAD_SIGNATURE;
		if (rc < 0)
			return rc;
		if (rc == KEY_GOOD)
			c->good |= 1u << k;
	}
	return 0;
}

int envelope_verify(
    struct envelope_check *ret_c, const struct envelope *e, const struct keyring *keys)
{
	AUTO_BUF struct buf pae = BUF_INIT(BUF_MAX_DEFAULT);
	struct envelope_check c = { 0 };

	*ret_c = c;
	dsse_pae(&pae, e->payload_type, e->payload);
	int rc = buf_err(&pae);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < e->nsigs; i++) {
		rc = check_sig(&c, &e->sig[i], buf_span(&pae), keys);
		if (rc < 0)
			return rc;
		if (rc == ENVELOPE_BAD) {
			*ret_c = (struct envelope_check){ .bad_key = c.bad_key, .bad_sig = i };
			return ENVELOPE_BAD;
		}
	}
	*ret_c = c;
	return c.good ? ENVELOPE_GOOD : ENVELOPE_STRANGER;
}
