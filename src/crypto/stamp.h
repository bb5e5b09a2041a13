/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* stamp: the two kinds of countersignature that Authenticode knows. Private to crypto/. */

#include "crypto/authenticode.h"
#include "crypto/signer.h"

/*
 * der is the attribute's value (SignerInfo, or a PKCS#7 value with TSTInfo); signer is what it
 * countersigns; certs are those of the outer SignedData (a legacy stamp's own are among them, and
 * its chain is marked). What is wrong with the stamp goes into ret_s->result, not into the return
 * value: 0, or -ENOMEM.
 */
FB_MUST int stamp_read(struct ac_stamp *ret_s, enum ac_stamp_kind kind, struct span der,
    const struct pkcs7_signer *signer, struct cert_set *certs, struct arena *a);
