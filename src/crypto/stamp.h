/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* stamp: the two kinds of countersignature that Authenticode knows. Private to crypto/. */

#include "crypto/ac_priv.h"

/*
 * der is the attribute's value (SignerInfo, or a PKCS#7 value with TSTInfo) and countersigns
 * r->signer. A legacy stamp's certificates are among r's, and its chain is marked there. What is
 * wrong with the stamp goes into ret_s->result, not into the return value: 0, or -ENOMEM.
 */
FB_MUST int stamp_read(
    struct ac_stamp *ret_s, enum ac_stamp_kind kind, struct span der, struct ac_reading *r);
