/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * scenario: a drill as data (share/scenarios/NAME.scn, strict YAML; docs/drill.md has the schema).
 *
 * A scenario has variants (what goes wrong) and steps (what is injected, which command answers,
 * what must come out). A step that is not met becomes a finding with the words its "if-missed"
 * gives.
 *
 * Guarantees: unknown members, unknown variants, duplicate step ids and missing words are errors
 * that name the file and line. Everything lives in the arena; on an error the result is zeroed.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "wire/json.h"

#define SCENARIO_STEPS_MAX 128
#define SCENARIO_VARIANTS_MAX 16
#define SCENARIO_ARGS_MAX 64
#define SCENARIO_ID_MAX 32 /* characters, of a variant or step */

struct scn_variant {
	const char *id;	   /* "a" */
	const char *title; /* "Bytes appended inside the signature of a component" */
	const char *like;  /* what it was in the real case */
};

struct scn_step {
	const char *id;
	const char *title;
	const char *who;       /* the role that acts: "release engineer", "attacker", "firebreak" */
	const char *variants;  /* " a b ": padded list; NULL: all */
	const char *phase;     /* "prove", "freeze", "scope", "rollback", "case", "advise", "learn";
				  inject: NULL */
	const char *milestone; /* "alert", "acknowledgement", "freeze", "advisory", "clean-build";
				  or NULL */
	ts target;	       /* TS_NONE: none */
	bool inject;	       /* a stage verb (drill/stage.h) instead of a command */
	const char *arg[SCENARIO_ARGS_MAX]; /* before substitution */
	size_t nargs;
	int want_exit;
	struct json_val want; /* object: path -> wanted value; absent: none */
	struct json_val save; /* object: name -> path */
	/* when missed */
	const char *control, *runbook, *owner, *tripwire;
};

struct scenario {
	const char *id, *title, *about, *case_id;
	struct scn_variant variant[SCENARIO_VARIANTS_MAX];
	size_t nvariants;
	struct scn_step step[SCENARIO_STEPS_MAX];
	size_t nsteps;
	struct json_doc doc;
};

/* name is for messages. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int scenario_parse(struct scenario *ret_s, const char *name, struct span bytes,
    struct arena *a, struct fault *f);
/* A file; also the errors of file_read. */
FB_MUST int scenario_load(
    struct scenario *ret_s, const char *path, struct arena *a, struct fault *f);
const struct scn_variant *scenario_variant(const struct scenario *s, const char *id);
bool scn_step_in(const struct scn_step *st, const char *variant);
