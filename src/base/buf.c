/* SPDX-License-Identifier: Apache-2.0 */

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
	free(b->p);
	*b = BUF_INIT(b->max);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->err = 0;
	if (b->p)
		b->p[0] = 0;
}

static int latch(struct buf *b, int err)
{
	if (!b->err)
		b->err = err;
	return b->err;
}

int buf_reserve(struct buf *b, size_t n)
{
	if (b->err)
		return b->err;
	if (n > b->max || b->n > b->max - n || b->n + n > SIZE_MAX / 2)
		return latch(b, -EMSGSIZE);
	size_t want = b->n + n + 1;
	if (want <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap + b->cap / 2 : 64;
	if (cap < want)
		cap = want;
	uint8_t *p = realloc(b->p, cap);
	if (!p)
		return latch(b, -ENOMEM);
	b->p = p;
	b->cap = cap;
	b->p[b->n] = 0;
	return 0;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (!n || buf_reserve(b, n) < 0)
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void buf_put_span(struct buf *b, struct span s)
{
	buf_put(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		latch(b, -EINVAL);
	else if (buf_reserve(b, (size_t)n) == 0) {
		vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_put_be16(struct buf *b, uint16_t v)
{
	buf_put(b, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

void buf_put_be32(struct buf *b, uint32_t v)
{
	buf_put_be16(b, (uint16_t)(v >> 16));
	buf_put_be16(b, (uint16_t)v);
}

void buf_put_be64(struct buf *b, uint64_t v)
{
	buf_put_be32(b, (uint32_t)(v >> 32));
	buf_put_be32(b, (uint32_t)v);
}

void buf_put_le16(struct buf *b, uint16_t v)
{
	buf_put(b, (uint8_t[]){ (uint8_t)v, (uint8_t)(v >> 8) }, 2);
}

void buf_put_le32(struct buf *b, uint32_t v)
{
	buf_put_le16(b, (uint16_t)v);
	buf_put_le16(b, (uint16_t)(v >> 16));
}
