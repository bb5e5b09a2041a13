/* SPDX-License-Identifier: Apache-2.0 */

#include "base/span.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

int span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;
	return r ? r : (a.n > b.n) - (a.n < b.n);
}

bool span_eq_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span a)
{
	while (a.n && is_space(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n && is_space(a.p[a.n - 1]))
		a.n--;
	return a;
}

size_t span_find(struct span a, uint8_t c)
{
	const uint8_t *p = a.n ? memchr(a.p, c, a.n) : NULL;
	return p ? (size_t)(p - a.p) : SIZE_MAX;
}

bool span_next_line(struct span *rest, struct span *ret_line)
{
	if (!rest->n)
		return false;
	size_t at = span_find(*rest, '\n');
	struct span line = span_cut(*rest, 0, at);
	*rest = at == SIZE_MAX ? SPAN_NONE : span_from(*rest, at + 1);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	*ret_line = line;
	return true;
}
