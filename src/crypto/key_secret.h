/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key_secret: private keys in other forms than PEM: Ed25519 seeds (RFC 8032 5.1.5) and OpenSSH's
 * openssh-key-v1 (OpenSSH PROTOCOL.key), unencrypted.
 *
 * Guarantees: what this module used of private keys is wiped; what it writes to a caller's buffer
 * the caller wipes.
 *
 * Result codes: 0; -EBADMSG with fault; -EINVAL (not a private key, or of a kind that the form does
 * not have); -ENOMEM.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "crypto/key.h"

FB_MUST int key_from_seed_ed25519(struct key **ret_k, const uint8_t seed[static 32]);
FB_MUST int key_seed_ed25519(const struct key *k, uint8_t out[static 32]);

/* Is it "-----BEGIN OPENSSH PRIVATE KEY-----"? */
bool key_openssh_is(struct span text);
/* The one key of the file; its public half must be its private half's. */
FB_MUST int key_openssh(struct key **ret_k, struct span text, struct fault *f);
FB_MUST int key_write_openssh(const struct key *k, const char *comment, struct buf *out);
