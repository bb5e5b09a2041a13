/* SPDX-License-Identifier: Apache-2.0 */

#include "base/arena.h"
#include "tap.h"

#include <errno.h>

/* Asking for too much is what is tested: ASan shall say NULL, as libc does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* Many sizes around the chunk size: aligned, zeroed, apart from each other. */
static void test_shapes(void)
{
	static const size_t size[] = { 0, 1, 15, 16, 17, 1000, 16383, 16384, 16385, 65535, 65536,
		65537, 200000 };
	AUTO_ARENA struct arena a = ARENA_INIT(64 << 20);
	uint8_t *p[ARRAY_LEN(size) * 8];
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		size_t n = size[i * 5 % ARRAY_LEN(size)];
		p[i] = arena_alloc(&a, n);
		bad += !p[i] || (uintptr_t)p[i] % 16 || !all_zero(p[i], n);
		if (p[i])
			memset(p[i], (int)i + 1, n);
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		size_t n = size[i * 5 % ARRAY_LEN(size)];
		for (size_t j = 0; p[i] && j < n; j++)
			bad += p[i][j] != i + 1;
	}
	is_int(bad, 0, "allocations are aligned, zeroed and do not overlap");
	arena_free(&a);
	ok(!a.head && !a.used && a.max == 64 << 20, "free empties it and keeps the cap");
	ok(arena_alloc(&a, 1), "and it can be used again");
}

static void test_cap(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1024), none = ARENA_INIT(0);
	AUTO_ARENA struct arena huge = ARENA_INIT(SIZE_MAX);
	static const size_t silly[] = { SIZE_MAX, SIZE_MAX - 14, SIZE_MAX - 15, SIZE_MAX - 16,
		SIZE_MAX - 31, SIZE_MAX - 47, SIZE_MAX / 2 };

	ok(arena_alloc(&a, 1000), "within the cap");
	ok(arena_alloc(&a, 16), "to the brim");
	ok(!arena_alloc(&a, 1) && !arena_alloc(&a, 0), "not one byte past it");
	is_int(a.used, 1024, "used says so");
	ok(!arena_alloc(&none, 0), "an arena of nothing gives nothing");
	for (size_t i = 0; i < ARRAY_LEN(silly); i++)
		ok(!arena_alloc(&huge, silly[i]), "%zu bytes without a cap", silly[i]);
	ok(!arena_array(&huge, SIZE_MAX / 8 + 2, 8), "count * size overflows");
	ok(!arena_array(&huge, SIZE_MAX, SIZE_MAX), "both overflow");
	ok(arena_array(&huge, 0, 8) && arena_array(&huge, 8, 0), "nothing of something is fine");
	ok(!arena_str(&huge, span_of("x", SIZE_MAX)), "string length + NUL overflows");
}

/* Growing keeps the content, zeroes the rest, moves only when it must, and counts what it takes. */
static void test_grow(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	size_t n = 8, bad = 0;
	uint8_t *p = arena_grow(&a, NULL, 0, n);

	ok(p && a.used == 16, "growing nothing allocates");
	while (p && n < 200000) {
		memset(p, 7, n);
		size_t more = n + n / 2 + 1;
		uint8_t *q = arena_grow(&a, p, n, more);
		bad += !q || (uintptr_t)q % 16 || !all_zero(q + n, more - n);
		for (size_t i = 0; q && i < n; i++)
			bad += q[i] != 7;
		p = q;
		n = more;
	}
	is_int(bad, 0, "content and zeroes");
	ok(a.used < 400000, "a large one is not copied each time (%zu)", a.used);
	ok(!arena_grow(&a, p, n, 1 << 20) && p[0] == 7, "not past the cap; what was there stands");
	ok(!arena_grow(&a, p, n, SIZE_MAX) && !arena_grow(&a, p, n, SIZE_MAX - 14), "nor past size_t");
	ok(arena_grow(&a, p, n, n - 1) == p, "smaller is the same");
	uint8_t *small = arena_alloc(&a, 100), *last = arena_alloc(&a, 40000);
	memset(small, 1, 100);
	last = arena_grow(&a, last, 40000, 80000);
	memset(last, 2, 80000);
	ok(small[99] == 1 && arena_grow(&a, small, 100, 200) != small, "one among others is copied");
}

static void test_strings(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(256);
	int err = 0;

	is_str(arena_str(&a, SPAN_LIT("abc")), "abc", "arena_str");
	is_str(arena_str(&a, SPAN_NONE), "", "arena_str of nothing");
	is_str(arena_printf(&a, "%d-%s", 7, "x"), "7-x", "arena_printf");
	struct span d = arena_dup(&a, SPAN_LIT("a\0b"), &err);
	ok(err == 0 && d.n == 3 && memcmp(d.p, "a\0b", 4) == 0, "arena_dup keeps NUL, adds one");
	d = arena_dup(&a, SPAN_NONE, &err);
	ok(err == 0 && d.p && d.n == 0, "arena_dup of nothing is not NULL");
	d = arena_dup(&a, span_of("x", 1000), &err);
	ok(err == -ENOMEM && !d.p, "arena_dup past the cap");
	ok(!arena_printf(&a, "%1000d", 1), "arena_printf past the cap");
}

int main(void)
{
	test_shapes();
	test_cap();
	test_grow();
	test_strings();
	return tap_done();
}
