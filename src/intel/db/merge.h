/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* merge: the builder's private half: what was added, sorted, meets the old database. */

#include "base/arena.h"
#include "base/extsort.h"
#include "base/map.h"
#include "intel/db/build.h"
#include "intel/db/cold.h"

/*
 * What is sorted: side and type in a byte, the stored value; and the claim, packed, or (four bytes)
 * its number among those that came often enough to be known.
 */
#define POOL_CLAIMS (1u << 20)
#define POOL_BYTES (64u << 20)

static inline uint8_t merge_class(unsigned side, unsigned type)
{
	return (uint8_t)(side << 7 | type);
}

struct pooled {
	struct span packed;
	uint32_t memo; /* tuples_add's */
};

struct intel_build {
	struct intel_build_opts o;
	struct intel_build_stats st;
	struct extsort *sort;
	struct map known; /* packed to pooled */
	struct arena arena;
	struct pooled *pool;
	uint32_t pool_n, pool_cap;
	struct buf packed; /* the claim that is being added */
	struct span last;  /* the one before it, and its number */
	uint32_t last_number;
};

/* Sorts, merges, and gives everything to the writer. */
FB_MUST int merge_run(struct intel_build *b, struct cold *c, struct fault *f);
