/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* priv: what the files of this room share. */

#include "seen/run.h"

#define SEEN_RUNS_MAX 4096
#define SEEN_MERGE_MAX SEEN_REPLACES /* runs merged at once */
#define SEEN_BATCH_BYTES (24u << 20)
#define SEEN_BATCH_ITEMS 200000u

/* What was put and is not in a run yet. */
struct seen_batch {
	struct seen_item *item; /* path.p and blob are offsets in bytes until it is sorted */
	uint32_t *slot;		/* item number + 1 by hash */
	uint32_t n;
	struct buf bytes;
	uint8_t *room; /* SEEN_BLOB_MAX */
};
void seen_batch_free(struct seen_batch *b);
static inline bool seen_batch_full(const struct seen_batch *b)
{
	return b->n >= SEEN_BATCH_ITEMS || b->bytes.n >= SEEN_BATCH_BYTES;
}
/* Adds it, or to the one that is there. blob as in key.h. 0 or -ENOMEM. */
FB_MUST int seen_batch_add(struct seen_batch *b, const struct seen_item *x);
/* Writes a run and empties it. */
FB_MUST int seen_batch_write(struct seen_batch *b, int dirfd, struct fault *f);

struct seen {
	char *dir; /* of the runs */
	int dirfd, lock;
	enum seen_mode mode;
	struct seen_run *run; /* oldest first */
	size_t nrun, caprun;
	char **damaged;
	size_t ndamaged;
	struct seen_batch batch;
	bool wrote; /* runs that were not here when it was opened */
	uint8_t *room; /* SEEN_BLOB_MAX */
};

/* Opens what is there. */
FB_MUST int seen_dir_load(struct seen *s, struct fault *f);
void seen_dir_unload(struct seen *s);
/* A run turned out to be damaged: tells it once. */
void seen_dir_note(struct seen *s, const char *name, const char *why);
void seen_dir_note_bad(struct seen *s);

/* s->run[i].times from the directory; a damaged one is told. */
void seen_times_load(struct seen *s, struct seen_run *r);
/* A record was seen again, so often, the last time at at. */
FB_MUST int seen_times_touch(struct seen *s, uint32_t run, uint32_t rec, ts at, uint32_t count);
/* Writes what was touched. */
FB_MUST int seen_times_write(struct seen *s, struct fault *f);

/* Makes one run of several (s->run numbers), without what was last seen before a time; they are
 * unlinked. *ret_gone: how many observations those were. The lock is held exclusively. */
FB_MUST int seen_merge(struct seen *s, const size_t *which, size_t n, uint32_t before,
    uint64_t *ret_gone, struct fault *f);
/* Merges small runs as far as that pays. */
FB_MUST int seen_tidy(struct seen *s, struct fault *f);

/* Seconds as records have them. */
uint32_t seen_seconds(ts t);
