/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stamps: the RFC 3161 timestamps of a bundle, each over the bundle's signature and by an authority
 * of the trusted root. Private to sigstore/.
 */

#include "trust/sigstore/root_priv.h"
#include "trust/sigstore/sigstore.h"

/*
 * Appends a time for each to r->time. 0; TIMESTAMP, TIMESTAMP_IMPRINT, TIMESTAMP_UNTRUSTED,
 * TIMESTAMP_WINDOW with r->words; -ENOMEM.
 */
FB_MUST int stamps_check(struct sigstore_result *r, const struct sigstore_root *root);
