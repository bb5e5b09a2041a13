/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/rekor.h"

#include "base/hex.h"
#include "crypto/pem.h"

#include <errno.h>

/* What the readers of one body share. */
struct reading {
	struct rekor_body *b;
	struct arena *a;
	struct fault *f;
};

/* 0, -EBADMSG with fault, an enum sigstore_reason with fault, or -ENOMEM. */
typedef int spec_fn(struct reading *r, struct json_val spec);

static int missing(struct reading *r, struct json_val v, const char *what)
{
	return json_fault(v, r->f, "log entry body: no \"%s\"", what);
}

/* A member that is an object. */
static int object(struct reading *r, struct json_val *ret_v, struct json_val v, const char *name)
{
	*ret_v = json_get(v, name);
	return json_type_of(*ret_v) == JSON_OBJ ? 0 : missing(r, v, name);
}

/* The only element of a list. */
static int only_element(
    struct reading *r, struct json_val *ret_v, struct json_val v, const char *name)
{
	struct json_val list = json_get(v, name);

	if (json_type_of(list) != JSON_ARR)
		return missing(r, v, name);
	if (json_count(list) != 1)
		return json_fault(list, r->f, "log entry body: %u signatures, not one",
		    json_count(list));
	*ret_v = json_first(list);
	return 0;
}

/* A member that is base64 and not empty. */
static int bytes(struct reading *r, struct span *ret_s, struct json_val v, const char *name)
{
	int rc = pj_bytes(ret_s, v, name, r->a, r->f);
	return rc < 0 || ret_s->n ? rc : missing(r, v, name);
}

/* Rekor v1: {"algorithm": "sha256", "value": hex}. */
static int hex_digest(struct reading *r, struct json_val v, const char *name)
{
	struct json_val hash;
	struct span alg = SPAN_NONE, value = SPAN_NONE;

	int rc = object(r, &hash, v, name);
	if (rc == 0)
		rc = pj_str(&alg, hash, "algorithm", r->a, r->f);
	if (rc == 0)
		rc = pj_str(&value, hash, "value", r->a, r->f);
	if (rc < 0)
		return rc;
	enum digest_alg a = span_eq_str(alg, "sha256") ? DIGEST_SHA256 :
			    span_eq_str(alg, "sha384") ? DIGEST_SHA384 :
			    span_eq_str(alg, "sha512") ? DIGEST_SHA512 :
							 DIGEST_NONE;
	if (a == DIGEST_NONE || digest_parse_hex(a, value, &r->b->content) < 0)
		return json_fault(hash, r->f, "log entry body: \"%s\" is not a SHA-2 digest", name);
	return 0;
}

/* Rekor v2: a HashOutput. */
static int hash_output(struct reading *r, struct json_val v, const char *name)
{
	struct json_val hash;

	int rc = object(r, &hash, v, name);
	return rc < 0 ? rc : hashoutput_read(&r->b->content, hash, r->a, r->f);
}

/* Rekor v1: base64 of a PEM certificate or public key. */
static int pem_verifier(struct reading *r, struct json_val v, const char *name)
{
	AUTO_BUF struct buf der = BUF_INIT(PEM_TEXT_MAX);
	struct span pem, label;

	int rc = bytes(r, &pem, v, name);
	if (rc == 0)
		rc = pem_read(pem, &label, &der, r->f);
	if (rc < 0)
		return rc;
	bool cert = span_eq_str(label, "CERTIFICATE");
	if (!cert && !span_eq_str(label, "PUBLIC KEY"))
		return json_fault(v, r->f, "log entry body: neither certificate nor public key");
	struct span copy = arena_dup(r->a, buf_span(&der), &rc);
	*(cert ? &r->b->cert : &r->b->key) = copy;
	return rc;
}

/* Rekor v2: a Verifier. */
static int proto_verifier(struct reading *r, struct json_val v)
{
	struct json_val verifier, cert, key;

	int rc = object(r, &verifier, v, "verifier");
	if (rc == 0)
		rc = keydetails_read(&r->b->details, verifier, r->f);
	if (rc < 0)
		return rc;
	cert = pj_get(verifier, "x509Certificate");
	key = pj_get(verifier, "publicKey");
	if (json_ok(cert) == json_ok(key))
		return missing(r, verifier, "x509Certificate\" or \"publicKey");
	return json_ok(cert) ? bytes(r, &r->b->cert, cert, "rawBytes") :
			       bytes(r, &r->b->key, key, "rawBytes");
}

static int hashedrekord_1(struct reading *r, struct json_val spec)
{
	struct json_val data, sig, key;

	int rc = object(r, &data, spec, "data");
	if (rc == 0)
		rc = hex_digest(r, data, "hash");
	if (rc == 0)
		rc = object(r, &sig, spec, "signature");
	if (rc == 0)
		rc = bytes(r, &r->b->signature, sig, "content");
	if (rc == 0)
		rc = object(r, &key, sig, "publicKey");
	return rc < 0 ? rc : pem_verifier(r, key, "content");
}

static int dsse_1(struct reading *r, struct json_val spec)
{
	struct json_val sig;

	int rc = hex_digest(r, spec, "payloadHash");
	if (rc == 0)
		rc = only_element(r, &sig, spec, "signatures");
	if (rc == 0)
		rc = bytes(r, &r->b->signature, sig, "signature");
	return rc < 0 ? rc : pem_verifier(r, sig, "verifier");
}

