/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/json.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct jw jw_of(struct buf *out)
{
	return (struct jw){ .out = out };
}

struct jw jw_canonical(struct buf *out)
{
	return (struct jw){ .out = out, .canonical = true };
}

struct jw jw_pretty(struct buf *out)
{
	return (struct jw){ .out = out, .pretty = true };
}

static void newline(struct jw *w)
{
	if (!w->pretty)
		return;
	buf_putc(w->out, '\n');
	for (uint8_t i = 0; i < w->depth; i++)
		buf_puts(w->out, "  ");
}

/* A key or element begins: after a comma, unless it is the first. */
static void next_item(struct jw *w)
{
	if (!w->first[w->depth - 1])
		buf_putc(w->out, ',');
	w->first[w->depth - 1] = false;
	newline(w);
}

/* A value begins: at the top, in an array, or after its key. */
static void before(struct jw *w)
{
	FB_ASSERT(!w->depth || w->is_arr[w->depth - 1] || w->after_key);
	if (w->depth && w->is_arr[w->depth - 1])
		next_item(w);
	w->after_key = false;
}

static void open_container(struct jw *w, char c)
{
	before(w);
	FB_ASSERT(w->depth < JSON_DEPTH_MAX);
	buf_putc(w->out, c);
	w->first[w->depth] = true;
	w->is_arr[w->depth] = c == '[';
	w->last_key[w->depth][0] = 0;
	w->depth++;
}

void jw_obj(struct jw *w)
{
	open_container(w, '{');
}

void jw_arr(struct jw *w)
{
	open_container(w, '[');
}

void jw_end(struct jw *w)
{
	FB_ASSERT(w->depth && !w->after_key);
	w->depth--;
	if (!w->first[w->depth])
		newline(w);
	buf_putc(w->out, w->is_arr[w->depth] ? ']' : '}');
}

static void put_string(struct jw *w, struct span s)
{
	struct buf *b = w->out;

	static const char *const short_esc[] = { ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
		['\r'] = "\\r", ['\t'] = "\\t" };

	buf_putc(b, '"');
	for (size_t i = 0, from = 0; i <= s.n;) {
		uint32_t c = 0;
		size_t k = i < s.n ? utf8_next(span_from(s, i), &c) : 0;
		bool plain = k && c >= 0x20 && c != '"' && c != '\\' &&
		    (w->canonical || c < 0x7f || c > 0x9f);
		if (plain) {
			i += k;
			continue;
		}
		buf_put(b, s.p + from, i - from);
		if (i == s.n)
			break;
		if (!k || !c)
			buf_puts(b, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", (char)c);
		else if (c < ARRAY_LEN(short_esc) && short_esc[c])
			buf_puts(b, short_esc[c]);
		else
			buf_printf(b, "\\u%04x", c);
		i += k ? k : 1;
		from = i;
	}
	buf_putc(b, '"');
}

void jw_keyn(struct jw *w, struct span key)
{
	FB_ASSERT(w->depth && !w->is_arr[w->depth - 1] && !w->after_key);
	if (w->canonical) {
		char *last = w->last_key[w->depth - 1];
		size_t max = sizeof(w->last_key[0]) - 1, n = key.n < max ? key.n : max;
		/* Keys longer than the memory of the last one are compared by their heads. */
		FB_ASSERT(w->first[w->depth - 1] ||
		    json_key_cmp(span_str(last), span_of(key.p, n)) < (n == max));
		if (n)
			memcpy(last, key.p, n);
		last[n] = 0;
	}
	next_item(w);
	put_string(w, key);
	buf_putc(w->out, ':');
	if (w->pretty)
		buf_putc(w->out, ' ');
	w->after_key = true;
}

void jw_key(struct jw *w, const char *key)
{
	jw_keyn(w, span_str(key));
}

void jw_str(struct jw *w, struct span s)
{
	before(w);
	put_string(w, s);
}

void jw_cstr(struct jw *w, const char *s)
{
	if (s)
		jw_str(w, span_str(s));
	else
		jw_null(w);
}

void jw_int(struct jw *w, int64_t i)
{
	before(w);
	buf_printf(w->out, "%lld", (long long)i);
}

void jw_bool(struct jw *w, bool b)
{
	before(w);
	buf_puts(w->out, b ? "true" : "false");
}

void jw_null(struct jw *w)
{
	before(w);
	buf_puts(w->out, "null");
}

void jw_raw(struct jw *w, struct span json)
{
	before(w);
	buf_put_span(w->out, json);
}

void jw_kstr(struct jw *w, const char *key, struct span s)
{
	jw_key(w, key);
	jw_str(w, s);
}

void jw_kcstr(struct jw *w, const char *key, const char *s)
{
	if (s)
		jw_kstr(w, key, span_str(s));
}

void jw_kint(struct jw *w, const char *key, int64_t i)
{
	jw_key(w, key);
	jw_int(w, i);
}

void jw_kbool(struct jw *w, const char *key, bool b)
{
	jw_key(w, key);
	jw_bool(w, b);
}

/*
 * UTF-8 byte order is code point order; in UTF-16 the surrogates d800 to dfff come before e000 to
 * ffff, so lead bytes ee and ef (those code points) move behind f0 to f4.
 */
static int utf16_rank(uint8_t c)
{
	return c == 0xee || c == 0xef ? c + 0x10 : c;
}

int json_key_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++)
		if (a.p[i] != b.p[i])
			return utf16_rank(a.p[i]) - utf16_rank(b.p[i]);
	return (a.n > b.n) - (a.n < b.n);
}

