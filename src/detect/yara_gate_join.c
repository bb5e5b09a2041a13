/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_gate_join.h"

#include <errno.h>
#include <limits.h>

unsigned yara_gate_score(const struct yara_gate_join *p, uint32_t string)
{
	return p->needle[string].score;
}

void yara_gate_set_score(const struct yara_gate_join *p, struct yara_gate *g)
{
	unsigned least[YARA_GATE_NEED] = { UINT_MAX, UINT_MAX };

	for (uint32_t i = 0; i < g->nstrings; i++) {
		unsigned x = yara_gate_score(p, g->string[i]);
		for (unsigned k = 0; k < YARA_GATE_NEED; k++)
			if (x < least[k]) {
				unsigned swap = least[k];
				least[k] = x;
				x = swap;
			}
	}
	g->score = 0;
	for (uint32_t k = 0; k < g->need && k < YARA_GATE_NEED; k++)
		g->score += least[k];
}

/* The strings of both, once each. */
static void join_strings(struct yara_gate_join *p, struct yara_gate *g, const struct yara_gate *b)
{
	uint32_t *s = arena_array(p->a, (size_t)g->nstrings + b->nstrings, sizeof(*s));
	uint32_t n = 0;

	if (!s) {
		p->err = -ENOMEM;
		return;
	}
	for (uint32_t i = 0, k = 0; i < g->nstrings || k < b->nstrings;) {
		if (k == b->nstrings || (i < g->nstrings && g->string[i] < b->string[k]))
			s[n++] = g->string[i++];
		else if (i == g->nstrings || b->string[k] < g->string[i])
			s[n++] = b->string[k++];
		else {
			s[n++] = g->string[i++];
			k++;
		}
	}
	g->string = s;
	g->nstrings = n;
}

static void add_head(struct yara_gate *g, struct yara_head h, bool *full)
{
	for (unsigned i = 0; i < g->nheads; i++)
		if (g->head[i].mask == h.mask && g->head[i].value == h.value)
			return;
	if (g->nheads == YARA_GATE_HEADS)
		*full = true;
	else
		g->head[g->nheads++] = h;
}

static bool is_never(const struct yara_gate *g)
{
	return g->min > g->max;
}

void yara_gate_never(struct yara_gate *g)
{
	*g = (struct yara_gate){ .min = 1, .max = 0 };
}

/* One gate for what either lets through. */
static void merge(struct yara_gate_join *p, struct yara_gate *g, const struct yara_gate *b)
{
	bool full = false;

	if (is_never(b))
		return;
	if (is_never(g)) {
		*g = *b;
		return;
	}
	g->min = g->min < b->min ? g->min : b->min;
	g->max = g->max > b->max ? g->max : b->max;
	if (!b->nheads)
		g->nheads = 0;
	if (g->nheads)
		for (unsigned i = 0; i < b->nheads; i++)
			add_head(g, b->head[i], &full);
	if (full)
		g->nheads = 0;
	g->need = g->need < b->need ? g->need : b->need;
	if (g->need)
		join_strings(p, g, b);
	else
		g->nstrings = 0;
	yara_gate_set_score(p, g);
}

static void both_heads(struct yara_gate *g, const struct yara_gate *b)
{
	struct yara_gate m = { 0 };
	bool full = false;

	if (!g->nheads || !b->nheads) {
		if (!g->nheads) {
			memcpy(g->head, b->head, sizeof(g->head));
			g->nheads = b->nheads;
		}
		return;
	}
	for (unsigned i = 0; i < g->nheads; i++)
		for (unsigned k = 0; k < b->nheads; k++) {
			struct yara_head x = g->head[i], y = b->head[k];
			if ((x.value ^ y.value) & x.mask & y.mask)
				continue;
			x.mask |= y.mask;
			x.value |= y.value;
			add_head(&m, x, &full);
		}
	if (full)
		return; /* those of one side are necessary too */
	if (!m.nheads) {
		yara_gate_never(g);
		return;
	}
	memcpy(g->head, m.head, sizeof(g->head));
	g->nheads = m.nheads;
}

/* What both let through. */
static void narrow(struct yara_gate *g, const struct yara_gate *b)
{
	if (is_never(g) || is_never(b)) {
		yara_gate_never(g);
		return;
	}
	if (b->score > g->score) {
		g->need = b->need;
		g->string = b->string;
		g->nstrings = b->nstrings;
		g->score = b->score;
	}
	g->min = g->min > b->min ? g->min : b->min;
	g->max = g->max < b->max ? g->max : b->max;
	if (!is_never(g))
		both_heads(g, b);
}

void yara_gates_add(struct yara_gate_join *p, struct yara_gates *g, const struct yara_gate *b)
{
	if (is_never(b))
		return;
	if (g->n < YARA_GATES_MAX)
		g->at[g->n++] = *b;
	else
		merge(p, &g->at[g->n - 1], b);
}

void yara_gates_either(struct yara_gate_join *p, struct yara_gates *g, const struct yara_gates *b)
{
	for (unsigned i = 0; i < b->n; i++)
		yara_gates_add(p, g, &b->at[i]);
}

void yara_gates_both(struct yara_gate_join *p, struct yara_gates *g, const struct yara_gates *b)
{
	struct yara_gates m = { 0 };

	for (unsigned i = 0; i < g->n; i++)
		for (unsigned k = 0; k < b->n; k++) {
			struct yara_gate x = g->at[i];
			narrow(&x, &b->at[k]);
			yara_gates_add(p, &m, &x);
		}
	*g = m;
}
