/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * advise_input: what an advisory is made from besides the case: options, files, and, where nothing
 * is said, what the last advisory of the case was made from.
 */

#include "cli/cli.h"
#include "incident/facts.h"

struct advise_file {
	const char *name;  /* for messages */
	struct span text;  /* p NULL: none */
	bool keep;         /* part of the record: not so the example publisher */
};

struct advise_input {
	const char *status, *summary, *title, *overview, *tlp;
	struct advise_file publisher, case_data, indicators;
};

/* Everything in c->arena. -1 to go on, else the exit code, reported. */
FB_MUST int advise_input_read(struct advise_input *in, struct cli *c, struct store *s,
    const struct incident_advisory *last);
/* Keeps the files as blobs and names them in v. */
FB_MUST int advise_input_keep(const struct advise_input *in, struct store *s,
    struct incident_advisory *v, struct fault *f);
/* Reads indicators in any format of intel/intel.h. */
FB_MUST int advise_add_indicators(struct facts *x, const struct advise_file *file,
    struct fault *f);
