/* SPDX-License-Identifier: Apache-2.0 */

#include "base/hex.h"

#include <errno.h>

void hex_encode(char *out, struct span s)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		out[2 * i] = digit[s.p[i] >> 4];
		out[2 * i + 1] = digit[s.p[i] & 15];
	}
	out[2 * s.n] = 0;
}

/* 1 + value of each digit; 0: no digit. */
static const uint8_t hex_rank[256] = { ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	['A'] = 11, 12, 13, 14, 15, 16, ['a'] = 11, 12, 13, 14, 15, 16 };

int hex_decode(uint8_t *out, struct span s)
{
	bool good = s.n % 2 == 0;

	for (size_t i = 0; i < s.n; i++)
		good &= hex_rank[s.p[i]] != 0;
	if (!good)
		return -EINVAL;
	for (size_t i = 0; i < s.n / 2; i++)
		out[i] = (uint8_t)((hex_rank[s.p[2 * i]] - 1) << 4 | (hex_rank[s.p[2 * i + 1]] - 1));
	return 0;
}

static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 1 + value of each digit of either alphabet, from 0x20 on; 0: no digit. */
static const uint8_t b64_rank[256] = { [0x20] =
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 63, 0, 64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 64,
	0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0,
};

void b64_encode(struct buf *out, struct span s, enum b64_kind kind)
{
	const char *abc = kind == B64_URL ? b64_url : b64_std;

	if (s.n > SIZE_MAX / 2 || buf_reserve(out, (s.n + 2) / 3 * 4) < 0)
		return;
	uint8_t *q = out->p + out->n;
	for (; s.n >= 3; s = span_from(s, 3), q += 4) {
		uint32_t v = (uint32_t)s.p[0] << 16 | (uint32_t)s.p[1] << 8 | s.p[2];
		q[0] = (uint8_t)abc[v >> 18];
		q[1] = (uint8_t)abc[v >> 12 & 63];
		q[2] = (uint8_t)abc[v >> 6 & 63];
		q[3] = (uint8_t)abc[v & 63];
	}
	if (s.n) {
		uint32_t v = (uint32_t)s.p[0] << 16 | (s.n > 1 ? (uint32_t)s.p[1] << 8 : 0);
		*q++ = (uint8_t)abc[v >> 18];
		*q++ = (uint8_t)abc[v >> 12 & 63];
		if (s.n > 1)
			*q++ = (uint8_t)abc[v >> 6 & 63];
		for (size_t i = s.n; i < 3 && kind != B64_URL; i++)
			*q++ = '=';
	}
	*q = 0;
	out->n = (size_t)(q - out->p);
}

/* Are the two digits that differ of the right alphabet, and not of both? */
static bool b64_one_alphabet(struct span s, enum b64_kind kind)
{
	bool std = span_find(s, '+') != SIZE_MAX || span_find(s, '/') != SIZE_MAX;
	bool url = span_find(s, '-') != SIZE_MAX || span_find(s, '_') != SIZE_MAX;

	return !(std && kind == B64_URL) && !(url && kind == B64_STD) && !(std && url);
}

/* Strips correct padding; SIZE_MAX when it is wrong for the kind. */
static size_t b64_digits(struct span s, enum b64_kind kind)
{
	size_t n = s.n, pad = 0;
	while (pad < 2 && n && s.p[n - 1] == '=') {
		n--;
		pad++;
	}
	if (n % 4 == 1 || (kind == B64_URL && pad))
		return SIZE_MAX;
	if (pad && (n + pad) % 4)
		return SIZE_MAX;
	if (kind == B64_STD && (n + pad) % 4)
		return SIZE_MAX;
	return n;
}

int b64_decode(struct buf *out, struct span s, enum b64_kind kind)
{
	size_t n = b64_digits(s, kind), tail = n % 4;

	if (n == SIZE_MAX || !b64_one_alphabet(span_cut(s, 0, n), kind))
		return -EINVAL;
	int rc = buf_reserve(out, n / 4 * 3 + (tail ? tail - 1 : 0));
	if (rc < 0)
		return rc;
	uint8_t *q = out->p + out->n;
	const uint8_t *p = s.p, *end = p ? p + (n - tail) : p;
	int bad = 0; /* below 0 once something was no digit */
	for (; p < end; p += 4, q += 3) {
		int a = b64_rank[p[0]] - 1, b = b64_rank[p[1]] - 1;
		int c = b64_rank[p[2]] - 1, d = b64_rank[p[3]] - 1;
		bad |= a | b | c | d;
		q[0] = (uint8_t)((unsigned)a << 2 | (unsigned)b >> 4);
		q[1] = (uint8_t)((unsigned)b << 4 | (unsigned)c >> 2);
		q[2] = (uint8_t)((unsigned)c << 6 | (unsigned)d);
	}
	if (tail) {
		int a = b64_rank[p[0]] - 1, b = b64_rank[p[1]] - 1;
		int c = tail == 3 ? b64_rank[p[2]] - 1 : 0;
		bad |= a | b | c;
		if (tail == 3 ? c & 3 : b & 15)
			bad = -1; /* bits behind the last byte */
		*q++ = (uint8_t)((unsigned)a << 2 | (unsigned)b >> 4);
		if (tail == 3)
			*q++ = (uint8_t)((unsigned)b << 4 | (unsigned)c >> 2);
	}
	if (bad >= 0)
		out->n = (size_t)(q - out->p);
	out->p[out->n] = 0;
	return bad < 0 ? -EINVAL : 0;
}
