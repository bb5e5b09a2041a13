/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * release: what the release commands share: the channel named on the command line, files into
 * blobs, running the gate over what is stored, and ending a change.
 *
 * Functions that can fail have reported the error already: they give -1 to go on or an exit code.
 */

#include "cli/cli.h"
#include "release/change.h"
#include "trust/policy.h"
#include "trust/verify.h"

#define WHEN(t) ts_format((t), (char[TS_TEXT_MAX]){ 0 })
/* To the second, for people. */
#define SECOND(t) WHEN((t) - (t) % TS_SECOND)

struct release_who release_actor(struct cli *c);
/* The exit code for what a call of release/ gave, reported: refusals are CLI_REFUSED, malformed
 * arguments CLI_USAGE, a ledger that makes no sense CLI_INTERNAL. */
int release_failed(struct cli *c, int rc, const struct fault *f);
/* Loads the channel into c->arena. */
FB_MUST int release_channel_arg(struct cli *c, struct store *s, const char *name,
    struct release_channel *ret_ch);

/* "90s", "7d" from now on, or an RFC 3339 time. */
FB_MUST int release_when(struct cli *c, const char *opt, ts *ret_t);
/* The files given with a repeatable option, copied into blobs. */
FB_MUST int release_put_files(struct cli *c, struct store *s, const char *opt, size_t max,
    struct release_file **ret_file, size_t *ret_n);
/* The same for one path. */
FB_MUST int release_put_file(struct cli *c, struct store *s, const char *path,
    struct release_file *ret_file);
/* Is it a public key that we can use? */
FB_MUST int release_check_key(struct cli *c, const char *path);
/* A policy file, read and parsed, with every key file that it lists looked at. */
struct release_policy_file {
	const char *name;
	struct span text;
	struct policy policy;
};
FB_MUST int release_read_policy(struct cli *c, const char *path, struct release_policy_file *ret_p);
/* The policy and its key files, copied into blobs. */
FB_MUST int release_put_policy(struct cli *c, struct store *s, const struct release_policy_file *p,
    struct release_rules *ret_rules);

/* What the gate found out; everything lives in c->arena. */
struct gate_run {
	struct release_artifact *artifact;
	size_t n;
	struct release_judged *judged; /* parallel to artifact */
	struct release_gate gate;
};

/*
 * Verifies artifacts (name and digests set) with their evidence from the blobs under the channel's
 * policy and keys as they are now. Every blob is hashed again: one that is not there or is not what
 * it was is a FAIL reason. format and authenticode of each artifact are filled in. A report of
 * everything is kept as a blob.
 */
FB_MUST int gate_run(struct cli *c, struct store *s, const struct release_channel *ch,
    const char *version, const struct release_file *evidence, size_t nevidence,
    struct gate_run *run);
/* The same for a release of the channel. */
FB_MUST int gate_run_stored(struct cli *c, struct store *s, const struct release_channel *ch,
    const struct release_version *r, struct gate_run *run);
/* The first reason against it, for a message: "app.exe: …". */
const char *gate_first_reason(struct cli *c, const struct release_channel *ch,
    const struct gate_run *run);
/* All reasons on stdout, one line each; quiet about proven ones unless all. */
void gate_print(struct cli *c, const struct gate_run *run, bool all);

/* Ends a change that gave rc: commits or aborts, renews the state document. -1 or the exit code. */
FB_MUST int release_end(struct cli *c, struct store *s, const char *channel, int rc,
    const struct fault *f);
/* {"channel","entry","kind"…} opened in c->out; close it with jw_end. */
struct jw release_json(struct cli *c, const char *channel, const char *kind, uint64_t seq);
/* "current": {"version":…}, left out when there is none. */
void release_current_json(struct jw *w, const char *version);
