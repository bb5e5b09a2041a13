/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ber_value: values of X.690 as they are met, read without judging how they were encoded: lengths
 * need not be minimal. wire/der is for those who verify; this is for those who look. Not read:
 * tags of several bytes, indefinite lengths, lengths of more than 4 bytes: they latch -EBADMSG.
 */

#include "base/cur.h"

#include <errno.h>

struct ber_value {
	uint8_t tag;
	struct span body, all;
};

/* The next value, whatever it is. Zero after an error. */
static inline struct ber_value ber_next(struct cur *c)
{
	struct ber_value v = { 0 };
	size_t start = c->off;
	uint8_t tag = cur_u8(c), first = cur_u8(c);
	size_t n = first;

	if ((tag & 0x1f) == 0x1f || first == 0x80 || first > 0x84)
		cur_fail(c, -EBADMSG);
	if (first & 0x80)
		for (n = 0; first > 0x80; first--)
			n = n << 8 | cur_u8(c);
	v.body = cur_take(c, n);
	if (c->err)
		return (struct ber_value){ 0 };
	v.tag = tag;
	v.all = span_of(c->p + start, c->off - start);
	return v;
}

/* A cursor over the next value's content; another tag is an error of both. */
static inline struct cur ber_enter(struct cur *c, uint8_t tag)
{
	struct ber_value v = ber_next(c);

	if (v.tag != tag)
		cur_fail(c, -EBADMSG);
	struct cur sub = cur_of(v.body);
	sub.err = c->err;
	return sub;
}
