/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* ca: certificates of CMS signers under roots that were given. Private to detached/. */

#include "crypto/chain.h"
#include "crypto/cms.h"
#include "trust/detached/detached.h"

/* 2.5.29.37, 1.3.6.1.5.5.7.3.3, 1.3.6.1.5.5.7.3.4, 2.5.29.37.0 */
#define CA_OID_EXT_KEY_USAGE SPAN_LIT("\x55\x1d\x25")
#define CA_OID_CODE_SIGNING SPAN_LIT("\x2b\x06\x01\x05\x05\x07\x03\x03")
#define CA_OID_EMAIL SPAN_LIT("\x2b\x06\x01\x05\x05\x07\x03\x04")
#define CA_OID_ANY SPAN_LIT("\x55\x1d\x25\x00")

/* When a time-stamping authority says that the signature existed; TS_NONE if none does that is
 * under the roots for it. 0, -ENOMEM. */
FB_MUST int ca_time(const struct detached_ca *ca, const struct cms *m, size_t signer, ts *ret_t);
/* May leaf sign files at t under the roots? enum chain_result with fault, -errno. */
FB_MUST int ca_check(const struct detached_ca *ca, const struct cms *m, const struct cert *leaf,
    ts t, struct fault *f);
/* What the certificate says of its holder; strings in the arena. 0, -ENOMEM. */
FB_MUST int ca_signer(struct signer *ret_s, const struct cert *c, struct arena *a);
