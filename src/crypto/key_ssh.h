/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key_ssh: OpenSSH public key blobs (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH PROTOCOL.u2f)
 * and struct key.
 *
 * Types: ssh-ed25519, ecdsa-sha2-nistp256, -nistp384, -nistp521, ssh-rsa (the key; what may sign is
 * a matter of the signature), sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com. What
 * key.h refuses is refused here: short RSA keys, compressed points, points of small order. Others
 * (ssh-dss, certificates) are refused by name. A blob has exactly one form: integers are minimal,
 * nothing is behind the last member.
 *
 * Result codes: 0; -EBADMSG with fault; -ENOMEM.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "crypto/key.h"

/* *ret_application (borrowed from blob) is the application of a FIDO key (sk-…), else p is NULL. */
FB_MUST int key_from_ssh(struct key **ret_k, struct span blob, struct span *ret_application,
    struct fault *f);
/* The blob of a key that is no FIDO key, appended. */
FB_MUST int key_write_ssh(const struct key *k, struct buf *out);
/* "ssh-ed25519" … as the blob begins. */
const char *key_ssh_type(enum key_kind kind);
