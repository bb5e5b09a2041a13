/* SPDX-License-Identifier: Apache-2.0 */

#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK (64u << 10)
#define ALIGN 16u

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, cap;
	_Alignas(ALIGN) uint8_t data[];
};

void arena_free(struct arena *a)
{
	struct arena_chunk *c = a->head;
	while (c) {
		struct arena_chunk *next = c->next;
		free(c);
		c = next;
	}
	*a = ARENA_INIT(a->max);
}

static struct arena_chunk *chunk_new(struct arena *a, size_t n)
{
	size_t cap = n > CHUNK / 4 ? n : CHUNK;
	if (cap > SIZE_MAX - sizeof(struct arena_chunk))
		return NULL;
	struct arena_chunk *c = calloc(1, sizeof(*c) + cap);
	if (!c)
		return NULL;
	c->cap = cap;
	/* A large allocation gets a chunk of its own behind the one that still has room. */
	if (cap == n && a->head) {
		c->next = a->head->next;
		a->head->next = c;
	} else {
		c->next = a->head;
		a->head = c;
	}
	return c;
}

/* What n bytes take; 0 if that does not fit size_t. */
static size_t rounded(size_t n)
{
	return (n ? n + (ALIGN - 1) : ALIGN) & ~(size_t)(ALIGN - 1);
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t size = rounded(n);
	if (size < n || size > a->max || a->used > a->max - size)
		return NULL;
	struct arena_chunk *c = a->head;
	if (!c || size > c->cap - c->used)
		c = chunk_new(a, size);
	if (!c)
		return NULL;
	void *p = c->data + c->used;
	c->used += size;
	a->used += size;
	return p;
}

/* The link to the chunk that p has for itself, if that is one of the newest two; else NULL. */
static struct arena_chunk **own_chunk(struct arena *a, const void *p, size_t size)
{
	struct arena_chunk **link = &a->head;

	for (int i = 0; i < 2 && *link; i++, link = &(*link)->next)
		if ((*link)->data == p && (*link)->used == size && (*link)->cap == size)
			return link;
	return NULL;
}

void *arena_grow(struct arena *a, void *p, size_t old, size_t n)
{
	size_t from = rounded(old), to = rounded(n);
	struct arena_chunk **link = p ? own_chunk(a, p, from) : NULL;

	if (!link) {
		void *copy = arena_alloc(a, n);
		if (copy && p)
			memcpy(copy, p, old < n ? old : n);
		return copy;
	}
	if (n <= old)
		return p;
	if (to < n || to > a->max || a->used - from > a->max - to || to > SIZE_MAX - sizeof(**link))
		return NULL;
	struct arena_chunk *c = realloc(*link, sizeof(*c) + to);
	if (!c)
		return NULL;
	memset(c->data + from, 0, to - from);
	c->used = c->cap = to;
	a->used += to - from;
	*link = c;
	return c->data;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	return __builtin_mul_overflow(count, size, &n) ? NULL : arena_alloc(a, n);
}

char *arena_str(struct arena *a, struct span s)
{
	if (s.n == SIZE_MAX)
		return NULL;
	char *p = arena_alloc(a, s.n + 1);
	if (p && s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct span arena_dup(struct arena *a, struct span s, int *ret_err)
{
	char *p = arena_str(a, s);
	if (!p) {
		*ret_err = -ENOMEM;
		return SPAN_NONE;
	}
	return span_of(p, s.n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		p = arena_alloc(a, (size_t)n + 1);
	if (p) {
		va_start(ap, fmt);
		vsnprintf(p, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	return p;
}
