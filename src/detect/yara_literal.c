/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_literal.h"

/* A run of certain bytes that is being read, and the best so far. */
struct runs {
	uint8_t now[YARA_LITERAL_MAX], best[YARA_LITERAL_MAX];
	size_t n, nbest;
	unsigned score; /* of best */
	bool first;	/* nothing uncertain has been met */
	uint8_t head[4];
	unsigned nhead;
};

unsigned yara_byte_bits(uint8_t c)
{
	if (c == 0)
		return 1;
	if (c == 0xff || c == ' ')
		return 3;
	if (c >= 'a' && c <= 'z')
		return strchr("etaoinsrl", c) ? 4 : 5;
	return c == '_' || c == '/' || (c >= '0' && c <= '9') ? 5 : 6;
}

static unsigned bits(const uint8_t *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i && p[i] == p[i - 1] ? 1 : yara_byte_bits(p[i]);
	return sum;
}

static void cut(struct runs *r)
{
	unsigned score = bits(r->now, r->n);

	if (score > r->score) {
		memcpy(r->best, r->now, r->n);
		r->nbest = r->n;
		r->score = score;
	}
	r->n = 0;
	r->first = false;
}

static void certain(struct runs *r, uint8_t c)
{
	if (r->first && r->nhead < sizeof(r->head))
		r->head[r->nhead++] = c;
	if (r->n == sizeof(r->now))
		cut(r);
	r->now[r->n++] = c;
}

/* The last byte was optional. */
static void forget(struct runs *r)
{
	if (r->n)
		r->n--;
	if (r->first && r->nhead)
		r->nhead--;
	cut(r);
}

static int nibble(uint8_t c)
{
	return c >= '0' && c <= '9'		       ? c - '0' :
	       (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 :
							 -1;
}

/* "xNN" at s; -1. */
static int hex_escape(struct span s)
{
	if (s.n < 3 || s.p[0] != 'x' || nibble(s.p[1]) < 0 || nibble(s.p[2]) < 0)
		return -1;
	return nibble(s.p[1]) << 4 | nibble(s.p[2]);
}

/* What is behind a backslash that stands for one byte: its length in *ret_n. */
static uint8_t escaped(struct span s, size_t *ret_n)
{
	int x = hex_escape(s);

	*ret_n = x >= 0 ? 3 : 1;
	if (x >= 0)
		return (uint8_t)x;
	switch (s.p[0]) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	default:
		return s.p[0];
	}
}

static void read_text(struct runs *r, struct span s)
{
	size_t n;

	for (size_t i = 0; i < s.n; i += n) {
		n = 1;
		if (s.p[i] != '\\' || i + 1 >= s.n) {
			certain(r, s.p[i]);
		} else {
			certain(r, escaped(span_from(s, i + 1), &n));
			n++;
		}
	}
	cut(r);
}

/* Behind the comment at i; i when there is none. */
static size_t comment(struct span s, size_t i)
{
	struct span rest = span_from(s, i);

	if (span_starts(rest, SPAN_LIT("//"))) {
		size_t n = span_find(rest, '\n');
		return n == SIZE_MAX ? s.n : i + n;
	}
	if (span_starts(rest, SPAN_LIT("/*"))) {
		const uint8_t *end = memmem(rest.p + 2, rest.n - 2, "*/", 2);
		return end ? (size_t)(end + 2 - s.p) : s.n;
	}
	return i;
}

/* Behind the bracket that closes the one at i; they may be nested. */
static size_t closing(struct span s, size_t i, uint8_t open, uint8_t close)
{
	for (size_t depth = 0; i < s.n; i++) {
		size_t behind = comment(s, i);
		if (behind > i) {
			i = behind - 1;
			continue;
		}
		depth += s.p[i] == open;
		if (s.p[i] == close && --depth == 0)
			return i + 1;
	}
	return s.n;
}

static void read_hex(struct runs *r, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		uint8_t c = s.p[i];
		int hi = nibble(c), lo = i + 1 < s.n ? nibble(s.p[i + 1]) : -1;
		if (hi >= 0 && lo >= 0) {
			certain(r, (uint8_t)(hi << 4 | lo));
			i += 2;
		} else if (c == '/') {
			size_t end = comment(s, i);
			i = end > i ? end : s.n;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			i++;
		} else {
			cut(r);
			i = c == '(' ? closing(s, i, '(', ')') :
			    c == '[' ? closing(s, i, '[', ']') :
			    c == '~' ? i + 3 :
				       i + 2; /* "??", "?1", "1?" */
		}
	}
	cut(r);
}

