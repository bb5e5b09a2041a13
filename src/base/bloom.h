/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bloom: a Bloom filter of blocks (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom
 * Filters", WEA 2007; blocks of eight words with one bit in each): is a key surely not in the set?
 *
 * The filter is an array of 32-byte blocks, used where it lies, in a mapped file for example; it is
 * aligned to 32 bytes. A key belongs to one block, so asking costs one cache line: that is why it is
 * this one and not a binary fuse filter, which is smaller (9 bits a key) but needs three lines, and
 * measured four times the time (docs/indicator-db.md). BLOOM_BITS bits a key: about 1 in 200 keys
 * that are not in the set pass; a key of the set always does.
 *
 * Keys are 64-bit numbers that are already well mixed (a keyed hash); in ascending order they touch
 * the array from its start to its end.
 */

#include <stdbool.h>
#include <stdint.h>

#define BLOOM_BITS 12
#define BLOOM_BLOCK 32

/* Blocks for n keys. */
static inline uint64_t bloom_blocks(uint64_t n)
{
	return (n * BLOOM_BITS + 8 * BLOOM_BLOCK - 1) / (8 * BLOOM_BLOCK);
}

/* The key's block, as 64-bit words; blocks > 0. */
static inline uint64_t bloom_at(uint64_t blocks, uint64_t key)
{
	return (uint64_t)(((unsigned __int128)key * blocks) >> 64) * (BLOOM_BLOCK / 8);
}

/* Its bits in word i of 4: one in each half. */
static inline uint64_t bloom_bits(uint64_t mixed, int i)
{
	return (uint64_t)1 << (mixed >> (24 + 10 * i) & 31) |
	    (uint64_t)1 << (32 + (mixed >> (29 + 10 * i) & 31));
}

/* The block's number comes from the key's high bits: let all bits have a say in the others. */
static inline uint64_t bloom_mixed(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15u;
}

static inline void bloom_put(uint64_t *filter, uint64_t blocks, uint64_t key)
{
	uint64_t *w = filter + bloom_at(blocks, key), x = bloom_mixed(key);

	for (int i = 0; i < 4; i++)
		w[i] |= bloom_bits(x, i);
}

/* A word of its block. For asking many: first add these up for all of them, so that the processor
 * waits for many lines at once; prefetch instructions are dropped when there are too many. */
static inline uint64_t bloom_touch(const uint64_t *filter, uint64_t blocks, uint64_t key)
{
	return filter[bloom_at(blocks, key)];
}

static inline bool bloom_may_have(const uint64_t *filter, uint64_t blocks, uint64_t key)
{
	const uint64_t *w = filter + bloom_at(blocks, key);
	uint64_t x = bloom_mixed(key);

	return ((bloom_bits(x, 0) & ~w[0]) | (bloom_bits(x, 1) & ~w[1]) |
		   (bloom_bits(x, 2) & ~w[2]) | (bloom_bits(x, 3) & ~w[3])) == 0;
}
