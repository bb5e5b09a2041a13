/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * extsort: sorts any number of records by key within a memory budget.
 *
 * A record is a key and a payload, each of any bytes. Order: keys in memory order, the shorter
 * first on a tie; records with equal keys come out as they were put in. What does not fit into the
 * budget is sorted in runs, kept in files without a name and merged while reading.
 *
 * Guarantees: time O(bytes + n log n) whatever the keys are (radix and merge sorts over eight key
 * bytes at a time); memory: the budget, and EXTSORT_BUFFER for each run on disk, of which there are
 * at most EXTSORT_RUNS (then they become one). No name is ever left behind.
 *
 * Result codes: 0; -EMSGSIZE (a key or payload beyond EXTSORT_PART_MAX); -ENOMEM; -ENOSPC; -errno.
 * After an error only extsort_free is allowed.
 */

#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

#define EXTSORT_PART_MAX 65535u
#define EXTSORT_MEMORY_MIN (1u << 20)
#define EXTSORT_BUFFER (256u << 10)
#define EXTSORT_RUNS 64

struct extsort;

/* tmp_dir: a directory descriptor, borrowed; -1: runs live in memory, too. memory in bytes. */
FB_MUST int extsort_new(struct extsort **ret_x, int tmp_dir, uint64_t memory, struct fault *f);
struct extsort *extsort_free(struct extsort *x);
void extsort_free_p(struct extsort **x);
#define AUTO_EXTSORT FB_CLEANUP(extsort_free_p)

/* Both are copied. Not after extsort_sort. */
FB_MUST int extsort_put(struct extsort *x, struct span key, struct span payload, struct fault *f);
/* Ends putting; call it once, before the first extsort_next. */
FB_MUST int extsort_sort(struct extsort *x, struct fault *f);
/* 1 with the next record, its bytes valid until the next call; 0 at the end. */
FB_MUST int extsort_next(struct extsort *x, struct span *ret_key, struct span *ret_payload,
    struct fault *f);

uint64_t extsort_count(const struct extsort *x); /* records put in */
uint64_t extsort_runs(const struct extsort *x);	 /* runs that were written */
