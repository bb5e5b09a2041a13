/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_set.h"

#include <errno.h>
#include <stdlib.h>

/* Rules with strings in one group: few enough that a chance hit costs little. */
#define CHUNK 32
/* Gates whose strings are in many files are kept apart from the good ones. */
#define POOR 24

/* --- who needs whom --- */

static uint32_t rule_index(const struct yara_file *file, struct span name)
{
	return (uint32_t)(uintptr_t)map_get(&file->names, name) - 1;
}

static int name_rules(struct yara *y, struct yara_file *file, struct fault *f)
{
	map_init(&file->names, YARA_RULES_MAX);
	for (uint32_t i = file->first; i < file->end && !file->opaque; i++) {
		const struct yara_rule *r = y->unit[i].rule;
		int rc = map_add(&file->names, r->name, (void *)(uintptr_t)(i + 1), NULL);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		y->unit[i].bad = true;
		char why[QUOTE_MAX + 64];
		snprintf(why, sizeof(why), "duplicated identifier \"%.*s\"", (int)r->name.n,
		    (const char *)r->name.p);
		rc = yara_left_out(y, file, r->line, why, f);
		if (rc)
			return rc;
	}
	return 0;
}

struct needs {
	struct yara *y;
	const struct yara_file *file;
	uint32_t self;
	uint32_t *at;
	size_t n, cap;
};

static int need(struct needs *d, uint32_t unit)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->at[i] == unit)
			return 0;
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 4;
		uint32_t *p = arena_grow(&d->y->arena, d->at, d->cap * sizeof(*p), cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		d->at = p;
		d->cap = cap;
	}
	d->at[d->n++] = unit;
	return 0;
}

/* A name in the condition: a rule before this one, or "name*" all of them. */
static int need_name(struct needs *d, struct span name, bool star)
{
	int rc = 0;

	if (!star) {
		uint32_t i = rule_index(d->file, name);
		return i < d->self ? need(d, i) : 0;
	}
	for (uint32_t i = d->file->first; i < d->self && rc == 0; i++)
		if (span_starts(d->y->unit[i].rule->name, name))
			rc = need(d, i);
	return rc;
}

static int find_needs(struct yara *y, uint32_t self)
{
	struct yara_unit *u = &y->unit[self];
	struct needs d = { y, &y->file[u->file], self };
	struct span rest = u->rule->condition;
	int rc = 0;

	for (struct yara_token t = yara_token(&rest); t.tok > YARA_TOK_BAD && rc == 0;) {
		struct yara_token next = yara_token(&rest);
		if (t.tok == YARA_TOK_NAME)
			rc = need_name(&d, t.text, yara_token_is(&next, "*"));
		t = next;
	}
	u->needs = d.at;
	u->nneeds = (uint32_t)d.n;
	return rc;
}

/* --- gates --- */

struct gate_ctx {
	struct yara *y;
	uint32_t self;
};

static const struct yara_gate *gate_of(void *ctx, struct span name)
{
	const struct gate_ctx *c = ctx;
	uint32_t i = rule_index(&c->y->file[c->y->unit[c->self].file], name);
	return i < c->self ? &c->y->unit[i].gate : NULL;
}

static int make_needles(struct yara *y)
{
	for (size_t i = 0; i < y->nunits; i++) {
		y->unit[i].string = (uint32_t)y->nstrings;
		y->nstrings += y->unit[i].rule ? y->unit[i].rule->nstrings : 0;
	}
	y->needle = arena_array(&y->arena, y->nstrings + 1, sizeof(*y->needle));
	if (!y->needle)
		return -ENOMEM;
	for (size_t i = 0, s = 0; i < y->nunits; i++)
		for (size_t k = 0; y->unit[i].rule && k < y->unit[i].rule->nstrings; k++)
			y->needle[s++] = yara_needle(&y->unit[i].rule->string[k]);
	return 0;
}

static int make_gate(struct yara *y, uint32_t i)
{
	struct yara_unit *u = &y->unit[i];
	struct gate_ctx self = { y, i };
	struct yara_gate_ctx c = { u->rule, u->string, y->needle, gate_of, &self, &y->arena };

	int rc = find_needs(y, i);
	return rc < 0 ? rc : yara_gate(&c, &u->gate);
}

static bool is_never(const struct yara_gate *g)
{
	return g->min > g->max;
}

/* Is it told when it matches? */
static bool is_told(const struct yara_unit *u)
{
	return !u->bad && u->group != YARA_NONE && !(u->rule && u->rule->is_private);
}

/* --- groups --- */

static unsigned size_class(uint64_t max)
{
	return max <= 64u << 10 ? 0 : max <= 1u << 20 ? 1 : max <= 16u << 20 ? 2 : 3;
}

