/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/json.h"

#include "base/map.h"
#include "base/utf8.h"
#include "wire/json_keys.h"

#include <endian.h>

/* What may come next. */
enum state {
	ST_VALUE,      /* a value */
	ST_ARR_FIRST,  /* a value or ] */
	ST_ARR_NEXT,   /* , or ] */
	ST_OBJ_FIRST,  /* a key or } */
	ST_OBJ_KEY,    /* a key */
	ST_OBJ_NEXT,   /* , or } */
	ST_DONE,
};

const char *json_strerror(int err)
{
	static const char *const words[] = {
		[JSON_OK] = "no error",
		[JSON_E_SYNTAX] = "not valid JSON here",
		[JSON_E_EOF] = "the text ends in the middle",
		[JSON_E_TRAILING] = "bytes after the end of the value",
		[JSON_E_DEPTH] = "nested too deeply",
		[JSON_E_DUPKEY] = "duplicate key",
		[JSON_E_UTF8] = "not UTF-8",
		[JSON_E_CONTROL] = "control character in a string",
		[JSON_E_ESCAPE] = "bad escape or lone surrogate",
		[JSON_E_NUMBER] = "not a JSON number",
		[JSON_E_KEYS] = "too many keys",
		[JSON_E_SIZE] = "too large",
	};
	return err >= 0 && (size_t)err < ARRAY_LEN(words) ? words[err] : "unknown error";
}

static struct json_tok fail(struct json *j, int err, size_t off)
{
	if (!j->err) {
		j->err = err;
		j->err_off = off;
	}
	return (struct json_tok){ .type = JSON_NONE, .off = j->err_off };
}

