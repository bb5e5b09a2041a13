/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_source.h"

#include <errno.h>

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
	return is_digit(c) || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Spans of rules are made of pointers into the text, so an empty rest points to its end. */
static void skip(struct span *rest, size_t n)
{
	n = n < rest->n ? n : rest->n;
	rest->p += n;
	rest->n -= n;
}

static struct span take(struct span *rest, size_t n)
{
	struct span s = span_cut(*rest, 0, n);
	skip(rest, n);
	return s;
}

static size_t word_len(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_word(s.p[n]))
		n++;
	return n;
}

/* Where needle begins at or behind off, or SIZE_MAX. */
static size_t find(struct span s, size_t off, const char *needle)
{
	if (off > s.n)
		return SIZE_MAX;
	const uint8_t *p = memmem(s.p + off, s.n - off, needle, strlen(needle));
	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

/* Skips space and comments. False: a comment that does not end. */
static bool skip_space(struct span *rest)
{
	for (;;) {
		if (rest->n && strchr(" \t\r\n", rest->p[0]) && rest->p[0]) {
			skip(rest, 1);
		} else if (span_starts(*rest, SPAN_LIT("//"))) {
			size_t end = find(*rest, 2, "\n");
			skip(rest, end);
		} else if (span_starts(*rest, SPAN_LIT("/*"))) {
			size_t end = find(*rest, 2, "*/");
			if (end == SIZE_MAX)
				return false;
			skip(rest, end + 2);
		} else {
			return true;
		}
	}
}

static struct yara_token number(struct span *rest)
{
	struct yara_token t = { YARA_TOK_NUMBER };
	unsigned base = 10;
	size_t n = 0;

	if (rest->n > 1 && rest->p[0] == '0' && (rest->p[1] == 'x' || rest->p[1] == 'o')) {
		base = rest->p[1] == 'x' ? 16 : 8;
		n = 2;
	}
	for (size_t start = n; n < rest->n && is_word(rest->p[n]); n++) {
		uint8_t c = rest->p[n];
		unsigned d = is_digit(c) ? c - 0u - '0' : (c | 0x20u) - 'a' + 10;
		if (d >= base && n > start)
			break;
		if (d >= base || __builtin_mul_overflow(t.number, base, &t.number) ||
		    __builtin_add_overflow(t.number, d, &t.number))
			t.number = UINT64_MAX;
	}
	uint64_t unit = span_starts(span_from(*rest, n), SPAN_LIT("KB")) ? 1u << 10 :
			span_starts(span_from(*rest, n), SPAN_LIT("MB")) ? 1u << 20 :
									   1;
	if (unit > 1)
		n += 2;
	if (__builtin_mul_overflow(t.number, unit, &t.number))
		t.number = UINT64_MAX;
	if (n + 1 < rest->n && rest->p[n] == '.' && is_digit(rest->p[n + 1])) {
		t.number = UINT64_MAX;
		for (n++; n < rest->n && is_digit(rest->p[n]);)
			n++;
	}
	t.text = take(rest, n);
	return t;
}

/* Up to the closing delimiter, a backslash hiding what is behind it. No line end inside. */
static struct yara_token quoted(struct span *rest, enum yara_tok tok, uint8_t delimiter)
{
	size_t n = 1;

	for (; n < rest->n && rest->p[n] != '\n'; n++) {
		uint8_t c = rest->p[n];
		if (c == '\\')
			n++;
		else if (c == delimiter)
			break;
	}
	if (n >= rest->n || rest->p[n] != delimiter)
		return (struct yara_token){ YARA_TOK_BAD };
	struct yara_token t = { tok, span_cut(*rest, 1, n - 1) };
	skip(rest, n + 1);
	if (tok == YARA_TOK_REGEX)
		while (rest->n && (rest->p[0] == 'i' || rest->p[0] == 's')) {
			t.flags |= rest->p[0] == 'i' ? YARA_MOD_NOCASE : 0;
			skip(rest, 1);
		}
	return t;
}

/* $a, #a, @a, !a; a star ends the first. */
static struct yara_token reference(struct span *rest, enum yara_tok tok)
{
	struct yara_token t = { tok };

	skip(rest, 1);
	size_t n = word_len(*rest);
	if (tok == YARA_TOK_STRING && n < rest->n && rest->p[n] == '*')
		n++;
	t.text = take(rest, n);
	return t;
}

static struct yara_token word(struct span *rest)
{
	size_t n = word_len(*rest);

	while (n + 1 < rest->n && rest->p[n] == '.' && is_word(rest->p[n + 1]) &&
	       !is_digit(rest->p[n + 1]))
		n += 1 + word_len(span_from(*rest, n + 1));
	return (struct yara_token){ YARA_TOK_NAME, take(rest, n) };
}

static struct yara_token mark(struct span *rest)
{
	static const char two[][3] = { "==", "!=", "<=", ">=", "<<", ">>", ".." };

	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (span_starts(*rest, span_str(two[i])))
			return (struct yara_token){ YARA_TOK_MARK, take(rest, 2) };
	return (struct yara_token){ YARA_TOK_MARK, take(rest, 1) };
}

struct yara_token yara_token(struct span *rest)
{
	if (!skip_space(rest))
		return (struct yara_token){ YARA_TOK_BAD };
	if (!rest->n)
		return (struct yara_token){ YARA_TOK_END };
	uint8_t c = rest->p[0];
	if (is_digit(c))
		return number(rest);
	if (is_word(c))
		return word(rest);
	switch (c) {
	case '"':
		return quoted(rest, YARA_TOK_TEXT, '"');
	case '/':
		return quoted(rest, YARA_TOK_REGEX, '/');
	case '$':
		return reference(rest, YARA_TOK_STRING);
	case '#':
		return reference(rest, YARA_TOK_COUNT);
	case '@':
		return reference(rest, YARA_TOK_OFFSET);
	case '!':
		if (rest->n < 2 || rest->p[1] != '=')
			return reference(rest, YARA_TOK_LENGTH);
		return mark(rest);
	default:
		if (c < 0x20 || c >= 0x7f)
			return (struct yara_token){ YARA_TOK_BAD };
		return mark(rest);
	}
}

bool yara_token_is(const struct yara_token *t, const char *text)
{
	return (t->tok == YARA_TOK_NAME || t->tok == YARA_TOK_MARK) && span_eq_str(t->text, text);
}

/* --- rules --- */

struct reader {
	struct span text, rest;
	struct arena *a;
	struct yara_source *s;
	size_t cap_rules, cap_imports;
	const uint8_t *counted; /* lines up to here are in line */
	unsigned line;
};

/* The array with room for one more element. */
static int room(struct arena *a, void **array, size_t n, size_t *cap, size_t size, size_t max)
{
	if (n < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 8;
	if (more > max)
		return -ENOMEM;
	void *p = arena_grow(a, *array, *cap * size, more * size);
	if (!p)
		return -ENOMEM;
	*array = p;
	*cap = more;
	return 0;
}

static unsigned line_of(struct reader *r, const uint8_t *at)
{
	for (; r->counted < at; r->counted++)
		r->line += *r->counted == '\n';
	return r->line;
}

/* Behind "xor" and "base64": an argument in parentheses. */
static bool skip_argument(struct span *rest)
{
	struct span ahead = *rest;
	struct yara_token t = yara_token(&ahead);

	if (!yara_token_is(&t, "("))
		return true;
	while (!yara_token_is(&t, ")")) {
		t = yara_token(&ahead);
		if (t.tok == YARA_TOK_END || t.tok == YARA_TOK_BAD)
			return false;
	}
	*rest = ahead;
	return true;
}

/* A word that is no modifier stays in *rest: the next section, or an error for libyara to tell. */
static bool modifiers(struct span *rest, unsigned *mods)
{
	static const struct {
		const char *name;
		unsigned mod;
	} known[] = {
		{ "ascii", YARA_MOD_ASCII },
		{ "wide", YARA_MOD_WIDE },
		{ "nocase", YARA_MOD_NOCASE },
		{ "fullword", 0 },
		{ "private", 0 },
		{ "xor", YARA_MOD_OTHER },
		{ "base64", YARA_MOD_OTHER },
		{ "base64wide", YARA_MOD_OTHER },
	};

	for (;;) {
		struct span ahead = *rest;
		struct yara_token t = yara_token(&ahead);
		size_t i = 0;
		while (i < ARRAY_LEN(known) && !yara_token_is(&t, known[i].name))
			i++;
		if (i == ARRAY_LEN(known))
			return true;
		*mods |= known[i].mod;
		*rest = ahead;
		if (known[i].mod == YARA_MOD_OTHER && !skip_argument(rest))
			return false;
	}
}

/* Hex strings hold no braces, but comments. The opening one is gone. */
static bool hex_body(struct span *rest, struct span *ret)
{
	struct span start = *rest;

	for (; rest->n; skip(rest, 1)) {
		if (rest->p[0] == '/' && !skip_space(rest))
			return false;
		if (!rest->n)
			return false;
		if (rest->p[0] == '}') {
			*ret = span_cut(start, 0, (size_t)(rest->p - start.p));
			skip(rest, 1);
			return true;
		}
		if (rest->p[0] == '{')
			return false;
	}
	return false;
}

/* "= ..." of one string. */
static bool string_value(struct span *rest, struct yara_string *s)
{
	struct yara_token t = yara_token(rest);

	if (!yara_token_is(&t, "="))
		return false;
	t = yara_token(rest);
	s->body = t.text;
	if (t.tok == YARA_TOK_TEXT)
		s->kind = YARA_TEXT;
	else if (t.tok == YARA_TOK_REGEX)
		s->kind = YARA_REGEX;
	else if (yara_token_is(&t, "{") && hex_body(rest, &s->body))
		s->kind = YARA_HEX;
	else
		return false;
	s->mods = t.flags;
	return modifiers(rest, &s->mods);
}

/* Up to the next section, whose name is left in *rest. */
static int strings_section(struct reader *r, struct yara_rule *rule)
{
	size_t cap = 0;

	for (;;) {
		struct span ahead = r->rest;
		struct yara_token t = yara_token(&ahead);
		if (t.tok != YARA_TOK_STRING)
			return t.tok == YARA_TOK_NAME ? 0 : YARA_SOURCE_ODD;
		int rc = room(r->a, (void **)&rule->string, rule->nstrings, &cap,
		    sizeof(*rule->string), YARA_STRINGS_MAX);
		if (rc < 0)
			return rc;
		struct yara_string *s = &rule->string[rule->nstrings++];
		*s = (struct yara_string){ .id = t.text };
		r->rest = ahead;
		if (span_ends(s->id, SPAN_LIT("*")) || !string_value(&r->rest, s))
			return YARA_SOURCE_ODD;
	}
}

/* Up to the brace that closes the rule, which is taken too. */
static int condition_section(struct reader *r, struct yara_rule *rule)
{
	struct span start = r->rest;

	for (;;) {
		struct span before = r->rest;
		struct yara_token t = yara_token(&r->rest);
		if (t.tok == YARA_TOK_BAD || t.tok == YARA_TOK_END || yara_token_is(&t, "{"))
			return YARA_SOURCE_ODD;
		if (yara_token_is(&t, "}")) {
			rule->condition = span_cut(start, 0, (size_t)(before.p - start.p));
			return 0;
		}
	}
}

/* Skips to behind the name of the next section and its colon. */
static struct yara_token next_section(struct span *rest)
{
	for (;;) {
		struct yara_token t = yara_token(rest);
		if (t.tok == YARA_TOK_END || t.tok == YARA_TOK_BAD || yara_token_is(&t, "{") ||
		    yara_token_is(&t, "}"))
			return (struct yara_token){ YARA_TOK_BAD };
		if (!yara_token_is(&t, "strings") && !yara_token_is(&t, "condition"))
			continue;
		struct yara_token colon = yara_token(rest);
		return yara_token_is(&colon, ":") ? t : (struct yara_token){ YARA_TOK_BAD };
	}
}

static int rule_body(struct reader *r, struct yara_rule *rule)
{
	struct yara_token t;

	do /* tags */
		t = yara_token(&r->rest);
	while (t.tok == YARA_TOK_NAME || yara_token_is(&t, ":"));
	if (!yara_token_is(&t, "{"))
		return YARA_SOURCE_ODD;
	t = next_section(&r->rest);
	if (yara_token_is(&t, "strings")) {
		int rc = strings_section(r, rule);
		if (rc)
			return rc;
		t = next_section(&r->rest);
	}
	return yara_token_is(&t, "condition") ? condition_section(r, rule) : YARA_SOURCE_ODD;
}

/* first is "private", "global" or "rule" and begins at start. */
static int rule(struct reader *r, struct yara_token first)
{
	const uint8_t *start = first.text.p;
	struct yara_rule x = { .line = line_of(r, start) };

	for (; !yara_token_is(&first, "rule"); first = yara_token(&r->rest)) {
		if (yara_token_is(&first, "private"))
			x.is_private = true;
		else if (yara_token_is(&first, "global"))
			x.is_global = true;
		else
			return YARA_SOURCE_ODD;
	}
	struct yara_token name = yara_token(&r->rest);
	if (name.tok != YARA_TOK_NAME || span_find(name.text, '.') != SIZE_MAX)
		return YARA_SOURCE_ODD;
	x.name = name.text;
	int rc = rule_body(r, &x);
	if (rc)
		return rc;
	x.text = span_of(start, (size_t)(r->rest.p - start));
	rc = room(r->a, (void **)&r->s->rule, r->s->nrules, &r->cap_rules, sizeof(x),
	    YARA_RULES_MAX);
	if (rc == 0)
		r->s->rule[r->s->nrules++] = x;
	return rc;
}

static int import(struct reader *r)
{
	struct yara_token t = yara_token(&r->rest);

	if (t.tok != YARA_TOK_TEXT || span_find(t.text, '\\') != SIZE_MAX)
		return YARA_SOURCE_ODD;
	for (size_t i = 0; i < r->s->nimports; i++)
		if (span_eq(r->s->import[i], t.text))
			return 0;
	int rc = room(r->a, (void **)&r->s->import, r->s->nimports, &r->cap_imports,
	    sizeof(*r->s->import), 256);
	if (rc == 0)
		r->s->import[r->s->nimports++] = t.text;
	return rc;
}

static int read_all(struct reader *r)
{
	for (;;) {
		struct yara_token t = yara_token(&r->rest);
		int rc = t.tok == YARA_TOK_END	     ? 0 :
			 yara_token_is(&t, "import") ? import(r) :
			 t.tok == YARA_TOK_NAME	     ? rule(r, t) :
						       YARA_SOURCE_ODD;
		if (rc || t.tok == YARA_TOK_END)
			return rc;
	}
}

int yara_source(struct span text, struct arena *a, struct yara_source *ret_s)
{
	struct yara_source s = { 0 };
	struct reader r = { .text = text, .rest = text, .a = a, .s = &s, .line = 1 };

	r.counted = text.p;
	int rc = read_all(&r);
	*ret_s = rc ? (struct yara_source){ 0 } : s;
	return rc;
}
