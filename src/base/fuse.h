/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fuse: a binary fuse filter (Graf and Lemire, "Binary Fuse Filters", ACM JEA 27, 2022, three
 * positions a key, eight bits): is a key surely not in the set?
 *
 * The filter is an array of bytes, about 1.13 for a key in large sets, and a shape of a few
 * numbers; the bytes are used where they lie, in a mapped file for example. No key of the set is
 * ever missed; of others about 1 in 256 pass.
 *
 * Keys are 64-bit numbers that are already well mixed (a keyed hash), so that sorted keys touch the
 * array from its start to its end: that is what makes building and asking fast. Twice the same key
 * is one key.
 *
 * Guarantees: the same keys give the same filter. Memory while building: 11 bytes a key, and the
 * keys. A shape from a file is checked by fuse_shape_ok; after that no key reads outside the array.
 *
 * Result codes: 0; -ENOMEM; -EFBIG (FUSE_KEYS_MAX); -ERANGE (the keys are not what is asked for
 * above: no filter after FUSE_TRIES).
 */

#include "base/util.h"

#include <stdbool.h>
#include <stdint.h>

#define FUSE_KEYS_MAX 3500000000u
#define FUSE_TRIES 64

struct fuse {
	uint64_t seed;
	uint32_t segment_bits;
	uint32_t segments; /* where a key may start; the array has two more */
};

/* Bytes of the array. */
static inline uint64_t fuse_size(const struct fuse *f)
{
	return ((uint64_t)f->segments + 2) << f->segment_bits;
}

/* Is it a shape whose array has n bytes, n > 0? */
bool fuse_shape_ok(const struct fuse *f, uint64_t n);

/* n > 0 keys in ascending order, stride bytes (a multiple of 8) apart. The array is *ret_bytes,
 * which the caller frees. */
FB_MUST int fuse_build(const uint64_t *keys, uint64_t n, size_t stride, struct fuse *ret_f,
    uint8_t **ret_bytes);

struct fuse_at {
	uint64_t pos[3];
	uint8_t print;
};

static inline struct fuse_at fuse_at(const struct fuse *f, uint64_t key)
{
	struct fuse_at a;
	uint64_t range = (uint64_t)f->segments << f->segment_bits;
	uint64_t mask = ((uint64_t)1 << f->segment_bits) - 1;
	uint64_t x = (key ^ f->seed) * 0x9e3779b97f4a7c15u; /* odd: one to one */

	x ^= x >> 32;
	a.pos[0] = (uint64_t)(((unsigned __int128)key * range) >> 64);
	a.pos[1] = (a.pos[0] + mask + 1) ^ (x >> 18 & mask);
	a.pos[2] = (a.pos[0] + 2 * (mask + 1)) ^ (x & mask);
	a.print = (uint8_t)(x >> 40 ^ x >> 56);
	return a;
}

static inline void fuse_prefetch(const uint8_t *bytes, const struct fuse_at *a)
{
	for (int i = 0; i < 3; i++)
		__builtin_prefetch(bytes + a->pos[i]);
}

static inline bool fuse_test(const uint8_t *bytes, const struct fuse_at *a)
{
	return (bytes[a->pos[0]] ^ bytes[a->pos[1]] ^ bytes[a->pos[2]]) == a->print;
}

static inline bool fuse_may_have(const struct fuse *f, const uint8_t *bytes, uint64_t key)
{
	struct fuse_at a = fuse_at(f, key);
	return fuse_test(bytes, &a);
}
