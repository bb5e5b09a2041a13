/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * span: borrowed bytes.
 *
 * Guarantees: a span never owns; it is valid as long as the bytes it points into. n may be 0 with
 * p NULL. No function here allocates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t n;
};

#define SPAN_NONE ((struct span){ NULL, 0 })
#define SPAN_LIT(s) ((struct span){ (const uint8_t *)("" s), sizeof(s) - 1 })
/* for printf("%.*s", SPAN_ARG(x)); cap what comes from outside before printing it */
#define SPAN_ARG(s) (int)(s).n, (const char *)(s).p

static inline struct span span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

/* The bytes of a NUL-terminated string without its NUL; NULL gives an empty span. */
static inline struct span span_str(const char *s)
{
	return s ? (struct span){ (const uint8_t *)s, strlen(s) } : SPAN_NONE;
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_eq_str(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

static inline bool span_starts(struct span a, struct span head)
{
	return a.n >= head.n && (head.n == 0 || memcmp(a.p, head.p, head.n) == 0);
}

static inline bool span_ends(struct span a, struct span tail)
{
	return a.n >= tail.n && (tail.n == 0 || memcmp(a.p + a.n - tail.n, tail.p, tail.n) == 0);
}

/* Bytes from off on, at most n of them; out of range gives what is there, possibly nothing. */
static inline struct span span_cut(struct span a, size_t off, size_t n)
{
	if (off >= a.n)
		return SPAN_NONE;
	return span_of(a.p + off, n < a.n - off ? n : a.n - off);
}

static inline struct span span_from(struct span a, size_t off)
{
	return span_cut(a, off, SIZE_MAX);
}

/* Memory order, shorter first on a tie: <0, 0, >0. */
int span_cmp(struct span a, struct span b);

/* As span_eq for ASCII letters of either case. */
bool span_eq_nocase(struct span a, struct span b);

/* Without leading and trailing space, tab, CR, LF. */
struct span span_trim(struct span a);

/* First occurrence of byte c, or SIZE_MAX. */
size_t span_find(struct span a, uint8_t c);

/*
 * Takes the next line off *rest (without its LF or CRLF) into *ret_line.
 * Returns false, and writes nothing, when nothing is left.
 */
bool span_next_line(struct span *rest, struct span *ret_line);
