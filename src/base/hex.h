/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hex: RFC 4648 base16 and base64, strict.
 *
 * Decoders refuse white space, missing or surplus padding and non-zero trailing bits; outputs are
 * written only on success. hex_decode takes either case.
 */

#include "base/buf.h"
#include "base/span.h"
#include "base/util.h"

enum b64_kind {
	B64_STD,     /* + / with padding */
	B64_URL,     /* - _ without padding */
	B64_ANY_PAD, /* DSSE, JSON protobuf: either alphabet (not mixed), padding optional */
};

/* out must hold 2 * s.n + 1 bytes; lower case, NUL-terminated. */
void hex_encode(char *out, struct span s);
/* out must hold s.n / 2 bytes. 0 or -EINVAL. */
FB_MUST int hex_decode(uint8_t *out, struct span s);

void b64_encode(struct buf *out, struct span s, enum b64_kind kind);
/* Appends to out. 0, -EINVAL (malformed), or the buffer's error. */
FB_MUST int b64_decode(struct buf *out, struct span s, enum b64_kind kind);
