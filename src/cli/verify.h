/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: the parts of "firebreak verify": what the arguments stand for, one artifact's outcome as
 * text and JSON, and judging many with several processes.
 */

#include "cli/cli.h"
#include "crypto/key.h"
#include "trust/report.h"
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
 * stands for the files it matches, in order; with recursive, a folder for what is in it, in order,
 * without evidence (named by verify_suffixes, and lying beside what it is for or given as --evidence)
 * and without links to folders inside of it. -1, or the exit code of a reported error.
 */
FB_MUST int verify_expand(struct cli *c, bool recursive, struct verify_args *ret_a);

/* ---- output (verify_print.c) */

/* root: the trusted root in words, shown where it had a say. */
void verify_print(
    struct cli *c, struct buf *out, const struct verify_artifact *a, const char *root);

/* ---- reports: our verdict as signed statements (verify_report.c) */

#define VERIFY_REPORTS 2 /* VSA, SVR */

struct verify_report {
	const char *path[VERIFY_REPORTS]; /* NULL: not asked for */
	const char *policy_uri;
	struct report facts;
	struct key *key;
	struct buf text[VERIFY_REPORTS]; /* one envelope a line */
};
/* From the options. -1, or the exit code of a reported error. */
FB_MUST int verify_report_begin(struct cli *c, const char *policy_path,
    struct verify_report *ret_r);
/* Once the policy is read. */
void verify_report_policy(struct verify_report *r, const struct verify_session *v);
/* Appends a line to each buffer. 0, -errno. */
FB_MUST int verify_report_make(const struct verify_report *r, const struct verify_artifact *a,
    struct buf out[VERIFY_REPORTS]);
/* Writes the files. -1, or an exit code. */
FB_MUST int verify_report_end(struct cli *c, struct verify_report *r);

/* ---- judging (verify_jobs.c) */

/* What became of one argument, as bytes, so that it can come from another process. */
struct verify_outcome {
	bool done;
	int rc; /* -errno: could not be judged, fault has the words */
	enum verdict_status status;
	struct buf text; /* --json: the object; else what people read; rc < 0: the words */
	struct buf report[VERIFY_REPORTS]; /* signed statements; empty if none was asked for */
};

struct verify_run {
	struct cli *c;
	struct verify_session *session;
	const struct verify_args *args;
	unsigned jobs;
	void (*emit)(struct verify_run *r, size_t i, const struct verify_outcome *o);
	void *ctx;
	const char *root;                   /* the trusted root in words */
	const struct verify_report *report; /* NULL: none are made */
	void (*progress)(struct verify_run *r, size_t done); /* NULL: none */
};
/* Judges all arguments and emits their outcomes in order, the same with any number of jobs.
 * 0, -errno (no process could be made). */
FB_MUST int verify_run(struct verify_run *r);
