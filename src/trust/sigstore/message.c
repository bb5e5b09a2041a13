/* SPDX-License-Identifier: Apache-2.0 */

/* message: a message signature against one artifact. */

#include "crypto/hash.h"
#include "trust/sigstore/sigstore.h"

#include <errno.h>

static bool signs_bytes(const struct sigstore_result *r)
{
	return key_kind_of(r->key) == KEY_ED25519;
}

/*
 * The digest that was signed: the one that the log recorded (it checked the signature), else the one
 * that the bundle names, else the one that goes with the key. Only its algorithm is taken from here.
 */
static enum digest_alg signed_alg(const struct sigstore_result *r)
{
	if (r->nlogs)
		return (enum digest_alg)r->log[0].content.alg;
	if (digest_is_set(&r->bundle->claimed))
		return (enum digest_alg)r->bundle->claimed.alg;
	switch (key_kind_of(r->key)) {
	case KEY_P384:
		return DIGEST_SHA384;
	case KEY_P521:
		return DIGEST_SHA512;
	default:
		return DIGEST_SHA256;
	}
}

unsigned sigstore_needs(const struct sigstore_result *r)
{
	if (r->state != SIGSTORE_GOOD || r->is_dsse)
		return 0;
	unsigned set = HASH_SET(signed_alg(r));
	if (digest_is_set(&r->bundle->claimed))
		set |= HASH_SET(r->bundle->claimed.alg);
	for (size_t i = 0; i < r->nlogs; i++)
		set |= HASH_SET(r->log[i].content.alg);
	return signs_bytes(r) ? set | ARTIFACT_NEEDS_BYTES : set;
}

static int need(enum digest_alg alg, struct fault *f)
{
	fault_set(f, 0, "the artifact's %s is needed and was not computed or given",
	    digest_name(alg));
	return SIGSTORE_R_NEED_DIGEST;
}

/* The artifact's digest is this one. A positive reason if not. */
static int compare(const struct artifact *art, const struct digest *d, enum sigstore_reason why,
    const char *words, struct fault *f)
{
	const struct digest *have = artifact_digest(art, (enum digest_alg)d->alg);

	if (!have)
		return need((enum digest_alg)d->alg, f);
	if (digest_eq(have, d))
		return 0;
	fault_set(f, 0, "%s: %s", words, DIGEST_TEXT(d));
	return (int)why;
}

static int check_digests(const struct sigstore_result *r, const struct artifact *art,
    struct fault *f)
{
	int rc = 0;

	if (digest_is_set(&r->bundle->claimed))
		rc = compare(art, &r->bundle->claimed, SIGSTORE_R_ARTIFACT_DIGEST,
		    "the bundle is about other bytes", f);
	for (size_t i = 0; rc == 0 && i < r->nlogs; i++)
		rc = compare(art, &r->log[i].content, SIGSTORE_R_ENTRY_CONTENT,
		    "the log entry is about other bytes", f);
	return rc;
}

static int verdict(int key_result, struct fault *f)
{
	if (key_result != KEY_BAD_SIGNATURE)
		return key_result;
	fault_set(f, 0, "the signature is not over this artifact by the bundle's signer");
	return SIGSTORE_R_SIGNATURE;
}

static int check_bytes(const struct sigstore_result *r, struct artifact *art, struct fault *f)
{
	struct span bytes;

	int rc = artifact_bytes(art, &bytes);
	if (rc == -ENODATA) {
		fault_set(f, 0, "an Ed25519 signature over a message needs the file, not its digest");
		return SIGSTORE_R_NEED_BYTES;
	}
	return rc < 0 ? rc : verdict(key_verify(r->key, bytes, r->bundle->signature), f);
}

static int check_digest(const struct sigstore_result *r, struct artifact *art, struct fault *f)
{
	const struct digest *d = artifact_digest(art, signed_alg(r));

	if (!d)
		return need(signed_alg(r), f);
	return verdict(key_verify_digest(r->key, r->scheme, d, r->bundle->signature), f);
}

int sigstore_artifact(const struct sigstore_result *r, struct artifact *art, struct fault *words)
{
	if (r->state != SIGSTORE_GOOD || r->is_dsse)
		return -EINVAL;
	int rc = check_digests(r, art, words);
	if (rc)
		return rc;
	return signs_bytes(r) ? check_bytes(r, art, words) : check_digest(r, art, words);
}
