/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * host_text: octets of a host name as text that is safe to print and to compare: ASCII lower case;
 * anything that is not printable, and a backslash, as \DDD (RFC 4343 section 2.1).
 */

#include "base/span.h"

/* Writes one octet; returns the count, at most 4. No NUL. */
static inline size_t host_text_octet(char *out, uint8_t b)
{
	if (b > 0x20 && b < 0x7f && b != '\\') {
		out[0] = (char)(b >= 'A' && b <= 'Z' ? b + 32 : b);
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + b / 100);
	out[2] = (char)('0' + b / 10 % 10);
	out[3] = (char)('0' + b % 10);
	return 4;
}

/* One label, in which a dot is not a separator: at most 4 * label.n bytes. No NUL. */
static inline size_t host_text_label(char *out, struct span label)
{
	size_t n = 0;

	for (size_t i = 0; i < label.n; i++) {
		if (label.p[i] == '.') {
			memcpy(out + n, "\\046", 4);
			n += 4;
		} else {
			n += host_text_octet(out + n, label.p[i]);
		}
	}
	return n;
}