/* Behind the class that begins at i. */
static size_t regex_class(struct span s, size_t i)
{
	i++;
	if (i < s.n && s.p[i] == '^')
		i++;
	if (i < s.n && s.p[i] == ']')
		i++;
	for (; i < s.n && s.p[i] != ']'; i++)
		i += s.p[i] == '\\';
	return i + 1;
}

/* Behind the group that begins at i. */
static size_t regex_group(struct span s, size_t i)
{
	for (size_t depth = 0; i < s.n;) {
		if (s.p[i] == '[') {
			i = regex_class(s, i);
			continue;
		}
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
		i++;
	}
	return s.n;
}

/* Behind "{2}", "{2,}", "{,2}" or "{2,3}" at i; 0 when there is none. */
static size_t repeat(struct span s, size_t i)
{
	if (i >= s.n || s.p[i] != '{')
		return 0;
	for (i++; i < s.n && (s.p[i] == ',' || (s.p[i] >= '0' && s.p[i] <= '9'));)
		i++;
	return i < s.n && s.p[i] == '}' ? i + 1 : 0;
}

/* A quantifier at i: behind it, and whether none is enough. i when there is none. */
static size_t quantifier(struct span s, size_t i, bool *ret_optional)
{
	size_t end = repeat(s, i);

	if (end)
		*ret_optional = s.p[i + 1] < '1' || s.p[i + 1] > '9';
	else if (i < s.n && (s.p[i] == '*' || s.p[i] == '+' || s.p[i] == '?'))
		*ret_optional = s.p[i] != '+';
	else
		return i;
	i = end ? end : i + 1;
	return i < s.n && s.p[i] == '?' ? i + 1 : i;
}

/* The element at i: behind it. *ret_c is its byte, -1 when it is not one certain byte. */
static size_t regex_element(struct span s, size_t i, int *ret_c)
{
	uint8_t c = s.p[i];
	size_t n;

	*ret_c = -1;
	switch (c) {
	case '(':
		return regex_group(s, i);
	case '[':
		return regex_class(s, i);
	case '\\':
		if (i + 1 >= s.n)
			return s.n;
		if (strchr("wWsSdDbBfa0123456789", s.p[i + 1]))
			return i + 2;
		*ret_c = escaped(span_from(s, i + 1), &n);
		return i + 1 + n;
	case '{':
	case '.':
	case '^':
	case '$':
	case '*':
	case '+':
	case '?':
	case '}':
	case ')':
		return i + 1;
	default:
		*ret_c = c;
		return i + 1;
	}
}

static void read_regex(struct runs *r, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		bool optional = false;
		int c;

		if (s.p[i] == '|') { /* either side may match */
			*r = (struct runs){ 0 };
			return;
		}
		size_t end = regex_element(s, i, &c);
		i = quantifier(s, end, &optional);
		if (c < 0)
			cut(r);
		else
			certain(r, (uint8_t)c);
		if (i > end && c >= 0) {
			if (optional)
				forget(r);
			else
				cut(r);
		}
	}
	cut(r);
}

static void add_form(struct yara_needle *x, const struct runs *r, bool wide, bool nocase)
{
	struct yara_literal *l = &x->form[x->n];

	*l = (struct yara_literal){ .nocase = nocase };
	for (size_t i = 0; i < r->nbest && l->n + 1u + wide <= YARA_LITERAL_MAX; i++) {
		l->p[l->n++] = r->best[i];
		if (wide)
			l->p[l->n++] = 0;
	}
	x->n++;
}

struct yara_needle yara_needle(const struct yara_string *s)
{
	static void (*const read[])(struct runs *, struct span) = {
		[YARA_TEXT] = read_text,
		[YARA_HEX] = read_hex,
		[YARA_REGEX] = read_regex,
	};
	struct yara_needle x = { 0 };
	struct runs r = { .first = true };
	bool wide = s->kind != YARA_HEX && s->mods & YARA_MOD_WIDE;
	bool bytes = !wide || s->mods & YARA_MOD_ASCII;

	if (s->mods & YARA_MOD_OTHER)
		return x;
	read[s->kind](&r, s->body);
	if (s->kind != YARA_REGEX && !wide && !(s->mods & YARA_MOD_NOCASE)) {
		memcpy(x.head, r.head, sizeof(x.head));
		x.nhead = r.nhead;
	}
	if (r.nbest < (bytes ? YARA_LITERAL_MIN : YARA_LITERAL_MIN / 2) || r.score < 12)
		return x;
	if (bytes)
		add_form(&x, &r, false, s->mods & YARA_MOD_NOCASE);
	if (wide)
		add_form(&x, &r, true, s->mods & YARA_MOD_NOCASE);
	x.score = r.score;
	return x;
}
