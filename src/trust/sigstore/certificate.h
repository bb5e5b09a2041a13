/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * certificate: the signer's certificate of a bundle: chain to a CA of the trusted root at every
 * verified time, certificate timestamps, and who it names. Private to sigstore/.
 */

#include "trust/sigstore/root_priv.h"
#include "trust/sigstore/sigstore.h"

/*
 * r->time is complete and not empty. Fills in r->signer, r->certificate, r->key and r->own_key.
 * 0; CERTIFICATE, CHAIN, CHAIN_WINDOW, USAGE, NO_SCT, SCT, SAN, KEY with r->words; -ENOMEM.
 */
FB_MUST int certificate_check(struct sigstore_result *r, const struct sigstore_root *root,
    struct arena *a);
