/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key: public and private keys and raw signatures.
 *
 * Accepted public keys: SubjectPublicKeyInfo (PEM or DER, RFC 5280 4.1.2.7) with ECDSA P-256,
 * P-384, Ed25519 (RFC 8410), RSA of 2048 to 8192 bits with an odd exponent >= 3; also the SPKI of a
 * certificate (PEM or DER; no chain is checked: the user gave it). Anything else is refused by
 * name: other curves (P-521, secp256k1, explicit parameters), DSA, RSA-PSS keys, Ed448, PKCS#1
 * "RSA PUBLIC KEY", OpenSSH, encrypted and private keys, Ed25519 points of small order. The DER
 * must be exactly one value in the one canonical form (it is encoded again and compared): no BER,
 * no compressed points, no bytes after it; a PEM file holds one block and nothing else. So one key
 * has one id, and two ids are two keys.
 *
 * Signatures: ECDSA with SHA-256 (P-256) or SHA-384 (P-384; SHA-256 too, as cosign makes them), DER
 * form (RFC 3279 2.2.3, strict), Ed25519 (RFC 8032, 64 bytes), RSA PKCS#1 v1.5 and PSS (RFC 8017)
 * with SHA-256, as long as the modulus.
 *
 * Guarantees: a struct key is used by one thread at a time. Text of private keys is wiped from
 * memory that this module used; what it writes to a caller's buffer the caller wipes.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

enum key_kind { KEY_NONE = 0, KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA };

#define KEY_RSA_BITS_MIN 2048
#define KEY_RSA_BITS_MAX 8192
#define KEY_RSA_BITS_NEW 3072
#define KEY_TEXT_MAX (64u << 10) /* bytes of a key or certificate */

struct key;

/* Bytes of a PEM or DER public key or certificate. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int key_public(struct key **ret_k, struct span bytes, struct fault *f);
/* A PEM private key, unencrypted: PKCS#8, or the older "EC PRIVATE KEY" and "RSA PRIVATE KEY". */
FB_MUST int key_private(struct key **ret_k, struct span bytes, struct fault *f);
FB_MUST int key_generate(struct key **ret_k, enum key_kind kind);
struct key *key_free(struct key *k);
void key_free_p(struct key **k);
#define AUTO_KEY FB_CLEANUP(key_free_p)

enum key_kind key_kind_of(const struct key *k);
const char *key_kind_name(enum key_kind k); /* "ecdsa-p256" "ecdsa-p384" "ed25519" "rsa" "none" */
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
/* Appends the signature: P-256 with SHA-256, P-384 with SHA-384, RSA PKCS#1 v1.5 with SHA-256.
 * -EINVAL: no private half. */
FB_MUST int key_sign(const struct key *k, struct span msg, struct buf *sig);
