/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/stixpat_lex.h"

bool stixpat_fail(struct parse *x, int err, size_t off, const char *want)
{
	if (!x->p->err) {
		x->p->err = err;
		x->p->err_off = off;
		x->p->want = want;
	}
	x->t.type = TOK_BAD;
	return false;
}

static int at(const struct parse *x, size_t i)
{
	return i < x->s.n ? x->s.p[i] : -1;
}

static bool starts(const struct parse *x, size_t i, const char *s)
{
	return i <= x->s.n && span_starts(span_from(x->s, i), span_str(s));
}

/* Bytes of white space at i: ASCII, NEL, NBSP and the Unicode spaces of the grammar, in UTF-8. */
static size_t space(const struct parse *x, size_t i)
{
	static const char *const wide[] = { "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80" };
	int c = at(x, i);

	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return 1;
	if (c < 0x80)
		return 0;
	if (starts(x, i, "\xe2\x80") && at(x, i + 2) >= 0x80 && at(x, i + 2) <= 0x8a)
		return 3; /* U+2000 to U+200A */
	for (size_t k = 0; k < ARRAY_LEN(wide); k++)
		if (starts(x, i, wide[k]))
			return strlen(wide[k]);
	return 0;
}

/* Past white space and comments from i; a comment without end is left for the lexer to refuse. */
static size_t skip(const struct parse *x, size_t i)
{
	for (;;) {
		size_t k = space(x, i);
		if (k) {
			i += k;
		} else if (starts(x, i, "//")) {
			while (at(x, i) >= 0 && at(x, i) != '\n' && at(x, i) != '\r')
				i++;
		} else if (starts(x, i, "/*")) {
			size_t e = i + 2;
			while (at(x, e) >= 0 && !starts(x, e, "*/"))
				e++;
			if (at(x, e) < 0)
				return i;
			i = e + 2;
		} else {
			return i;
		}
	}
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_punct(int c)
{
	return span_find(SPAN_LIT("[]():,*"), (uint8_t)c) != SIZE_MAX;
}

static bool word_char(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	    c == '-';
}

static bool take(struct tok *t, enum tok_type type, size_t end)
{
	t->type = type;
	t->end = end;
	return true;
}

/* i is at the opening quote; the text between the quotes. */
static bool lex_string(struct parse *x, struct tok *t, size_t i)
{
	size_t start = ++i;

	for (; at(x, i) != '\''; i++) {
		if (at(x, i) < 0)
			return stixpat_fail(x, STIXPAT_E_SYNTAX, i, "the end of the quoted text");
		if (at(x, i) != '\\')
			continue;
		i++;
		if (at(x, i) != '\'' && at(x, i) != '\\')
			return stixpat_fail(x, STIXPAT_E_LITERAL, i - 1, "\\' or \\\\ as the only escapes");
	}
	t->lit = STIXPAT_STRING;
	t->text = span_of(x->s.p + start, i - start);
	return take(t, TOK_LIT, i + 1);
}

static bool good_hex(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f'))
			return false;
	return s.n % 2 == 0;
}

static bool good_base64(struct span s)
{
	size_t pad = 0;

	while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i + pad < s.n; i++)
		if ((!word_char(s.p[i]) || s.p[i] == '_' || s.p[i] == '-') && s.p[i] != '+' &&
		    s.p[i] != '/')
			return false;
	return s.n % 4 == 0 && (s.n == 0 || pad < s.n);
}

