/* SPDX-License-Identifier: Apache-2.0 */

/* base/bloom: every key passes, few others do, and nothing outside the array is touched. */

#include "base/bloom.h"

#include "base/map.h"
#include "tap.h"

static uint64_t mixed(uint64_t i)
{
	static const uint64_t seed[2] = { 1, 2 };

	return siphash13(seed, &i, 8);
}

static void size(uint64_t n)
{
	uint64_t blocks = bloom_blocks(n), missed = 0, passed = 0, asked = 400000;
	uint64_t *f = calloc(blocks * BLOOM_BLOCK / 8, 8);

	for (uint64_t i = 0; i < n; i++)
		bloom_put(f, blocks, mixed(i));
	for (uint64_t i = 0; i < n; i++)
		missed += !bloom_touch(f, blocks, mixed(i)) || !bloom_may_have(f, blocks, mixed(i));
	for (uint64_t i = 0; i < asked; i++)
		passed += bloom_may_have(f, blocks, mixed(n + i));
	ok(missed == 0, "%llu keys: all pass", (unsigned long long)n);
	ok(passed < asked / 100, "%.3f %% of the others", 100.0 * (double)passed / (double)asked);
	if (n > 1000)
		ok(blocks * BLOOM_BLOCK < n * 8 / 5, "%.2f bytes a key",
		    (double)(blocks * BLOOM_BLOCK) / (double)n);
	free(f);
}

static void ends(void)
{
	uint64_t f[3 * BLOOM_BLOCK / 8] = { 0 };

	bloom_put(f, 3, 0);
	bloom_put(f, 3, UINT64_MAX);
	ok(bloom_may_have(f, 3, 0) && bloom_may_have(f, 3, UINT64_MAX) &&
		!bloom_may_have(f, 3, UINT64_MAX / 2),
	    "the least and the greatest key");
	ok(bloom_at(3, 0) == 0 && bloom_at(3, UINT64_MAX) == 8, "are in the first and last block");
	ok(bloom_blocks(0) == 0 && bloom_blocks(1) == 1 && bloom_blocks(22) == 2 &&
		bloom_blocks(UINT32_MAX) == 201326592,
	    "numbers of blocks");
}

int main(void)
{
	for (uint64_t n = 1; n < 200000; n = n * 3 + 1)
		size(n);
	size(300000);
	ends();
	return tap_done();
}
