/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * grow: arrays in an arena that grow by doubling. The old half stays behind in the arena, so an
 * array of n elements costs at most 2n; pointers into it go stale when it grows.
 */

#include "base/arena.h"

/* p has room for one more unless n is 0 or a power of two: then it must move. */
static inline void *grow_array(struct arena *a, void *p, size_t n, size_t size)
{
	if (n && (n & (n - 1)))
		return p;
	void *q = arena_array(a, n ? 2 * n : 1, size);
	if (q && n)
		memcpy(q, p, n * size);
	return q;
}

/* The slot for element n of arr (arr may move), or NULL when the arena is full. n is the caller's
 * to count up. */
#define GROW(arena, arr, n)                                                                        \
	({                                                                                         \
		void *grown_ = grow_array((arena), (void *)(arr), (n), sizeof(*(arr)));            \
		if (grown_)                                                                        \
			(arr) = grown_;                                                            \
		grown_ ? &(arr)[n] : NULL;                                                         \
	})
