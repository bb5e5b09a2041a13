/* SPDX-License-Identifier: Apache-2.0 */

/*
 * detect/yara: the text of rules: spans lie inside it, an error leaves nothing, reading twice gives the
 * same; gates and literals of whatever was read keep their limits.
 */

#include "detect/yara_gate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span text, struct span s)
{
	if (s.p < text.p || s.p > text.p + text.n || s.n > (size_t)(text.p + text.n - s.p))
		abort();
}

static uint64_t check_gate(const struct yara_rule *r, struct arena *a)
{
	struct yara_needle *needle = arena_array(a, r->nstrings + 1, sizeof(*needle));
	struct yara_gate_ctx c = { r, 0, needle, NULL, NULL, a };
	struct yara_gates g;
	uint64_t sum = 0;

	if (!needle)
		return 0;
	for (size_t i = 0; i < r->nstrings; i++) {
		needle[i] = yara_needle(&r->string[i]);
		if (needle[i].n > 2 || needle[i].nhead > 4 || (needle[i].n > 0) != (needle[i].score > 0))
			abort();
		for (unsigned k = 0; k < needle[i].n; k++)
			if (needle[i].form[k].n < YARA_LITERAL_MIN || needle[i].form[k].n > YARA_LITERAL_MAX)
				abort();
	}
	if (yara_gate(&c, &g) < 0)
		return 0;
	if (g.n > YARA_GATES_MAX)
		abort();
	for (unsigned i = 0; i < g.n; i++) {
		const struct yara_gate *x = &g.at[i];
		if (x->nheads > YARA_GATE_HEADS || x->need > YARA_GATE_NEED ||
		    x->need > x->nstrings || (x->need > 0) != (x->score > 0))
			abort();
		for (uint32_t k = 0; k < x->nstrings && x->need; k++)
			if (x->string[k] >= r->nstrings || (k && x->string[k] <= x->string[k - 1]))
				abort();
		sum = sum * 31 + x->min + x->max + x->need + x->nheads;
	}
	return sum;
}

static uint64_t walk(struct span text)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct yara_source s;
	uint64_t sum = 1;

	int rc = yara_source(text, &a, &s);
	if (rc && (s.nrules || s.nimports))
		abort();
	for (size_t i = 0; i < s.nrules; i++) {
		inside(text, s.rule[i].text);
		inside(s.rule[i].text, s.rule[i].condition);
		for (size_t k = 0; k < s.rule[i].nstrings; k++)
			inside(s.rule[i].text, s.rule[i].string[k].body);
		sum = sum * 31 + check_gate(&s.rule[i], &a) + s.rule[i].line;
	}
	return sum * 31 + (uint64_t)(rc + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (walk(span_of(data, size)) != walk(span_of(data, size)))
		abort();
	return 0;
}
