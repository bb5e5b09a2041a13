/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pem: RFC 7468 blocks: exactly one and nothing else but white space around it (keys), or several
 * with any text between them (certificate files).
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
/*
 * Takes the next block off *rest, skipping text in front of it. PEM_OK; PEM_END when there is none;
 * -EBADMSG with fault.
 */
enum pem_result { PEM_OK = 0, PEM_END = 1 };
FB_MUST int pem_next(struct span *rest, struct span *ret_label, struct buf *out, struct fault *f);
