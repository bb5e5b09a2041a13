/* SPDX-License-Identifier: Apache-2.0 */

#include "base/map.h"
#include "tap.h"

#include <errno.h>

/* Stands in for libc's, so that growing can fail on demand. */
static int fail_after = -1;
void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (fail_after == 0 || __builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	fail_after -= fail_after > 0;
	return realloc(p, bytes);
}

/* What CPython 3.11 gives for hash(b"…") with PYTHONHASHSEED=0 (SipHash-1-3, key 0). */
static void test_siphash(void)
{
	static const uint64_t key[2];
	uint8_t b[63];

	for (uint8_t i = 0; i < sizeof(b); i++)
		b[i] = i;
	ok(siphash13(key, "a", 1) == 0x407448d2b89b1813, "1 byte");
	ok(siphash13(key, "abcdefg", 7) == 0x6db12aae9070f506, "7 bytes");
	ok(siphash13(key, "abcdefgh", 8) == 0x3f7b849c0b8e35ea, "8 bytes");
	ok(siphash13(key, "abcdefghi", 9) == 0xf89b34a3d11eb6e5, "9 bytes");
	ok(siphash13(key, b, 63) == 0x385d3e39e5f37359, "63 bytes");
}

/* Against a list searched from the front, over random short keys with many repeats. */
static void test_naive(void)
{
	enum { OPS = 3000 };
	static char key[OPS][4];
	static int val[OPS];
	AUTO_MAP struct map m;
	struct span seen[OPS];
	size_t n = 0, bad = 0;
	uint32_t r = 1;

	map_init(&m, OPS);
	for (int i = 0; i < OPS; i++) {
		r = r * 1664525 + 1013904223;
		size_t len = r >> 28 & 3;
		for (size_t j = 0; j < len; j++)
			key[i][j] = (char)('a' + (r >> (8 + 4 * j) & 15));
		struct span k = span_of(key[i], len);
		size_t at = 0;
		while (at < n && !span_eq(seen[at], k))
			at++;
		void *old = NULL;
		bad += map_get(&m, k) != (at < n ? m.e[at].val : NULL);
		int rc = map_add(&m, k, &val[i], &old);
		bad += rc != (at < n) || (rc == 1 && old != m.e[at].val);
		if (at == n)
			seen[n++] = k;
	}
	for (size_t i = 0; i < n; i++)
		bad += !span_eq(m.e[i].key, seen[i]);
	ok(bad == 0 && m.n == n, "same as a list, in insertion order (%zu keys)", n);
}

static void test_edges(void)
{
	AUTO_MAP struct map m, other;
	int x, y;
	void *old = NULL;

	map_init(&m, 3);
	map_init(&other, 3);
	ok(m.seed[0] != other.seed[0] && m.seed[1] != other.seed[1], "each map has its own seed");
	ok(!map_get(&m, SPAN_NONE), "nothing in an empty map");
	ok(map_add(&m, SPAN_NONE, &x, NULL) == 0 && map_get(&m, SPAN_LIT("")) == &x, "the empty key");
	ok(map_add(&m, SPAN_LIT("a\0b"), &x, NULL) == 0 && !map_get(&m, SPAN_LIT("a\0c")),
	    "keys may hold NUL");
	ok(map_add(&m, SPAN_LIT("a"), &x, NULL) == 0, "a prefix of another is another key");
	ok(map_add(&m, SPAN_LIT("a"), &y, &old) == 1 && old == &x && map_get(&m, SPAN_LIT("a")) == &x,
	    "a key that is there stays");
	is_int(map_add(&m, SPAN_LIT("d"), &x, NULL), -ENOSPC, "past the cap");
	is_int(map_add(&m, SPAN_LIT("a"), &x, NULL), 1, "a full map still finds");
	map_free(&m);
	ok(!map_get(&m, SPAN_LIT("a")) && map_add(&m, SPAN_LIT("a"), &y, NULL) == 0,
	    "usable after map_free");
}

static void test_no_memory(void)
{
	AUTO_MAP struct map m;
	char key[40][4];
	int x, bad = 0;

	map_init(&m, 100);
	fail_after = 0;
	is_int(map_add(&m, SPAN_LIT("x"), &x, NULL), -ENOMEM, "first allocation fails");
	fail_after = 1;
	for (int i = 0; i < 40; i++) {
		snprintf(key[i], sizeof(key[i]), "%d", i);
		bad += map_add(&m, span_str(key[i]), &x, NULL) != (i < 16 ? 0 : -ENOMEM);
	}
	is_int(bad, 0, "a failed growth leaves the map as it was");
	fail_after = -1;
	for (int i = 16; i < 40; i++)
		bad += map_add(&m, span_str(key[i]), &x, NULL) != 0;
	for (int i = 0; i < 40; i++)
		bad += map_get(&m, span_str(key[i])) != &x;
	is_int(bad, 0, "and it grows when there is memory again");
}

int main(void)
{
	test_siphash();
	test_naive();
	test_edges();
	test_no_memory();
	return tap_done();
}
