/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * intel_file: an intelligence file as a command meets it: mapped once (what is hashed is what is
 * parsed: a file that changes meanwhile is refused), its rejects kept for telling, the reasons
 * counted.
 */

#include "cli/cli.h"
#include "intel/intel.h"

#include <stdio.h>

#define INTEL_SHOWN_DEFAULT 5   /* rejects shown on the terminal */
#define INTEL_SHOWN_MAX 10000   /* rejects kept for --json and --show-rejects */
#define INTEL_REASONS_MAX 64

struct intel_shown {
	const char *name; /* of the file, escaped */
	uint64_t line, off; /* line 0: the whole file */
	const char *id, *value, *reason, *detail; /* id, detail may be NULL; value is cut and escaped */
};

struct intel_file {
	struct cli *c;
	const char *path, *name; /* as given; escaped for printing */
	bool folder;
	const char **part; /* the paths of its files, in order; one when it is no folder */
	size_t nparts, missing; /* missing: that a feed's manifest names */
	/* After reading: */
	struct digest digest; /* SHA-256; of a folder: of what sha256sum says of its files, in order */
	uint64_t bytes;
	struct intel_result r;
	struct intel_shown *shown; /* [max_shown], in c->arena */
	size_t nread; /* parts; r.format is AUTO when they differ */
	size_t nshown, max_shown, nwhole; /* nwhole of them, the first, are whole files */
	struct {
		const char *reason;
		uint64_t n;
	} why[INTEL_REASONS_MAX]; /* the last one takes what does not fit: "other reasons" */
	size_t nwhy;
};

/* Finds the file, or those of the folder: 0, -errno with fault. Everything is in c->arena. */
FB_MUST int intel_file_open(struct intel_file *f, struct cli *c, const char *path,
    size_t max_shown, struct fault *fault);
/* Parses it: each indicator to fn. As intel_read; but of a folder, a file that is malformed is one
 * reject (line 0), and its indicators are left out; -ESTALE when a file changed while it was read. */
FB_MUST int intel_file_read(struct intel_file *f, const struct intel_opts *o,
    int (*fn)(void *ctx, const struct indicator *i, uint64_t line), void *ctx, struct fault *fault);

/* "3 not imported" with the first of them and the reasons, to out (stderr or stdout). */
void intel_file_print_rejects(const struct intel_file *f, const char *what, FILE *out);
/* Members "reasons", "rejects" (the list) and "rejected" (the count). */
void intel_file_json_rejects(const struct intel_file *f, struct jw *w);
