/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/der_put.h"

size_t der_open(struct buf *b, unsigned tag)
{
	buf_putc(b, (char)tag);
	return b->n;
}

/* The minimal form of n; returns how many octets. */
static size_t put_length(uint8_t out[static 5], size_t n)
{
	size_t count = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : n < 0x1000000 ? 3 : 4;

	out[0] = (uint8_t)(count ? 0x80 | count : n);
	for (size_t i = 0; i < count; i++)
		out[1 + i] = (uint8_t)(n >> 8 * (count - 1 - i));
	return 1 + count;
}

void der_close(struct buf *b, size_t at)
{
	uint8_t len[5];
	size_t body = b->n - at, n = put_length(len, body);

	buf_put(b, len, n);
	if (b->err)
		return;
	memmove(b->p + at + n, b->p + at, body);
	memcpy(b->p + at, len, n);
}

void der_put(struct buf *b, unsigned tag, struct span body)
{
	uint8_t len[5];
	size_t n = put_length(len, body.n);

	buf_putc(b, (char)tag);
	buf_put(b, len, n);
	buf_put_span(b, body);
}

void der_put_small(struct buf *b, unsigned i)
{
	uint8_t v = (uint8_t)i;

	der_put(b, DER_INTEGER, span_of(&v, 1));
}

void der_put_algorithm(struct buf *b, struct span oid, bool with_null)
{
	size_t at = der_open(b, DER_SEQ);

	der_put(b, DER_OID, oid);
	if (with_null)
		der_put(b, DER_NULL, SPAN_NONE);
	der_close(b, at);
}
