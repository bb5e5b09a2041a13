/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * run: plays one variant of a scenario: injects through drill/stage.h, everything else as real
 * commands of this program in a child process, against a scratch state directory.
 *
 * Words in braces in a step's arguments are replaced: {work} the scratch folder, {state} its state
 * directory, {data} the shared data folder, {files:NAME} every file of the staged package NAME (one
 * argument each), {x} what an earlier step saved as x. A step that needs a word which nobody saved
 * is not run, and counts as missed.
 *
 * Times are measured here on the monotonic clock: what a step took, and how long after the first
 * step with milestone "alert" it was done.
 */

#include "drill/scenario.h"

#define DRILL_STEP_SECONDS 120	    /* a command that takes longer is killed and counts as missed */
#define DRILL_OUTPUT_MAX (4u << 20) /* of one command's stdout */

enum drill_status { DRILL_MET, DRILL_MISSED, DRILL_NOT_RUN };

struct drill_step {
	const struct scn_step *step;
	enum drill_status status;
	const char *command; /* as one would type it */
	const char *actual;  /* "exit 1, verdict FAIL"; what differed when it was missed */
	const char *output;  /* stdout, JSON; "" for injects */
	ts took;
	ts since_alert; /* TS_NONE before the alert */
};

struct drill_variant {
	const struct scn_variant *variant;
	const char *work; /* scratch folder */
	struct drill_step *step;
	size_t nsteps, met, missed;
};

struct drill_env {
	const char *self;  /* the program, absolute */
	const char *data;  /* share folder */
	const char *work;  /* scratch folder for this run; exists */
	const char *clock; /* RFC 3339 for --clock, or NULL for the real one */
	/* called after each step, for a person who watches; may be NULL */
	void (*progress)(void *ctx, const struct drill_step *st);
	void *ctx;
};

/* 0 even when steps are missed; -errno when the drill itself could not go on. */
FB_MUST int drill_run_variant(struct drill_variant *ret_v, const struct scenario *s,
    const char *variant, const struct drill_env *env, struct arena *a, struct fault *f);

/* Step with this milestone that was met, or NULL. */
const struct drill_step *drill_milestone(const struct drill_variant *v, const char *milestone);
