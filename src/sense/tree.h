/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree: walks a directory (or one file) and reads every regular file in it once: digests, what a
 * probe says about the same bytes, and names.
 *
 * Guarantees:
 * - Reads only what is below the path given. That path is the user's word, so a symbolic link
 *   there is followed; below it none is, each open takes one name relative to an open directory
 *   (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), and mount points are entered unless
 *   one_file_system is set. Only regular files and directories are opened: no device, no FIFO.
 * - Access times stay as they are where the kernel allows it (O_NOATIME).
 * - Kernel pseudo file systems (proc, sysfs, cgroup, … by statfs magic) are skipped and counted.
 *   A mount of a directory that was entered already is not entered again, and counted: bind mounts
 *   make no loops.
 * - Each file is opened at most once, also when it has several hard links: every path is given to
 *   on_file, all but the first with again set. (While SENSE_LINKS_MAX files have names still to
 * come, further ones are read once for each name.) Holes of sparse files are hashed without
 * reading.
 * - A file whose id (size, times) is not the same before and after it was read gives a problem, no
 *   digest. Limit: file systems stamp with the clock's tick, so a second write within one tick
 *   (up to 10 ms) of the first does not show; do not trust an id whose ctime is that fresh.
 * - Depth has no limit but SENSE_DEPTH_MAX, and paths may be longer than PATH_MAX. At most
 *   SENSE_FDS_MAX directories are open at once.
 * - Memory: one batch of SENSE_BATCH names, the names of directories still to be entered
 *   (SENSE_PENDING_MAX bytes), 24 to 64 bytes for each directory entered, some 300 for each file
 * with names still to come, and in each process that reads 64 KiB a lane. Never the whole tree.
 * - Nothing is silent: each entry below the path is either given to on_file, given to on_problem,
 *   entered, or counted in the statistics.
 * - Order: the files of a directory before its sub-directories, batches of SENSE_BATCH names, read
 *   in the order of their inodes. They are given in the order in which they are finished, or, with
 *   ordered set, a batch in memory order of the names: then two walks of the same tree give the
 *   same, whatever the number of jobs.
 * - Callbacks run in the calling process, but for those of the probe.
 *
 * Result: 0 everything was read; SENSE_INCOMPLETE when on_problem was called at least once;
 * SENSE_STOPPED when *opts->stop became non-zero: what was finished has been given, the rest not;
 * -errno when the path itself cannot be opened (with fault), or what a callback returned.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"

#include <signal.h>
#include <sys/stat.h>

#define SENSE_DEPTH_MAX 16384
#define SENSE_FDS_MAX 64
#define SENSE_BATCH 8192
#define SENSE_PENDING_MAX (256u << 20)
#define SENSE_JOBS_MAX 64
#define SENSE_LINKS_MAX 131072
#define SENSE_FOUND_MAX 4096	      /* bytes that a probe may report of one file */
#define SENSE_PROBE_HEAP (128u << 20) /* that memory may grow in a worker with a probe */

enum sense_result {
	SENSE_DONE = 0,
	SENSE_INCOMPLETE = 1, /* what could be read was; the rest was reported */
	SENSE_NO_SANDBOX = 2, /* capture.h only: the worker cannot be confined; nothing was read */
	SENSE_STOPPED = 3,
};

/* Who a file is: as long as all of these stay the same, so do its bytes (but see the limit above).
 * Times are TS_NONE when they do not fit. */
struct sense_id {
	uint64_t dev, ino, size, nlink;
	ts ctime, mtime;
};

void sense_id_of(const struct stat *st, struct sense_id *ret_id);

struct sense_file {
	const char *path; /* as given, "/", the way below it; raw bytes: QUOTE before printing */
	const char *name; /* the last component, inside path */
	struct sense_id id;
	const struct digest *digest; /* [DIGEST_ALGS]; what the plan knew, and what was computed */
	struct span found;	     /* the report of the probe */
	int probe_rc; /* what look returned: 0, or its -errno; -EFBIG: over its max_size */
	bool probed;  /* the probe saw it */
	bool opened;  /* false: nothing was read, plan wanted nothing of it */
	bool again;   /* another name of a file that was given before (hard link) */
	uint64_t note; /* what the plan of this file left; 0 when again is set */
};

enum sense_why {
	SENSE_WHY_ERRNO = 1, /* err says why it could not be opened, listed or read */
	SENSE_WHY_CHANGED,   /* the file changed while it was read: its digest means nothing */
	SENSE_WHY_LARGE,     /* larger than max_size */
	SENSE_WHY_DEPTH,     /* deeper than SENSE_DEPTH_MAX, or too many directories wait */
	SENSE_WHY_MOVED,     /* the directory was moved away during the walk */
	SENSE_WHY_PSEUDO,    /* the path given is on a kernel pseudo file system */
	SENSE_WHY_GONE,	     /* it was listed, and no longer there when it was opened */
	SENSE_WHY_DIED,	     /* the worker process died over it (in the probe, or it was killed) */
	SENSE_WHY_HOLES,     /* more than HASH_HOLES_MAX of it are holes: not read, it would take years */
	SENSE_WHY_LAST = SENSE_WHY_HOLES,
};

