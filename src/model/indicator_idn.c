/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator_idn.h"

#include "base/dlib.h"

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3492 section 5. */
#define BASE 36u
#define TMIN 1u
#define TMAX 26u
#define SKEW 38u
#define DAMP 700u
#define INITIAL_BIAS 72u
#define INITIAL_N 128u
#define CODE_POINTS_MAX 63u

static struct {
	__typeof__(&idn2_lookup_u8) lookup;
	__typeof__(&idn2_free) free;
} lib;

static bool load(void)
{
	static bool tried;
	const struct dlib_symbol want[] = { { "idn2_lookup_u8", &lib.lookup },
		{ "idn2_free", &lib.free } };

	if (!tried && dlib_load("libidn2.so.0", "libidn2-0", want, ARRAY_LEN(want), NULL) < 0)
		lib.lookup = NULL;
	tried = true;
	return lib.lookup;
}

/* Few kinds of reasons: they are counted. */
static const char *reason(int rc)
{
	switch (rc) {
	case IDN2_OK:
		return NULL;
	case IDN2_MALLOC:
		return "no memory for an internationalised name";
	case IDN2_TOO_BIG_LABEL:
		return "a domain label is longer than 63 bytes";
	case IDN2_TOO_BIG_DOMAIN:
		return "a domain is longer than 253 bytes";
	case IDN2_BIDI:
		return "an internationalised name that mixes directions of writing (RFC 5893)";
	case IDN2_CONTEXTJ:
	case IDN2_CONTEXTO:
		return "an internationalised name with an invisible or context character out of place";
	default:
		return "a character that no internationalised name holds (IDNA 2008)";
	}
}

const char *idn_to_ascii(char *s, size_t cap)
{
	uint8_t *out = NULL;

	if (!load())
		return "an internationalised name needs libidn2.so.0 (Debian: apt install libidn2-0)";
	const char *why = reason(lib.lookup((const uint8_t *)s, &out,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL));
	if (!why && strlen((const char *)out) >= cap)
		why = "a domain is longer than 253 bytes";
	if (!why)
		strcpy(s, (const char *)out);
	if (out)
		lib.free(out);
	return why;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > ((BASE - TMIN) * TMAX) / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	return k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
}

/* 0..35, or BASE. */
static uint32_t digit(char c)
{
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a');
	return c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26 : BASE;
}

/* One generalised variable-length integer (section 3.3); false on overflow or a bad digit. */
static bool delta(const char **p, const char *end, uint32_t bias, uint32_t *i)
{
	uint32_t w = 1;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t d = *p < end ? digit(*(*p)++) : BASE, add, t = threshold(k, bias);
		if (d >= BASE || __builtin_mul_overflow(d, w, &add) ||
		    __builtin_add_overflow(*i, add, i))
			return false;
		if (d < t)
			return true;
		if (__builtin_mul_overflow(w, BASE - t, &w))
			return false;
	}
}

static size_t decode(const char *s, size_t n, uint32_t out[static CODE_POINTS_MAX])
{
	const char *p = s, *end = s + n;
	const char *basic = memrchr(s, '-', n);
	uint32_t c = INITIAL_N, i = 0, bias = INITIAL_BIAS, len = 0;

	for (; basic && p < basic; p++)
		out[len++] = (uint8_t)*p;
	if (basic)
		p++;
	while (p < end) {
		uint32_t was = i;
		if (len >= CODE_POINTS_MAX || !delta(&p, end, bias, &i))
			return 0;
		bias = adapt(i - was, len + 1, was == 0);
		if (__builtin_add_overflow(c, i / (len + 1), &c) || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return 0;
		i %= len + 1;
		memmove(out + i + 1, out + i, (len - i) * sizeof(*out));
		out[i++] = c;
		len++;
	}
	return len;
}

static char digit_char(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

static size_t put_delta(char *out, uint32_t q, uint32_t bias)
{
	size_t n = 0;
	uint32_t k = BASE;

	for (uint32_t t = threshold(k, bias); q >= t; k += BASE, t = threshold(k, bias)) {
		out[n++] = digit_char(t + (q - t) % (BASE - t));
		q = (q - t) / (BASE - t);
	}
	out[n++] = digit_char(q);
	return n;
}

static uint32_t least_above(const uint32_t *c, size_t n, uint32_t from)
{
	uint32_t m = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		if (c[i] >= from && c[i] < m)
			m = c[i];
	return m;
}

/* out holds 8 bytes for each code point. The code points came from decode: nothing overflows. */
static size_t encode(const uint32_t *c, size_t n, char *out)
{
	uint32_t at = INITIAL_N, d = 0, bias = INITIAL_BIAS;
	size_t len = 0, basic, h;

	for (size_t i = 0; i < n; i++)
		if (c[i] < INITIAL_N)
			out[len++] = (char)c[i];
	h = basic = len;
	if (basic)
		out[len++] = '-';
	for (; h < n; d++, at++) {
		uint32_t m = least_above(c, n, at);
		d += (m - at) * (uint32_t)(h + 1);
		at = m;
		for (size_t i = 0; i < n; i++) {
			d += c[i] < at;
			if (c[i] != at)
				continue;
			len += put_delta(out + len, d, bias);
			bias = adapt(d, (uint32_t)h + 1, h == basic);
			d = 0;
			h++;
		}
	}
	return len;
}

bool idn_is_a_label(const char *label, size_t n)
{
	uint32_t c[CODE_POINTS_MAX];
	char back[8 * CODE_POINTS_MAX];

	if (n <= 4 || n > 63)
		return false;
	size_t len = decode(label + 4, n - 4, c);
	bool wide = false;
	for (size_t i = 0; i < len; i++)
		wide |= c[i] >= 0x80;
	return wide && encode(c, len, back) == n - 4 && memcmp(back, label + 4, n - 4) == 0;
}
