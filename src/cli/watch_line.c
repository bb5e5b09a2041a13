/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/watch_line.h"

#include "base/utf8.h"

struct line line_begin(struct buf *b)
{
	return (struct line){ .b = b, .start = b->n };
}

bool line_end(struct line *l)
{
	LINE_LIT(l, "}\n");
	if (!buf_err(l->b))
		return true;
	l->b->n = l->start;
	l->b->err = 0;
	return false;
}

/* 1: as it is; 0: look closer. */
static const uint8_t plain[256] = {
	[' ' ... '!'] = 1,
	['#' ... '['] = 1,
	[']' ... '~'] = 1,
};

static size_t put_hex4(uint8_t *to, uint32_t c)
{
	static const char digit[] = "0123456789abcdef";

	to[0] = '\\';
	to[1] = 'u';
	to[2] = (uint8_t)digit[c >> 12 & 15];
	to[3] = (uint8_t)digit[c >> 8 & 15];
	to[4] = (uint8_t)digit[c >> 4 & 15];
	to[5] = (uint8_t)digit[c & 15];
	return 6;
}

/* Beyond the plain ones: how many bytes of s were used, *to moved on by at most 6. */
static size_t put_odd(uint8_t **to, struct span s)
{
	uint32_t c = 0;
	size_t k = utf8_next(s, &c);

	if (!k || !c) {
		*to += utf8_put(*to, 0xfffd);
	} else if (c == '"' || c == '\\') {
		(*to)[0] = '\\';
		(*to)[1] = (uint8_t)c;
		*to += 2;
	} else if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
		*to += put_hex4(*to, c);
	} else {
		memcpy(*to, s.p, k);
		*to += k;
	}
	return k ? k : 1;
}

void line_text(struct line *l, struct span s)
{
	uint8_t *to = line_room(l, 6 * s.n);

	if (!to)
		return;
	for (size_t i = 0; i < s.n;) {
		if (plain[s.p[i]])
			*to++ = s.p[i++];
		else
			i += put_odd(&to, span_of(s.p + i, s.n - i));
	}
	l->b->n = (size_t)(to - l->b->p);
}

void line_string(struct line *l, struct span s)
{
	LINE_LIT(l, "\"");
	line_text(l, s);
	LINE_LIT(l, "\"");
}

void line_plain(struct line *l, const char *s)
{
	size_t n = strlen(s);
	uint8_t *to = line_room(l, n + 2);

	if (!to)
		return;
	to[0] = '"';
	memcpy(to + 1, s, n);
	to[n + 1] = '"';
	l->b->n += n + 2;
}

/* Two digits at a time. */
static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536"
    "37383940414243444546474849505152535455565758596061626364656667686970717273"
    "7475767778798081828384858687888990919293949596979899";

static size_t digits(uint64_t n)
{
	size_t k = 1;

	for (; n >= 10000; n /= 10000)
		k += 4;
	return k + (n >= 10) + (n >= 100) + (n >= 1000);
}

static size_t put_uint(uint8_t *to, uint64_t n)
{
	size_t k = digits(n), at = k;

	while (n > UINT32_MAX) {
		memcpy(to + (at -= 2), pairs + 2 * (n % 100), 2);
		n /= 100;
	}
	uint32_t m = (uint32_t)n;
	for (; m >= 100; m /= 100)
		memcpy(to + (at -= 2), pairs + 2 * (m % 100), 2);
	if (m >= 10)
		memcpy(to, pairs + 2 * m, 2);
	else
		to[0] = (uint8_t)('0' + m);
	return k;
}

void line_uint(struct line *l, uint64_t n)
{
	uint8_t *to = line_room(l, 20);

	if (to)
		l->b->n += put_uint(to, n);
}

static uint8_t *put_digits(uint8_t *to, uint32_t n, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		to[i] = (uint8_t)('0' + n % 10);
		n /= 10;
	}
	return to + digits;
}

void line_duration(struct line *l, ts d)
{
	uint8_t *to = line_room(l, 32);

	if (!to)
		return;
	uint64_t n = (uint64_t)d;
	if (d < 0) {
		*to++ = '-';
		n = -n;
	}
	to += put_uint(to, n / (uint64_t)TS_SECOND);
	uint32_t frac = (uint32_t)(n % (uint64_t)TS_SECOND);
	*to++ = '.';
	to = frac % 1000 ? put_digits(to, frac, 9) : put_digits(to, frac / 1000, 6);
	l->b->n = (size_t)(to - l->b->p);
}

void line_time(struct line *l, ts t)
{
	line_duration(l, t == TS_NONE || t == TS_FOREVER ? 0 : t);
}

void line_hex(struct line *l, struct span bytes)
{
	static const char digit[] = "0123456789abcdef";
	uint8_t *to = line_room(l, 2 * bytes.n + 2);

	if (!to)
		return;
	*to++ = '"';
	for (size_t i = 0; i < bytes.n; i++) {
		*to++ = (uint8_t)digit[bytes.p[i] >> 4];
		*to++ = (uint8_t)digit[bytes.p[i] & 15];
	}
	*to++ = '"';
	l->b->n = (size_t)(to - l->b->p);
}

void line_addr(struct line *l, const struct sense_addr *a)
{
	char text[SENSE_ADDR_TEXT_MAX];
	uint8_t *to;

	if (a->family != 4) {
		line_plain(l, sense_addr_text(a, text));
		return;
	}
	to = line_room(l, 20);
	if (!to)
		return;
	*to++ = '"';
	for (int i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		to += put_uint(to, a->b[i]);
	}
	*to++ = '"';
	l->b->n = (size_t)(to - l->b->p);
}
