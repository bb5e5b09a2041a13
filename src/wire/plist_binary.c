/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/plist_priv.h"

#include "base/cur.h"
#include "base/utf8.h"

#include <errno.h>

#define TRAILER 32

struct binary {
	struct plist_maker *m;
	struct span s;
	unsigned offset_len, ref_len;
	uint64_t objects, table;
};

static uint64_t be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static int read_trailer(struct binary *b, uint64_t *ret_top)
{
	if (b->s.n < 8 + TRAILER)
		return plist_bad(b->m, 0, "cut off");
	const uint8_t *t = b->s.p + b->s.n - TRAILER;
	b->offset_len = t[6];
	b->ref_len = t[7];
	b->objects = be(t + 8, 8);
	*ret_top = be(t + 16, 8);
	b->table = be(t + 24, 8);
	size_t end = b->s.n - TRAILER;
	if (!b->offset_len || b->offset_len > 8 || !b->ref_len || b->ref_len > 8 || b->table < 8 ||
	    b->table > end || b->objects > (end - b->table) / b->offset_len ||
	    b->objects * b->offset_len != end - b->table || *ret_top >= b->objects)
		return plist_bad(b->m, b->s.n - TRAILER, "a trailer that contradicts itself");
	return 0;
}

static int open_object(struct binary *b, uint64_t object, struct cur *ret_c)
{
	if (object >= b->objects)
		return plist_bad(b->m, (size_t)b->table, "a reference to no object");
	uint64_t off = be(b->s.p + b->table + object * b->offset_len, b->offset_len);
	if (off < 8 || off >= b->table)
		return plist_bad(b->m, (size_t)b->table, "an object outside of the objects");
	*ret_c = cur_of(span_cut(b->s, 0, (size_t)b->table));
	cur_seek(ret_c, (size_t)off);
	return 0;
}

static uint64_t read_int(struct cur *c, unsigned log)
{
	size_t n = (size_t)1 << log;
	const uint8_t *p = n <= 16 ? cur_need(c, n) : NULL;

	return !p ? 0 : n == 16 ? be(p + 8, 8) : be(p, n);
}

/* The count in a marker, or the integer behind it. */
static uint64_t read_count(struct cur *c, uint8_t marker)
{
	if ((marker & 0x0f) != 0x0f)
		return marker & 0x0f;
	uint8_t kind = cur_u8(c);
	if ((kind & 0xf0) != 0x10 || (kind & 0x0f) > 3)
		cur_fail(c, CUR_SHORT);
	return read_int(c, kind & 3);
}

static int utf16_text(struct binary *b, struct span s, struct span *ret_s)
{
	uint8_t *out = arena_alloc(b->m->arena, s.n * 2 + 4);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < s.n; i += 2) {
		uint32_t c = (uint32_t)be(s.p + i, 2);
		if (c >= 0xd800 && c < 0xdc00 && i + 4 <= s.n && (s.p[i + 2] & 0xfc) == 0xdc) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (uint32_t)(be(s.p + i + 2, 2) & 0x3ff);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			return plist_bad(b->m, (size_t)(s.p - b->s.p), "half a character");
		}
		n += utf8_put(out + n, c);
	}
	*ret_s = span_of(out, n);
	return 0;
}

static int read_string(struct binary *b, struct cur *c, uint8_t marker, struct span *ret_s)
{
	bool wide = (marker & 0xf0) == 0x60;
	size_t at = c->off - 1;
	uint64_t n = read_count(c, marker);
	struct span s = n <= SIZE_MAX / 2 ? cur_take(c, (size_t)n * (wide ? 2 : 1)) : SPAN_NONE;
	int rc = 0;

	if (c->err || (n && !s.n))
		return plist_bad(b->m, at, "a text that runs out of the file");
	if (wide)
		rc = utf16_text(b, s, &s);
	if (rc == 0 && (utf8_check(s) != s.n || span_find(s, 0) != SIZE_MAX))
		rc = plist_bad(b->m, at, "a text that is not ASCII or UTF-16, or has a NUL");
	*ret_s = s;
	return rc;
}

static int read_key(struct binary *b, uint64_t object, struct span *ret_s)
{
	struct cur c;
	int rc = open_object(b, object, &c);

	if (rc < 0)
		return rc;
	uint8_t marker = cur_u8(&c);
	if ((marker & 0xf0) != 0x50 && (marker & 0xf0) != 0x60)
		return plist_bad(b->m, c.off - 1, "a key that is no text");
	return read_string(b, &c, marker, ret_s);
}

