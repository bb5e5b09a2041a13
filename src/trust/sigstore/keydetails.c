/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/keydetails.h"

#include <errno.h>

/* Numbers of the protocol's enums. */
static const struct pj_enum hash_names[] = {
	{ "SHA2_256", 1 },
	{ "SHA2_384", 2 },
	{ "SHA2_512", 3 },
	{ "SHA3_256", 4 },
	{ "SHA3_384", 5 },
	{ NULL, 0 },
};

static const struct pj_enum key_names[] = {
	{ "PKCS1_RSA_PKCS1V5", 1 },
	{ "PKCS1_RSA_PSS", 2 },
	{ "PKIX_RSA_PKCS1V5", 3 },
	{ "PKIX_RSA_PSS", 4 },
	{ "PKIX_ECDSA_P256_SHA_256", 5 },
	{ "PKIX_ECDSA_P256_HMAC_SHA_256", 6 },
	{ "PKIX_ED25519", 7 },
	{ "PKIX_ED25519_PH", 8 },
	{ "PKIX_RSA_PKCS1V15_2048_SHA256", 9 },
	{ "PKIX_RSA_PKCS1V15_3072_SHA256", 10 },
	{ "PKIX_RSA_PKCS1V15_4096_SHA256", 11 },
	{ "PKIX_ECDSA_P384_SHA_384", 12 },
	{ "PKIX_ECDSA_P521_SHA_512", 13 },
	{ "LMS_SHA256", 14 },
	{ "LMOTS_SHA256", 15 },
	{ "PKIX_RSA_PSS_2048_SHA256", 16 },
	{ "PKIX_RSA_PSS_3072_SHA256", 17 },
	{ "PKIX_RSA_PSS_4096_SHA256", 18 },
	{ "PKIX_ECDSA_P384_SHA_256", 19 },
	{ "PKIX_ECDSA_P521_SHA_256", 20 },
	{ "ML_DSA_65", 21 },
	{ "ML_DSA_87", 22 },
	{ "ML_DSA_44", 23 },
	{ NULL, 0 },
};

#define PKCS1 { KEY_RSA, KEY_PKCS1, DIGEST_SHA256, false }
#define PSS { KEY_RSA, KEY_PSS, DIGEST_SHA256, false }

/* What is not here is known by name only. HMAC in 6 is about how the signer draws his nonce (RFC
 * 6979): a verifier sees plain ECDSA. */
static const struct keydetails key_meanings[] = {
	[1] = { KEY_RSA, KEY_PKCS1, DIGEST_SHA256, true },
	[2] = { KEY_RSA, KEY_PSS, DIGEST_SHA256, true },
	[3] = PKCS1,
	[4] = PSS,
	[5] = { KEY_P256, KEY_ECDSA, DIGEST_SHA256, false },
	[6] = { KEY_P256, KEY_ECDSA, DIGEST_SHA256, false },
	[7] = { KEY_ED25519, KEY_EDDSA, DIGEST_NONE, false },
	[9] = PKCS1,
	[10] = PKCS1,
	[11] = PKCS1,
	[12] = { KEY_P384, KEY_ECDSA, DIGEST_SHA384, false },
	[13] = { KEY_P521, KEY_ECDSA, DIGEST_SHA512, false },
	[16] = PSS,
	[17] = PSS,
	[18] = PSS,
	[19] = { KEY_P384, KEY_ECDSA, DIGEST_SHA256, false },
	[20] = { KEY_P521, KEY_ECDSA, DIGEST_SHA256, false },
	[23] = { KEY_NONE, KEY_BY_KIND, DIGEST_NONE, false },
};

int keydetails_read(struct keydetails *ret_d, struct json_val parent, struct fault *f)
{
	int number;

	int rc = pj_enum(&number, parent, "keyDetails", key_names, f);
	if (rc < 0)
		return rc;
	if (!number)
		return json_fault(parent, f, "a key without \"keyDetails\"");
	*ret_d = key_meanings[number];
	return 0;
}

int keydetails_key(struct key **ret_k, const struct keydetails *d, struct span raw,
    struct fault *f)
{
	AUTO_KEY struct key *k = NULL;

	int rc = d->pkcs1 ? key_from_pkcs1(&k, raw, f) : key_from_spki(&k, raw, f);
	if (rc < 0)
		return rc;
	if (key_kind_of(k) != d->kind)
		return fault_set(f, -EBADMSG, "a key of kind %s, not %s as \"keyDetails\" says",
		    key_kind_name(key_kind_of(k)), key_kind_name(d->kind));
	*ret_k = TAKE_PTR(k);
	return 0;
}

int hashalgorithm_read(enum digest_alg *ret_alg, struct json_val parent, const char *name,
    struct fault *f)
{
	static const enum digest_alg algs[] = { DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA384,
		DIGEST_SHA512, DIGEST_NONE, DIGEST_NONE };
	int number;

	int rc = pj_enum(&number, parent, name, hash_names, f);
	if (rc < 0)
		return rc;
	if (!algs[number])
		return json_fault(parent, f, "\"%s\" must be SHA2_256, SHA2_384 or SHA2_512", name);
	*ret_alg = algs[number];
	return 0;
}

int hashoutput_read(struct digest *ret_d, struct json_val v, struct arena *a, struct fault *f)
{
	enum digest_alg alg;
	struct span bytes;

	int rc = hashalgorithm_read(&alg, v, "algorithm", f);
	if (rc == 0)
		rc = pj_bytes(&bytes, v, "digest", a, f);
	if (rc < 0)
		return rc;
	if (bytes.n != digest_len(alg))
		return json_fault(v, f, "a digest of %zu bytes is not a %s", bytes.n,
		    digest_name(alg));
	*ret_d = digest_of(alg, bytes.p);
	return 0;
}
