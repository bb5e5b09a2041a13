/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key: public and private keys and raw signatures.
 *
 * Accepted public keys: SubjectPublicKeyInfo (PEM or DER, RFC 5280 4.1.2.7) with ECDSA P-256,
 * P-384, Ed25519 (RFC 8410), RSA of 2048 to 8192 bits; also the SPKI of a PEM certificate
 * (no chain is checked: the user gave it). Anything else is refused by name.
 * Signatures: ECDSA with SHA-256 (P-256) or SHA-384 (P-384; SHA-256 too, as cosign makes them),
 * DER form (RFC 3279), Ed25519 (RFC 8032), RSA PKCS#1 v1.5 and PSS with SHA-256.
 */

#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

enum key_kind { KEY_NONE = 0, KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA };

struct key;

/* Bytes of a PEM or DER public key or certificate. 0, -EBADMSG with fault. */
FB_MUST int key_public(struct key **ret_k, struct span bytes, struct fault *f);
/* PEM PKCS#8 private key, unencrypted. */
FB_MUST int key_private(struct key **ret_k, struct span bytes, struct fault *f);
FB_MUST int key_generate(struct key **ret_k, enum key_kind kind);
struct key *key_free(struct key *k);
void key_free_p(struct key **k);
#define AUTO_KEY FB_CLEANUP(key_free_p)

enum key_kind key_kind_of(const struct key *k);
const char *key_kind_name(enum key_kind k); /* "ecdsa-p256" … */
/* SHA-256 of the SPKI DER: the key's name in this program. */
struct digest key_id(const struct key *k);
/* PEM text of the public / private half, appended. */
FB_MUST int key_write_public(const struct key *k, struct buf *out);
FB_MUST int key_write_private(const struct key *k, struct buf *out);
/* Ed25519 only: the 32 raw bytes. */
FB_MUST int key_raw_ed25519(const struct key *k, uint8_t out[32]);
FB_MUST int key_from_raw_ed25519(struct key **ret_k, const uint8_t raw[32]);

enum key_result { KEY_GOOD = 0, KEY_BAD_SIGNATURE = 1 };
/* KEY_GOOD, KEY_BAD_SIGNATURE, -errno. */
FB_MUST int key_verify(const struct key *k, struct span msg, struct span sig);
/* Appends the signature. */
FB_MUST int key_sign(const struct key *k, struct span msg, struct buf *sig);
