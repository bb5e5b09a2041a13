/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/text_run.h"

#include "tap.h"

/* The plain way. */
static bool slow_next(struct text_runs *it, struct span *ret_run)
{
	size_t w = it->wide ? 2 : 1;

	for (size_t at = it->at; at < it->s.n; at++) {
		size_t end = at;
		while (end + w <= it->s.n && it->s.p[end] >= 0x20 && it->s.p[end] < 0x7f &&
		       (!it->wide || !it->s.p[end + 1]))
			end += w;
		if (end - at < TEXT_RUN_MIN * w)
			continue;
		*ret_run = span_of(it->s.p + at, end - at);
		it->at = end;
		return true;
	}
	it->at = it->s.n;
	return false;
}

static uint32_t seed = 1;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static bool same(struct span s, bool wide, size_t *count)
{
	struct text_runs fast = text_runs_of(s, wide), slow = fast;
	struct span a, b;

	for (;;) {
		bool x = text_runs_next(&fast, &a), y = slow_next(&slow, &b);
		if (x != y || (x && (a.p != b.p || a.n != b.n)))
			return false;
		if (!x)
			return true;
		++*count;
	}
}

int main(void)
{
	static const uint8_t edge[] = { 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xff, 0x61, 0 };
	size_t bad = 0, runs = 0, wide_runs = 0;

	for (unsigned round = 0; round < 20000; round++) {
		uint8_t buf[300];
		size_t n = next_random() % sizeof(buf);
		unsigned dirt = 2 + next_random() % 30; /* one byte in dirt is no text */
		for (size_t i = 0; i < n; i++)
			buf[i] = (uint8_t)(next_random() % dirt ? 'a' + next_random() % 26 :
								  edge[next_random() % 8]);
		if (round & 1)
			for (size_t i = round & 2 ? 1 : 0; i < n; i += 2)
				buf[i] = next_random() % dirt ? 0 : 'x';
		uint8_t *copy = malloc(n ? n : 1); /* its end is watched */
		if (!copy)
			abort();
		memcpy(copy, buf, n);
		bad += !same(span_of(copy, n), false, &runs);
		bad += !same(span_of(copy, n), true, &wide_runs);
		free(copy);
	}
	ok(bad == 0, "the same runs as found one byte at a time");
	ok(runs > 10000 && wide_runs > 10000, "there were some (%zu, %zu)", runs, wide_runs);
	return tap_done();
}
