/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/der.h"

#include <stdio.h>

const char *der_strerror(int err)
{
	switch (err) {
	case 0:
		return "no error";
	case CUR_SHORT:
		return "the bytes end inside a value";
	case DER_E_TAG:
		return "another type than belongs here";
	case DER_E_LENGTH:
		return "a length that is not DER";
	case DER_E_VALUE:
		return "a value that is not DER or out of range";
	case DER_E_TRAILING:
		return "bytes behind the last member";
	default:
		return "unknown error";
	}
}

/* The first error, with where: the failed value's own offset rather than where reading got to. */
static void fail_at(struct cur *c, int err, size_t off)
{
	if (!c->err)
		c->off = off;
	cur_fail(c, err);
}

/* Definite, minimal, at most 2^31 - 1. */
static size_t length(struct cur *c)
{
	uint8_t first = cur_u8(c);
	size_t n = 0, count = first & 0x7f;

	if (first < 0x80)
		return first;
	if (count == 0 || count > 4) {
		cur_fail(c, DER_E_LENGTH);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		n = n << 8 | cur_u8(c);
	if (!c->err && (n < 0x80 || n >> (8 * (count - 1)) == 0 || n > INT32_MAX))
		cur_fail(c, DER_E_LENGTH);
	return n;
}

struct der der_any(struct cur *c)
{
	size_t start = c->off;
	uint8_t tag = cur_u8(c);

	if ((tag & 0x1f) == 0x1f)
		cur_fail(c, DER_E_TAG);
	size_t n = length(c);
	struct span body = cur_take(c, n);
	if (c->err) {
		if (c->err != CUR_SHORT)
			c->off = start;
		return (struct der){ 0 };
	}
	return (struct der){ tag, body, span_of(c->p + start, c->off - start) };
}

bool der_is(const struct cur *c, unsigned tag)
{
	return cur_left(c) && c->p[c->off] == tag;
}

struct der der_take(struct cur *c, unsigned tag)
{
	if (cur_left(c) && !der_is(c, tag))
		cur_fail(c, DER_E_TAG);
	return der_any(c);
}

struct cur der_enter(struct cur *c, unsigned tag)
{
	struct cur sub = cur_of(der_take(c, tag).body);

	sub.err = c->err;
	return sub;
}

void der_leave(struct cur *c, const struct cur *sub)
{
	if (c->err)
		return;
	size_t at = sub->p ? (size_t)(sub->p - c->p) + sub->off : c->off;
	if (sub->err)
		fail_at(c, sub->err, at);
	else if (sub->off < sub->n)
		fail_at(c, DER_E_TRAILING, at);
}

bool der_done(struct cur *c)
{
	if (!c->err && c->off < c->n)
		cur_fail(c, DER_E_TRAILING);
	return !c->err;
}

/* Latches DER_E_VALUE at the value just read. */
static void bad_value(struct cur *c, struct der v)
{
	if (!c->err)
		fail_at(c, DER_E_VALUE, (size_t)(v.all.p - c->p));
}

struct span der_integer(struct cur *c)
{
	struct der v = der_take(c, DER_INTEGER);
	struct span s = v.body;

	if (!c->err && (!s.n || (s.n > 1 && s.p[0] == 0 && s.p[1] < 0x80) ||
			   (s.n > 1 && s.p[0] == 0xff && s.p[1] >= 0x80)))
		bad_value(c, v);
	return c->err ? SPAN_NONE : s;
}

uint64_t der_uint(struct cur *c, uint64_t max)
{
	size_t start = c->off;
	struct span s = der_integer(c);
	uint64_t n = 0;

	if (c->err)
		return 0;
	if (s.p[0] & 0x80 || s.n > 9 || (s.n == 9 && s.p[0])) {
		fail_at(c, DER_E_VALUE, start);
		return 0;
	}
	for (size_t i = 0; i < s.n; i++)
		n = n << 8 | s.p[i];
	if (n > max) {
		fail_at(c, DER_E_VALUE, start);
		return 0;
	}
	return n;
}

/* Every arc ends (last byte below 0x80) and none begins with 0x80 (X.690 8.19.2). */
static bool oid_ok(struct span s)
{
	if (!s.n || s.p[s.n - 1] & 0x80)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0x80 && (i == 0 || s.p[i - 1] < 0x80))
			return false;
	return true;
}

