/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * arena: memory that is freed all at once, with a hard cap.
 *
 * Guarantees: at most max bytes are handed out; past that (or out of memory) allocations return
 * NULL, which is an ordinary error (-ENOMEM) for the caller. Memory comes zeroed and aligned to 16.
 */

#include "base/span.h"
#include "base/util.h"

struct arena {
	struct arena_chunk *head;
	size_t used;
	size_t max;
};

#define ARENA_INIT(max_) ((struct arena){ NULL, 0, (max_) })
#define AUTO_ARENA FB_CLEANUP(arena_free)

void arena_free(struct arena *a);
FB_MUST void *arena_alloc(struct arena *a, size_t n);
/* count * size with overflow check. */
FB_MUST void *arena_array(struct arena *a, size_t count, size_t size);
/* p of old bytes becomes one of n: in place if it is large and recent, else copied. p NULL allocates.
 * On NULL p still stands. */
FB_MUST void *arena_grow(struct arena *a, void *p, size_t old, size_t n);
/* A copy of s with a NUL behind it (a NUL inside stays). NULL when the arena is full. */
FB_MUST char *arena_str(struct arena *a, struct span s);
FB_MUST struct span arena_dup(struct arena *a, struct span s, int *ret_err);
FB_MUST char *arena_printf(struct arena *a, const char *fmt, ...) FB_PRINTF(2, 3);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
