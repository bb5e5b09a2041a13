/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/glob.h"

#include "base/utf8.h"

#include <errno.h>

enum op_kind { OP_CHAR, OP_ANY, OP_STAR, OP_SET };

struct range {
	uint32_t lo, hi;
};

struct glob_op {
	enum op_kind kind;
	uint32_t c;
	bool negate;
	struct range *range;
	size_t nranges;
};

/* A character of a set's text; dash: it makes a range of its neighbours. */
struct set_char {
	uint32_t c;
	bool dash;
};

static uint32_t *decode(struct span s, size_t *ret_n, struct arena *a)
{
	uint32_t *c = arena_array(a, s.n + 1, sizeof(*c));
	size_t n = 0;

	for (size_t i = 0; c && i < s.n;) {
		size_t k = utf8_next(span_from(s, i), &c[n]);
		if (!k)
			c[n] = s.p[i];
		n++;
		i += k ? k : 1;
	}
	*ret_n = n;
	return c;
}

/*
 * Which dashes of c[0..n) make ranges: the first one behind at least one character (behind the
 * "!", if there is one), the next one at least three further on. One at the very end is plain.
 * Ranges that run backwards are taken out, from the back, with both their ends; what is then first
 * decides about negation. Returns how many remain.
 */
static size_t set_text(struct set_char *out, const uint32_t *c, size_t n)
{
	size_t next = c[0] == '!' ? 2 : 1, m = 0;

	for (size_t i = 0; i < n; i++) {
		bool dash = i >= next && c[i] == '-' && i + 1 < n;
		if (dash)
			next = i + 3;
		out[i] = (struct set_char){ c[i], dash };
	}
	for (size_t i = 0; i < n; i++) {
		if (i + 2 < n && out[i + 1].dash && out[i].c > out[i + 2].c)
			i += 2;
		else
			out[m++] = out[i];
	}
	return m;
}

/* The set between "[" and "]"; n is at least 1. */
static int set_compile(struct glob_op *op, const uint32_t *c, size_t n, struct arena *a)
{
	struct set_char *t = arena_array(a, n, sizeof(*t));
	struct range *r = arena_array(a, n, sizeof(*r));

	if (!t || !r)
		return -ENOMEM;
	size_t m = set_text(t, c, n), i = 0;
	*op = (struct glob_op){ .kind = OP_SET, .range = r };
	if (m && t[0].c == '!' && !t[0].dash) {
		op->negate = true;
		i = 1;
		if (m > 1)
			t[1].dash = false;
	}
	for (; i < m; i++) {
		bool range = i + 2 < m && t[i + 1].dash;
		r[op->nranges++] = (struct range){ t[i].c, range ? t[i + 2].c : t[i].c };
		if (range)
			i += 2;
	}
	return 0;
}

/* Where the set that begins behind "[" at i ends: the index of its "]", or n. */
static size_t set_end(const uint32_t *c, size_t n, size_t i)
{
	if (i < n && c[i] == '!')
		i++;
	if (i < n && c[i] == ']')
		i++;
	while (i < n && c[i] != ']')
		i++;
	return i;
}

int glob_compile(struct glob *ret_g, struct span pattern, struct arena *a)
{
	size_t n;
	const uint32_t *c = decode(pattern, &n, a);
	struct glob g = { .op = arena_array(a, n + 1, sizeof(*g.op)) };

	if (!c || !g.op)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct glob_op *op = &g.op[g.n];
		size_t end = c[i] == '[' ? set_end(c, n, i + 1) : n;
		if (c[i] == '*' && g.n && g.op[g.n - 1].kind == OP_STAR)
			continue;
		g.n++;
		if (end < n) {
			int rc = set_compile(op, c + i + 1, end - i - 1, a);
			if (rc < 0)
				return rc;
			i = end;
		} else {
			op->kind = c[i] == '*' ? OP_STAR : c[i] == '?' ? OP_ANY : OP_CHAR;
			op->c = c[i];
		}
	}
	*ret_g = g;
	return 0;
}

static bool op_match(const struct glob_op *op, uint32_t c)
{
	if (op->kind != OP_SET)
		return op->kind == OP_ANY || op->c == c;
	for (size_t i = 0; i < op->nranges; i++)
		if (c >= op->range[i].lo && c <= op->range[i].hi)
			return !op->negate;
	return op->negate;
}

bool glob_match(const struct glob *g, struct span name)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < name.n || p < g->n) {
		uint32_t c = 0;
		size_t k = i < name.n ? utf8_next(span_from(name, i), &c) : 0;
		if (i < name.n && !k) {
			c = name.p[i];
			k = 1;
		}
		if (p < g->n && g->op[p].kind == OP_STAR) {
			star = p++;
			from = i;
		} else if (p < g->n && k && op_match(&g->op[p], c)) {
			p++;
			i += k;
		} else if (star != SIZE_MAX && from < name.n) {
			uint32_t skip;
			size_t s = utf8_next(span_from(name, from), &skip);
			from += s ? s : 1;
			i = from;
			p = star + 1;
		} else {
			return false;
		}
	}
	return true;
}
