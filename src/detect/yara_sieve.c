/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_sieve.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW 4u
#define STRIDE 2u /* for literals that have a window at either parity */
#define MAP_BITS 21u
#define FOLD 0x20202020u

struct literal {
	uint8_t p[YARA_LITERAL_MAX];
	uint8_t n;
	bool nocase;
	uint32_t tag;
	uint32_t done; /* the look in which on_hit had enough of it */
};

/* One window: where the bytes fold to key, the literal may begin at bytes before. */
struct window {
	uint32_t key;
	uint32_t literal;
	uint8_t before;
};

struct yara_sieve {
	struct literal *literal;
	struct window *window; /* by hash of key */
	uint32_t *first;       /* [BUCKETS + 1]: index of the first window of a bucket */
	uint64_t *map;
	size_t n, cap, nwindows;
	bool every; /* some literal is too short for the stride */
	uint32_t look;
};

#define BUCKET_BITS 16u

static inline uint32_t hash(uint32_t key)
{
	return (key * 0x9e3779b1u) >> (32 - MAP_BITS);
}

static inline uint32_t load(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v | FOLD;
}

int yara_sieve_new(struct yara_sieve **ret_s)
{
	struct yara_sieve *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*ret_s = s;
	return 0;
}

struct yara_sieve *yara_sieve_free(struct yara_sieve *s)
{
	if (s) {
		free(s->literal);
		free(s->window);
		free(s->first);
		free(s->map);
	}
	free(s);
	return NULL;
}

int yara_sieve_add(struct yara_sieve *s, const struct yara_literal *l, uint32_t tag)
{
	FB_ASSERT(l->n >= WINDOW && l->n <= YARA_LITERAL_MAX);
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		struct literal *p = reallocarray(s->literal, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		s->literal = p;
		s->cap = cap;
	}
	struct literal *x = &s->literal[s->n++];
	*x = (struct literal){ .n = l->n, .nocase = l->nocase, .tag = tag };
	memcpy(x->p, l->p, l->n);
	s->every |= l->n < WINDOW + STRIDE - 1;
	return 0;
}

size_t yara_sieve_count(const struct yara_sieve *s)
{
	return s->n;
}

static unsigned window_bits(const uint8_t *p)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < WINDOW; i++)
		sum += yara_byte_bits(p[i]);
	return sum;
}

/* Keeps the rarest of the literal's windows at start, start + step, … */
static void keep_window(struct yara_sieve *s, uint32_t literal, unsigned start, unsigned step)
{
	const struct literal *x = &s->literal[literal];
	unsigned best = start, best_bits = 0;

	for (unsigned i = start; i + WINDOW <= x->n; i += step) {
		unsigned b = window_bits(x->p + i);
		if (b > best_bits) {
			best_bits = b;
			best = i;
		}
	}
	s->window[s->nwindows++] = (struct window){ load(x->p + best), literal, (uint8_t)best };
}

static int by_hash(const void *a, const void *b)
{
	const struct window *x = a, *y = b;
	uint32_t hx = hash(x->key), hy = hash(y->key);
	return hx != hy ? (hx > hy) - (hx < hy) : (x->literal > y->literal) - (x->literal < y->literal);
}

int yara_sieve_finish(struct yara_sieve *s)
{
	size_t buckets = 1u << BUCKET_BITS, k = 0;

	s->window = calloc(s->n * STRIDE + 1, sizeof(*s->window));
	s->first = calloc(buckets + 1, sizeof(*s->first));
	s->map = calloc((1u << MAP_BITS) / 64, sizeof(*s->map));
	if (!s->window || !s->first || !s->map)
		return -ENOMEM;
	unsigned step = s->every ? 1 : STRIDE;
	for (size_t i = 0; i < s->n; i++)
		for (unsigned r = 0; r < step; r++)
			keep_window(s, (uint32_t)i, r, step);
	qsort(s->window, s->nwindows, sizeof(*s->window), by_hash);
	for (size_t b = 0; b <= buckets; b++) {
		while (k < s->nwindows && hash(s->window[k].key) >> (MAP_BITS - BUCKET_BITS) < b)
			k++;
		s->first[b] = (uint32_t)k;
	}
	for (size_t i = 0; i < s->nwindows; i++) {
		uint32_t h = hash(s->window[i].key);
		s->map[h / 64] |= 1ull << (h % 64);
	}
	return 0;
}

static bool is_same(const struct literal *x, const uint8_t *p)
{
	if (!x->nocase)
		return memcmp(x->p, p, x->n) == 0;
	return span_eq_nocase(span_of(x->p, x->n), span_of(p, x->n));
}

/* The map let position at through. */
__attribute__((noinline)) static void compare(struct yara_sieve *s, struct span bytes, size_t at,
    uint32_t key, yara_hit_fn *on_hit, void *ctx)
{
	uint32_t b = hash(key) >> (MAP_BITS - BUCKET_BITS);

	for (uint32_t i = s->first[b]; i < s->first[b + 1]; i++) {
		const struct window *w = &s->window[i];
		if (w->key != key || w->before > at)
			continue;
		struct literal *x = &s->literal[w->literal];
		if (x->done == s->look || bytes.n - (at - w->before) < x->n ||
		    !is_same(x, bytes.p + at - w->before))
			continue;
		if (!on_hit(ctx, x->tag, at - w->before))
			x->done = s->look;
	}
}

void yara_sieve_look(struct yara_sieve *s, struct span bytes, yara_hit_fn *on_hit, void *ctx)
{
	size_t step = s->every ? 1 : STRIDE;

	if (!s->n || bytes.n < WINDOW)
		return;
	if (++s->look == 0) { /* once in 4 billion files */
		for (size_t i = 0; i < s->n; i++)
			s->literal[i].done = 0;
		s->look = 1;
	}
	for (size_t i = 0; i + WINDOW <= bytes.n; i += step) {
		uint32_t key = load(bytes.p + i), h = hash(key);
		if (__builtin_expect(s->map[h / 64] >> (h % 64) & 1, 0))
			compare(s, bytes, i, key, on_hit, ctx);
	}
}