/* Order: opaque files, rules without strings by head and size, then those with strings. */
static int by_kind(const void *pa, const void *pb, void *ctx)
{
	const struct yara *y = ctx;
	uint32_t ia = *(const uint32_t *)pa, ib = *(const uint32_t *)pb;
	const struct yara_unit *a = &y->unit[ia], *b = &y->unit[ib];
	int d = (a->rule != NULL) - (b->rule != NULL);

	if (!d)
		d = (a->gate.need > 0) - (b->gate.need > 0);
	if (!d && a->gate.need)
		d = (a->gate.score < POOR) - (b->gate.score < POOR);
	if (!d && !a->gate.need)
		d = memcmp(a->gate.head, b->gate.head, sizeof(a->gate.head));
	if (!d && !a->gate.need)
		d = (int)size_class(a->gate.max) - (int)size_class(b->gate.max);
	return d ? d : (ia > ib) - (ia < ib);
}

/* Do neighbours in that order belong into one group, which has n already? */
static bool together(const struct yara *y, uint32_t ia, uint32_t ib, size_t n)
{
	const struct yara_unit *a = &y->unit[ia], *b = &y->unit[ib];

	if (!a->rule || !b->rule || (a->gate.need > 0) != (b->gate.need > 0))
		return false;
	if (a->gate.need)
		return n < CHUNK && (a->gate.score < POOR) == (b->gate.score < POOR);
	return memcmp(a->gate.head, b->gate.head, sizeof(a->gate.head)) == 0 &&
	       size_class(a->gate.max) == size_class(b->gate.max);
}

static int make_groups(struct yara *y, struct fault *f)
{
	uint32_t *order = arena_array(&y->arena, y->nunits + 1, sizeof(*order));
	size_t n = 0;
	int rc = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < y->nunits; i++)
		if (!y->unit[i].bad)
			order[n++] = i;
	if (n)
		qsort_r(order, n, sizeof(*order), by_kind, y);
	for (size_t i = 0, end; i < n && rc == 0; i = end) {
		for (end = i + 1; end < n && together(y, order[end - 1], order[end], end - i);)
			end++;
		rc = yara_compile(y, order + i, end - i, f);
	}
	return rc;
}

/* --- what asks for them --- */

static bool needs_strings(const struct yara_unit *u)
{
	return is_told(u) && !is_never(&u->gate) && u->gate.need;
}

static int index_users(struct yara *y)
{
	uint32_t total = 0;

	y->user_first = arena_array(&y->arena, y->nstrings + 1, sizeof(*y->user_first));
	if (!y->user_first)
		return -ENOMEM;
	for (size_t i = 0; i < y->nunits; i++)
		for (uint32_t k = 0; needs_strings(&y->unit[i]) && k < y->unit[i].gate.nstrings; k++)
			y->user_first[y->unit[i].gate.string[k]]++;
	for (size_t s = 0; s <= y->nstrings; s++) {
		uint32_t n = s < y->nstrings ? y->user_first[s] : 0;
		total += n;
		y->user_first[s] = total;
	}
	y->user = arena_array(&y->arena, (size_t)total + 1, sizeof(*y->user));
	if (!y->user)
		return -ENOMEM;
	for (uint32_t i = (uint32_t)y->nunits; i-- > 0;)
		for (uint32_t k = 0; needs_strings(&y->unit[i]) && k < y->unit[i].gate.nstrings; k++)
			y->user[--y->user_first[y->unit[i].gate.string[k]]] = i;
	return 0;
}

static int make_sieve(struct yara *y)
{
	int rc = yara_sieve_new(&y->sieve);

	for (uint32_t s = 0; s < y->nstrings && rc == 0; s++) {
		if (y->user_first[s] == y->user_first[s + 1])
			continue;
		for (unsigned k = 0; k < y->needle[s].n && rc == 0; k++)
			rc = yara_sieve_add(y->sieve, &y->needle[s].form[k], s);
	}
	return rc < 0 ? rc : yara_sieve_finish(y->sieve);
}

static int list_open(struct yara *y)
{
	y->open = arena_array(&y->arena, y->nunits + 1, sizeof(*y->open));
	if (!y->open)
		return -ENOMEM;
	for (uint32_t i = 0; i < y->nunits; i++) {
		const struct yara_unit *u = &y->unit[i];
		if (needs_strings(u))
			y->stats.gated++;
		else if (is_told(u) && !is_never(&u->gate))
			y->open[y->nopen++] = i;
	}
	return 0;
}

static int make_marks(struct yara *y)
{
	y->string_seen = arena_array(&y->arena, y->nstrings + 1, sizeof(*y->string_seen));
	y->unit_seen = arena_array(&y->arena, y->nunits + 1, sizeof(*y->unit_seen));
	y->unit_count = arena_array(&y->arena, y->nunits + 1, sizeof(*y->unit_count));
	return y->string_seen && y->unit_seen && y->unit_count ? 0 : -ENOMEM;
}

int yara_group_all(struct yara *y, struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; i < y->nfiles && rc == 0; i++)
		rc = name_rules(y, &y->file[i], f);
	if (rc == 0)
		rc = make_needles(y);
	for (uint32_t i = 0; i < y->nunits && rc == 0; i++)
		if (y->unit[i].rule)
			rc = make_gate(y, i);
	if (rc == 0)
		rc = make_groups(y, f);
	if (rc == 0)
		rc = index_users(y);
	if (rc == 0)
		rc = make_sieve(y);
	if (rc == 0)
		rc = list_open(y);
	return rc == 0 ? make_marks(y) : rc;
}
