/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * keydetails: the algorithms that Sigstore names: PublicKeyDetails, HashAlgorithm and HashOutput of
 * sigstore_common.proto (the algorithm registry of sigstore/architecture-docs). Private to
 * sigstore/.
 */

#include "crypto/key.h"
#include "trust/sigstore/pjson.h"

struct keydetails {
	enum key_kind kind; /* KEY_NONE: known by name, but not supported here */
	enum key_scheme scheme;
	enum digest_alg hash; /* that the scheme hashes with; NONE for Ed25519 */
	bool pkcs1;           /* the key is a bare RSAPublicKey (RFC 8017 A.1.1) */
};

/* A member "keyDetails". -EBADMSG with fault: absent, unspecified, or of an unknown name. */
FB_MUST int keydetails_read(struct keydetails *ret_d, struct json_val parent, struct fault *f);
/* The key in its encoding; its kind must be the one of d. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int keydetails_key(struct key **ret_k, const struct keydetails *d, struct span raw,
    struct fault *f);

/* HashAlgorithm -> digest. -EBADMSG with fault: absent, unknown, or SHA-3. */
FB_MUST int hashalgorithm_read(enum digest_alg *ret_alg, struct json_val parent, const char *name,
    struct fault *f);
/* v is a HashOutput {algorithm, digest} whose members were checked. */
FB_MUST int hashoutput_read(struct digest *ret_d, struct json_val v, struct arena *a,
    struct fault *f);