struct span der_oid(struct cur *c)
{
	struct der v = der_take(c, DER_OID);

	if (!c->err && !oid_ok(v.body))
		bad_value(c, v);
	return c->err ? SPAN_NONE : v.body;
}

struct span der_octets(struct cur *c)
{
	return der_take(c, DER_OCTETS).body;
}

struct span der_bits(struct cur *c)
{
	struct der v = der_take(c, DER_BITS);

	if (!c->err && (!v.body.n || v.body.p[0] != 0))
		bad_value(c, v);
	return c->err ? SPAN_NONE : span_from(v.body, 1);
}

static bool digits(struct span s, size_t off, size_t n)
{
	for (size_t i = off; i < off + n; i++)
		if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* "YYYYMMDDHHMMSS[.f]Z" -> ts by way of RFC 3339. False when it is no time at all. */
static bool time_of(struct span s, ts *ret_t)
{
	char text[40];

	if (!digits(s, 0, 14) || s.p[s.n - 1] != 'Z')
		return false;
	struct span fraction = span_cut(s, 14, s.n - 15);
	if (fraction.n &&
	    (fraction.n < 2 || fraction.n > 10 || fraction.p[0] != '.' ||
		!digits(fraction, 1, fraction.n - 1) || fraction.p[fraction.n - 1] == '0'))
		return false;
	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%.*sZ", s.p, s.p + 4, s.p + 6,
	    s.p + 8, s.p + 10, s.p + 12, SPAN_ARG(fraction));
	return ts_parse_bound(span_str(text), ret_t) == 0;
}

ts der_time(struct cur *c)
{
	struct der v = der_any(c);
	char full[24];
	ts t = TS_NONE;

	if (c->err)
		return TS_NONE;
	if (v.tag == DER_UTC_TIME && v.body.n == 13) {
		snprintf(full, sizeof(full), "%s%.13s", v.body.p[0] < '5' ? "20" : "19", v.body.p);
		v.body = span_str(full);
	} else if (v.tag != DER_TIME || v.body.n < 15) {
		fail_at(c, v.tag == DER_UTC_TIME || v.tag == DER_TIME ? DER_E_VALUE : DER_E_TAG,
		    (size_t)(v.all.p - c->p));
		return TS_NONE;
	}
	if (!time_of(v.body, &t)) {
		bad_value(c, v);
		return TS_NONE;
	}
	return t;
}

struct span der_algorithm(struct cur *c, struct span *ret_params)
{
	struct cur s = der_enter(c, DER_SEQ);
	struct span oid = der_oid(&s), params = SPAN_NONE;

	if (cur_left(&s)) {
		struct der p = der_any(&s);
		if (p.tag == DER_NULL && p.body.n)
			bad_value(&s, p);
		if (p.tag != DER_NULL)
			params = p.all;
		if (!s.err && params.n && !ret_params)
			bad_value(&s, p);
	}
	der_leave(c, &s);
	if (c->err)
		return SPAN_NONE;
	if (ret_params)
		*ret_params = params;
	return oid;
}

char *der_oid_text(struct span oid, char out[static DER_OID_TEXT_MAX])
{
	size_t n = 0;
	uint64_t arc = 0;

	for (size_t i = 0; i < oid.n; i++) {
		if (arc >> 57)
			goto unfit;
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		char text[48];
		uint64_t first = arc < 80 ? arc / 40 : 2;
		int k = n ? snprintf(text, sizeof(text), ".%llu", (unsigned long long)arc)
			  : snprintf(text, sizeof(text), "%llu.%llu", (unsigned long long)first,
				(unsigned long long)(arc - first * 40));
		if (n + (size_t)k >= DER_OID_TEXT_MAX)
			goto unfit;
		memcpy(out + n, text, (size_t)k + 1);
		n += (size_t)k;
		arc = 0;
	}
	if (n)
		return out;
unfit:
	memcpy(out, "?", 2);
	return out;
}
