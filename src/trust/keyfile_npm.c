/* SPDX-License-Identifier: Apache-2.0 */

/*
 * keyfile_npm: the signing keys of an npm registry, in its two forms:
 *   {"keys": [{"keyid", "keytype", "scheme", "key", "expires"}]}       GET /-/npm/v1/keys
 *   {"keys": [{"keyId", "keyUsage", "publicKey": {"rawBytes", "keyDetails", "validFor"}}]}
 *                                          registry.npmjs.org/keys.json of Sigstore's TUF repository
 * Of the second form only the keys for attestations are taken. What a key was made in its time stays
 * good; the time comes from the transparency log (evidence_bundle.c).
 */

#include "trust/keyfile.h"

#include "base/hex.h"
#include "wire/json.h"

#include <errno.h>

bool keyfile_npm_is(struct span text)
{
	struct span s = span_trim(text);

	return s.n && s.p[0] == '{';
}

/* An RFC 3339 time; left as it is when there is none. */
static int read_time(ts *ret_t, struct json_val v, struct arena *a, struct fault *f)
{
	if (!json_ok(v) || json_type_of(v) == JSON_NULL)
		return 0;
	struct span text = json_str(v, a);
	return text.p && ts_parse(text, ret_t) == 0 ? 0 : json_fault(v, f, "not an RFC 3339 time");
}

static int read_key(
    struct keyring *r, struct json_val v, struct trust_key k, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf der = BUF_INIT(KEY_TEXT_MAX);
	struct json_val inner = json_get(v, "publicKey"), window = json_get(inner, "validFor");
	struct json_val raw = json_ok(inner) ? json_get(inner, "rawBytes") : json_get(v, "key");
	struct json_val id = json_get(v, json_ok(inner) ? "keyId" : "keyid");

	if (json_ok(inner) && !json_is(json_get(v, "keyUsage"), "npm:attestations"))
		return 0;
	struct span b64 = json_str(raw, a);
	if (!b64.p || b64_decode(&der, b64, B64_STD) < 0)
		return json_fault(json_ok(raw) ? raw : v, f, "a key needs its bytes in base64");
	int rc = read_time(&k.valid_from, json_get(window, "start"), a, f);
	if (rc == 0)
		rc = read_time(&k.valid_to,
		    json_ok(inner) ? json_get(window, "end") : json_get(v, "expires"), a, f);
	if (rc == 0)
		rc = key_public(&k.key, buf_span(&der), f);
	if (rc < 0)
		return rc;
	k.general = true;
	rc = keyring_put(r, &k);
	const char *name = json_cstr(id, a);
	if (rc == 0 && (!name || !keyring_names(name, &r->key[r->n - 1])))
		rc = json_fault(json_ok(id) ? id : v, f, "the key id is not the one of the key");
	return rc;
}

int keyfile_npm(struct keyring *r, struct span text, const struct trust_key *k, struct arena *a,
    struct fault *f)
{
	struct json_doc doc;

	int rc = json_parse(&doc, text, a, f);
	if (rc < 0)
		return rc;
	struct json_val keys = json_get(json_root(&doc), "keys");
	if (json_type_of(keys) != JSON_ARR)
		return json_fault(
		    json_root(&doc), f, "JSON, but not the {\"keys\": […]} of an npm registry");
	JSON_EACH(x, keys) {
		rc = read_key(r, x, *k, a, f);
		if (rc < 0)
			return rc;
	}
	return r->n ? 0 : json_fault(keys, f, "no key for attestations in it");
}
