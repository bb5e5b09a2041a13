/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * map: bytes -> pointer, open addressing, hashed with SipHash-1-3 under a per-map random seed, so
 * that nobody outside can choose keys that collide.
 *
 * Guarantees: keys are borrowed and must outlive the map (or live in an arena); at most max
 * entries (-ENOSPC beyond); iteration order is insertion order.
 */

#include "base/span.h"
#include "base/util.h"

struct map_entry {
	struct span key;
	void *val;
};

struct map {
	struct map_entry *e; /* in insertion order, n of them */
	uint32_t *slot;      /* 0 empty, else index + 1 */
	size_t n, cap, slots, max;
	uint64_t seed[2];
};

#define AUTO_MAP FB_CLEANUP(map_free)

void map_init(struct map *m, size_t max);
void map_free(struct map *m);
/* The value, or NULL when the key is not there. */
void *map_get(const struct map *m, struct span key);
/* 0 added, 1 was there (value left as it is; *ret_old, if not NULL, is it), -ENOMEM, -ENOSPC. */
FB_MUST int map_add(struct map *m, struct span key, void *val, void **ret_old);

/* A random seed, the same for the whole life of the process: for tables that come and go. */
const uint64_t *siphash_seed(void);
/* SipHash-1-3 (Aumasson, Bernstein) of the bytes under a 128-bit key. */
uint64_t siphash13(const uint64_t key[2], const void *p, size_t n);
