/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/rpz.h"

void zone_open(struct zone *z, struct span text)
{
	*z = (struct zone){ .rest = text, .line = 1 };
}

static int at(const struct zone *z, size_t i)
{
	return i < z->rest.n ? z->rest.p[i] : -1;
}

static void take(struct zone *z, size_t n)
{
	z->rest = span_from(z->rest, n);
}

static bool is_end(int c)
{
	return c < 0 || c == '\n' || c == '\r';
}

/* Bytes of the line end at the front: 0, 1 or 2. */
static size_t line_end(const struct zone *z)
{
	if (at(z, 0) == '\r')
		return at(z, 1) == '\n' ? 2 : 1;
	return at(z, 0) == '\n';
}

static void skip_comment(struct zone *z)
{
	size_t n = 0;

	while (!is_end(at(z, n)))
		n++;
	take(z, n);
}

/* A quoted string without its quotes; false when the line ends in it. */
static bool quoted(struct zone *z, struct span *ret)
{
	size_t n = 1;

	while (at(z, n) != '"') {
		if (is_end(at(z, n)))
			return false;
		n += at(z, n) == '\\' && !is_end(at(z, n + 1)) ? 2 : 1;
	}
	*ret = span_cut(z->rest, 1, n - 1);
	take(z, n + 1);
	return true;
}

static struct span word(struct zone *z)
{
	size_t n = 0;
	int c;

	while (!is_end(c = at(z, n)) && c != ' ' && c != '\t' && c != ';' && c != '(' && c != ')' &&
	    c != '"')
		n += c == '\\' && !is_end(at(z, n + 1)) ? 2 : 1;
	struct span s = span_cut(z->rest, 0, n);
	take(z, n);
	return s;
}

static bool fail(struct zone *z, const char *err)
{
	z->err = err;
	return false;
}

static void add(struct zone_record *r, struct span s)
{
	if (r->n < ZONE_TOKENS_MAX)
		r->token[r->n++] = s;
}

/* The tokens up to the line's end, or, inside parentheses, up to that behind them. */
static bool tokens(struct zone *z, struct zone_record *r)
{
	struct span s;
	int depth = 0;

	for (;;) {
		int c = at(z, 0);
		size_t end = line_end(z);
		if (c < 0)
			return depth ? fail(z, "the zone ends inside parentheses") : true;
		if (end) {
			take(z, end);
			z->line++;
			if (!depth)
				return true;
		} else if (c == ' ' || c == '\t') {
			take(z, 1);
		} else if (c == ';') {
			skip_comment(z);
		} else if (c == '(') {
			take(z, 1);
			depth++;
		} else if (c == ')') {
			take(z, 1);
			if (depth-- == 0)
				return fail(z, "a parenthesis that was not opened");
		} else if (c == '"') {
			if (!quoted(z, &s))
				return fail(z, "a quoted text that does not end in its line");
			add(r, s);
		} else {
			add(r, word(z));
		}
	}
}

bool zone_next(struct zone *z, struct zone_record *ret)
{
	while (!z->err && z->rest.n) {
		*ret = (struct zone_record){ .line = z->line,
			.has_owner = at(z, 0) != ' ' && at(z, 0) != '\t' };
		if (!tokens(z, ret))
			return false;
		if (ret->n)
			return true;
	}
	return false;
}
