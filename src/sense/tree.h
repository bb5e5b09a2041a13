/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree: walks a directory (or one file) and hashes every regular file in it.
 *
 * Guarantees:
 * - Reads only what is below the path given. That path is the user's word, so a symbolic link
 *   there is followed; below it none is, each open takes one name relative to an open directory
 *   (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), and mount points are entered unless
 *   one_file_system is set. Only regular files and directories are opened: no device, no FIFO.
 * - Access times stay as they are where the kernel allows it (O_NOATIME).
 * - Kernel pseudo file systems (proc, sysfs, cgroup, … by statfs magic) are skipped and counted.
 * - Depth has no limit but SENSE_DEPTH_MAX, and paths may be longer than PATH_MAX. At most
 *   SENSE_FDS_MAX directories are open at once.
 * - Memory: one batch of SENSE_BATCH names, the names of directories still to be entered
 *   (SENSE_PENDING_MAX bytes), one read block. Never the whole tree.
 * - Nothing is silent: each entry below the path is either given to on_file, given to on_problem,
 *   entered, or counted in the statistics.
 * - Order: the files of a directory before its sub-directories, names in memory order (within a
 *   batch). With jobs > 1 files come in the order in which they are finished.
 *
 * Result: 0 everything was read; SENSE_INCOMPLETE when on_problem was called at least once;
 * -errno when the path itself cannot be opened (with fault), or what a callback returned.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"

#define SENSE_DEPTH_MAX 16384
#define SENSE_FDS_MAX 64
#define SENSE_BATCH 8192
#define SENSE_PENDING_MAX (256u << 20)
#define SENSE_JOBS_MAX 64

enum sense_result {
	SENSE_DONE = 0,
	SENSE_INCOMPLETE = 1, /* what could be read was; the rest was reported */
	SENSE_NO_SANDBOX = 2, /* capture.h only: the worker cannot be confined; nothing was read */
};

struct sense_file {
	const char *path; /* as given, "/", the way below it; raw bytes: QUOTE before printing */
	const char *name; /* the last component, inside path */
	uint64_t size;
	ts mtime; /* TS_NONE when it does not fit */
	const struct digest *digest; /* [DIGEST_ALGS]; set for the algorithms in opts->set */
};

enum sense_why {
	SENSE_WHY_ERRNO = 1, /* err says why it could not be opened, listed or read */
	SENSE_WHY_CHANGED,   /* the file changed while it was read: its digest means nothing */
	SENSE_WHY_LARGE,     /* larger than max_size */
	SENSE_WHY_DEPTH,     /* deeper than SENSE_DEPTH_MAX, or too many directories wait */
	SENSE_WHY_MOVED,     /* the directory was moved away during the walk */
	SENSE_WHY_PSEUDO,    /* the path given is on a kernel pseudo file system */
};

/* What was not read. A file's name is still evidence: match it against file-name indicators. */
struct sense_problem {
	const char *path, *name;
	bool is_dir; /* a directory: nothing below it was seen, or not all of it */
	enum sense_why why;
	int err;          /* positive errno for SENSE_WHY_ERRNO, else 0 */
	const char *text; /* one short reason for a person: "Permission denied" */
};

/* What is no regular file and no directory: read only if somebody asks (opts->on_other). */
struct sense_other {
	const char *path;
	const char *target; /* of a symbolic link; NULL: a device, FIFO or socket */
};
typedef int sense_other_fn(void *ctx, const struct sense_other *o);

/* Who a file is: as long as all of these stay the same, so do its bytes. */
struct sense_id {
	uint64_t dev, ino, size, nlink;
	ts ctime, mtime;
};

/*
 * What is read of one file, decided before it is opened. PLANNED in the contract of issue 5, not
 * yet called: see sense_tree_opts.plan and .probe.
 */
struct sense_plan {
	unsigned set;                /* digests to compute; 0: do not read it, only its name counts */
	bool probe;                  /* hand its bytes to the probe as well */
	const struct digest *known;  /* [DIGEST_ALGS]: from an earlier hunt; then it is not opened */
};

#define SENSE_FOUND_MAX 4096 /* bytes that a probe may report of one file */

/*
 * A probe looks at the bytes that are read anyway, in the worker process: YARA rules, facts of
 * programs. start runs once in each worker (in this process without workers); look gets the whole
 * file as a mapping or buffer and appends its report to out (at most SENSE_FOUND_MAX bytes), which
 * on_file gets as file->found: bytes from a worker, to be checked like outside bytes.
 */
struct sense_probe {
	void *ctx;
	int (*start)(void *ctx);
	int (*look)(void *ctx, const char *path, struct span bytes, struct buf *out);
};

struct sense_tree_opts {
	unsigned set;         /* HASH_SET(…) | …; 0 = HASH_TRIO */
	uint64_t max_size;    /* 0 = none */
	bool one_file_system; /* do not enter mount points */
	unsigned jobs;        /* worker processes that hash; 0 and 1 = hash in this process */
	sense_other_fn *on_other; /* NULL: they are counted only; called like on_file */
};

struct sense_tree_stats {
	uint64_t files, bytes;  /* given to on_file */
	uint64_t dirs;          /* entered, the path itself included */
	uint64_t links;         /* symbolic links, not followed */
	uint64_t special;       /* devices, FIFOs, sockets */
	uint64_t pseudo;        /* pseudo file systems not entered */
	uint64_t other_fs;      /* mount points not entered (one_file_system) */
	uint64_t problems;      /* given to on_problem */
};

/* Each returns 0 to go on; a negative value ends the walk and is returned by it. What they are
 * given is valid during the call only. */
typedef int sense_file_fn(void *ctx, const struct sense_file *f);
typedef int sense_problem_fn(void *ctx, const struct sense_problem *p);

/* opts may be NULL. *ret_stats is filled also when the walk ends early. */
FB_MUST int sense_tree(const char *path, const struct sense_tree_opts *opts, sense_file_fn *on_file,
    sense_problem_fn *on_problem, void *ctx, struct sense_tree_stats *ret_stats, struct fault *f);
