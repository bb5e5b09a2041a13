/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ber: values of indefinite length (X.690 8.1.3.6) written anew with definite ones, so that wire/der
 * can read them. Apple's signing tools write the outer shells of a CMS message that way; what lies
 * inside values of definite length is copied as it is.
 *
 * Guarantees: pure; no allocation; at most BER_DEPTH_MAX shells; every shell's length is computed
 * once for each shell around it.
 */

#include "base/cur.h"
#include "base/util.h"

#define BER_DEPTH_MAX 16

/* Does it begin with a value of indefinite length? */
bool ber_is(struct span s);
/*
 * The one value at the start of s, written to out, which has room for BER_ROOM(s.n) bytes: a length may
 * take more than it did. 0 with *ret_n the bytes written and *ret_used those read; -EBADMSG.
 */
#define BER_SHELLS_MAX 256
#define BER_ROOM(n) ((n) + 4 * BER_SHELLS_MAX)
FB_MUST int ber_to_der(uint8_t *out, struct span s, size_t *ret_n, size_t *ret_used);
