/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pem: exactly one RFC 7468 block and nothing else but white space around it. Private to crypto/.
 *
 * The grammar is the strict one of RFC 7468 section 3, with any line length and LF or CRLF.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define PEM_TEXT_MAX (64u << 10)

/* Does it look like PEM (as opposed to DER)? */
bool pem_is(struct span text);
/*
 * The label (borrowed from text) and the decoded bytes, appended to out. 0, or -EBADMSG with a
 * fault: text before or after the block, a second block, RFC 1421 headers (encrypted keys have
 * them), bad base64, label of BEGIN and END not the same.
 */
FB_MUST int pem_read(struct span text, struct span *ret_label, struct buf *out, struct fault *f);