static int read_object(struct binary *b, uint64_t object, unsigned depth, uint32_t *ret_i);

static int read_members(
    struct binary *b, struct cur *c, uint32_t i, uint64_t n, bool dict, unsigned depth)
{
	size_t len = (size_t)b->ref_len;
	uint32_t last = PLIST_NONE, child;

	if (n > PLIST_NODES_MAX)
		return plist_bad(b->m, c->off, "too many members");
	struct span keys = dict ? cur_take(c, (size_t)n * len) : SPAN_NONE;
	struct span refs = cur_take(c, (size_t)n * len);
	if (c->err)
		return plist_bad(b->m, c->off, "members that run out of the file");
	for (size_t k = 0; k < n; k++) {
		struct span key = SPAN_NONE;
		int rc = dict ? read_key(b, be(keys.p + k * len, len), &key) : 0;
		if (rc == 0)
			rc = read_object(b, be(refs.p + k * len, len), depth + 1, &child);
		if (rc < 0)
			return rc;
		b->m->p.node[child].key = key;
		plist_link(b->m, i, last, child);
		last = child;
	}
	return dict ? plist_check_keys(b->m, i) : 0;
}

static enum plist_type type_of(uint8_t marker)
{
	switch (marker >> 4) {
	case 0x0:
		return marker == 8 || marker == 9 ? PLIST_BOOL : 0;
	case 0x1:
		return (marker & 0x0f) <= 4 ? PLIST_INTEGER : 0;
	case 0x2:
		return marker == 0x22 || marker == 0x23 ? PLIST_REAL : 0;
	case 0x3:
		return marker == 0x33 ? PLIST_DATE : 0;
	case 0x4:
		return PLIST_DATA;
	case 0x5:
	case 0x6:
		return PLIST_STRING;
	case 0x8:
		return (marker & 0x0f) <= 7 ? PLIST_UID : 0;
	case 0xa:
		return PLIST_ARRAY;
	case 0xd:
		return PLIST_DICT;
	}
	return 0;
}

static int fill_value(struct binary *b, struct cur *c, uint8_t marker, uint32_t i)
{
	struct plist_node *node = &b->m->p.node[i];
	size_t at = c->off - 1;

	switch (node->type) {
	case PLIST_BOOL:
		node->flag = marker == 9;
		return 0;
	case PLIST_INTEGER: {
		unsigned log = marker & 0x0f;
		uint64_t v = read_int(c, log);
		node->number = (int64_t)v;
		break;
	}
	case PLIST_REAL:
	case PLIST_DATE:
		cur_skip(c, (size_t)1 << (marker & 0x0f));
		break;
	case PLIST_UID: {
		const uint8_t *p = cur_need(c, (marker & 0x0f) + 1u);
		node->number = p ? (int64_t)be(p, (marker & 0x0f) + 1u) : 0;
		break;
	}
	case PLIST_STRING:
		return read_string(b, c, marker, &node->bytes);
	case PLIST_DATA: {
		uint64_t n = read_count(c, marker);
		node->bytes = n <= c->n ? cur_take(c, (size_t)n) : SPAN_NONE;
		if (node->bytes.n != n)
			cur_fail(c, CUR_SHORT);
		break;
	}
	}
	return c->err ? plist_bad(b->m, at, "a value that runs out of the file") : 0;
}

static int read_object(struct binary *b, uint64_t object, unsigned depth, uint32_t *ret_i)
{
	struct cur c;
	int rc = open_object(b, object, &c);

	if (rc < 0)
		return rc;
	if (depth > PLIST_DEPTH_MAX)
		return plist_bad(b->m, c.off, "nested too deep");
	uint8_t marker = cur_u8(&c);
	enum plist_type type = type_of(marker);
	if (!type)
		return plist_bad(b->m, c.off - 1, "an object of unknown kind");
	uint32_t i = plist_add(b->m, type, &rc);
	if (i == PLIST_NONE)
		return rc;
	*ret_i = i;
	if (type > PLIST_ARRAY)
		return fill_value(b, &c, marker, i);
	uint64_t n = read_count(&c, marker);
	return read_members(b, &c, i, n, type == PLIST_DICT, depth);
}

int plist_read_binary(struct plist_maker *m, struct span text)
{
	struct binary b = { .m = m, .s = text };
	uint64_t top = 0;
	uint32_t i;

	int rc = read_trailer(&b, &top);
	return rc < 0 ? rc : read_object(&b, top, 0, &i);
}
