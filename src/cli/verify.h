/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: the parts of "firebreak verify": what the arguments stand for, one artifact's outcome as
 * text and JSON, and judging many with several processes.
 */

#include "cli/cli.h"
#include "trust/verify.h"

#define VERIFY_ARTIFACTS_MAX (1u << 17)
#define VERIFY_JOBS_MAX 256

/* ---- arguments (verify_args.c) */

struct verify_args {
	const char **item; /* paths and digests */
	size_t n;
};
/*
 * A digest stands for itself; so does a path that exists. A pattern (*, ?, […]) that is no file
 * stands for the files it matches, in order; with recursive, a folder for the regular files in it,
 * in order, without evidence files (verify_suffixes). -1, or the exit code of a reported error.
 */
FB_MUST int verify_expand(struct cli *c, bool recursive, struct verify_args *ret_a);

/* ---- output (verify_print.c) */

void verify_print(struct cli *c, struct buf *out, const struct verify_artifact *a);

/* ---- judging (verify_jobs.c) */

/* What became of one argument, as bytes, so that it can come from another process. */
struct verify_outcome {
	bool done;
	int rc; /* -errno: could not be judged, fault has the words */
	enum verdict_status status;
	struct buf text; /* --json: the object; else what people read; rc < 0: the words */
	struct buf report; /* a signed statement; empty if none was asked for */
};

struct verify_run {
	struct cli *c;
	struct verify_session *session;
	const struct verify_args *args;
	unsigned jobs;
	void (*emit)(struct verify_run *r, size_t i, const struct verify_outcome *o);
	void *ctx;
	/* Makes the report of one artifact; NULL: none. 0, -errno. */
	int (*report)(struct verify_run *r, const struct verify_artifact *a, struct buf *out);
	void (*progress)(struct verify_run *r, size_t done); /* NULL: none */
};
/* Judges all arguments and emits their outcomes in order, the same with any number of jobs.
 * 0, -errno (no process could be made). */
FB_MUST int verify_run(struct verify_run *r);
