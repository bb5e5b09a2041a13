/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key: public and private keys and raw signatures.
 *
 * Accepted public keys: SubjectPublicKeyInfo (PEM or DER, RFC 5280 4.1.2.7) with ECDSA P-256,
 * P-384, P-521, Ed25519 (RFC 8410), RSA of 2048 to 8192 bits with an odd exponent >= 3; also the
 * SPKI of a certificate (PEM or DER; no chain is checked: the user gave it). Anything else is
 * refused by name: other curves (secp256k1, explicit parameters), DSA, RSA-PSS keys, Ed448, PKCS#1
 * "RSA PUBLIC KEY", OpenSSH, encrypted and private keys, Ed25519 points of small order. The DER
 * must be exactly one value in the one canonical form (it is encoded again and compared): no BER,
 * no compressed points, no bytes after it; a PEM file holds one block and nothing else. So one key
 * has one id, and two ids are two keys.
 *
 * Signatures: ECDSA in the DER form (RFC 3279 2.2.3, strict), Ed25519 (RFC 8032, 64 bytes), RSA
 * PKCS#1 v1.5 and PSS (RFC 8017; MGF1 with the same hash, any salt length), as long as the modulus;
 * over SHA-256, SHA-384 or SHA-512.
 *
 * Who knows which scheme and hash a signature must have says so (key_verify_as, key_verify_digest).
 * key_verify is for signatures that do not say (DSSE, ledger): it takes, by the key's kind, P-256
 * with SHA-256; P-384 with SHA-384 and P-521 with SHA-512, or both with SHA-256 as cosign makes
 * them; Ed25519; RSA with SHA-256 in either padding.
 *
 * Ed25519ph (RFC 8032 5.1) is not there: OpenSSL has it from 3.2 on, Debian 12 has 3.0. It is
 * refused as -ENOTSUP, never taken for Ed25519.
 *
 * Guarantees: verifying with one key may be done by several threads at a time, all else by one.
 * Text of private keys is wiped from memory that this module used; what it writes to a caller's
 * buffer the caller wipes.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

enum key_kind { KEY_NONE = 0, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA };

#define KEY_RSA_BITS_MIN 2048
#define KEY_RSA_BITS_MAX 8192
#define KEY_RSA_BITS_NEW 3072
#define KEY_TEXT_MAX (64u << 10) /* bytes of a key or certificate */

struct key;

/* Bytes of a PEM or DER public key or certificate. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int key_public(struct key **ret_k, struct span bytes, struct fault *f);
/* Exactly one SPKI in DER: what key_public takes without looking for PEM or a certificate. The
 * usual kinds (not RSA) are recognised by their fixed DER header, which makes this the quick way.
 */
FB_MUST int key_from_spki(struct key **ret_k, struct span der, struct fault *f);
/* Exactly one PKCS#1 RSAPublicKey in DER (RFC 8017 A.1.1), for who knows that it is one. */
FB_MUST int key_from_pkcs1(struct key **ret_k, struct span der, struct fault *f);
/* A PEM private key, unencrypted: PKCS#8, or the older "EC PRIVATE KEY" and "RSA PRIVATE KEY". */
FB_MUST int key_private(struct key **ret_k, struct span bytes, struct fault *f);
FB_MUST int key_generate(struct key **ret_k, enum key_kind kind);
struct key *key_free(struct key *k);
void key_free_p(struct key **k);
#define AUTO_KEY FB_CLEANUP(key_free_p)

enum key_kind key_kind_of(const struct key *k);
/* "ecdsa-p256" "ecdsa-p384" "ecdsa-p521" "ed25519" "rsa" "none" */
const char *key_kind_name(enum key_kind k);
bool key_is_private(const struct key *k);
/* SHA-256 of the SPKI DER: the key's name in this program. */
struct digest key_id(const struct key *k);
/* PEM text of the public (SPKI) / private (PKCS#8) half, appended. -EINVAL: no private half. */
FB_MUST int key_write_public(const struct key *k, struct buf *out);
FB_MUST int key_write_private(const struct key *k, struct buf *out);
/* Ed25519 only (-EINVAL otherwise): the 32 raw bytes of the public half. */
FB_MUST int key_raw_ed25519(const struct key *k, uint8_t out[static 32]);
/* -EBADMSG: a point of small order. */
FB_MUST int key_from_raw_ed25519(struct key **ret_k, const uint8_t raw[static 32]);

enum key_result { KEY_GOOD = 0, KEY_BAD_SIGNATURE = 1 };
/* KEY_GOOD, KEY_BAD_SIGNATURE, -errno. */
FB_MUST int key_verify(const struct key *k, struct span msg, struct span sig);

/* The scheme that a signature must have. KEY_BY_KIND: ECDSA, Ed25519, or (ambiguous: either is
 * taken) RSA PKCS#1 v1.5 and PSS, whichever goes with the key. */
enum key_scheme { KEY_BY_KIND = 0, KEY_ECDSA, KEY_PKCS1, KEY_PSS, KEY_EDDSA, KEY_ED25519PH };

/*
 * A signature over a digest of SHA-256, SHA-384 or SHA-512; any of them with any ECDSA or RSA key.
 * KEY_GOOD, KEY_BAD_SIGNATURE; -EINVAL: the scheme is not one of this key's kind, or another
 * digest; -ENOTSUP: the key or scheme is Ed25519 (which signs the message, not a digest) or
 * Ed25519ph.
 */
FB_MUST int key_verify_digest(
    const struct key *k, enum key_scheme scheme, const struct digest *d, struct span sig);
/* The same over the message; hash is ignored for Ed25519, which has its own. */
FB_MUST int key_verify_as(const struct key *k, enum key_scheme scheme, enum digest_alg hash,
    struct span msg, struct span sig);

/* Appends the signature: P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512, RSA PKCS#1
 * v1.5 with SHA-256. -EINVAL: no private half. */
FB_MUST int key_sign(const struct key *k, struct span msg, struct buf *sig);
