/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ssh: the data types of the SSH wire format (RFC 4251 section 5) over struct cur and struct buf.
 *
 * Guarantees: pure; errors latch in the cursor (SSH_E_VALUE, CUR_SHORT) or the buffer.
 */

#include "base/buf.h"
#include "base/cur.h"

#define SSH_E_VALUE 1

/* string: its bytes, borrowed. */
static inline struct span ssh_string(struct cur *c)
{
	return cur_take(c, cur_be32(c));
}

/* mpint that is positive and in its one minimal form: the bytes as they are there, with the leading
 * zero where the first bit needs one (also the content of a DER INTEGER). */
static inline struct span ssh_mpint(struct cur *c)
{
	struct span s = ssh_string(c);

	if (!c->err && (!s.n || s.p[0] & 0x80 || (s.p[0] == 0 && (s.n == 1 || !(s.p[1] & 0x80)))))
		cur_fail(c, SSH_E_VALUE);
	return c->err ? SPAN_NONE : s;
}

/* Was everything read, and nothing wrong? */
static inline bool ssh_done(const struct cur *c)
{
	return !c->err && c->off == c->n;
}

static inline void ssh_put_string(struct buf *b, struct span s)
{
	buf_put_be32(b, (uint32_t)s.n);
	buf_put_span(b, s);
}

/* Big-endian bytes without sign as an mpint. */
static inline void ssh_put_mpint(struct buf *b, struct span s)
{
	while (s.n && s.p[0] == 0)
		s = span_from(s, 1);
	bool pad = s.n && s.p[0] & 0x80;
	buf_put_be32(b, (uint32_t)(s.n + pad));
	if (pad)
		buf_putc(b, 0);
	buf_put_span(b, s);
}