/* What was not read. A file's name is still evidence: match it against file-name indicators. */
struct sense_problem {
	const char *path, *name;
	bool is_dir; /* a directory: nothing below it was seen, or not all of it */
	enum sense_why why;
	int err; /* positive errno for SENSE_WHY_ERRNO, the signal for _DIED (0: none) */
	uint64_t
	    offset; /* of the byte that could not be read (EIO); 0 also when it was not opened */
	const char *text; /* one short reason for a person: "Permission denied" */
};

/* What is no regular file and no directory: read only if somebody asks (opts->on_other). */
struct sense_other {
	const char *path;
	const char *target; /* of a symbolic link; NULL: a device, FIFO or socket */
};
typedef int sense_other_fn(void *ctx, const struct sense_other *o);

/*
 * What is read of one file, decided before it is opened. Comes with what the options say; the
 * function changes it. A file of which neither a digest nor the probe is wanted is not opened, and
 * is given to on_file at once with what is known.
 */
struct sense_plan {
	unsigned set; /* digests to compute; 0: none */
	bool probe;   /* hand its bytes to the probe (if there is one) */
	const struct digest
	    *known; /* [DIGEST_ALGS], read until the function is called again; NULL */
	uint64_t note; /* the caller's own, for on_file: other files may be planned before */
};
/* id is the file's as fstatat(2) sees it. Not asked for further hard links. */
typedef int sense_plan_fn(
    void *ctx, const char *path, const struct sense_id *id, struct sense_plan *plan);

/*
 * A probe looks at the bytes that are read anyway, in the worker process: YARA rules, facts of
 * programs. start runs once in each process that reads, before its first look (a failure ends the
 * walk). look gets the whole file, in a buffer or, when it is large, a mapping, and appends its
 * report to out (capped at SENSE_FOUND_MAX), which on_file gets as file->found: bytes from another
 * process, to be checked like outside bytes. Workers are locked down after start (sandbox/reader.h:
 * they can read below the path of the walk, compute, and nothing else). A worker that dies in look,
 * also because the mapped file was cut meanwhile, costs that file only (SENSE_WHY_DIED); with jobs
 * 1 it is the caller that dies. The process may be forked from the caller at any time: whatever ctx
 * points to is as it was.
 */
struct sense_probe {
	void *ctx;
	int (*start)(void *ctx); /* NULL: none needed */
	int (*look)(void *ctx, const char *path, const struct sense_id *id, struct span bytes,
	    struct buf *out);
	uint64_t max_size; /* larger files are not shown to it; 0: none is too large */
};

struct sense_tree_opts {
	unsigned set; /* HASH_SET(…) | …; 0: no digests, files are opened for the probe only */
	uint64_t max_size;    /* 0 = none */
	bool one_file_system; /* do not enter mount points */
	bool ordered;	      /* see Order */
	bool no_cache;	      /* leave no pages in the page cache that were not there before */
	bool settle;	      /* whoever has written to a mapping of a file can go on unseen until the
				 kernel writes it back: have it do so, then read */
	unsigned jobs;	      /* processes that read; 0: one for each CPU; 1: this process */
	sense_plan_fn *plan;  /* NULL: what the options say, for every file */
	const struct sense_probe *probe;   /* NULL: none */
	sense_other_fn *on_other;	   /* NULL: they are counted only; called like on_file */
	const volatile sig_atomic_t *stop; /* NULL, or set by a signal handler: end soon */
};

struct sense_tree_stats {
	uint64_t files, bytes; /* given to on_file, and their sizes */
	uint64_t opened, read; /* of these opened; bytes that came from read(2), without holes */
	uint64_t again;	       /* of these other names of files given before */
	uint64_t dirs;	       /* entered, the path itself included */
	uint64_t links;	       /* symbolic links, not followed */
	uint64_t special;      /* devices, FIFOs, sockets */
	uint64_t pseudo;       /* pseudo file systems not entered */
	uint64_t other_fs;     /* mount points not entered (one_file_system) */
	uint64_t loops;	       /* mounts of directories that were entered already */
	uint64_t problems;     /* given to on_problem */
};

/* Each returns 0 to go on; a negative value ends the walk and is returned by it. What they are
 * given is valid during the call only. */
typedef int sense_file_fn(void *ctx, const struct sense_file *f);
typedef int sense_problem_fn(void *ctx, const struct sense_problem *p);

/* opts may be NULL: MD5, SHA-1 and SHA-256, in this process, ordered. *ret_stats is filled also
 * when the walk ends early. */
FB_MUST int sense_tree(const char *path, const struct sense_tree_opts *opts, sense_file_fn *on_file,
    sense_problem_fn *on_problem, void *ctx, struct sense_tree_stats *ret_stats, struct fault *f);