/* Two digits at p as a number. */
static int two(const uint8_t *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* yyyy-mm-ddThh:mm:ss[.f]Z */
bool stixpat_is_time(struct span s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	size_t i = 0;

	if (s.n < sizeof(shape))
		return false;
	for (; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? !is_digit(s.p[i]) : s.p[i] != shape[i])
			return false;
	int mo = two(s.p + 5), d = two(s.p + 8);
	if (mo < 1 || mo > 12 || d < 1 || d > 31 || two(s.p + 11) > 23 || two(s.p + 14) > 59 ||
	    two(s.p + 17) > 60)
		return false;
	if (s.p[i] == '.') {
		size_t from = ++i;
		while (i < s.n && is_digit(s.p[i]))
			i++;
		if (i == from)
			return false;
	}
	return i + 1 == s.n && s.p[i] == 'Z';
}

/* h'…', b'…' or t'…' with i at the letter. */
static bool lex_typed(struct parse *x, struct tok *t, size_t i)
{
	int c = at(x, i);

	if (!lex_string(x, t, i + 1))
		return false;
	bool good = c == 'h' ? good_hex(t->text) :
	    c == 'b'	     ? good_base64(t->text) :
			       stixpat_is_time(t->text);
	t->lit = c == 'h' ? STIXPAT_HEX : c == 'b' ? STIXPAT_BINARY : STIXPAT_TIMESTAMP;
	if (!good)
		return stixpat_fail(x, STIXPAT_E_LITERAL, i, c == 'h' ? "hex digits in pairs" :
			c == 'b' ? "base64" : "a time as t'yyyy-mm-ddThh:mm:ssZ'");
	return true;
}

static bool lex_number(struct parse *x, struct tok *t, size_t i)
{
	size_t start = i;

	if (at(x, i) == '+' || at(x, i) == '-')
		i++;
	size_t whole = i;
	while (is_digit(at(x, i)))
		i++;
	bool zero = i > whole + 1 && at(x, whole) == '0';
	bool point = at(x, i) == '.' && is_digit(at(x, i + 1));
	if (point)
		for (i++; is_digit(at(x, i)); i++)
			;
	if ((i == whole && !point) || (zero && !point) || word_char(at(x, i)))
		return stixpat_fail(x, STIXPAT_E_LITERAL, start, "a number");
	t->lit = point ? STIXPAT_FLOAT : STIXPAT_INT;
	t->text = span_of(x->s.p + start, i - start);
	return take(t, TOK_LIT, i);
}

static bool lex_op(struct parse *x, struct tok *t, size_t i)
{
	static const struct {
		const char *s;
		enum stixpat_op op;
	} ops[] = { { "==", STIXPAT_EQ }, { "=", STIXPAT_EQ }, { "!=", STIXPAT_NE },
		{ "<>", STIXPAT_NE }, { "<=", STIXPAT_LE }, { "<", STIXPAT_LT },
		{ ">=", STIXPAT_GE }, { ">", STIXPAT_GT } };

	for (size_t k = 0; k < ARRAY_LEN(ops); k++) {
		if (!starts(x, i, ops[k].s))
			continue;
		t->op = (uint8_t)ops[k].op;
		return take(t, TOK_OP, i + strlen(ops[k].s));
	}
	return stixpat_fail(x, STIXPAT_E_SYNTAX, i, "something that a pattern may hold");
}

void stixpat_lex(struct parse *x, size_t from)
{
	size_t i = skip(x, from);
	struct tok t = { .off = i, .end = i };
	int c = at(x, i);
	bool good = true;

	if (x->p->err)
		return;
	if (c < 0) {
		t.type = TOK_END;
	} else if (is_punct(c) || (c == '.' && !is_digit(at(x, i + 1)))) {
		t.text = span_of(x->s.p + i, 1);
		good = take(&t, TOK_PUNCT, i + 1);
	} else if (c == '\'') {
		good = lex_string(x, &t, i);
	} else if ((c == 'h' || c == 'b' || c == 't') && at(x, i + 1) == '\'') {
		good = lex_typed(x, &t, i);
	} else if (is_digit(c) || c == '+' || c == '-' || c == '.') {
		good = lex_number(x, &t, i);
	} else if (word_char(c)) {
		size_t e = i;
		while (word_char(at(x, e)))
			e++;
		t.text = span_of(x->s.p + i, e - i);
		good = take(&t, TOK_WORD, e);
	} else {
		good = lex_op(x, &t, i);
	}
	if (good)
		x->t = t;
}
