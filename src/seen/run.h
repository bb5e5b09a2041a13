/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * run: one immutable file of observations (page.h), and how it is written. Private to this room.
 *
 * Records are numbered in the order of (path, type, own bytes); the number is the place of the fixed
 * part in its section and of the path among the paths. Paths are front-coded in blocks of
 * SEEN_WAY_BLOCK. An index is two arrays, sorted by (key, record): keys, 8 bytes, and records, 4.
 *
 * Guarantees: whatever the bytes are, nothing outside the file is read; a record that cannot have
 * been written by this program counts as damage (run->file.bad).
 */

#include "base/buf.h"
#include "seen/key.h"
#include "seen/page.h"

#define SEEN_RUN_MAGIC "FBseen\n\1"
#define SEEN_TIMES_MAGIC "FBtimes\n"
#define SEEN_RUN_MAX (1u << 30) /* records */
#define SEEN_WAY_BLOCK 32u

enum seen_section {
	SEEN_S_RECS = 0,
	SEEN_S_BLOB,
	SEEN_S_WAY_AT, /* where each block of paths begins */
	SEEN_S_IX,     /* 2 * SEEN_IXS: keys and records of each index */
	SEEN_S_WAY = SEEN_S_IX + 2 * SEEN_IXS,
};

/* A place among the paths: the path of record next - 1. */
struct seen_way {
	struct buf path;
	uint64_t off;
	uint32_t next;
};

/* A record that was seen again, unchanged: the last time (seconds) and how often. */
struct seen_again {
	uint32_t last, count;
};

struct seen_run {
	struct seen_file file;
	uint32_t n;
	uint32_t nix[SEEN_IXS];
	uint32_t hint; /* where the last file was found: the next one is near */
	struct seen_way way;
	struct seen_file times; /* last and count of what was seen again; .h NULL: none */
	struct seen_again *again; /* [n], by this process; NULL: none */
};

/* Takes fd, also on error. */
FB_MUST int seen_run_open(struct seen_run *r, int fd, const char *name, struct fault *f);
void seen_run_close(struct seen_run *r);

/* NULL: damaged. */
const struct seen_rec *seen_run_rec(struct seen_run *r, uint32_t i);
/* Everything of record i: valid until the next call for this run. false: damaged. */
bool seen_run_item(struct seen_run *r, uint32_t i, struct seen_item *ret_x);
/* Without the path. */
bool seen_run_blob(struct seen_run *r, uint32_t i, struct seen_item *ret_x);
static inline void seen_rec_again(struct seen_rec *rec, const struct seen_again *t)
{
	rec->last = t->last > rec->last ? t->last : rec->last;
	rec->count = rec->count > UINT32_MAX - t->count ? UINT32_MAX : rec->count + t->count;
}
/* Adds what the file of times has. */
void seen_run_times(struct seen_run *r, uint32_t i, struct seen_rec *rec);

/* The first place of the index whose key is at least key, from a place on; n when there is none. */
uint32_t seen_run_lower(struct seen_run *r, enum seen_ix ix, uint64_t key, uint32_t from);
/* The key at a place before the end; UINT64_MAX where it cannot be read: the run is bad then. */
uint64_t seen_run_key(struct seen_run *r, enum seen_ix ix, uint32_t at);
/* false past the end, or damaged. */
bool seen_run_ix(struct seen_run *r, enum seen_ix ix, uint32_t at, uint64_t *ret_key,
    uint32_t *ret_rec);

/* --- writing: records in order first, then each index in order --- */

struct seen_run_out {
	struct seen_out out;
	uint32_t n;
	struct buf last; /* path */
};
struct seen_run_bound {
	uint64_t n, blob, nix[SEEN_IXS];
};
FB_MUST int seen_run_out_new(struct seen_run_out *o, int dirfd, const struct seen_run_bound *b);
void seen_run_out_add(struct seen_run_out *o, const struct seen_item *x);
void seen_run_out_ix(struct seen_run_out *o, enum seen_ix ix, uint64_t key, uint32_t rec);
/* Named by its id. */
FB_MUST int seen_run_out_commit(struct seen_run_out *o, ts made, struct fault *f);
void seen_run_out_drop(struct seen_run_out *o);