/* The log was given the envelope's signature as the text that it is in JSON, and encoded that. What
 * is encoded otherwise is no signature that any envelope could have. */
static int doubly_encoded(struct reading *r, struct json_val v, const char *name)
{
	AUTO_BUF struct buf inner = BUF_INIT(SIGSTORE_BUNDLE_MAX);
	struct span text;

	int rc = bytes(r, &text, v, name);
	if (rc == 0)
		rc = b64_decode(&inner, text, B64_ANY_PAD);
	if (rc == -EINVAL || (rc == 0 && !inner.n)) {
		json_fault(v, r->f, "log entry body: \"%s\" is not base64 twice", name);
		return SIGSTORE_R_ENTRY_SIGNATURE;
	}
	if (rc == 0)
		r->b->signature = arena_dup(r->a, buf_span(&inner), &rc);
	return rc;
}

static int intoto_2(struct reading *r, struct json_val spec)
{
	struct json_val content, envelope, sig;

	int rc = object(r, &content, spec, "content");
	if (rc == 0)
		rc = hex_digest(r, content, "payloadHash");
	if (rc == 0)
		rc = object(r, &envelope, content, "envelope");
	if (rc == 0)
		rc = pj_str(&r->b->payload_type, envelope, "payloadType", r->a, r->f);
	if (rc == 0)
		rc = only_element(r, &sig, envelope, "signatures");
	if (rc == 0)
		rc = doubly_encoded(r, sig, "sig");
	return rc ? rc : pem_verifier(r, sig, "publicKey");
}

static int hashedrekord_2(struct reading *r, struct json_val spec)
{
	struct json_val record, sig;

	int rc = object(r, &record, spec, "hashedRekordV002");
	if (rc == 0)
		rc = hash_output(r, record, "data");
	if (rc == 0)
		rc = object(r, &sig, record, "signature");
	if (rc == 0)
		rc = bytes(r, &r->b->signature, sig, "content");
	if (rc == 0)
		rc = proto_verifier(r, sig);
	if (rc < 0)
		return rc;
	/* The log puts in the hash of the signing algorithm (rekor-v2-spec 6.1.4). */
	if (r->b->details.hash && r->b->details.hash != r->b->content.alg)
		return json_fault(record, r->f,
		    "log entry body: the digest is not of the signature's hash algorithm");
	return 0;
}

static int dsse_2(struct reading *r, struct json_val spec)
{
	struct json_val record, sig;

	int rc = object(r, &record, spec, "dsseV002");
	if (rc == 0)
		rc = hash_output(r, record, "payloadHash");
	if (rc == 0)
		rc = only_element(r, &sig, record, "signatures");
	if (rc == 0)
		rc = bytes(r, &r->b->signature, sig, "content");
	return rc < 0 ? rc : proto_verifier(r, sig);
}

static const struct body_type {
	const char *kind, *version, *name;
	enum rekor_kind k;
	bool v2;
	spec_fn *read;
} types[] = {
	{ "hashedrekord", "0.0.1", "hashedrekord 0.0.1", REKOR_HASHEDREKORD, false,
	    hashedrekord_1 },
	{ "hashedrekord", "0.0.2", "hashedrekord 0.0.2", REKOR_HASHEDREKORD, true, hashedrekord_2 },
	{ "dsse", "0.0.1", "dsse 0.0.1", REKOR_DSSE, false, dsse_1 },
	{ "dsse", "0.0.2", "dsse 0.0.2", REKOR_DSSE, true, dsse_2 },
	{ "intoto", "0.0.2", "intoto 0.0.2", REKOR_INTOTO, false, intoto_2 },
};

static const struct body_type *type_of(const struct sigstore_entry *e)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (span_eq_str(e->kind, types[i].kind) &&
		    span_eq_str(e->version, types[i].version))
			return &types[i];
	return NULL;
}

int rekor_body_read(struct rekor_body *ret_b, const struct sigstore_entry *e, struct arena *a,
    struct fault *f)
{
	struct reading r = { ret_b, a, f };
	const struct body_type *t = type_of(e);
	struct json_doc d;

	*ret_b = (struct rekor_body){ 0 };
	if (!t) {
		fault_set(f, -EBADMSG, "a log entry of kind \"%s\" version \"%s\" is not supported",
		    QUOTE(e->kind), QUOTE(e->version));
		return SIGSTORE_R_ENTRY_KIND;
	}
	int rc = json_parse(&d, e->body, a, f);
	if (rc == -EBADMSG)
		fault_wrap(f, rc, "log entry body");
	struct json_val v = rc < 0 ? JSON_ABSENT : json_root(&d), spec;
	if (rc == 0 &&
	    (!json_is(json_get(v, "kind"), t->kind) ||
		!json_is(json_get(v, "apiVersion"), t->version))) {
		json_fault(v, f, "the log entry's body is not the %s that it announces", t->name);
		return SIGSTORE_R_ENTRY_KIND;
	}
	ret_b->kind = t->k;
	ret_b->v2 = t->v2;
	ret_b->name = t->name;
	if (rc == 0)
		rc = object(&r, &spec, v, "spec");
	if (rc == 0)
		rc = t->read(&r, spec);
	if (rc)
		*ret_b = (struct rekor_body){ 0 };
	return rc == -EBADMSG ? SIGSTORE_R_ENTRY_FORM : rc;
}
