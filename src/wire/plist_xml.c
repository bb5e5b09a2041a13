/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/plist_priv.h"

#include "base/utf8.h"

#include <errno.h>

struct xml {
	struct plist_maker *m;
	struct span s;
	size_t at;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool looking_at(const struct xml *x, const char *word)
{
	return span_starts(span_from(x->s, x->at), span_str(word));
}

static bool take(struct xml *x, const char *word)
{
	if (!looking_at(x, word))
		return false;
	x->at += strlen(word);
	return true;
}

static int bad(struct xml *x, const char *why)
{
	return plist_bad(x->m, x->at, why);
}

/* White space and comments. */
static int skip(struct xml *x)
{
	for (;;) {
		while (x->at < x->s.n && is_space(x->s.p[x->at]))
			x->at++;
		if (!take(x, "<!--"))
			return 0;
		while (x->at < x->s.n && !looking_at(x, "--"))
			x->at++;
		if (!take(x, "-->"))
			return bad(x, "a comment without end");
	}
}

/* <?xml …?>, <!DOCTYPE plist …>: looked over, not obeyed. */
static int read_prolog(struct xml *x)
{
	if (take(x, "<?xml")) {
		while (x->at < x->s.n && !looking_at(x, "?>") && x->s.p[x->at] != '<')
			x->at++;
		if (!take(x, "?>"))
			return bad(x, "an XML declaration without end");
	}
	int rc = skip(x);
	if (rc < 0 || !take(x, "<!DOCTYPE"))
		return rc;
	while (x->at < x->s.n && x->s.p[x->at] != '>') {
		if (x->s.p[x->at] == '[' || x->s.p[x->at] == '<')
			return bad(x, "a document type with declarations of its own");
		x->at++;
	}
	if (!take(x, ">"))
		return bad(x, "a document type without end");
	return skip(x);
}

#define NO_DIGIT 99u

static unsigned digit(uint8_t c, bool hex)
{
	if (c >= '0' && c <= '9')
		return c - (unsigned)'0';
	return hex && (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32u) - 'a' + 10 : NO_DIGIT;
}

/* The code point behind "&#". */
static bool read_number(struct xml *x, uint32_t *ret_c)
{
	bool hex = take(x, "x");
	uint32_t c = 0;
	size_t digits = 0;

	for (; x->at < x->s.n && digits < 8; x->at++, digits++) {
		uint8_t d = x->s.p[x->at];
		unsigned v = digit(d, hex);
		if (v == NO_DIGIT)
			break;
		c = c * (hex ? 16 : 10) + v;
	}
	*ret_c = c;
	return digits && take(x, ";") && c && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static bool read_entity(struct xml *x, uint8_t *out, size_t *n)
{
	static const struct {
		const char *name;
		char c;
	} known[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' },
		{ "&apos;", '\'' } };
	uint32_t c;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (take(x, known[i].name)) {
			out[(*n)++] = (uint8_t)known[i].c;
			return true;
		}
	if (!take(x, "&#") || !read_number(x, &c))
		return false;
	*n += utf8_put(out + *n, c); /* never longer than it was written */
	return true;
}

/* Text up to the next "<". Borrowed where it has no entities. */
static int read_text(struct xml *x, struct span *ret_s)
{
	size_t from = x->at, n = 0;
	struct span raw = span_cut(span_from(x->s, from), 0, span_find(span_from(x->s, from), '<'));

	if (from + raw.n == x->s.n)
		return bad(x, "text without end");
	if (utf8_check(raw) != raw.n || span_find(raw, 0) != SIZE_MAX)
		return bad(x, "text that is not UTF-8");
	x->at = from + raw.n;
	*ret_s = raw;
	if (span_find(raw, '&') == SIZE_MAX)
		return 0;
	uint8_t *out = arena_alloc(x->m->arena, raw.n);
	if (!out)
		return -ENOMEM;
	struct xml in = { .m = x->m, .s = span_cut(x->s, 0, from + raw.n), .at = from };
	while (in.at < in.s.n) {
		if (in.s.p[in.at] != '&')
			out[n++] = in.s.p[in.at++];
		else if (!read_entity(&in, out, &n))
			return bad(&in, "an entity that is not known");
	}
	*ret_s = span_of(out, n);
	return 0;
}

static int base64_value(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' :
	       c >= 'a' && c <= 'z' ? c - 'a' + 26 :
	       c >= '0' && c <= '9' ? c - '0' + 52 :
	       c == '+'		    ? 62 :
	       c == '/'		    ? 63 :
				      -1;
}

/* Base64 with white space anywhere. */
static int decode_data(struct xml *x, struct span text, struct span *ret_s)
{
	uint8_t *out = arena_alloc(x->m->arena, text.n / 4 * 3 + 4);
	size_t n = 0, digits = 0, pads = 0;
	uint32_t acc = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (is_space(c))
			continue;
		int v = c == '=' ? 0 : base64_value(c);
		if (v < 0 || (pads && c != '=') || (c == '=' && ++pads > 2))
			return bad(x, "data that is not base64");
		acc = acc << 6 | (uint32_t)v;
		if (++digits % 4)
			continue;
		out[n++] = (uint8_t)(acc >> 16);
		out[n++] = (uint8_t)(acc >> 8);
		out[n++] = (uint8_t)acc;
		acc = 0;
		if (pads && i + 1 < text.n && span_trim(span_from(text, i + 1)).n)
			return bad(x, "base64 goes on behind its end");
	}
	if (digits % 4 || (pads && n < 3))
		return bad(x, "base64 is cut off");
	for (size_t i = 0; i < pads; i++)
		if (out[--n])
			return bad(x, "base64 with bits behind its end");
	*ret_s = span_of(out, n);
	return 0;
}

static int parse_integer(struct xml *x, struct span text, int64_t *ret_v)
{
	struct span s = span_trim(text);
	bool minus = s.n && s.p[0] == '-';
	uint64_t v = 0;

	if (s.n && (minus || s.p[0] == '+'))
		s = span_from(s, 1);
	bool hex = s.n > 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x';
	if (hex)
		s = span_from(s, 2);
	if (!s.n || s.n > 20)
		return bad(x, "an integer that is none");
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = digit(s.p[i], hex);
		if (d == NO_DIGIT || __builtin_mul_overflow(v, hex ? 16 : 10, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return bad(x, "an integer that is none, or too large");
	}
	if (v > (uint64_t)INT64_MAX)
		return bad(x, "an integer that is too large");
	*ret_v = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

/* What stands between "<name>" and "</name>"; "<name/>" is empty. */
static int read_simple(struct xml *x, const char *name, bool empty, struct span *ret_s)
{
	*ret_s = SPAN_NONE;
	if (empty)
		return 0;
	int rc = read_text(x, ret_s);
	if (rc < 0)
		return rc;
	return take(x, "</") && take(x, name) && take(x, ">") ? 0 :
								bad(x, "an element without end");
}

static int read_value(struct xml *x, unsigned depth, uint32_t *ret_i);

static int read_key(struct xml *x, struct span *ret_key)
{
	if (take(x, "<key/>")) {
		*ret_key = SPAN_NONE;
		return skip(x);
	}
	if (!take(x, "<key>"))
		return bad(x, "a value without key");
	int rc = read_simple(x, "key", false, ret_key);
	return rc < 0 ? rc : skip(x);
}

static int read_members(struct xml *x, uint32_t i, bool dict, unsigned depth)
{
	uint32_t last = PLIST_NONE, child;

	for (;;) {
		struct span key = SPAN_NONE;
		int rc = skip(x);
		if (rc == 0 && take(x, dict ? "</dict>" : "</array>"))
			return dict ? plist_check_keys(x->m, i) : 0;
		if (rc == 0 && dict)
			rc = read_key(x, &key);
		if (rc == 0)
			rc = read_value(x, depth + 1, &child);
		if (rc < 0)
			return rc;
		x->m->p.node[child].key = key;
		plist_link(x->m, i, last, child);
		last = child;
	}
}

static int fill_value(struct xml *x, uint32_t i, enum plist_type type, struct span text)
{
	struct plist_node *node = &x->m->p.node[i];

	switch (type) {
	case PLIST_STRING:
		node->bytes = text;
		return 0;
	case PLIST_DATA:
		return decode_data(x, text, &node->bytes);
	case PLIST_INTEGER:
		return parse_integer(x, text, &node->number);
	default:
		return 0;
	}
}

/* "<name>" or "<name/>", whichever is next. */
static bool open_element(struct xml *x, const char *name, bool *ret_empty)
{
	size_t before = x->at;

	if (!take(x, "<") || !take(x, name) || (!looking_at(x, ">") && !looking_at(x, "/>"))) {
		x->at = before;
		return false;
	}
	*ret_empty = take(x, "/>");
	if (!*ret_empty)
		x->at++;
	return true;
}

static int read_value(struct xml *x, unsigned depth, uint32_t *ret_i)
{
	static const struct {
		const char *name;
		enum plist_type type;
	} known[] = { { "dict", PLIST_DICT }, { "array", PLIST_ARRAY }, { "string", PLIST_STRING },
		{ "data", PLIST_DATA }, { "integer", PLIST_INTEGER }, { "real", PLIST_REAL },
		{ "date", PLIST_DATE }, { "true", PLIST_BOOL }, { "false", PLIST_BOOL } };
	struct span text;
	bool empty = false;
	size_t k = 0;
	int rc = 0;

	if (depth > PLIST_DEPTH_MAX)
		return bad(x, "nested too deep");
	while (k < ARRAY_LEN(known) && !open_element(x, known[k].name, &empty))
		k++;
	if (k == ARRAY_LEN(known))
		return bad(x, "no element that is known");
	uint32_t i = plist_add(x->m, known[k].type, &rc);
	if (i == PLIST_NONE)
		return rc;
	*ret_i = i;
	x->m->p.node[i].flag = known[k].name[0] == 't';
	if (known[k].type <= PLIST_ARRAY)
		return empty ? 0 : read_members(x, i, known[k].type == PLIST_DICT, depth);
	rc = read_simple(x, known[k].name, empty, &text);
	return rc < 0 ? rc : fill_value(x, i, known[k].type, text);
}

int plist_read_xml(struct plist_maker *m, struct span text)
{
	struct xml x = { .m = m, .s = text };
	uint32_t top;

	int rc = read_prolog(&x);
	if (rc == 0 && !take(&x, "<plist"))
		rc = bad(&x, "no plist element");
	while (rc == 0 && x.at < text.n && text.p[x.at] != '>') {
		if (text.p[x.at] == '<' || text.p[x.at] == '/')
			rc = bad(&x, "no plist element");
		x.at++;
	}
	if (rc == 0 && !take(&x, ">"))
		rc = bad(&x, "cut off");
	if (rc == 0)
		rc = skip(&x);
	if (rc == 0)
		rc = read_value(&x, 0, &top);
	if (rc == 0)
		rc = skip(&x);
	if (rc == 0 && !take(&x, "</plist>"))
		rc = bad(&x, "something behind the one value");
	if (rc == 0)
		rc = skip(&x);
	if (rc == 0 && x.at < text.n)
		rc = bad(&x, "bytes behind the end");
	return rc;
}
