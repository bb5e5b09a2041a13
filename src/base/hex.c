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

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(uint8_t *out, struct span s)
{
	if (s.n % 2)
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++)
		if (hex_value(s.p[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < s.n / 2; i++)
		out[i] = (uint8_t)(hex_value(s.p[2 * i]) << 4 | hex_value(s.p[2 * i + 1]));
	return 0;
}

static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void b64_encode(struct buf *out, struct span s, enum b64_kind kind)
{
	const char *abc = kind == B64_URL ? b64_url : b64_std;

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16 | (left > 1 ? (uint32_t)s.p[i + 1] << 8 : 0) |
		    (left > 2 ? s.p[i + 2] : 0);
		char q[4] = { abc[v >> 18], abc[v >> 12 & 63], abc[v >> 6 & 63], abc[v & 63] };
		size_t used = left > 2 ? 4 : left + 1;
		if (kind != B64_URL)
			for (; used < 4; used++)
				q[used] = '=';
		buf_put(out, q, used);
	}
}

enum { ABC_ANY, ABC_STD, ABC_URL };

/* Value of a digit; the first + / - _ seen fixes the alphabet. */
static int b64_value(uint8_t c, int *abc)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	int want = c == '+' || c == '/' ? ABC_STD : c == '-' || c == '_' ? ABC_URL : ABC_ANY;
	if (want == ABC_ANY || (*abc != ABC_ANY && *abc != want))
		return -1;
	*abc = want;
	return c == '+' || c == '-' ? 62 : 63;
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
	size_t start = out->n, n = b64_digits(s, kind);
	int abc = kind == B64_STD ? ABC_STD : kind == B64_URL ? ABC_URL : ABC_ANY;
	uint32_t v = 0;

	if (n == SIZE_MAX)
		return -EINVAL;
	int rc = buf_reserve(out, n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0));
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		int d = b64_value(s.p[i], &abc);
		if (d < 0)
			goto bad;
		v = v << 6 | (uint32_t)d;
		if (i % 4 == 3) {
			out->p[out->n++] = (uint8_t)(v >> 16);
			out->p[out->n++] = (uint8_t)(v >> 8);
			out->p[out->n++] = (uint8_t)v;
			v = 0;
		}
	}
	if (n % 4 == 2) {
		if (v & 15)
			goto bad;
		out->p[out->n++] = (uint8_t)(v >> 4);
	} else if (n % 4 == 3) {
		if (v & 3)
			goto bad;
		out->p[out->n++] = (uint8_t)(v >> 10);
		out->p[out->n++] = (uint8_t)(v >> 2);
	}
	out->p[out->n] = 0;
	return 0;
bad:
	out->n = start;
	out->p[out->n] = 0;
	return -EINVAL;
}
