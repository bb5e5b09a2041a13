/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * intel_import: files and folders into the state's shelf, all together or not at all: one build, one
 * ledger entry for each argument.
 */

#include "base/map.h"
#include "cli/intel_file.h"
#include "intel/shelf_edit.h"

#define INTEL_HELD_MAX 16 /* reasons */

struct intel_import {
	struct cli *c;
	struct store *s;
	struct intel_opts opts;
	/* --replace: sources that are named here lose what is not said any more; shrink: also most */
	bool replace, shrink, strict;
	bool whole; /* a list that brings nothing is refused */
	const char *as; /* the source of all claims, whatever the files say; NULL */
	size_t max_shown;
	ts now;
	/* What happened. */
	struct intel_job *job;
	size_t njobs;
	struct map sources; /* name → struct intel_source, of all jobs */
	struct shelf_edit *edit;
	struct shelf_staged staged;
	uint64_t first_seq; /* of the ledger entry of job 0 */
	bool own;	    /* there are claims of source "own" (intel own add) */
	uint64_t folded;    /* claims of the overlay that went into the database */
};

/* One argument. */
struct intel_job {
	struct intel_file file;
	uint64_t n[INTEL_REMOVED + 1]; /* by enum intel_outcome; KEPT is not counted */
	/* Stored, but no evidence (intel/poison.h, intel own); by reason, which are static texts. */
	struct {
		const char *why;
		uint64_t n;
	} held[INTEL_HELD_MAX];
	size_t nheld;
	const char **source; /* that it named first; keys of sources */
	size_t nsources, capsources;
};

/* Opens a state that s is of, imports, commits. The fault says what is wrong; nothing is changed
 * then. 0, -ECANCELED (refused), other -errno. */
FB_MUST int intel_import_run(struct intel_import *x, const char *const *path, size_t n,
    struct fault *f);
void intel_import_end(struct intel_import *x);
void intel_import_print(const struct intel_import *x);
void intel_import_json(const struct intel_import *x, struct jw *w); /* an object */
