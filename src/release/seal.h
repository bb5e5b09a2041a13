/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * seal: our own DSSE envelopes (crypto/dsse.h makes them): one signature, by a known key, over a
 * payload of a known type, as canonical JSON. Stricter than DSSE asks, because both ends are ours:
 * the keyid must name the key, base64 is padded standard form, and no other member may be there.
 *
 * Guarantees: the payload is given out only when the signature over it is good.
 * Result codes: 0, KEY_BAD_SIGNATURE (fault says why), -EBADMSG (malformed), -ENOMEM.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "wire/json.h"

/* The payload lives in the arena. */
FB_MUST int seal_open(struct json_val envelope, const char *type, const struct key *k,
    struct arena *a, struct span *ret_payload, struct fault *f);
/* For a whole document: text must be the canonical envelope, with one line end behind it or none. */
FB_MUST int seal_open_text(struct span text, const char *type, const struct key *k,
    struct arena *a, struct span *ret_payload, struct fault *f);
