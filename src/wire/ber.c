/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/ber.h"

#include <errno.h>

/* Where a value's content begins and ends; indefinite: the end is not known yet. */
struct shell {
	uint8_t tag;
	bool indefinite;
	size_t head, body;
};

static bool read_shell(struct span s, struct shell *ret_x)
{
	struct cur c = cur_of(s);
	struct shell x = { .tag = cur_u8(&c) };
	uint8_t n = cur_u8(&c);

	if (c.err || (x.tag & 0x1f) == 0x1f)
		return false;
	x.indefinite = n == 0x80;
	if (x.indefinite && !(x.tag & 0x20))
		return false;
	x.body = n < 0x80 ? n : 0;
	if (n > 0x84)
		return false;
	for (unsigned i = 0; n > 0x80 && i < n - 0x80u; i++)
		x.body = x.body << 8 | cur_u8(&c);
	x.head = c.off;
	if (c.err || (!x.indefinite && x.body > s.n - x.head))
		return false;
	*ret_x = x;
	return true;
}

bool ber_is(struct span s)
{
	struct shell x;
	return read_shell(s, &x) && x.indefinite;
}

static bool at_end(struct span s)
{
	return s.n >= 2 && s.p[0] == 0 && s.p[1] == 0;
}

static size_t length_len(size_t n)
{
	return n < 0x80 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : n < 0x1000000 ? 4 : 5;
}

static size_t put_length(uint8_t *out, size_t n)
{
	size_t len = length_len(n);

	out[0] = (uint8_t)(len == 1 ? n : 0x80 | (len - 1));
	for (size_t i = 1; i < len; i++)
		out[i] = (uint8_t)(n >> 8 * (len - 1 - i));
	return len;
}

struct writer {
	uint8_t *out; /* NULL: only measured */
	size_t n;
	unsigned shells;
};

/* The value at the start of s; how many bytes of s it takes, 0 when it is malformed. */
static size_t put_value(struct writer *w, struct span s, unsigned depth);

static size_t put_members(struct writer *w, struct span s, size_t at, unsigned depth)
{
	while (!at_end(span_from(s, at))) {
		size_t used = put_value(w, span_from(s, at), depth);
		if (!used)
			return 0;
		at += used;
	}
	return at + 2;
}

static size_t put_value(struct writer *w, struct span s, unsigned depth)
{
	struct shell x;

	if (depth == BER_DEPTH_MAX || !read_shell(s, &x))
		return 0;
	if (!x.indefinite) {
		if (w->out)
			memcpy(w->out + w->n, s.p, x.head + x.body);
		w->n += x.head + x.body;
		return x.head + x.body;
	}
	if (++w->shells > BER_SHELLS_MAX)
		return 0;
	struct writer measure = { .shells = w->shells };
	size_t used = put_members(&measure, s, x.head, depth + 1);
	if (!used)
		return 0;
	size_t head = 1 + length_len(measure.n);
	if (!w->out) {
		w->n += head + measure.n;
		w->shells = measure.shells;
		return used;
	}
	w->out[w->n] = x.tag;
	put_length(w->out + w->n + 1, measure.n);
	w->n += head;
	return put_members(w, s, x.head, depth + 1);
}

int ber_to_der(uint8_t *out, struct span s, size_t *ret_n, size_t *ret_used)
{
	struct writer w = { .out = out };
	size_t used = s.n <= UINT32_MAX ? put_value(&w, s, 0) : 0;

	if (!used)
		return -EBADMSG;
	*ret_n = w.n;
	*ret_used = used;
	return 0;
}
