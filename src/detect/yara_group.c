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

/* "pe.imphash" uses pe. */
static void use_module(struct yara *y, struct yara_unit *u, struct span name)
{
	size_t dot = span_find(name, '.');

	if (dot == SIZE_MAX)
		return;
	name = span_cut(name, 0, dot);
	for (size_t i = 0; i < y->nmodules; i++)
		if (span_eq(y->module[i], name))
			u->modules |= 1ull << i;
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
			use_module(y, u, t.text);
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

static const struct yara_gates *gate_of(void *ctx, struct span name)
{
	const struct gate_ctx *c = ctx;
	uint32_t i = rule_index(&c->y->file[c->y->unit[c->self].file], name);
	return i < c->self ? &c->y->unit[i].gates : NULL;
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
	return rc < 0 ? rc : yara_gate(&c, &u->gates);
}

/* Is it told when it matches? */
static bool is_told(const struct yara_unit *u)
{
	return !u->bad && u->group != YARA_NONE && !(u->rule && u->rule->is_private);
}

/* --- groups --- */

/* Can it match without any string that the sieve could see? */
static bool is_open(const struct yara_unit *u)
{
	for (unsigned i = 0; i < u->gates.n; i++)
		if (!u->gates.at[i].need)
			return true;
	return false;
}

static bool is_poor(const struct yara_unit *u)
{
	for (unsigned i = 0; i < u->gates.n; i++)
		if (u->gates.at[i].score < POOR)
			return true;
	return false;
}

/*
 * What the open alternatives of a rule ask of a file; rules that ask the same are together. Not by
 * size: libyara takes 2.7 ns a byte with one rule and 3.8 with thirty, so one run with some rules in
 * vain costs less than two. But by the modules they use: to make "pe" ready takes half a millisecond.
 */
struct kind {
	bool readable, open, poor;
	uint64_t modules;
	struct yara_head head[YARA_GATE_HEADS];
};

static struct kind kind_of(const struct yara_unit *u)
{
	struct kind k;

	memset(&k, 0, sizeof(k)); /* compared as bytes */
	k.readable = u->rule != NULL;
	k.open = is_open(u);
	k.modules = u->modules;
	k.poor = !k.open && is_poor(u);
	if (!k.open)
		return k;
	for (unsigned i = 0; i < u->gates.n; i++) {
		const struct yara_gate *g = &u->gates.at[i];
		for (unsigned h = 0; !g->need && h < g->nheads; h++)
			k.head[h] = g->head[h];
	}
	return k;
}

static int by_kind(const void *pa, const void *pb, void *ctx)
{
	const struct yara *y = ctx;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	struct kind ka = kind_of(&y->unit[a]), kb = kind_of(&y->unit[b]);
	int d = memcmp(&ka, &kb, sizeof(ka));
	return d ? d : (a > b) - (a < b);
}

/* Do neighbours in that order belong into one group, which has n already? */
static bool together(const struct yara *y, uint32_t a, uint32_t b, size_t n)
{
	struct kind ka = kind_of(&y->unit[a]), kb = kind_of(&y->unit[b]);
	return ka.readable && (ka.open || n < CHUNK) && memcmp(&ka, &kb, sizeof(ka)) == 0;
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

/* Those that need no string come first. */
static int list_asks(struct yara *y)
{
	y->ask = arena_array(&y->arena, y->nunits * YARA_GATES_MAX + 1, sizeof(*y->ask));
	if (!y->ask)
		return -ENOMEM;
	for (int strings = 0; strings < 2; strings++) {
		for (uint32_t u = 0; u < y->nunits; u++)
			for (unsigned i = 0; is_told(&y->unit[u]) && i < y->unit[u].gates.n; i++) {
				const struct yara_gate *g = &y->unit[u].gates.at[i];
				if ((g->need > 0) == strings)
					y->ask[y->nask++] = (struct yara_ask){ u, g };
			}
		if (!strings)
			y->nopen = y->nask;
	}
	for (uint32_t u = 0; u < y->nunits; u++)
		y->stats.gated += is_told(&y->unit[u]) && !is_open(&y->unit[u]);
	return 0;
}

/* From each string to the asks that need it. */
static int index_users(struct yara *y)
{
	uint32_t total = 0;

	y->user_first = arena_array(&y->arena, y->nstrings + 1, sizeof(*y->user_first));
	if (!y->user_first)
		return -ENOMEM;
	for (size_t i = y->nopen; i < y->nask; i++)
		for (uint32_t k = 0; k < y->ask[i].gate->nstrings; k++)
			y->user_first[y->ask[i].gate->string[k]]++;
	for (size_t s = 0; s <= y->nstrings; s++) {
		total += s < y->nstrings ? y->user_first[s] : 0;
		y->user_first[s] = total;
	}
	y->user = arena_array(&y->arena, (size_t)total + 1, sizeof(*y->user));
	if (!y->user)
		return -ENOMEM;
	for (size_t i = y->nask; i-- > y->nopen;)
		for (uint32_t k = 0; k < y->ask[i].gate->nstrings; k++)
			y->user[--y->user_first[y->ask[i].gate->string[k]]] = (uint32_t)i;
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

static int make_marks(struct yara *y)
{
	y->string_seen = arena_array(&y->arena, y->nstrings + 1, sizeof(*y->string_seen));
	y->ask_seen = arena_array(&y->arena, y->nask + 1, sizeof(*y->ask_seen));
	y->ask_count = arena_array(&y->arena, y->nask + 1, sizeof(*y->ask_count));
	y->unit_seen = arena_array(&y->arena, y->nunits + 1, sizeof(*y->unit_seen));
	y->candidate = arena_array(&y->arena, y->nunits + 1, sizeof(*y->candidate));
	return y->string_seen && y->ask_seen && y->ask_count && y->unit_seen && y->candidate ? 0 :
											      -ENOMEM;
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
		rc = list_asks(y);
	if (rc == 0)
		rc = index_users(y);
	if (rc == 0)
		rc = make_sieve(y);
	return rc == 0 ? make_marks(y) : rc;
}
