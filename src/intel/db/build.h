/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * build: makes a database file (db.h) from claims in any order and, if there is one, the database
 * before it.
 *
 * Memory: opts.memory for sorting (sorted runs beyond it go to unlinked temporary files in
 * opts.tmp_dir and are merged), 18 bytes an entry while the tables are made, and what texts and claims
 * are known at a time, 200 MiB at most. 10 M entries within 4 GiB, 100 M within 8 GiB, in all.
 *
 * Claims of one side, type, value and source:
 *   twice in this build   merged: the higher confidence, the wider validity and seen times, the
 *                         texts of the first
 *   in the old one, too   the new one counts; first_seen and first_import stay the old one's where
 *                         those are earlier
 *
 * Result codes: 0, -ENOMEM, -EMSGSIZE (more entries, sources, texts or claims than a file holds),
 * -ENOSPC, -EFBIG (no room on disk; whatever was written is of no use and the caller unlinks it),
 * -EBADMSG (the old file is damaged), -errno.
 */

#include "intel/db/db.h"

struct intel_build;

enum intel_outcome {
	INTEL_ADDED = 0,
	INTEL_UPDATED, /* was in the old one */
	INTEL_MERGED,  /* said again in this build: each repetition; not counted as added or updated */
	INTEL_KEPT,    /* in the old one, not brought again */
	INTEL_REMOVED, /* the same, but keep said no */
};

struct intel_build_opts {
	int tmp_dir;	   /* directory descriptor for runs; -1: memory only */
	uint64_t memory;   /* 0: 512 MiB */
	uint64_t generation;
	ts now;
	const struct intel_db *old; /* borrowed; NULL: none */
	/* Which claims of the old one stay; NULL: all. Asked only for those that were not brought again.
	 * Type, value and side are set. */
	bool (*keep)(void *ctx, const struct indicator *i);
	/* What became of each claim, in canonical order, while finishing; NULL: nobody asks. For a
	 * MERGED one i is the repetition (its last_import tells who brought it). Non-zero ends it. */
	int (*outcome)(void *ctx, enum intel_outcome what, const struct indicator *i);
	void *ctx;
};

struct intel_build_stats {
	uint64_t added, updated, merged, kept, removed; /* claims */
	uint64_t entries, claims;
	uint64_t runs; /* sorted runs on disk */
};

FB_MUST int intel_build_new(struct intel_build **ret_b, const struct intel_build_opts *o,
    struct fault *f);
struct intel_build *intel_build_free(struct intel_build *b);
void intel_build_free_p(struct intel_build **b);
#define AUTO_INTEL_BUILD FB_CLEANUP(intel_build_free_p)
/* i->value is normalised; texts are copied. */
FB_MUST int intel_build_add(struct intel_build *b, const struct indicator *i, struct fault *f);
/* Writes the file to fd (open for reading, too; emptied first; not synced) and tests it: it passes
 * intel_db_check, holds as many claims as went in, and lookups all over it find what they must. */
FB_MUST int intel_build_finish(struct intel_build *b, int fd, struct intel_build_stats *ret_st,
    struct fault *f);