struct member {
	struct span key;
	struct json_val val;
};

static int by_key(const void *a, const void *b)
{
	return json_key_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static int canonical(struct jw *w, struct json_val v, struct arena *a, struct fault *f);

static int canonical_obj(struct jw *w, struct json_val v, struct arena *a, struct fault *f)
{
	uint32_t n = json_count(v), i = 0;
	struct member *m = arena_array(a, n, sizeof(*m));
	if (!m)
		return -ENOMEM;
	JSON_EACH (k, v) {
		m[i].key = json_str(k, a);
		if (!m[i].key.p)
			return -ENOMEM;
		m[i++].val = json_member(k);
	}
	if (n)
		qsort(m, n, sizeof(*m), by_key);
	jw_obj(w);
	for (i = 0; i < n; i++) {
		jw_keyn(w, m[i].key);
		int rc = canonical(w, m[i].val, a, f);
		if (rc < 0)
			return rc;
	}
	jw_end(w);
	return 0;
}

static int canonical(struct jw *w, struct json_val v, struct arena *a, struct fault *f)
{
	int64_t i;
	int rc;

	switch (json_type_of(v)) {
	case JSON_OBJ:
		return canonical_obj(w, v, a, f);
	case JSON_ARR:
		jw_arr(w);
		JSON_EACH (x, v) {
			rc = canonical(w, x, a, f);
			if (rc < 0)
				return rc;
		}
		jw_end(w);
		return 0;
	case JSON_STR: {
		struct span s = json_str(v, a);
		if (!s.p)
			return -ENOMEM;
		jw_str(w, s);
		return 0;
	}
	case JSON_NUM:
		if (json_int(v, &i) < 0)
			return json_fault(v, f, "%s is not a 64-bit integer", QUOTE(json_text(v)));
		jw_int(w, i);
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		jw_bool(w, json_is_true(v));
		return 0;
	case JSON_NULL:
		jw_null(w);
		return 0;
	default:
		return -EBADMSG;
	}
}

int json_canonical(struct buf *out, struct json_val v, struct arena *a, struct fault *f)
{
	struct jw w = jw_canonical(out);
	int rc = canonical(&w, v, a, f);
	return rc < 0 ? rc : buf_err(out);
}
