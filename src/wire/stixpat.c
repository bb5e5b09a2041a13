/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/stixpat.h"

#include "wire/stixpat_lex.h"

#include <errno.h>
#include <stdio.h>

static void next(struct parse *x)
{
	stixpat_lex(x, x->t.end);
}

static bool is_punct(const struct parse *x, char c)
{
	return x->t.type == TOK_PUNCT && x->t.text.p[0] == (uint8_t)c;
}

static bool is_word(const struct parse *x, const char *w)
{
	return x->t.type == TOK_WORD && span_eq_str(x->t.text, w);
}

static bool accept_word(struct parse *x, const char *w)
{
	if (!is_word(x, w))
		return false;
	next(x);
	return true;
}

static bool expect(struct parse *x, const char *want)
{
	return stixpat_fail(x, STIXPAT_E_SYNTAX, x->t.off, want);
}

static bool expect_punct(struct parse *x, char c, const char *want)
{
	if (!is_punct(x, c))
		return expect(x, want);
	next(x);
	return true;
}

static uint32_t node(struct parse *x, enum stixpat_kind kind, size_t off, uint32_t a)
{
	struct stixpat *p = x->p;

	if (p->n >= p->cap) {
		stixpat_fail(x, STIXPAT_E_SIZE, off, "fewer parts");
		return 0;
	}
	p->node[p->n] = (struct stixpat_node){ .kind = (uint8_t)kind, .off = (uint32_t)off, .a = a };
	return p->n++;
}

