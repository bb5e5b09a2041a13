/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dsse: the pre-authentication encoding and signing of a DSSE v1.0.2 envelope
 * (secure-systems-lab/dsse protocol.md). Reading envelopes from outside is trust/'s work: it
 * decodes, rebuilds the PAE and calls key_verify.
 *
 * Result codes: 0, -errno (-EINVAL: k has no private half). Errors of out latch in it.
 */

#include "base/buf.h"
#include "crypto/key.h"

/* "DSSEv1 " len(type) " " type " " len(body) " " body, appended. */
void dsse_pae(struct buf *out, struct span type, struct span body);
/* A one-signature envelope as JSON text, appended: keyid is the hex of key_id(k). */
FB_MUST int dsse_sign(struct buf *out, struct span type, struct span body, const struct key *k);
