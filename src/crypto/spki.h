/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * spki: SubjectPublicKeyInfo (RFC 5280 4.1.2.7) to a key, for the kinds that matter: P-256, P-384,
 * P-521 (named curve, uncompressed point; RFC 5480), Ed25519 (RFC 8410), RSA of any size (RFC
 * 3279). Private to crypto/.
 *
 * OpenSSL 3.0's own decoder takes about 150 us for a key, more than a P-256 verification; this
 * takes 5 to 20. It takes only the one DER form of each key, so the bytes need not be encoded again
 * to be compared.
 */

#include "crypto/ossl.h"

/* Owned by the caller. NULL: another kind, another form, or not a point of the curve. */
EVP_PKEY *spki_pkey(struct span der);
/* An RSAPublicKey (RFC 8017 A.1.1) alone; likewise. */
EVP_PKEY *spki_pkcs1(struct span der);
