/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_gate_join.h"

#include <errno.h>
#include <stdlib.h>

#define AHEAD 4 /* ends behind the last token, so that looking ahead needs no check */

/* One rule's condition: its tokens are read twice, so they are kept. */
struct parser {
	const struct yara_gate_ctx *c;
	struct yara_token *t; /* ends in YARA_TOK_END */
	size_t i;
	unsigned depth;
	struct yara_gate_join join;
};

static bool is(const struct parser *p, size_t i, const char *text)
{
	return yara_token_is(&p->t[i], text);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* --- comparisons --- */

/* tokens from..to: "12", "0x5a4d" alone */
static bool is_number(const struct parser *p, size_t from, size_t to)
{
	return to == from + 1 && p->t[from].tok == YARA_TOK_NUMBER &&
	       p->t[from].number <= INT64_MAX;
}

static const char *const mirrored[][2] = {
	{ "==", "==" },
	{ "<", ">" },
	{ ">", "<" },
	{ "<=", ">=" },
	{ ">=", "<=" },
};

static void limit_size(struct yara_gate *g, const char *op, uint64_t n)
{
	if (op[0] == '=' || op[0] == '<')
		g->max = op[1] == '=' ? n : n - 1;
	if (op[0] == '=' || op[0] == '>')
		g->min = op[1] == '=' ? n : n + 1;
	if (strcmp(op, "<") == 0 && n == 0)
		yara_gate_never(g);
}

/* uint16(0), uint32be(0), uint8(0): bytes and order. */
static bool is_head_call(const struct parser *p, size_t from, size_t to, unsigned *size, bool *be)
{
	static const struct {
		const char *name;
		unsigned size;
		bool be;
	} known[] = {
		{ "uint8", 1, false },
		{ "uint16", 2, false },
		{ "uint32", 4, false },
		{ "uint8be", 1, true },
		{ "uint16be", 2, true },
		{ "uint32be", 4, true },
	};

	if (to != from + 4 || !is(p, from + 1, "(") || !is_number(p, from + 2, from + 3) ||
	    p->t[from + 2].number != 0 || !is(p, from + 3, ")"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (is(p, from, known[i].name)) {
			*size = known[i].size;
			*be = known[i].be;
			return true;
		}
	return false;
}

static void limit_head(struct yara_gate *g, unsigned size, bool be, uint64_t n)
{
	uint32_t v = (uint32_t)n;

	if (size < 4 && n >> (8 * size)) {
		yara_gate_never(g);
		return;
	}
	if (n >> 32) {
		yara_gate_never(g);
		return;
	}
	if (!be)
		v = __builtin_bswap32(v);
	else
		v <<= 8 * (4 - size);
	g->head[0] = (struct yara_head){ UINT32_MAX << (8 * (4 - size)), v };
	g->nheads = 1;
}

/* A side of "side OP number". */
static void compare(struct parser *p, size_t from, size_t to, const char *op, uint64_t n,
    struct yara_gate *g)
{
	unsigned size;
	bool be;

	if (to == from + 1 && is(p, from, "filesize"))
		limit_size(g, op, n);
	else if (op[0] == '=' && is_head_call(p, from, to, &size, &be))
		limit_head(g, size, be, n);
}

/* --- strings --- */

static bool name_matches(struct span id, struct span pattern)
{
	if (span_ends(pattern, SPAN_LIT("*")))
		return span_starts(id, span_cut(pattern, 0, pattern.n - 1));
	return span_eq(id, pattern);
}

struct set {
	uint32_t *string; /* usable ones, ascending */
	uint32_t n;
	uint64_t listed; /* all of them, as often as they are named */
};

/* Adds what "$a", "$a*" or "them" (pattern "*") names. */
static void set_add(struct parser *p, struct set *s, struct span pattern)
{
	const struct yara_rule *r = p->c->rule;

	for (uint32_t i = 0; i < r->nstrings; i++) {
		if (!name_matches(r->string[i].id, pattern))
			continue;
		s->listed++;
		if (p->c->needle[p->c->first + i].score)
			s->string[s->n++] = p->c->first + i;
	}
}

static uint32_t *set_room(struct parser *p, size_t names)
{
	uint32_t *s = arena_array(p->c->a, names * p->c->rule->nstrings + 1, sizeof(*s));

	if (!s)
		p->join.err = -ENOMEM;
	return s;
}

static int rarest_first(const void *a, const void *b, void *ctx)
{
	const struct parser *p = ctx;
	unsigned x = yara_gate_score(&p->join, *(const uint32_t *)a);
	unsigned y = yara_gate_score(&p->join, *(const uint32_t *)b);

	return (x < y) - (x > y);
}

/* count of the listed ones must be there: so must some of the usable ones. */
static void need_of(struct parser *p, struct yara_gate *g, struct set *s, uint64_t count)
{
	uint32_t distinct = 0;

	qsort(s->string, s->n, sizeof(*s->string), by_value);
	for (uint32_t i = 0; i < s->n; i++)
		if (!distinct || s->string[distinct - 1] != s->string[i])
			s->string[distinct++] = s->string[i];
	if (count > s->listed) {
		yara_gate_never(g);
		return;
	}
	uint64_t useless = s->listed - s->n;
	if (count <= useless)
		return;
	uint64_t need = distinct == s->n ? count - useless : 1;
	s->n = distinct;
	if (need > YARA_GATE_NEED) { /* without the most common ones, fewer are needed */
		qsort_r(s->string, s->n, sizeof(*s->string), rarest_first, p);
		s->n -= (uint32_t)(need - YARA_GATE_NEED);
		need = YARA_GATE_NEED;
		qsort(s->string, s->n, sizeof(*s->string), by_value);
	}
	g->need = (uint32_t)need;
	g->string = s->string;
	g->nstrings = s->n;
	yara_gate_set_score(&p->join, g);
}

/* "$a", "$a at 0", "$a in (…)". */
static void one_string(struct parser *p, size_t from, size_t to, struct yara_gate *g)
{
	struct set s = { set_room(p, 1) };

	if (!s.string)
		return;
	set_add(p, &s, p->t[from].text);
	if (s.listed != 1) /* "$" in a loop */
		return;
	need_of(p, g, &s, 1);
	if (to != from + 3 || !is(p, from + 1, "at") || !is_number(p, from + 2, to) ||
	    p->t[from + 2].number != 0)
		return;
	for (uint32_t i = 0; i < p->c->rule->nstrings; i++) {
		const struct yara_needle *x = &p->c->needle[p->c->first + i];
		if (!span_eq(p->c->rule->string[i].id, p->t[from].text) || !x->nhead)
			continue;
		g->head[0] = (struct yara_head){ UINT32_MAX << (8 * (4 - x->nhead)),
			yara_gate_head(span_of(x->head, x->nhead)) };
		g->nheads = 1;
	}
}

/* "#a > 3": at least one. */
static void counted(struct parser *p, size_t from, size_t to, struct yara_gate *g)
{
	struct set s = { set_room(p, 1) };
	bool more = is(p, from + 1, ">");

	if (!s.string || !is_number(p, from + 2, to) ||
	    !(more || is(p, from + 1, ">=") || is(p, from + 1, "==")) ||
	    p->t[from + 2].number < !more)
		return;
	set_add(p, &s, p->t[from].text);
	if (s.listed == 1)
		need_of(p, g, &s, 1);
}

/* How many "any", "all", "3", "50 %" are; 0: not known, or none. */
static uint64_t quantity(const struct parser *p, size_t from, size_t of, uint64_t listed)
{
	if (of == from + 1 && is(p, from, "any"))
		return 1;
	if (of == from + 1 && is(p, from, "all"))
		return listed;
	if (is_number(p, from, of))
		return p->t[from].number;
	if (of == from + 2 && is_number(p, from, from + 1) && is(p, from + 1, "%") &&
	    p->t[from].number >= 1)
		return 1;
	return 0;
}

/* "2 of them", "any of ($a*, $b)": tokens from..of, and the set behind it. */
static void some_of(struct parser *p, size_t from, size_t of, size_t to, struct yara_gate *g)
{
	struct set s = { set_room(p, to - of) };
	size_t i = of + 1;

	if (!s.string)
		return;
	if (is(p, i, "them")) {
		set_add(p, &s, SPAN_LIT("*"));
	} else if (is(p, i, "(")) {
		for (i++; i < to && !is(p, i, ")"); i++) {
			if (p->t[i].tok == YARA_TOK_STRING)
				set_add(p, &s, p->t[i].text);
			else if (!is(p, i, ","))
				return; /* rules */
		}
	} else {
		return;
	}
	uint64_t count = quantity(p, from, of, s.listed);
	if (count && s.listed)
		need_of(p, g, &s, count);
}

/* --- facts of modules --- */

/*
 * pe.NAME and dotnet.NAME are undefined in what does not begin with "MZ", elf.NAME in what is no
 * ELF; a comparison with something undefined is not true. These are the names of which that is so
 * in every version of the library that there is; functions only where they are compared.
 */
static bool module_head(struct span name, struct yara_head *h)
{
	static const char *const pe[] = { "pe.number_of_sections", "pe.timestamp", "pe.machine",
		"pe.characteristics", "pe.entry_point", "pe.sections", "pe.subsystem",
		"pe.number_of_resources", "pe.resources", "pe.version_info",
		"pe.number_of_signatures", "pe.signatures", "pe.imphash", "pe.dll_name",
		"pe.pdb_path", "pe.image_base", "pe.checksum", "pe.number_of_imports",
		"pe.linker_version" };
	static const char *const elf[] = { "elf.type", "elf.machine", "elf.entry_point",
		"elf.number_of_sections", "elf.number_of_segments", "elf.sections",
		"elf.segments", "elf.symtab_entries", "elf.dynsym_entries" };

	for (size_t i = 0; i < ARRAY_LEN(pe); i++)
		if (span_eq_str(name, pe[i])) {
			*h = (struct yara_head){ 0xffff0000, 0x4d5a0000 };
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(elf); i++)
		if (span_eq_str(name, elf[i])) {
			*h = (struct yara_head){ 0xffffffff, 0x7f454c46 };
			return true;
		}
	return false;
}

/* "pe.NAME… == constant": one side begins with the name, the other is a single constant. */
static void module_fact(const struct parser *p, size_t from, size_t op, size_t to,
    struct yara_gate *g)
{
	struct yara_head h;
	const struct yara_token *c = &p->t[op + 1];

	if (to != op + 2 || !(c->tok == YARA_TOK_NUMBER || c->tok == YARA_TOK_TEXT) ||
	    !is(p, op, "==") || !module_head(p->t[from].text, &h))
		return;
	for (size_t i = from + 1; i < op; i++) /* a path of it, not an expression */
		if (p->t[i].tok != YARA_TOK_NUMBER && p->t[i].tok != YARA_TOK_TEXT &&
		    !is(p, i, "[") && !is(p, i, "]") && !is(p, i, ".") && !is(p, i, "(") &&
		    !is(p, i, ")") && p->t[i].tok != YARA_TOK_NAME)
			return;
	g->head[0] = h;
	g->nheads = 1;
}

/* --- the grammar --- */

/* The only comparison at the outside of from..to; 0: none, or several. */
static size_t operator_in(const struct parser *p, size_t from, size_t to)
{
	size_t depth = 0, found = 0;

	for (size_t i = from; i < to; i++) {
		depth += is(p, i, "(") || is(p, i, "[");
		depth -= is(p, i, ")") || is(p, i, "]");
		if (depth)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(mirrored); k++)
			if (is(p, i, mirrored[k][0])) {
				if (found)
					return 0;
				found = i;
			}
		if (is(p, i, "!="))
			return 0;
	}
	return found;
}

static void comparison(struct parser *p, size_t from, size_t op, size_t to, struct yara_gate *g)
{
	for (size_t k = 0; k < ARRAY_LEN(mirrored); k++) {
		if (!is(p, op, mirrored[k][0]))
			continue;
		if (is_number(p, op + 1, to))
			compare(p, from, op, mirrored[k][0], p->t[op + 1].number, g);
		else if (is_number(p, from, op))
			compare(p, op + 1, to, mirrored[k][1], p->t[from].number, g);
	}
	if (p->t[from].tok == YARA_TOK_NAME)
		module_fact(p, from, op, to, g);
}

/* Something without and, or, not at its outside, and that is no group. */
static void leaf(struct parser *p, size_t from, size_t to, struct yara_gate *g)
{
	const struct yara_token *t = &p->t[from];
	size_t op = operator_in(p, from, to);

	if (is(p, from, "for"))
		return;
	for (size_t i = from; i < to && i < from + 3; i++)
		if (is(p, i, "of")) {
			if (!op)
				some_of(p, from, i, to, g);
			return;
		}
	if (t->tok == YARA_TOK_STRING && (to == from + 1 || is(p, from + 1, "at") ||
					     (is(p, from + 1, "in") && !op)))
		one_string(p, from, to, g);
	else if (t->tok == YARA_TOK_COUNT && to == from + 3)
		counted(p, from, to, g);
	else if (op > from)
		comparison(p, from, op, to, g);
	else if (t->tok == YARA_TOK_NAME && to == from + 1 && is(p, from, "false"))
		yara_gate_never(g);
}

/* The gates of another rule, when from..to is its name. */
static bool other_rule(struct parser *p, size_t from, size_t to, struct yara_gates *g)
{
	if (to != from + 1 || p->t[from].tok != YARA_TOK_NAME || !p->c->gate_of)
		return false;
	const struct yara_gates *other = p->c->gate_of(p->c->ctx, p->t[from].text);
	if (other)
		*g = *other;
	return other;
}

/* Behind the operand at i: up to and, or, or the closing parenthesis. */
static size_t operand_end(const struct parser *p, size_t i)
{
	for (size_t depth = 0; p->t[i].tok != YARA_TOK_END; i++) {
		if (!depth && (is(p, i, "and") || is(p, i, "or") || is(p, i, ")")))
			return i;
		depth += is(p, i, "(");
		depth -= is(p, i, ")");
	}
	return i;
}

/* Is from..to one pair of parentheses with everything in it? */
static bool is_group(const struct parser *p, size_t from, size_t to)
{
	size_t depth = 0;

	if (!is(p, from, "("))
		return false;
	for (size_t i = from; i < to; i++) {
		depth += is(p, i, "(");
		depth -= is(p, i, ")");
		if (!depth)
			return i + 1 == to;
	}
	return false;
}

static struct yara_gates any_side(struct parser *p);

static struct yara_gates operand(struct parser *p)
{
	struct yara_gates all = { .n = 0 };
	struct yara_gate g = YARA_GATE_OPEN;
	size_t from = p->i, to = operand_end(p, from);

	if (is_group(p, from, to) && p->depth < YARA_GATE_DEPTH) {
		p->i++;
		p->depth++;
		all = any_side(p);
		p->depth--;
	} else if (to == from || !other_rule(p, from, to, &all)) {
		if (to > from && !is(p, from, "not") && !is(p, from, "defined"))
			leaf(p, from, to, &g);
		yara_gates_add(&p->join, &all, &g);
	}
	p->i = to;
	return all;
}

static struct yara_gates all_sides(struct parser *p)
{
	struct yara_gates g = operand(p);

	while (is(p, p->i, "and")) {
		p->i++;
		struct yara_gates b = operand(p);
		yara_gates_both(&p->join, &g, &b);
	}
	return g;
}

static struct yara_gates any_side(struct parser *p)
{
	struct yara_gates g = all_sides(p);

	while (is(p, p->i, "or")) {
		p->i++;
		struct yara_gates b = all_sides(p);
		yara_gates_either(&p->join, &g, &b);
	}
	return g;
}

static struct yara_token *all_tokens(struct span s, struct arena *a)
{
	struct span rest = s;
	size_t n = 0;

	while (yara_token(&rest).tok > YARA_TOK_BAD)
		n++;
	struct yara_token *t = arena_array(a, n + AHEAD, sizeof(*t));
	rest = s;
	for (size_t i = 0; t && i < n; i++)
		t[i] = yara_token(&rest);
	return t;
}

int yara_gate(const struct yara_gate_ctx *c, struct yara_gates *ret_g)
{
	struct parser p = { .c = c,
		.t = all_tokens(c->rule->condition, c->a),
		.join = { c->a, c->needle, 0 } };

	if (!p.t)
		return -ENOMEM;
	struct yara_gates g = any_side(&p);
	if (p.join.err < 0)
		return p.join.err;
	if (p.t[p.i].tok != YARA_TOK_END) /* not understood */
		g = (struct yara_gates){ { YARA_GATE_OPEN }, 1 };
	*ret_g = g;
	return 0;
}
