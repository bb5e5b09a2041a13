/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sign_json: DSSE envelopes, in-toto statements, and Sigstore bundles (protobuf-specs
 * sigstore_bundle.proto v0.3) whose verification material is the hint of a public key.
 */

#include "trust/detached/sign.h"

#include "base/hex.h"
#include "crypto/dsse.h"
#include "crypto/hash.h"
#include "wire/json.h"

#include <errno.h>

#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"

static void put_b64(struct jw *w, const char *key, struct span s)
{
	AUTO_BUF struct buf b64 = BUF_INIT(1u << 20);

	b64_encode(&b64, s, B64_STD);
	if (b64.err && !w->out->err)
		w->out->err = b64.err;
	jw_kstr(w, key, buf_span(&b64));
}

/* Whoever verifies finds the key by the hint: base64 of SHA-256 of its SubjectPublicKeyInfo, as
 * cosign has it. */
static void put_material(struct jw *w, const struct key *k)
{
	struct digest id = key_id(k);

	jw_kcstr(w, "mediaType", BUNDLE_TYPE);
	jw_key(w, "verificationMaterial");
	jw_obj(w);
	jw_key(w, "publicKey");
	jw_obj(w);
	put_b64(w, "hint", span_of(id.b, id.len));
	jw_end(w);
	jw_key(w, "tlogEntries");
	jw_arr(w);
	jw_end(w);
	jw_end(w);
}

/* A bundle does not say which scheme a bare key signed with; these are what its verifiers take:
 * SHA-256 with ECDSA and RSA; Ed25519 over an envelope, but over a file's bytes some take
 * Ed25519ph. */
static int check_bundle_key(const struct key *k, bool envelope, struct fault *f)
{
	enum key_kind kind = key_kind_of(k);

	if (kind == KEY_P256 || kind == KEY_RSA || (kind == KEY_ED25519 && envelope))
		return 0;
	return fault_set(f, -EINVAL,
	    "verifiers of bundles do not agree on what a bare %s key signs: "
	    "take P-256 or RSA%s",
	    key_kind_name(kind), kind == KEY_ED25519 ? ", or sign a statement (--predicate)" : "");
}

int sign_bundle(const struct secret *s, struct span content, struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf sig = BUF_INIT(2048);
	struct digest hash = sha256_of(content);

	int rc = check_bundle_key(s->key, false, f);
	if (rc == 0)
		rc = key_sign(s->key, content, &sig);
	if (rc < 0)
		return rc;
	struct jw w = jw_of(out);
	jw_obj(&w);
	put_material(&w, s->key);
	jw_key(&w, "messageSignature");
	jw_obj(&w);
	jw_key(&w, "messageDigest");
	jw_obj(&w);
	jw_kcstr(&w, "algorithm", "SHA2_256");
	put_b64(&w, "digest", span_of(hash.b, hash.len));
	jw_end(&w);
	put_b64(&w, "signature", buf_span(&sig));
	jw_end(&w);
	jw_end(&w);
	buf_putc(out, '\n');
	return buf_err(out);
}

int sign_dsse(const struct secret *s, const char *type, struct span payload, bool bundle,
    struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf env = BUF_INIT(BUF_MAX_DEFAULT);

	int rc = bundle ? check_bundle_key(s->key, true, f) : 0;
	if (rc == 0)
		rc = dsse_sign(&env, span_str(type), payload, s->key);
	if (rc < 0)
		return rc;
	if (!bundle) {
		buf_put_span(out, buf_span(&env));
		buf_putc(out, '\n');
		return buf_err(out);
	}
	struct jw w = jw_of(out);
	jw_obj(&w);
	put_material(&w, s->key);
	jw_key(&w, "dsseEnvelope");
	jw_raw(&w, buf_span(&env));
	jw_end(&w);
	buf_putc(out, '\n');
	return buf_err(out);
}

/* The predicate must be one JSON object; it goes in as it stands. */
static int check_predicate(struct span predicate, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(256u << 20);
	struct json_doc doc;

	int rc = json_doc_parse(&doc, predicate, &a);
	if (rc == -ENOMEM)
		return rc;
	if (rc != 0)
		return fault_set(
		    f, -EINVAL, "predicate: offset %zu: %s", doc.err_off, json_strerror(rc));
	if (json_type_of(json_root(&doc)) != JSON_OBJ)
		return fault_set(f, -EINVAL, "the predicate must be a JSON object");
	return 0;
}

int sign_statement(const struct sign_subject *subject, size_t n, const char *type,
    struct span predicate, struct buf *out, struct fault *f)
{
	int rc = check_predicate(predicate, f);

	if (rc < 0)
		return rc;
	struct jw w = jw_of(out);
	jw_obj(&w);
	jw_kcstr(&w, "_type", STATEMENT_TYPE);
	jw_key(&w, "subject");
	jw_arr(&w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(&w);
		jw_kcstr(&w, "name", subject[i].name);
		jw_key(&w, "digest");
		jw_obj(&w);
		jw_kcstr(&w, "sha256", DIGEST_HEX(&subject[i].sha256));
		jw_end(&w);
		jw_end(&w);
	}
	jw_end(&w);
	jw_kcstr(&w, "predicateType", type);
	jw_key(&w, "predicate");
	jw_raw(&w, span_trim(predicate));
	jw_end(&w);
	return buf_err(out);
}
