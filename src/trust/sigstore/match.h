/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * match: what a log entry records against what the bundle brings (client specification 4.4;
 * rekor-v2-spec 6.1.4 for hashedrekord over DSSE). Private to sigstore/.
 */

#include "trust/sigstore/rekor.h"
#include "trust/sigstore/sigstore.h"

/*
 * Same signature, same signer, same content (a message's content is left to sigstore_artifact).
 * 0; ENTRY_SIGNATURE, ENTRY_SIGNER, ENTRY_CONTENT, ENTRY_KIND with r->words; -ENOMEM.
 */
FB_MUST int match_body(struct sigstore_result *r, const struct rekor_body *body);
/* The DSSE envelope's signature by r->key, as the entry says it was made (body may be NULL).
 * 0; SIGNATURE with r->words; -ENOMEM. */
FB_MUST int match_envelope(struct sigstore_result *r, const struct rekor_body *body);
