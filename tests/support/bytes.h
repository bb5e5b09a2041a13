/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* bytes: test input written as hex, with spaces and | where they help the eye. */

#include "base/buf.h"

#include <stdlib.h>

/* Appends the bytes; anything that is neither a hex digit, a space nor | is a bug of the test. */
static inline void put_hex(struct buf *b, const char *hex)
{
	int high = -1;

	for (; *hex; hex++) {
		int c = *hex, v = c >= '0' && c <= '9' ? c - '0' :
			c >= 'a' && c <= 'f'	       ? c - 'a' + 10 :
							 -1;
		if (c == ' ' || c == '|')
			continue;
		if (v < 0)
			abort();
		if (high < 0) {
			high = v;
			continue;
		}
		buf_putc(b, (char)(high << 4 | v));
		high = -1;
	}
	if (high >= 0)
		abort();
}

/* A copy that ends where its allocation ends, for sanitizers and valgrind. Caller frees. */
static inline uint8_t *exact_copy(struct span s)
{
	uint8_t *p = malloc(s.n ? s.n : 1);

	if (!p)
		abort();
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}
