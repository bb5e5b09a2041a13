/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * seen: what this host has seen: every digest with path, first and last time and how often; every
 * name, address and other value at the place where it was observed. Compact, idempotent, answerable
 * in milliseconds, so that new indicators are hunted back without touching the disk.
 *
 *   DIR/seen/ID.run     observations: sorted, immutable, mapped (run.h)
 *   DIR/seen/ID.times   when and how often those of a run were seen again, replaced whole
 *   DIR/seen/lock       hunts hold it shared; merging and forgetting, exclusive
 *   DIR/seen/ID.net     what captures showed, not sorted into runs yet (cli/watch_journal.c)
 *
 * Two questions are answered from the same records:
 *   by value      a digest, name, address, file name or path → where, first, last, how often
 *   by identity   device, inode, size, ctime, mtime → digests and the probe's report: what a second
 *                 hunt need not read
 *
 * Guarantees
 * - Observing the same thing again changes only times and counts. Many writers at once are safe:
 *   each writes runs of its own. Readers take no lock and never see half.
 * - Memory: about SEEN_MEMORY for a writer, however much is put; what is mapped comes on top.
 * - A crash loses at most what was put since the last seen_flush. A run is there whole, synced and
 *   under its name, or not at all; merging replaces runs in one rename.
 * - Every page of a run has a checksum that is verified before its bytes are used. A damaged run is
 *   told (seen_damaged) and left out from there on; a writer sets it aside as ID.bad, and the next
 *   hunt reads again what was known from it.
 * - An identity is kept only if its change time is clearly older than the hunt (seen_put.began): a
 *   file that changes within one tick of the clock after it was read must be read again.
 *
 * Not shown by an identity: writes through a mapping that was dirty before and after the read
 * (the kernel stamps when it writes back), and what root does to a file system behind its back.
 *
 * Result codes: 0; -ENOENT (nothing was ever recorded); -EPERM (a directory of somebody else);
 * -EBUSY; -ENOMEM; -ENOSPC and other -errno with fault.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/indicator.h"

#define SEEN_MEMORY (64u << 20)
#define SEEN_PATH_MAX 65535u
#define SEEN_VALUE_MAX 4096u
#define SEEN_FOUND_MAX 60000u
#define SEEN_TICK (20 * 1000000ll)    /* stamps of file systems with fractions of a second … */
#define SEEN_COARSE (2 * TS_SECOND) /* … and of those without */

enum seen_mode { SEEN_READ = 0, SEEN_WRITE };

struct seen;

/* state_dir is there already. A writer makes the folder when there is something to put into it; it must
 * belong to the caller. */
FB_MUST int seen_open(struct seen **ret_s, const char *state_dir, enum seen_mode mode,
    struct fault *f);
/* Without a flush: what was not flushed is lost. */
struct seen *seen_close(struct seen *s);
void seen_close_p(struct seen **s);
#define AUTO_SEEN FB_CLEANUP(seen_close_p)
/* Makes what was put durable. done: no more will be put; small runs are merged if nobody else is
 * hunting. */
FB_MUST int seen_flush(struct seen *s, bool done, struct fault *f);

/* --- files --- */

/* Who a file is, as far as the kernel says. */
struct seen_id {
	uint64_t dev, ino, size;
	ts ctime, mtime;
};

struct seen_known {
	struct digest digest[DIGEST_ALGS]; /* those that are known */
	uint64_t probe;	   /* key of the probes whose report this is; 0: none looked */
	struct span found; /* valid until the next flush */
	uint32_t run, rec; /* for seen_put_file; run UINT32_MAX: not known */
	bool same_path;
};
/* What is known of the file with this id; path is absolute. */
bool seen_file_known(struct seen *s, const struct seen_id *id, const char *path,
    struct seen_known *ret_k);
/* The same once more, by its run and rec, until the next flush; same_path stays as it is. false: the
 * run turned out to be damaged. */
bool seen_file_again(struct seen *s, struct seen_known *k);

