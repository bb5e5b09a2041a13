/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * buf: an owned, growing, capped byte buffer whose first error latches.
 *
 * Guarantees: never holds more than max bytes; after an error (-ENOMEM, -EMSGSIZE at the cap)
 * later puts do nothing, so a writer puts everything and checks buf_err once. The content always
 * has a NUL behind it that is not counted.
 */

#include "base/span.h"
#include "base/util.h"

#include <stdarg.h>

#define BUF_MAX_DEFAULT (64u << 20)

struct buf {
	uint8_t *p;
	size_t n;
	size_t cap;
	size_t max;
	int err;
};

#define BUF_INIT(max_) ((struct buf){ NULL, 0, 0, (max_), 0 })
#define AUTO_BUF FB_CLEANUP(buf_free)

void buf_free(struct buf *b);
/* Empties it and forgets the error; keeps the memory. */
void buf_reset(struct buf *b);
/* Room for n more bytes at b->p + b->n; the caller then adds to b->n. 0, -ENOMEM or -EMSGSIZE. */
FB_MUST int buf_reserve(struct buf *b, size_t n);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_span(struct buf *b, struct span s);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) FB_PRINTF(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) FB_PRINTF(2, 0);
void buf_put_be16(struct buf *b, uint16_t v);
void buf_put_be32(struct buf *b, uint32_t v);
void buf_put_be64(struct buf *b, uint64_t v);
void buf_put_le16(struct buf *b, uint16_t v);
void buf_put_le32(struct buf *b, uint32_t v);

FB_MUST static inline int buf_err(const struct buf *b)
{
	return b->err;
}

static inline struct span buf_span(const struct buf *b)
{
	return span_of(b->p, b->n);
}

/* The content as a C string, never NULL. */
static inline const char *buf_str(const struct buf *b)
{
	return b->p ? (const char *)b->p : "";
}
