/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * watch_line: one line of JSON after the other into a buffer, for the hot path: no format strings,
 * no call for what is constant. Private to the watch_ files.
 *
 * Guarantees: a line is whole and valid JSON, or it is not there: what does not fit into the buffer
 * latches, and line_end takes the line back. Bytes from outside are escaped: control characters,
 * DEL and C1 as \uXXXX, what is not UTF-8 and NUL as U+FFFD.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "sense/addr.h"

struct line {
	struct buf *b;
	size_t start;
};

struct line line_begin(struct buf *b);
/* Closes the object. False: it did not fit, and is not there. */
bool line_end(struct line *l);

/* n more bytes, or NULL. */
static inline uint8_t *line_room(struct line *l, size_t n)
{
	struct buf *b = l->b;

	if (__builtin_expect(b->cap - b->n <= n || b->err, 0) && buf_reserve(b, n) < 0)
		return NULL;
	return b->p + b->n;
}

static inline void line_put(struct line *l, const void *p, size_t n)
{
	uint8_t *to = line_room(l, n);

	if (to) {
		memcpy(to, p, n);
		l->b->n += n;
	}
}

/* A constant text: "\"AA\":true". */
#define LINE_LIT(l, text) line_put(l, text, sizeof(text) - 1)
/* The comma and the key of the next member; key is a constant that needs no escapes. */
#define LINE_KEY(l, key) LINE_LIT(l, ",\"" key "\":")

void line_text(struct line *l, struct span s);	 /* escaped, without quotes */
void line_string(struct line *l, struct span s); /* with them */
/* Text that is known to hold nothing to escape. */
void line_plain(struct line *l, const char *s);
void line_uint(struct line *l, uint64_t n);
void line_time(struct line *l, ts t);	  /* seconds.micros; nine digits where they are needed */
void line_duration(struct line *l, ts d); /* the same */
void line_hex(struct line *l, struct span bytes);
void line_addr(struct line *l, const struct sense_addr *a);

static inline void line_comma(struct line *l, bool *first)
{
	if (!*first)
		LINE_LIT(l, ",");
	*first = false;
}

#define LINE_KSTRING(l, key, s) (LINE_KEY(l, key), line_string(l, s))
#define LINE_KPLAIN(l, key, s) (LINE_KEY(l, key), line_plain(l, s))
#define LINE_KUINT(l, key, n) (LINE_KEY(l, key), line_uint(l, n))
#define LINE_KBOOL(l, key, x)                                                                      \
	do {                                                                                       \
		if (x)                                                                             \
			LINE_LIT(l, ",\"" key "\":true");                                          \
		else                                                                               \
			LINE_LIT(l, ",\"" key "\":false");                                         \
	} while (0)
