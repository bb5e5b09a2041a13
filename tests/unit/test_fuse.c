/* SPDX-License-Identifier: Apache-2.0 */

/* base/fuse: every key passes, few others do, the same keys give the same bytes. */

#include "base/fuse.h"

#include "base/map.h"
#include "tap.h"

#include <errno.h>

static uint64_t mixed(uint64_t i)
{
	static const uint64_t seed[2] = { 1, 2 };

	return siphash13(seed, &i, 8);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, 8);
	memcpy(&y, b, 8);
	return x < y ? -1 : x > y;
}

static uint64_t *keys_of(uint64_t n, size_t words)
{
	uint64_t *k = calloc(n ? n : 1, 8 * words);

	for (uint64_t i = 0; i < n; i++)
		k[i * words] = mixed(i);
	qsort(k, n, 8 * words, by_value);
	return k;
}

static void size(uint64_t n, size_t words)
{
	AUTO_FREE uint64_t *k = keys_of(n, words);
	AUTO_FREE uint8_t *bytes = NULL, *again = NULL;
	struct fuse f = { 0 }, g = { 0 };
	uint64_t missed = 0, passed = 0, asked = 200000;
	int rc = fuse_build(k, n, 8 * words, &f, &bytes);

	for (uint64_t i = 0; rc == 0 && i < n; i++)
		missed += !fuse_may_have(&f, bytes, k[i * words]);
	for (uint64_t i = 0; rc == 0 && i < asked; i++)
		passed += fuse_may_have(&f, bytes, mixed(n + i));
	ok(rc == 0 && missed == 0 && passed < asked / 256 * 5 / 4,
	    "%llu keys: %llu missed, %llu of %llu others pass", (unsigned long long)n,
	    (unsigned long long)missed, (unsigned long long)passed, (unsigned long long)asked);
	if (rc < 0)
		return;
	ok(fuse_shape_ok(&f, fuse_size(&f)) && !fuse_shape_ok(&f, fuse_size(&f) - 1),
	    "its shape fits its size only");
	if (n >= 100000)
		ok(fuse_size(&f) < n * 5 / 4, "%.3f bytes a key", (double)fuse_size(&f) / (double)n);
	ok(fuse_build(k, n, 8 * words, &g, &again) == 0 && f.seed == g.seed &&
		fuse_size(&f) == fuse_size(&g) && memcmp(bytes, again, fuse_size(&f)) == 0,
	    "the same again");
}

static void twice(void)
{
	AUTO_FREE uint64_t *k = keys_of(3000, 1);
	AUTO_FREE uint64_t *d = calloc(9000, 8);
	AUTO_FREE uint8_t *a = NULL, *b = NULL;
	struct fuse f, g;

	for (int i = 0; i < 9000; i++)
		d[i] = k[i / 3];
	ok(fuse_build(k, 3000, 8, &f, &a) == 0 && fuse_build(d, 9000, 8, &g, &b) == 0 &&
		fuse_size(&f) == fuse_size(&g) && memcmp(a, b, fuse_size(&f)) == 0,
	    "keys that come three times");
	is_int(fuse_build(k, (uint64_t)FUSE_KEYS_MAX + 1, 8, &f, &a), -EFBIG, "too many keys");
}

/* Numbers that are not mixed at all end in an error, not in a loop or a bad filter. */
static void unmixed(void)
{
	AUTO_FREE uint64_t *k = calloc(100000, 8);
	AUTO_FREE uint8_t *a = NULL;
	struct fuse f;
	uint64_t missed = 0;

	for (uint64_t i = 0; i < 100000; i++)
		k[i] = i;
	int rc = fuse_build(k, 100000, 8, &f, &a);
	for (uint64_t i = 0; rc == 0 && i < 100000; i++)
		missed += !fuse_may_have(&f, a, k[i]);
	ok(rc == -ERANGE || (rc == 0 && missed == 0), "keys that all lie together");
}

static void shapes(void)
{
	struct fuse f = { .segment_bits = 19, .segments = 1 };

	ok(!fuse_shape_ok(&f, fuse_size(&f)), "a segment too large");
	f = (struct fuse){ .segment_bits = 40, .segments = 4000000000u };
	ok(!fuse_shape_ok(&f, 0), "a size that overflows");
	f = (struct fuse){ .segment_bits = 3, .segments = 0 };
	ok(!fuse_shape_ok(&f, 16), "no segment");
}

int main(void)
{
	for (uint64_t n = 1; n <= 40; n++)
		size(n, 1);
	size(152, 2);
	size(1000, 1);
	size(10000, 2);
	size(300000, 1);
	twice();
	unmixed();
	shapes();
	return tap_done();
}
