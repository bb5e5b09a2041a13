/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/bundle.h"

#include "base/hex.h"
#include "trust/sigstore/keydetails.h"
#include "trust/sigstore/material.h"
#include "trust/sigstore/pjson.h"
#include "trust/sigstore/reason.h"

#include <errno.h>

/* Takes -EBADMSG of the readers for what it is here. */
static int malformed(int rc)
{
	return rc == -EBADMSG ? SIGSTORE_R_MALFORMED : rc;
}

static const struct {
	const char *text;
	enum sigstore_bundle_version version;
} media_types[] = {
	{ "application/vnd.dev.sigstore.bundle.v0.3+json", SIGSTORE_V03 },
	{ "application/vnd.dev.sigstore.bundle+json;version=0.3", SIGSTORE_V03 },
	{ "application/vnd.dev.sigstore.bundle+json;version=0.2", SIGSTORE_V02 },
	{ "application/vnd.dev.sigstore.bundle+json;version=0.1", SIGSTORE_V01 },
};

static int read_version(struct sigstore_bundle *b, struct json_val v, struct fault *f)
{
	struct json_val type = pj_get(v, "mediaType");

	for (size_t i = 0; i < ARRAY_LEN(media_types); i++) {
		if (!json_is(type, media_types[i].text))
			continue;
		b->version = media_types[i].version;
		return 0;
	}
	json_fault(json_ok(type) ? type : v, f,
	    "\"mediaType\" is not the one of a Sigstore bundle v0.1, v0.2 or v0.3");
	return SIGSTORE_R_MEDIA_TYPE;
}

static int read_checkpoint(struct sigstore_entry *e, struct json_val proof, struct arena *a,
    struct fault *f)
{
	static const char *const members[] = { "envelope", NULL };
	struct json_val v;

	int rc = pj_obj(&v, proof, "checkpoint", members, f);
	return rc < 0 ? rc : pj_str(&e->checkpoint, v, "envelope", a, f);
}

static int read_hash(
    struct mhash *ret_h, struct span bytes, struct json_val v, const char *name, struct fault *f)
{
	if (bytes.n != MERKLE_LEN)
		return json_fault(v, f, "\"%s\" must be %d bytes", name, MERKLE_LEN);
	memcpy(ret_h->b, bytes.p, MERKLE_LEN);
	return 0;
}

static int read_hashes(
    struct sigstore_entry *e, struct json_val proof, struct arena *a, struct fault *f)
{
	struct json_val list;
	struct span h;

	int rc = pj_list(&list, proof, "hashes", MERKLE_PROOF_MAX, f);
	if (rc < 0)
		return rc;
	e->proof = arena_array(a, json_count(list), sizeof(*e->proof));
	if (!e->proof)
		return -ENOMEM;
	JSON_EACH (x, list) {
		rc = pj_bytes_of(&h, x, "hashes", a, f);
		if (rc == 0)
			rc = read_hash(&e->proof[e->nproof], h, x, "hashes", f);
		if (rc < 0)
			return rc;
		e->nproof++;
	}
	return 0;
}

static int read_proof(
    struct sigstore_entry *e, struct json_val entry, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "logIndex", "rootHash", "treeSize", "hashes",
		"checkpoint", NULL };
	struct json_val v;
	struct span root;
	int64_t index, size;

	int rc = pj_obj(&v, entry, "inclusionProof", members, f);
	if (rc < 0 || !json_ok(v))
		return rc;
	rc = pj_count(&index, v, "logIndex", f);
	if (rc == 0)
		rc = pj_count(&size, v, "treeSize", f);
	if (rc == 0)
		rc = pj_bytes(&root, v, "rootHash", a, f);
	if (rc == 0)
		rc = read_hash(&e->proof_root, root, v, "rootHash", f);
	if (rc == 0)
		rc = read_hashes(e, v, a, f);
	if (rc == 0)
		rc = read_checkpoint(e, v, a, f);
	if (rc < 0)
		return rc;
	e->has_proof = true;
	e->proof_index = (uint64_t)index;
	e->proof_size = (uint64_t)size;
	return 0;
}

static int read_promise(
    struct sigstore_entry *e, struct json_val entry, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "signedEntryTimestamp", NULL };
	struct json_val v;

	int rc = pj_obj(&v, entry, "inclusionPromise", members, f);
	if (rc == 0)
		rc = pj_bytes(&e->promise, v, "signedEntryTimestamp", a, f);
	if (rc == 0 && json_ok(v) && !e->promise.n)
		rc = json_fault(v, f, "an inclusion promise without signature");
	return rc;
}