static bool is_keyword(struct span w)
{
	static const char *const words[] = { "AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES",
		"ISSUPERSET", "ISSUBSET", "EXISTS", "IN", "START", "STOP", "SECONDS", "true",
		"false", "WITHIN", "REPEATS", "TIMES" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (span_eq_str(w, words[i]))
			return true;
	return false;
}

static bool component(struct parse *x)
{
	bool name = x->t.type == TOK_WORD && !is_keyword(x->t.text);
	bool quoted = x->t.type == TOK_LIT && x->t.lit == STIXPAT_STRING;

	if (!name && !quoted)
		return expect(x, "a property name");
	next(x);
	return true;
}

static bool index_step(struct parse *x)
{
	next(x);
	bool number = x->t.type == TOK_LIT && x->t.lit == STIXPAT_INT;
	if (!number && !is_punct(x, '*'))
		return expect(x, "a list index or *");
	next(x);
	return expect_punct(x, ']', "]");
}

/* type ":" component { "." component | "[" index "]" } */
static bool object_path(struct parse *x, struct span *ret_text)
{
	size_t start = x->t.off, end;

	if (x->t.type != TOK_WORD || is_keyword(x->t.text))
		return expect(x, "an object path such as file:name");
	next(x);
	if (!expect_punct(x, ':', "the : of an object path"))
		return false;
	end = x->t.end;
	if (!component(x))
		return false;
	for (;;) {
		bool dot = is_punct(x, '.');
		if (!dot && !is_punct(x, '['))
			break;
		if (dot) {
			next(x);
			end = x->t.end;
			if (!component(x))
				return false;
		} else {
			if (!index_step(x))
				return false;
			end = x->t.off;
		}
	}
	*ret_text = span_trim(span_of(x->s.p + start, end - start));
	return true;
}

/* A literal of one of the kinds in the mask (bit = enum stixpat_lit). */
static uint32_t literal(struct parse *x, unsigned mask, const char *want)
{
	struct tok t = x->t;

	if (is_word(x, "true") || is_word(x, "false")) {
		t.type = TOK_LIT;
		t.lit = STIXPAT_BOOL;
	}
	if (t.type != TOK_LIT || !(mask & 1u << t.lit)) {
		expect(x, want);
		return 0;
	}
	uint32_t n = node(x, STIXPAT_LIT, t.off, 0);
	if (n) {
		x->p->node[n].lit = t.lit;
		x->p->node[n].text = t.text;
	}
	next(x);
	return n;
}

#define ANY_LIT 0xfeu
#define ORDERABLE (ANY_LIT & ~(1u << STIXPAT_BOOL))
#define STRING_LIT (1u << STIXPAT_STRING)

static bool set_literal(struct parse *x, uint32_t *ret_first)
{
	uint32_t last = 0;

	*ret_first = 0;
	if (!expect_punct(x, '(', "a list in parentheses"))
		return false;
	if (is_punct(x, ')')) {
		next(x);
		return true;
	}
	for (;;) {
		uint32_t n = literal(x, ANY_LIT, "a value");
		if (!n)
			return false;
		if (last)
			x->p->node[last].next = n;
		else
			*ret_first = n;
		last = n;
		if (!is_punct(x, ','))
			return expect_punct(x, ')', ", or )");
		next(x);
	}
}

static const struct {
	const char *word;
	enum stixpat_op op;
} word_ops[] = {
	{ "IN", STIXPAT_IN },
	{ "LIKE", STIXPAT_LIKE },
	{ "MATCHES", STIXPAT_MATCHES },
	{ "ISSUBSET", STIXPAT_ISSUBSET },
	{ "ISSUPERSET", STIXPAT_ISSUPERSET },
};

static enum stixpat_op comparison_op(struct parse *x)
{
	enum stixpat_op op = 0;

	if (x->t.type == TOK_OP)
		op = x->t.op;
	for (size_t i = 0; i < ARRAY_LEN(word_ops) && !op; i++)
		if (is_word(x, word_ops[i].word))
			op = word_ops[i].op;
	if (op)
		next(x);
	else
		expect(x, "a comparison operator");
	return op;
}

static bool operand(struct parse *x, enum stixpat_op op, uint32_t *ret_lit)
{
	if (op == STIXPAT_IN)
		return set_literal(x, ret_lit);
	unsigned mask = op >= STIXPAT_LIKE ? STRING_LIT : op >= STIXPAT_LT ? ORDERABLE : ANY_LIT;
	*ret_lit = literal(x, mask, op >= STIXPAT_LIKE ? "a quoted text" : "a value");
	return *ret_lit != 0;
}

static uint32_t test(struct parse *x)
{
	struct span path;
	size_t off = x->t.off;
	bool negated = accept_word(x, "NOT"), exists = accept_word(x, "EXISTS");
	enum stixpat_op op = STIXPAT_EXISTS;
	uint32_t lit = 0;

	if (negated && !exists) {
		expect(x, "EXISTS");
		return 0;
	}
	if (!object_path(x, &path))
		return 0;
	if (!exists) {
		negated = accept_word(x, "NOT");
		op = comparison_op(x);
		if (!op || !operand(x, op, &lit))
			return 0;
	}
	uint32_t n = node(x, STIXPAT_TEST, off, lit);
	if (n) {
		x->p->node[n].op = (uint8_t)op;
		x->p->node[n].negated = negated;
		x->p->node[n].text = path;
	}
	return n;
}

/* item { WORD item } as one list node, or the item itself when it is alone. */
static uint32_t chain(struct parse *x, const char *word, enum stixpat_kind kind,
    uint32_t (*item)(struct parse *x))
{
	size_t off = x->t.off;
	uint32_t first = item(x), last = first, list = 0;

	while (last && accept_word(x, word)) {
		if (!list)
			list = node(x, kind, off, first);
		uint32_t n = item(x);
		if (!n || !list)
			return 0;
		x->p->node[last].next = n;
		last = n;
	}
	return last ? (list ? list : first) : 0;
}

static uint32_t comparison_or(struct parse *x);

/* "(" inner ")", or inside other brackets, with the depth counted. */
static uint32_t bracketed(struct parse *x, char close, const char *want,
    uint32_t (*inner)(struct parse *x))
{
	if (x->depth == STIXPAT_DEPTH_MAX) {
		stixpat_fail(x, STIXPAT_E_DEPTH, x->t.off, "fewer parentheses");
		return 0;
	}
	x->depth++;
	next(x);
	uint32_t n = inner(x);
	x->depth--;
	return n && expect_punct(x, close, want) ? n : 0;
}

static uint32_t comparison_unit(struct parse *x)
{
	if (is_punct(x, '('))
		return bracketed(x, ')', ")", comparison_or);
	return test(x);
}

static uint32_t comparison_and(struct parse *x)
{
	return chain(x, "AND", STIXPAT_AND, comparison_unit);
}

static uint32_t comparison_or(struct parse *x)
{
	return chain(x, "OR", STIXPAT_OR, comparison_and);
}

static bool number_word(struct parse *x, bool fraction, const char *unit)
{
	bool number = x->t.type == TOK_LIT && x->t.text.p[0] != '-' &&
	    (x->t.lit == STIXPAT_INT || (fraction && x->t.lit == STIXPAT_FLOAT));

	if (!number)
		return expect(x, "a positive number");
	next(x);
	if (!accept_word(x, unit))
		return expect(x, unit);
	return true;
}

static bool time_literal(struct parse *x)
{
	bool old = x->t.type == TOK_LIT && x->t.lit == STIXPAT_STRING &&
	    stixpat_is_time(x->t.text);
	if (!old && (x->t.type != TOK_LIT || x->t.lit != STIXPAT_TIMESTAMP))
		return expect(x, "a time as t'…'");
	next(x);
	return true;
}

static bool start_stop(struct parse *x)
{
	if (!time_literal(x))
		return false;
	if (!accept_word(x, "STOP"))
		return expect(x, "STOP");
	return time_literal(x);
}

/*
 * Wraps n into QUALIFIED when qualifiers follow. One observation has each kind of them once
 * (section 9.3); on a compound in parentheses the OASIS validator takes them as often as they come.
 */
static uint32_t qualifiers(struct parse *x, uint32_t n, bool single)
{
	static const char *const words[] = { "WITHIN", "REPEATS", "START" };
	size_t start = x->t.off, end = start;
	unsigned seen = 0;

	for (;;) {
		size_t k = 0, at_word = x->t.off;
		while (k < ARRAY_LEN(words) && !is_word(x, words[k]))
			k++;
		if (k == ARRAY_LEN(words))
			break;
		if (single && seen & 1u << k) {
			stixpat_fail(x, STIXPAT_E_QUALIFIER, at_word, "each qualifier once");
			return 0;
		}
		seen |= 1u << k;
		next(x);
		bool good = k == 0 ? number_word(x, true, "SECONDS") :
		    k == 1	   ? number_word(x, false, "TIMES") :
				     start_stop(x);
		if (!good)
			return 0;
		end = x->t.off;
	}
	if (!seen)
		return n;
	uint32_t q = node(x, STIXPAT_QUALIFIED, start, n);
	if (q)
		x->p->node[q].text = span_trim(span_of(x->s.p + start, end - start));
	return q;
}

static uint32_t observations(struct parse *x);

static uint32_t observation(struct parse *x)
{
	size_t off = x->t.off;
	bool single = is_punct(x, '[');
	uint32_t n = 0;

	if (single) {
		n = bracketed(x, ']', "AND, OR or ]", comparison_or);
		if (n)
			n = node(x, STIXPAT_OBS, off, n);
	} else if (is_punct(x, '(')) {
		n = bracketed(x, ')', "AND, OR, FOLLOWEDBY or )", observations);
	} else {
		expect(x, "[");
	}
	return n ? qualifiers(x, n, single) : 0;
}

static uint32_t observation_and(struct parse *x)
{
	return chain(x, "AND", STIXPAT_OBS_AND, observation);
}

static uint32_t observation_or(struct parse *x)
{
	return chain(x, "OR", STIXPAT_OBS_OR, observation_and);
}

static uint32_t observations(struct parse *x)
{
	return chain(x, "FOLLOWEDBY", STIXPAT_FOLLOWEDBY, observation_or);
}

int stixpat_parse(struct stixpat *p, struct span text)
{
	struct parse x = { .p = p, .s = text };

	*p = (struct stixpat){ .node = p->node, .cap = p->cap, .n = 1, .want = "" };
	if (text.n > STIXPAT_TEXT_MAX) {
		stixpat_fail(&x, STIXPAT_E_SIZE, STIXPAT_TEXT_MAX, "a shorter pattern");
	} else {
		stixpat_lex(&x, 0);
		p->root = observations(&x);
		if (p->root && x.t.type != TOK_END)
			expect(&x, "AND, OR, FOLLOWEDBY or the end");
	}
	if (p->err) {
		p->root = 0;
		p->n = 0;
	}
	return p->err;
}

char *stixpat_strerror(const struct stixpat *p, char out[static 128])
{
	snprintf(out, 128, "offset %zu: expected %s", p->err_off, p->want);
	return out;
}

const char *stixpat_op_name(enum stixpat_op op)
{
	static const char *const names[] = { "", "=", "!=", "<", "<=", ">", ">=", "IN", "LIKE",
		"MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS" };
	return (size_t)op < ARRAY_LEN(names) ? names[op] : "";
}

size_t stixpat_unescape(uint8_t *out, struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n)
			i++;
		out[n++] = text.p[i];
	}
	return n;
}

int stixpat_path(char *out, size_t cap, struct span text, size_t *ret_n)
{
	struct parse x = { .p = &(struct stixpat){ 0 }, .s = text };
	size_t n = 0;

	for (stixpat_lex(&x, 0); x.t.type != TOK_END && x.t.type != TOK_BAD; next(&x)) {
		bool string = x.t.type == TOK_LIT && x.t.lit == STIXPAT_STRING;
		if (n + x.t.text.n >= cap)
			return -EMSGSIZE;
		if (string)
			n += stixpat_unescape((uint8_t *)out + n, x.t.text);
		else
			for (size_t i = 0; i < x.t.text.n; i++)
				out[n++] = (char)x.t.text.p[i];
	}
	if (n >= cap)
		return -EMSGSIZE;
	out[n] = 0;
	*ret_n = n;
	return 0;
}