struct seen_put {
	const char *path; /* absolute */
	const struct digest *digest; /* [DIGEST_ALGS]; without a SHA-256 nothing is recorded */
	const struct seen_id *id; /* NULL: does not stand for the bytes */
	ts began;	   /* by the real clock: before the walk that read it */
	uint64_t probe;	   /* key of the probes that looked; 0: none */
	struct span found; /* their report, at most SEEN_FOUND_MAX */
	ts at;		   /* when it was observed, for first and last */
	const struct seen_known *known; /* as seen_file_known gave it; NULL */
};
/* The same as putting what is known with its own digests and report, under its own path. */
FB_MUST int seen_put_same(struct seen *s, const struct seen_known *k, ts at);
/* Too long a path is not recorded: *ret_kept, if not NULL, says. */
FB_MUST int seen_put_file(struct seen *s, const struct seen_put *p, bool *ret_kept,
    struct fault *f);

/* --- other values --- */

/* A name, address or fact (normalised text) that was observed at a place: a capture, a file. */
FB_MUST int seen_put_value(struct seen *s, enum indicator_type t, struct span value,
    const char *where, ts at, struct fault *f);

/* The same, observed count times from first to last. */
FB_MUST int seen_put_values(struct seen *s, enum indicator_type t, struct span value,
    const char *where, ts first, ts last, uint32_t count, struct fault *f);

/* --- questions --- */

struct seen_observation {
	enum indicator_type type; /* NONE: a file */
	const char *where;	  /* path of the file or capture; raw bytes */
	struct span value;	  /* not of files */
	const struct digest *digest; /* [DIGEST_ALGS] of a file */
	uint64_t size;		  /* of a file whose id was kept; else 0 */
	ts mtime;		  /* likewise; TS_NONE */
	ts first, last;		  /* whole seconds */
	uint64_t count;
};
/* Valid during the call, which must not ask s in turn; non-zero ends it and is returned. */
typedef int seen_fn(void *ctx, const struct seen_observation *o);

FB_MUST int seen_find_digest(struct seen *s, const struct digest *d, seen_fn *fn, void *ctx);
/* A value of any other type, but for: */
FB_MUST int seen_find_value(struct seen *s, enum indicator_type t, struct span value, seen_fn *fn,
    void *ctx);
/* files with this base name, letters of either case; */
FB_MUST int seen_find_name(struct seen *s, struct span name, seen_fn *fn, void *ctx);
/* files at this path, every content that it had. */
FB_MUST int seen_find_path(struct seen *s, const char *path, seen_fn *fn, void *ctx);

/*
 * Files of which a digest of this algorithm begins with one of these: key holds the first 8 bytes
 * of n digests as big-endian numbers, sorted. One pass over the sorted digests here: 1 M keys
 * against 10 M files take some 50 ms.
 */
FB_MUST int seen_join(struct seen *s, enum digest_alg alg, const uint64_t *key, size_t n,
    seen_fn *fn, void *ctx);
/* Every observation that is no file, equal values one after the other within a run. */
FB_MUST int seen_each_value(struct seen *s, seen_fn *fn, void *ctx);
/* Every observation, in the order of the paths. */
FB_MUST int seen_each(struct seen *s, seen_fn *fn, void *ctx);

/* --- upkeep --- */

struct seen_stats {
	uint64_t runs, files, values; /* observations; one that is in two runs counts twice */
	uint64_t bytes;		      /* on disk */
	uint64_t damaged;	      /* runs left out */
	ts first, last;		      /* TS_NONE: nothing there */
};
/* Reads every record for first and last. */
void seen_stats(struct seen *s, struct seen_stats *ret_st);
/* The same without first and last, in no time. */
void seen_counts(struct seen *s, struct seen_stats *ret_st);
/* One line for each damaged run: i from 0; NULL past the last. */
const char *seen_damaged(struct seen *s, size_t i);
/* Reads everything and verifies it: 0 or -EBADMSG. */
FB_MUST int seen_check(struct seen *s);
/* Forgets what was last seen before this time. Needs SEEN_WRITE; -EBUSY while a hunt is running. */
FB_MUST int seen_forget(struct seen *s, ts before, uint64_t *ret_n, struct fault *f);
