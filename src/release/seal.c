/* SPDX-License-Identifier: Apache-2.0 */

#include "release/seal.h"

#include "base/hex.h"
#include "crypto/dsse.h"

#include <errno.h>

#define SEAL_MAX (64u << 20)

static int malformed(struct fault *f, const char *what)
{
	return fault_set(f, -EBADMSG, "envelope: %s", what);
}

static int decode(struct json_val v, struct arena *a, struct buf *out, const char *what,
    struct fault *f)
{
	struct span s = json_str(v, a);

	if (!s.p || !s.n || b64_decode(out, s, B64_STD) < 0)
		return malformed(f, what);
	return 0;
}

int seal_open(struct json_val v, const char *type, const struct key *k, struct arena *a,
    struct span *ret_payload, struct fault *f)
{
	static const char *const names[] = { "payload", "payloadType", "signatures", NULL };
	static const char *const sig_names[] = { "keyid", "sig", NULL };
	AUTO_BUF struct buf payload = BUF_INIT(SEAL_MAX), sig = BUF_INIT(4096), pae = BUF_INIT(SEAL_MAX);
	struct json_val sigs = json_get(v, "signatures"), one = json_first(sigs);
	struct digest id = key_id(k);
	int rc;

	if (json_type_of(v) != JSON_OBJ || json_only(v, names, NULL) < 0)
		return malformed(f, "not an object of payload, payloadType and signatures");
	if (json_type_of(sigs) != JSON_ARR || json_count(sigs) != 1 ||
	    json_type_of(one) != JSON_OBJ || json_only(one, sig_names, NULL) < 0)
		return malformed(f, "needs exactly one signature of keyid and sig");
	if (json_type_of(json_get(one, "keyid")) != JSON_STR)
		return malformed(f, "the signature has no keyid");
	if (!json_is(json_get(v, "payloadType"), type))
		return fault_set(f, -EBADMSG, "envelope: payloadType is not %s", type);
	if ((rc = decode(json_get(v, "payload"), a, &payload, "payload is not base64", f)) < 0 ||
	    (rc = decode(json_get(one, "sig"), a, &sig, "signature is not base64", f)) < 0)
		return rc;
	if (!json_is(json_get(one, "keyid"), DIGEST_HEX(&id)))
		return fault_set(f, KEY_BAD_SIGNATURE, "signed by another key than %s",
		    DIGEST_TEXT(&id));
	dsse_pae(&pae, span_str(type), buf_span(&payload));
	if (buf_err(&pae))
		return buf_err(&pae);
	rc = key_verify(k, buf_span(&pae), buf_span(&sig));
	if (rc != KEY_GOOD)
		return rc < 0 ? rc : fault_set(f, KEY_BAD_SIGNATURE, "the signature is not good");
	struct span out = arena_dup(a, buf_span(&payload), &rc);
	if (rc == 0)
		*ret_payload = out;
	return rc;
}

int seal_open_text(struct span text, const char *type, const struct key *k, struct arena *a,
    struct span *ret_payload, struct fault *f)
{
	AUTO_BUF struct buf again = BUF_INIT(SEAL_MAX);
	struct json_doc doc;
	struct span body = text;

	if (body.n && body.p[body.n - 1] == '\n')
		body.n--;
	int rc = json_parse(&doc, body, a, f);
	if (rc == 0)
		rc = json_canonical(&again, json_root(&doc), a, f);
	if (rc < 0)
		return rc;
	if (!span_eq(buf_span(&again), body))
		return malformed(f, "not in canonical form (RFC 8785)");
	return seal_open(json_root(&doc), type, k, a, ret_payload, f);
}
