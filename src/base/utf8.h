/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * utf8: strict decoding after Unicode 15 table 3-7 (no overlong forms, no surrogates, nothing
 * above U+10FFFF). Pure.
 */

#include "base/span.h"

/* Length of the sequence at the start of s and its code point; 0 when it is malformed or s is
 * empty. */
static inline size_t utf8_next(struct span s, uint32_t *ret_c)
{
	if (!s.n)
		return 0;
	uint32_t c = s.p[0];
	if (c < 0x80) {
		*ret_c = c;
		return 1;
	}
	size_t n = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
	if (!n || s.n < n)
		return 0;
	uint8_t lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	uint8_t hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (s.p[1] < lo || s.p[1] > hi)
		return 0;
	c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3f);
	}
	*ret_c = c;
	return n;
}

/* Offset of the first malformed byte, or s.n. */
static inline size_t utf8_check(struct span s)
{
	size_t i = 0;
	uint32_t c;

	while (i < s.n) {
		size_t k = utf8_next(span_from(s, i), &c);
		if (!k)
			break;
		i += k;
	}
	return i;
}

/* Writes c (a scalar value) to out, at most 4 bytes; returns the count. */
static inline size_t utf8_put(uint8_t out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}
