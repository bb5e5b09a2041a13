/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * prose: text for people out of text from outside.
 *
 * Guarantees: prose_clean leaves valid UTF-8 whose only control character is line feed: other
 * control bytes, bytes that are not UTF-8 and the characters that change how a line reads (bidi
 * controls, zero-width, soft hyphen) become \xNN; tabs become blanks; everything else, backslashes
 * too, stays. Errors latch in the buffer.
 */

#include "base/arena.h"
#include "base/buf.h"

void prose_clean(struct buf *out, struct span text);
/* The same in the arena; NULL when it is full. NULL stays NULL, with *ret_err 0. */
char *prose_copy(struct arena *a, const char *text, int *ret_err);

/* head, then text wrapped at word ends to width columns, ended by a line feed; every line after the
 * first starts with as many blanks as head has columns. Line feeds in text stay. Text is taken as
 * it is: clean it first. */
void prose_wrap(struct buf *out, const char *head, const char *text, size_t width);

/* & < > " ' as entities; for element content and quoted attributes. */
void prose_html(struct buf *out, const char *text);