/* The body, decoded and in the base64 form that a signed entry timestamp covers. */
static int read_body(
    struct sigstore_entry *e, struct json_val entry, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(SIGSTORE_BUNDLE_MAX);

	int rc = pj_bytes(&e->body, entry, "canonicalizedBody", a, f);
	if (rc < 0)
		return rc;
	if (!e->body.n)
		return json_fault(entry, f, "a log entry without \"canonicalizedBody\"");
	rc = pj_str(&e->body_text, entry, "canonicalizedBody", a, f);
	bool standard = e->body_text.n % 4 == 0 && span_find(e->body_text, '-') == SIZE_MAX &&
	    span_find(e->body_text, '_') == SIZE_MAX;
	if (rc < 0 || standard)
		return rc;
	b64_encode(&text, e->body, B64_STD);
	rc = buf_err(&text);
	if (rc == 0)
		e->body_text = arena_dup(a, buf_span(&text), &rc);
	return rc;
}

static int read_kind(
    struct sigstore_entry *e, struct json_val entry, struct arena *a, struct fault *f)
{
	static const char *const id_members[] = { "keyId", NULL };
	static const char *const kind_members[] = { "kind", "version", NULL };
	struct json_val id, kind;

	int rc = pj_obj(&id, entry, "logId", id_members, f);
	if (rc == 0)
		rc = pj_bytes(&e->log_id, id, "keyId", a, f);
	if (rc == 0)
		rc = pj_obj(&kind, entry, "kindVersion", kind_members, f);
	if (rc == 0)
		rc = pj_str(&e->kind, kind, "kind", a, f);
	if (rc == 0)
		rc = pj_str(&e->version, kind, "version", a, f);
	if (rc < 0)
		return rc;
	if (!e->log_id.n || e->log_id.n > SIGSTORE_LOG_ID_MAX)
		return json_fault(entry, f, "a log entry without \"logId\" of 1 to %d bytes",
		    SIGSTORE_LOG_ID_MAX);
	if (!e->kind.n || !e->version.n)
		return json_fault(entry, f, "a log entry without \"kindVersion\"");
	return 0;
}

static int read_entry(
    struct sigstore_entry *e, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "logIndex", "logId", "kindVersion",
		"integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody", NULL };

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_count(&e->index, v, "logIndex", f);
	if (rc == 0)
		rc = read_kind(e, v, a, f);
	if (rc == 0)
		rc = pj_count(&e->integrated, v, "integratedTime", f);
	if (rc == 0 && e->integrated > SIGSTORE_SECONDS_MAX)
		rc = json_fault(v, f, "\"integratedTime\" is beyond what a time can be here");
	if (rc == 0)
		rc = read_promise(e, v, a, f);
	if (rc == 0)
		rc = read_proof(e, v, a, f);
	return rc < 0 ? rc : read_body(e, v, a, f);
}

/* What the bundle's version demands of each entry. */
static int check_entry(enum sigstore_bundle_version version, const struct sigstore_entry *e,
    struct json_val v, struct fault *f)
{
	if (version == SIGSTORE_V01) {
		if (e->promise.n)
			return 0;
		json_fault(v, f, "a log entry of a v0.1 bundle without inclusion promise");
		return SIGSTORE_R_NO_PROMISE;
	}
	if (e->has_proof && e->checkpoint.n)
		return 0;
	json_fault(v, f, "a log entry without inclusion proof and checkpoint (v0.2 and later)");
	return SIGSTORE_R_NO_PROOF;
}

static int read_entries(
    struct sigstore_bundle *b, struct json_val material, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = pj_list(&list, material, "tlogEntries", SIGSTORE_ENTRIES_MAX, f);
	if (rc < 0)
		return malformed(rc);
	JSON_EACH (x, list) {
		struct sigstore_entry *e = &b->entry[b->nentries];
		rc = malformed(read_entry(e, x, a, f));
		if (rc == 0)
			rc = check_entry(b->version, e, x, f);
		if (rc)
			return rc;
		b->nentries++;
	}
	return 0;
}

static int read_timestamps(
    struct sigstore_bundle *b, struct json_val material, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "rfc3161Timestamps", NULL };
	static const char *const one[] = { "signedTimestamp", NULL };
	struct json_val v, list;

	int rc = pj_obj(&v, material, "timestampVerificationData", members, f);
	if (rc == 0)
		rc = pj_list(&list, v, "rfc3161Timestamps", SIGSTORE_TIMESTAMPS_MAX, f);
	if (rc < 0)
		return malformed(rc);
	JSON_EACH (x, list) {
		struct span *t = &b->timestamp[b->ntimestamps];
		rc = pj_only(x, one, f);
		if (rc == 0)
			rc = pj_bytes(t, x, "signedTimestamp", a, f);
		if (rc == 0 && !t->n)
			rc = json_fault(x, f, "an empty \"signedTimestamp\"");
		if (rc < 0)
			return malformed(rc);
		b->ntimestamps++;
	}
	return 0;
}