/* Hex value of four digits at p, or -1. */
static int32_t hex4(const uint8_t *p)
{
	int32_t v = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t c = p[i];
		int d = c >= '0' && c <= '9' ? c - '0' :
		    (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/*
 * One escape at s (which starts with a backslash): bytes consumed and the code point, or 0 when
 * it is malformed, a lone surrogate or NUL.
 */
static size_t escape(struct span s, uint32_t *ret_c)
{
	if (s.n < 2)
		return 0;
	switch (s.p[1]) {
	case '"':
	case '\\':
	case '/':
		*ret_c = s.p[1];
		return 2;
	case 'b':
		*ret_c = '\b';
		return 2;
	case 'f':
		*ret_c = '\f';
		return 2;
	case 'n':
		*ret_c = '\n';
		return 2;
	case 'r':
		*ret_c = '\r';
		return 2;
	case 't':
		*ret_c = '\t';
		return 2;
	case 'u':
		break;
	default:
		return 0;
	}
	int32_t hi = s.n < 6 ? -1 : hex4(s.p + 2);
	if (hi <= 0 || (hi >= 0xdc00 && hi <= 0xdfff))
		return 0;
	if (hi < 0xd800 || hi > 0xdbff) {
		*ret_c = (uint32_t)hi;
		return 6;
	}
	int32_t lo = s.n < 12 || s.p[6] != '\\' || s.p[7] != 'u' ? -1 : hex4(s.p + 8);
	if (lo < 0xdc00 || lo > 0xdfff)
		return 0;
	*ret_c = 0x10000 + (((uint32_t)hi & 0x3ff) << 10) + ((uint32_t)lo & 0x3ff);
	return 12;
}

/* The next eight bytes with the first in the lowest place. */
static inline uint64_t load8(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

/*
 * Bytes below 0x20 or above 0x7f, quotes and backslashes get their high bit set. The lowest bit is
 * exact; a borrow may set wrong ones above it.
 */
static inline uint64_t special8(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t ctl = v - ones * 0x20;
	uint64_t quo = (v ^ ones * '"') - ones;
	uint64_t bsl = (v ^ ones * '\\') - ones;
	return (ctl | quo | bsl | v) & high;
}

/* The string whose opening quote is at j->off. */
static bool string(struct json *j, struct json_tok *t)
{
	const uint8_t *p = j->text.p;
	size_t n = j->text.n, i = j->off + 1, start = i;
	uint32_t c;

	t->escaped = false;
	for (;;) {
		if (n - i >= 8) {
			uint64_t m = special8(load8(p + i));
			if (!m) {
				i += 8;
				continue;
			}
			i += (size_t)__builtin_ctzll(m) / 8;
		}
		if (i >= n) {
			fail(j, JSON_E_EOF, n);
			return false;
		}
		uint8_t b = p[i];
		if (b == '"')
			break;
		size_t k = 1;
		if (b == '\\') {
			k = escape(span_of(p + i, n - i), &c);
			t->escaped = true;
			if (!k) {
				fail(j, JSON_E_ESCAPE, i);
				return false;
			}
		} else if (b < 0x20) {
			fail(j, JSON_E_CONTROL, i);
			return false;
		} else if (b >= 0x80) {
			k = utf8_next(span_of(p + i, n - i), &c);
			if (!k) {
				fail(j, JSON_E_UTF8, i);
				return false;
			}
		}
		i += k;
	}
	t->raw = span_of(p + start, i - start);
	j->off = i + 1;
	return true;
}

static size_t run_of_digits(struct span s, size_t i)
{
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

bool json_num_int(struct span s, int64_t *ret_i)
{
	bool neg = s.n && s.p[0] == '-';
	int64_t v = 0;

	if (s.n == neg)
		return false;
	for (size_t i = neg; i < s.n; i++) {
		int d = s.p[i] - '0';
		if (d < 0 || d > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    (neg ? __builtin_sub_overflow(v, d, &v) : __builtin_add_overflow(v, d, &v)))
			return false;
	}
	*ret_i = v;
	return true;
}

static bool number(struct json *j, struct json_tok *t)
{
	struct span s = j->text;
	size_t start = j->off, i = start + (s.p[start] == '-');
	size_t end = run_of_digits(s, i);
	bool plain = true;

	if (end == i || (s.p[i] == '0' && end > i + 1))
		goto bad;
	i = end;
	if (i < s.n && s.p[i] == '.') {
		plain = false;
		end = run_of_digits(s, i + 1);
		if (end == i + 1)
			goto bad;
		i = end;
	}
	if (i < s.n && (s.p[i] | 0x20) == 'e') {
		plain = false;
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		end = run_of_digits(s, i);
		if (end == i)
			goto bad;
		i = end;
	}
	t->type = JSON_NUM;
	t->raw = span_of(s.p + start, i - start);
	t->is_int = plain && json_num_int(t->raw, &t->i);
	j->off = i;
	return true;
bad:
	fail(j, i >= s.n ? JSON_E_EOF : JSON_E_NUMBER, start);
	return false;
}

static bool word(struct json *j, const char *w, enum json_type type, struct json_tok *t)
{
	struct span want = span_str(w), rest = span_from(j->text, j->off);

	if (!span_starts(rest, want)) {
		fail(j, span_starts(want, rest) ? JSON_E_EOF : JSON_E_SYNTAX, j->off);
		return false;
	}
	t->type = type;
	j->off += want.n;
	return true;
}

/* Unescapes raw, which was checked before; out holds raw.n bytes. */
size_t json_unescape(uint8_t *out, struct span raw)
{
	size_t n = 0;

	while (raw.n) {
		uint32_t c;
		size_t k = raw.p[0] == '\\' ? escape(raw, &c) : 0;
		if (k) {
			n += utf8_put(out + n, c);
		} else {
			out[n++] = raw.p[0];
			k = 1;
		}
		raw = span_from(raw, k);
	}
	return n;
}

bool json_str_eq(struct span raw, bool escaped, struct span s)
{
	if (!escaped)
		return span_eq(raw, s);
	while (raw.n) {
		uint8_t one[4] = { raw.p[0] };
		uint32_t c;
		size_t k = raw.p[0] == '\\' ? escape(raw, &c) : 0;
		size_t m = k ? utf8_put(one, c) : 1;
		if (!span_starts(s, span_of(one, m)))
			return false;
		s = span_from(s, m);
		raw = span_from(raw, k ? k : 1);
	}
	return s.n == 0;
}

void json_open(struct json *j, struct span text, struct json_keys *keys)
{
	const uint64_t *seed = siphash_seed();

	j->text = text;
	j->off = 0;
	j->err = 0;
	j->err_off = 0;
	j->keys = keys;
	j->state = ST_VALUE;
	j->depth = 0;
	j->seed[0] = seed[0];
	j->seed[1] = seed[1];
	json_keys_pop(keys, 0);
	if (text.n > JSON_STREAM_MAX)
		fail(j, JSON_E_SIZE, JSON_STREAM_MAX);
}

static void skip_space(struct json *j)
{
	while (j->off < j->text.n) {
		uint8_t c = j->text.p[j->off];
		if (c > ' ')
			return;
		if (j->text.n - j->off >= 8 && load8(j->text.p + j->off) == 0x2020202020202020u) {
			j->off += 8; /* indentation */
			continue;
		}
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			break;
		j->off++;
	}
}

static bool push(struct json *j, enum json_type type)
{
	if (j->depth == JSON_DEPTH_MAX) {
		fail(j, JSON_E_DEPTH, j->off);
		return false;
	}
	j->frame_type[j->depth] = (uint8_t)type;
	j->frame_keys[j->depth] = j->keys->n;
	j->depth++;
	j->off++;
	j->state = type == JSON_OBJ ? ST_OBJ_FIRST : ST_ARR_FIRST;
	return true;
}

static void after_value(struct json *j)
{
	j->state = j->depth == 0			      ? ST_DONE :
	    j->frame_type[j->depth - 1] == JSON_OBJ ? ST_OBJ_NEXT :
							      ST_ARR_NEXT;
}

static void pop(struct json *j)
{
	j->depth--;
	j->off++;
	json_keys_pop(j->keys, j->frame_keys[j->depth]);
	after_value(j);
}

static bool value(struct json *j, struct json_tok *t)
{
	bool good;

	switch (j->text.p[j->off]) {
	case '{':
		t->type = JSON_OBJ;
		return push(j, JSON_OBJ);
	case '[':
		t->type = JSON_ARR;
		return push(j, JSON_ARR);
	case '"':
		t->type = JSON_STR;
		good = string(j, t);
		break;
	case 't':
		good = word(j, "true", JSON_TRUE, t);
		break;
	case 'f':
		good = word(j, "false", JSON_FALSE, t);
		break;
	case 'n':
		good = word(j, "null", JSON_NULL, t);
		break;
	case '-':
	case '0' ... '9':
		good = number(j, t);
		break;
	default:
		fail(j, JSON_E_SYNTAX, j->off);
		return false;
	}
	if (good)
		after_value(j);
	return good;
}

static bool key(struct json *j, struct json_tok *t)
{
	if (j->text.p[j->off] != '"') {
		fail(j, JSON_E_SYNTAX, j->off);
		return false;
	}
	t->type = JSON_KEY;
	if (!string(j, t))
		return false;
	int err = json_key_note(j, t);
	if (err) {
		fail(j, err, t->off);
		return false;
	}
	j->state = ST_VALUE;
	/* The colon belongs to the key, so that after it only a value can come. */
	skip_space(j);
	if (j->off == j->text.n || j->text.p[j->off] != ':') {
		fail(j, j->off == j->text.n ? JSON_E_EOF : JSON_E_SYNTAX, j->off);
		return false;
	}
	j->off++;
	return true;
}

struct json_tok json_next(struct json *j)
{
	struct json_tok t = { .type = JSON_NONE };
	bool good = false;

	if (j->err)
		return fail(j, j->err, j->err_off);
	skip_space(j);
	t.off = j->off;
	if (j->off == j->text.n) {
		if (j->state != ST_DONE)
			return fail(j, JSON_E_EOF, j->off);
		return t;
	}
	uint8_t c = j->text.p[j->off];
	if (j->state == ST_ARR_NEXT || j->state == ST_OBJ_NEXT) {
		if (c == ',') {
			j->off++;
			skip_space(j);
			t.off = j->off;
			if (j->off == j->text.n)
				return fail(j, JSON_E_EOF, j->off);
			c = j->text.p[j->off];
			j->state = j->state == ST_ARR_NEXT ? ST_VALUE : ST_OBJ_KEY;
		} else if (c != (j->state == ST_ARR_NEXT ? ']' : '}')) {
			return fail(j, JSON_E_SYNTAX, j->off);
		}
	}
	switch ((enum state)j->state) {
	case ST_VALUE:
		good = value(j, &t);
		break;
	case ST_OBJ_KEY:
		good = key(j, &t);
		break;
	case ST_ARR_FIRST:
	case ST_ARR_NEXT:
		if (c == ']') {
			t.type = JSON_ARR_END;
			pop(j);
			return t;
		}
		good = value(j, &t);
		break;
	case ST_OBJ_FIRST:
	case ST_OBJ_NEXT:
		if (c == '}') {
			t.type = JSON_OBJ_END;
			pop(j);
			return t;
		}
		good = key(j, &t);
		break;
	case ST_DONE:
		return fail(j, JSON_E_TRAILING, j->off);
	}
	return good ? t : fail(j, j->err, j->err_off);
}

void json_skip(struct json *j, const struct json_tok *t)
{
	enum json_type type = t->type == JSON_KEY ? json_next(j).type : t->type;
	uint8_t depth = j->depth;

	if (type == JSON_OBJ || type == JSON_ARR)
		while (!j->err && j->depth >= depth)
			(void)json_next(j);
}
