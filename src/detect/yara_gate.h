/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara_gate: what a file must be like so that a rule can match: a head, a size, some of the rule's
 * strings. Read from the text of the condition.
 *
 * A gate is a necessary condition, never a sufficient one: where the condition holds, the gate does.
 * What is not understood restricts nothing; so do `not`, `for` and arithmetic. An expression that is
 * undefined in a file (uint16(0) of an empty one, pe.… of a text) is not true in it, which is what
 * makes comparisons usable.
 *
 * Guarantees: pure but for the arena. Limits: YARA_GATES_MAX alternatives, the rest joined into
 * the last; YARA_GATE_HEADS heads, else any.
 */

#include "detect/yara_literal.h"

#define YARA_GATE_HEADS 8
#define YARA_GATE_DEPTH 64 /* of parentheses; deeper restricts nothing */
#define YARA_GATE_NEED 2   /* strings asked for at most: more would only fill the sieve */

/* The first four bytes of a file, big-endian, masked. A file shorter than the mask does not match. */
struct yara_head {
	uint32_t mask, value;
};

struct yara_gate {
	uint64_t min, max; /* size; min > max: never */
	struct yara_head head[YARA_GATE_HEADS];
	unsigned nheads;  /* 0: any */
	uint32_t need;	  /* so many different ones of string[] must be there; 0: none */
	uint32_t *string; /* indices, ascending */
	uint32_t nstrings;
	unsigned score; /* how rare what is needed is; 0 without need */
};

#define YARA_GATE_OPEN ((struct yara_gate){ .max = UINT64_MAX })

/* Alternatives: one of them must hold. n 0: the rule never matches. */
#define YARA_GATES_MAX 4
struct yara_gates {
	struct yara_gate at[YARA_GATES_MAX];
	unsigned n;
};

/* Those of another rule of the same namespace; NULL when they are not known. */
typedef const struct yara_gates *yara_gate_of(void *ctx, struct span rule);

struct yara_gate_ctx {
	const struct yara_rule *rule;
	uint32_t first; /* index of the rule's first string, in needle as well */
	const struct yara_needle *needle;
	yara_gate_of *gate_of;
	void *ctx;
	struct arena *a;
};

/* 0 or -ENOMEM. */
FB_MUST int yara_gate(const struct yara_gate_ctx *c, struct yara_gates *ret_g);

/* Head and size only. */
static inline bool yara_gate_passes(const struct yara_gate *g, uint32_t head, uint64_t size)
{
	if (size < g->min || size > g->max)
		return false;
	for (unsigned i = 0; i < g->nheads; i++)
		if ((head & g->head[i].mask) == g->head[i].value &&
		    (size >= 4 || !(g->head[i].mask & (UINT32_MAX >> (8 * size)))))
			return true;
	return g->nheads == 0;
}
/* The head of a file as yara_gate_passes wants it. */
static inline uint32_t yara_gate_head(struct span s)
{
	uint32_t h = 0;

	for (size_t i = 0; i < 4; i++)
		h = h << 8 | (i < s.n ? s.p[i] : 0u);
	return h;
}
