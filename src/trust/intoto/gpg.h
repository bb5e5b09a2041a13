/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gpg: OpenPGP keys and signatures in the form that securesystemslib's gpg module gives them in
 * layouts and links. Private to intoto/.
 *
 *   key        {"method", "type", "hashes", "keyid", "keyval": {"public": {n, e} or {q}},
 *               "creation_time", "validity_period", "subkeys": {id: key}}
 *   signature  {"keyid", "signature", "other_headers"}
 *
 * What is signed is SHA-256 over the bytes, the headers and the trailer 04 ff length (RFC 4880
 * 5.2.4, version 4). The headers must say what is assumed: version 4, a signature over a document,
 * the key's algorithm, SHA-256, and be exactly as long as they say; they are covered by the hash.
 * RSA is PKCS#1 v1.5; an EdDSA signature is over the digest.
 */

#include "trust/intoto/pubkey.h"

/* Is the key object one of these? */
bool gpg_key_is(struct json_val v);
/* As pubkey_of_layout; id is the key's name. */
FB_MUST int gpg_key_read(
    struct pubkey *ret_k, struct json_val v, const char *id, struct arena *a, struct fault *f);
/* KEY_GOOD, KEY_BAD_SIGNATURE, -errno. */
FB_MUST int gpg_verify(
    const struct pubkey *k, struct span msg, struct span headers, struct span sig);

/* A key's id: hex digits, SHA-512 at most (so that it may stand in a file name). 0, -EBADMSG. */
FB_MUST int pubkey_id_check(
    struct json_val v, const char **ret_id, struct arena *a, struct fault *f);
