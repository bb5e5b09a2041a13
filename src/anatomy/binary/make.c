/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/make.h"

#include "anatomy/binary/entropy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUND 16 /* the arena's */
#define ROOM (1u << 20)
#define LONG_ROOM (7u << 20) /* two of these in a slice */
#define BLOCK (64u << 10) /* counted and hashed while it is in the cache */

/* n more bytes of the arena, or NULL; over is set when it is our own limit that ends it. */
static void *take(struct make *m, size_t n, bool *over)
{
	size_t left = m->arena_end > m->arena->used ? m->arena_end - m->arena->used : 0;

	*over = n > left || left - n < ROUND;
	if (*over || m->err)
		return NULL;
	void *p = arena_alloc(m->arena, n);
	if (!p)
		m->err = -ENOMEM;
	return p;
}

void *make_array(struct make *m, size_t n, size_t size)
{
	size_t bytes;
	bool over;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : take(m, bytes, &over);
}

static struct span upto_nul(struct span s)
{
	size_t at = span_find(s, 0);
	return at == SIZE_MAX ? s : span_cut(s, 0, at);
}

const char *make_text(struct make *m, struct span s)
{
	bool over;

	s = upto_nul(span_cut(s, 0, BINARY_TEXT_MAX));
	char *p = take(m, s.n + 1, &over);
	if (p && s.n)
		memcpy(p, s.p, s.n);
	return p;
}

const char *make_printf(struct make *m, const char *fmt, ...)
{
	char text[BINARY_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return make_text(m, span_str(text));
}

struct names names_of(struct make *m, uint32_t max)
{
	return (struct names){ .m = m, .max = max, .room = max > BINARY_LIST_MAX ? LONG_ROOM : ROOM };
}

void names_drop(struct names *l)
{
	free(l->v);
	*l = names_of(l->m, l->max);
}

/* Room for one more. */
static bool names_room(struct names *l)
{
	if (l->n < l->cap)
		return true;
	uint32_t cap = l->cap ? 2 * l->cap : 64;
	char **v = reallocarray(l->v, cap, sizeof(*v));
	if (!v) {
		l->m->err = -ENOMEM;
		return false;
	}
	l->v = v;
	l->cap = cap;
	return true;
}

void names_join(struct names *l, const struct span *part, size_t n)
{
	size_t len = 0;
	bool over;

	if (l->n == l->max) {
		l->cut = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		len += upto_nul(part[i]).n;
	if (len > BINARY_TEXT_MAX) {
		len = BINARY_TEXT_MAX;
		l->cut = true;
	}
	if (len + ROUND > l->room) {
		l->cut = true;
		return;
	}
	if (!names_room(l))
		return;
	l->room -= (len + ROUND) & ~(size_t)(ROUND - 1);
	char *p = take(l->m, len + 1, &over), *to = p;
	if (!p) {
		l->cut |= over;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct span s = span_cut(upto_nul(part[i]), 0, len);
		if (s.n)
			memcpy(to, s.p, s.n);
		to += s.n;
		len -= s.n;
	}
	l->v[l->n++] = p;
}

void names_take(struct names *l, char *text)
{
	if (l->n == l->max)
		l->cut = true;
	else if (names_room(l))
		l->v[l->n++] = text;
}

void names_addf(struct names *l, const char *fmt, ...)
{
	char text[BINARY_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	names_add(l, span_str(text));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct text_list names_done(struct names *l)
{
	struct text_list done = { .cut = l->cut };

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_text);
	uint32_t n = 0;
	for (uint32_t i = 0; i < l->n; i++)
		if (!n || strcmp(l->v[n - 1], l->v[i]) != 0)
			l->v[n++] = l->v[i];
	if (n) {
		const char **v = make_array(l->m, n, sizeof(*v));
		if (v) {
			memcpy(v, l->v, n * sizeof(*v));
			done.v = v;
			done.n = n;
		} else {
			done.cut = true;
		}
	}
	names_drop(l);
	return done;
}

void make_digest(struct make *m, uint64_t off, uint64_t len, struct digest *ret_d,
    uint16_t *ret_entropy)
{
	struct span s = span_cut(m->file, off, len);
	struct histogram h = { { 0 } };
	struct digest d[DIGEST_ALGS] = { 0 };

	if (m->whole && s.n == m->file.n && !ret_entropy) {
		*ret_d = *m->whole;
		return;
	}
	if (m->err || s.n > m->to_hash)
		return;
	m->to_hash -= s.n;
	while (s.n && !m->err) {
		struct span block = span_cut(s, 0, BLOCK);
		if (ret_entropy)
			histogram_add(&h, block);
		m->err = hasher_update(m->sha256, block.p, block.n);
		s = span_from(s, BLOCK);
	}
	if (!m->err)
		m->err = hasher_final(m->sha256, d);
	*ret_d = d[DIGEST_SHA256];
	if (ret_entropy)
		*ret_entropy = histogram_entropy(&h);
}

void make_section(struct make *m, struct binary_section *s)
{
	if (!(s->flags & SECTION_BSS))
		make_digest(m, s->off, s->len, &s->digest, &s->entropy);
}
