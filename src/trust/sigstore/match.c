/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/match.h"

#include "crypto/dsse.h"
#include "crypto/hash.h"
#include "wire/der.h"

#include <errno.h>

static int refuse(struct sigstore_result *r, enum sigstore_reason why, const char *words)
{
	fault_set(&r->words, 0, "%s", words);
	return why;
}

/* SHA-256 of an SPKI is what key_id() is. */
static bool is_key(struct span spki, const struct key *k)
{
	struct digest id = sha256_of(spki), want = key_id(k);
	return digest_eq(&id, &want);
}

/* Of a certificate the log must have recorded the certificate, not its key alone: who watches the log
 * for a name would not see the signature otherwise. */
static int match_signer(struct sigstore_result *r, const struct rekor_body *body)
{
	const struct sigstore_bundle *b = r->bundle;
	bool same = b->ncerts ? body->cert.n && span_eq(body->cert, b->cert[0]) :
				body->key.n && is_key(body->key, r->key);

	if (!same)
		return refuse(r, SIGSTORE_R_ENTRY_SIGNER,
		    "the log entry is of another certificate or key than the bundle's");
	if (body->v2 && body->details.kind == KEY_NONE)
		return refuse(r, SIGSTORE_R_KEY,
		    "the log entry is of a signature algorithm that is not supported");
	if (body->v2 && body->details.kind != key_kind_of(r->key))
		return refuse(r, SIGSTORE_R_ENTRY_SIGNER,
		    "the log entry calls the signer's key something that it is not");
	return 0;
}

/* PAE(payloadType, payload), of which the log knows the digest. */
static int match_pae(struct sigstore_result *r, const struct rekor_body *body)
{
	AUTO_BUF struct buf pae = BUF_INIT(BUF_MAX_DEFAULT);
	struct digest d;

	if (!body->v2)
		return refuse(r, SIGSTORE_R_ENTRY_KIND,
		    "a hashedrekord 0.0.1 entry records no DSSE envelopes");
	dsse_pae(&pae, r->bundle->payload_type, r->bundle->payload);
	int rc = buf_err(&pae);
	if (rc == 0)
		rc = hash_span((enum digest_alg)body->content.alg, buf_span(&pae), &d);
	if (rc < 0)
		return rc;
	return digest_eq(&d, &body->content) ? 0 :
					       refuse(r, SIGSTORE_R_ENTRY_CONTENT,
						   "the log entry is of another envelope (the digest"
						   " of its pre-authentication encoding differs)");
}

static int match_payload(struct sigstore_result *r, const struct rekor_body *body)
{
	struct digest d;

	int rc = hash_span((enum digest_alg)body->content.alg, r->bundle->payload, &d);
	if (rc < 0)
		return rc;
	if (!digest_eq(&d, &body->content))
		return refuse(r, SIGSTORE_R_ENTRY_CONTENT,
		    "the log entry is of another payload than the envelope's");
	if (body->kind == REKOR_INTOTO && !span_eq(body->payload_type, r->bundle->payload_type))
		return refuse(r, SIGSTORE_R_ENTRY_CONTENT,
		    "the log entry is of another payload type than the envelope's");
	return 0;
}

static int match_content(struct sigstore_result *r, const struct rekor_body *body)
{
	bool record = body->kind == REKOR_HASHEDREKORD;

	if (r->bundle->is_dsse)
		return record ? match_pae(r, body) : match_payload(r, body);
	return record ? 0 :
			refuse(r, SIGSTORE_R_ENTRY_KIND,
			    "a log entry for DSSE envelopes beside a message signature");
}

int match_body(struct sigstore_result *r, const struct rekor_body *body)
{
	if (!span_eq(body->signature, r->bundle->signature))
		return refuse(r, SIGSTORE_R_ENTRY_SIGNATURE,
		    "the log entry is of another signature than the bundle's");
	int rc = match_signer(r, body);
	return rc ? rc : match_content(r, body);
}

int match_envelope(struct sigstore_result *r, const struct rekor_body *body)
{
	AUTO_BUF struct buf pae = BUF_INIT(BUF_MAX_DEFAULT);
	const struct sigstore_bundle *b = r->bundle;
	int rc;

	dsse_pae(&pae, b->payload_type, b->payload);
	rc = buf_err(&pae);
	if (rc < 0)
		return rc;
	if (body && body->v2 && body->details.kind == key_kind_of(r->key))
		rc = key_verify_as(r->key, body->details.scheme, body->details.hash,
		    buf_span(&pae), b->signature);
	else
		rc = key_verify(r->key, buf_span(&pae), b->signature);
	/* A P-521 key with SHA-256 is PKIX_ECDSA_P521_SHA_256: deprecated, and still made. */
	if (rc == KEY_BAD_SIGNATURE && !(body && body->v2) && key_kind_of(r->key) == KEY_P521)
		rc = key_verify_as(r->key, KEY_ECDSA, DIGEST_SHA256, buf_span(&pae), b->signature);
	if (rc == KEY_BAD_SIGNATURE)
		return refuse(r, SIGSTORE_R_SIGNATURE,
		    "the envelope's signature is not by the bundle's signer");
	return rc;
}
