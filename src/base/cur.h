/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cur: a reading cursor over borrowed bytes whose first error latches.
 *
 * Guarantees: after the first read that does not fit, every later read gives zeros (or an empty
 * span) and consumes nothing, so a parser reads a whole structure and checks once at the end. No
 * allocation, no I/O. A parser may latch an error of its own with cur_fail; the first one wins.
 *
 * Result: c->err is 0, CUR_SHORT, or the module's own positive code; c->off is where reading
 * stopped (the offset of the failed read after an error).
 */

#include "base/span.h"

#define CUR_SHORT (-61) /* -ENODATA: the bytes ended before the structure did */

struct cur {
	const uint8_t *p;
	size_t n;
	size_t off;
	int err;
};

static inline struct cur cur_of(struct span s)
{
	return (struct cur){ s.p, s.n, 0, 0 };
}

static inline size_t cur_left(const struct cur *c)
{
	return c->err ? 0 : c->n - c->off;
}

static inline void cur_fail(struct cur *c, int err)
{
	if (!c->err)
		c->err = err;
}

/* The next n bytes, borrowed; NULL when they do not fit (then the error is latched). */
static inline const uint8_t *cur_need(struct cur *c, size_t n)
{
	if (c->err || n > c->n - c->off) {
		cur_fail(c, CUR_SHORT);
		return NULL;
	}
	const uint8_t *p = c->p + c->off;
	c->off += n;
	return p;
}

static inline struct span cur_take(struct cur *c, size_t n)
{
	const uint8_t *p = cur_need(c, n);
	return p ? span_of(p, n) : SPAN_NONE;
}

static inline void cur_skip(struct cur *c, size_t n)
{
	(void)cur_need(c, n);
}

/* Everything that is left. */
static inline struct span cur_rest(struct cur *c)
{
	return cur_take(c, cur_left(c));
}

/* Moves to an absolute offset; beyond the end latches CUR_SHORT. */
static inline void cur_seek(struct cur *c, size_t off)
{
	if (off > c->n)
		cur_fail(c, CUR_SHORT);
	else if (!c->err)
		c->off = off;
}

static inline uint8_t cur_peek(const struct cur *c)
{
	return cur_left(c) ? c->p[c->off] : 0;
}

static inline uint8_t cur_u8(struct cur *c)
{
	const uint8_t *p = cur_need(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t cur_be16(struct cur *c)
{
	const uint8_t *p = cur_need(c, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t cur_be24(struct cur *c)
{
	const uint8_t *p = cur_need(c, 3);
	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cur_be32(struct cur *c)
{
	const uint8_t *p = cur_need(c, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t cur_be64(struct cur *c)
{
	uint64_t hi = cur_be32(c);
	return hi << 32 | cur_be32(c);
}

static inline uint16_t cur_le16(struct cur *c)
{
	const uint8_t *p = cur_need(c, 2);
	return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

static inline uint32_t cur_le32(struct cur *c)
{
	const uint8_t *p = cur_need(c, 4);
	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint64_t cur_le64(struct cur *c)
{
	uint64_t lo = cur_le32(c);
	return lo | (uint64_t)cur_le32(c) << 32;
}

/* A cursor over the next n bytes, taken off c. Its err is c's, so a failed take stays failed. */
static inline struct cur cur_sub(struct cur *c, size_t n)
{
	struct span s = cur_take(c, n);
	struct cur sub = cur_of(s);
	sub.err = c->err;
	return sub;
}
