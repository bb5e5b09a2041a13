/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * seen: what this host has seen: every digest with path, first and last time and how often; every
 * name and address from captures. Compact, idempotent, and answerable in milliseconds, so that new
 * indicators are hunted back without touching the disk.
 *
 *   DIR/seen/…   immutable sorted runs, mapped (newest wins), merged as they grow; a hunt writes one
 *                run at its end (and at checkpoints, so that an interrupted one resumes)
 *
 * Two indexes over one set of observations:
 *   by value      type and bytes of a digest, name or address → observations
 *   by identity   device, inode → size, ctime, mtime, digests: what a second hunt need not read
 *
 * Guarantees: observing the same thing twice changes only times and counts; a crash loses at most
 * what was not yet put into a run; readers never block; memory is bounded by SEEN_MEMORY; damaged
 * runs are told and left out (rehash finds again what was in them).
 */

#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/indicator.h"

#define SEEN_MEMORY (64u << 20)

/* Who a file is, as far as the kernel says; the same id means the same bytes. */
struct seen_id {
	uint64_t dev, ino, size;
	ts ctime, mtime;
};

struct seen;

FB_MUST int seen_open(struct seen **ret_s, const char *state_dir, bool write, struct fault *f);
struct seen *seen_close(struct seen *s);
void seen_close_p(struct seen **s);
#define AUTO_SEEN FB_CLEANUP(seen_close_p)
/* Makes what was put durable. */
FB_MUST int seen_flush(struct seen *s, struct fault *f);

/* Digests of the file with this id, read before: true when all of want (HASH_SET bits) are known. */
bool seen_file_known(const struct seen *s, const struct seen_id *id, unsigned want,
    struct digest out[static DIGEST_ALGS]);
FB_MUST int seen_put_file(struct seen *s, const struct seen_id *id, const char *path,
    const struct digest *digests, ts at, struct fault *f);
/* A name, address or other value that was observed, where (capture path …). */
FB_MUST int seen_put_value(struct seen *s, enum indicator_type t, const char *value,
    const char *where, ts at, struct fault *f);

struct seen_observation {
	enum indicator_type type;
	const char *value, *where;
	ts first, last;
	uint64_t count;
};
typedef int seen_fn(void *ctx, const struct seen_observation *o);
/* Every observation of a value. */
FB_MUST int seen_find(const struct seen *s, enum indicator_type t, const char *value, seen_fn *fn,
    void *ctx, struct fault *f);
