/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sigalg: signature AlgorithmIdentifiers as certificates and CMS have them, and verifying by one.
 * Private to crypto/.
 */

#include "crypto/ossl.h"

struct sigalg {
	enum key_scheme scheme; /* never KEY_BY_KIND */
	enum digest_alg
	    digest; /* NONE: the OID does not say (rsaEncryption, ecPublicKey, Ed25519) */
	int salt;   /* KEY_PSS: bytes; SIGALG_SALT_ANY */
};
#define SIGALG_SALT_ANY (-1)

/* params: as der_algorithm gave them. False: unknown, or parameters that do not belong. */
bool sigalg_read(struct sigalg *ret_a, struct span oid, struct span params);
/* Whether the key is of the scheme's kind. */
bool sigalg_fits(const struct sigalg *a, EVP_PKEY *key);
/* Does sig verify over the parts one after the other? a->digest must be set (but for Ed25519). */
bool sigalg_verify(
    const struct sigalg *a, EVP_PKEY *key, const struct span *part, size_t n, struct span sig);
/* The same over a digest of a->digest; never for Ed25519. */
bool sigalg_verify_digest(
    const struct sigalg *a, EVP_PKEY *key, const struct digest *d, struct span sig);