static int read_digest(
    struct sigstore_bundle *b, struct json_val sig, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "algorithm", "digest", NULL };
	struct json_val v;

	int rc = pj_obj(&v, sig, "messageDigest", members, f);
	return rc < 0 || !json_ok(v) ? rc : hashoutput_read(&b->claimed, v, a, f);
}

static int read_message(
    struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "messageDigest", "signature", NULL };

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = read_digest(b, v, a, f);
	if (rc == 0)
		rc = pj_bytes(&b->signature, v, "signature", a, f);
	if (rc == 0 && !b->signature.n)
		rc = json_fault(v, f, "\"messageSignature\" without signature");
	return malformed(rc);
}

static int read_envelope_signature(
    struct sigstore_bundle *b, struct json_val list, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "sig", "keyid", NULL };
	struct json_val x = json_first(list);

	int rc = pj_only(x, members, f);
	if (rc == 0)
		rc = pj_bytes(&b->signature, x, "sig", a, f);
	if (rc == 0)
		rc = pj_cstr(&b->keyid, x, "keyid", a, f);
	if (rc == 0 && !b->signature.n)
		rc = json_fault(x, f, "\"dsseEnvelope\" without signature");
	return malformed(rc);
}

static int read_envelope(
    struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "payload", "payloadType", "signatures", NULL };
	struct json_val list;

	b->is_dsse = true;
	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_bytes(&b->payload, v, "payload", a, f);
	if (rc == 0)
		rc = pj_str(&b->payload_type, v, "payloadType", a, f);
	if (rc == 0)
		rc = pj_list(&list, v, "signatures", UINT32_MAX, f);
	if (rc == 0 && (!b->payload.n || !b->payload_type.n))
		rc = json_fault(v, f, "\"dsseEnvelope\" without payload or payloadType");
	if (rc < 0)
		return malformed(rc);
	if (json_count(list) != 1) {
		json_fault(v, f, "\"dsseEnvelope\" with %u signatures: a bundle has exactly one",
		    json_count(list));
		return SIGSTORE_R_SIGNATURES;
	}
	return read_envelope_signature(b, list, a, f);
}

static int read_content(
    struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val message = pj_get(v, "messageSignature");
	struct json_val envelope = pj_get(v, "dsseEnvelope");

	if (json_ok(message) == json_ok(envelope))
		return malformed(
		    json_fault(v, f, "a bundle has \"messageSignature\" or \"dsseEnvelope\""));
	return json_ok(message) ? read_message(b, message, a, f) : read_envelope(b, envelope, a, f);
}

static int read_all(struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "mediaType", "verificationMaterial",
		"messageSignature", "dsseEnvelope", NULL };
	static const char *const material_members[] = { "publicKey", "x509CertificateChain",
		"certificate", "tlogEntries", "timestampVerificationData", NULL };
	struct json_val material;

	if (json_type_of(v) != JSON_OBJ)
		return malformed(json_fault(v, f, "a Sigstore bundle must be an object"));
	int rc = read_version(b, v, f);
	if (rc)
		return rc;
	rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_obj(&material, v, "verificationMaterial", material_members, f);
	if (rc == 0 && !json_ok(material))
		rc = json_fault(v, f, "a bundle without \"verificationMaterial\"");
	rc = rc < 0 ? malformed(rc) : sigstore_material_read(b, material, a, f);
	if (rc == 0)
		rc = read_entries(b, material, a, f);
	if (rc == 0)
		rc = read_timestamps(b, material, a, f);
	return rc ? rc : read_content(b, v, a, f);
}

bool sigstore_bundle_is(struct json_val v)
{
	return json_ok(json_get(v, "verificationMaterial"));
}

int sigstore_bundle_read(struct sigstore_bundle *ret_b, struct json_val v, struct arena *a,
    struct fault *f)
{
	*ret_b = (struct sigstore_bundle){ .hint = "", .keyid = "" };
	int rc = read_all(ret_b, v, a, f);
	if (rc)
		*ret_b = (struct sigstore_bundle){ 0 };
	return rc;
}

int sigstore_bundle_parse(struct sigstore_bundle *ret_b, struct span text, struct arena *a,
    struct fault *f)
{
	struct json_doc d;

	*ret_b = (struct sigstore_bundle){ 0 };
	if (text.n > SIGSTORE_BUNDLE_MAX) {
		fault_set(f, -EBADMSG, "%zu bytes: too long for a Sigstore bundle", text.n);
		return SIGSTORE_R_MALFORMED;
	}
	int rc = malformed(json_parse(&d, text, a, f));
	return rc ? rc : sigstore_bundle_read(ret_b, json_root(&d), a, f);
}
