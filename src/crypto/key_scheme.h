/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key_scheme: signatures under a scheme that is named beside the key, as securesystemslib, TUF and
 * in-toto have it ("scheme" of a key object). A method is key.h's scheme, its hash and its kind of
 * key under one name.
 *
 *   ed25519               RFC 8032
 *   ecdsa-sha2-nistp256   P-256, SHA-256, DER
 *   ecdsa-sha2-nistp384   P-384, SHA-384, DER
 *   rsassa-pss-sha256     RFC 8017 8.1, MGF1 with SHA-256, salt of any length; made with 32 bytes
 *   rsa-pkcs1v15-sha256   RFC 8017 8.2
 *
 * Other schemes that securesystemslib knows (RSA over other hashes, sphincs) are refused by name.
 */

#include "crypto/key.h"

enum key_method {
	KEY_SCHEME_NONE = 0,
	KEY_SCHEME_ED25519,
	KEY_SCHEME_ECDSA_P256,
	KEY_SCHEME_ECDSA_P384,
	KEY_SCHEME_RSA_PSS,
	KEY_SCHEME_RSA_PKCS1,
	KEY_SCHEMES,
};

const char *key_scheme_name(enum key_method s);	 /* "none" for NONE */
enum key_method key_scheme_of(struct span name); /* NONE if it is none of them */
/* Can a key of this kind sign under s? */
bool key_scheme_fits(enum key_method s, enum key_kind kind);
/* What securesystemslib takes when it is only given a key: PSS for RSA. */
enum key_method key_scheme_default(enum key_kind kind);

/* KEY_GOOD, KEY_BAD_SIGNATURE (also when k does not fit s). */
FB_MUST int key_scheme_verify(
    const struct key *k, enum key_method s, struct span msg, struct span sig);
/* Appends the signature. -EINVAL: no private half, or k does not fit s. */
FB_MUST int key_scheme_sign(
    const struct key *k, enum key_method s, struct span msg, struct buf *sig);

/* An RSA key from modulus and exponent, big-endian, leading zeros allowed. 0, -EBADMSG with fault
 * (as key_public), -ENOMEM. */
FB_MUST int key_rsa_from_numbers(struct key **ret_k, struct span n, struct span e, struct fault *f);
