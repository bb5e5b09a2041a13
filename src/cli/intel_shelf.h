/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* intel_shelf: the state's intelligence, as a command opens it. */

#include "cli/cli.h"
#include "intel/shelf.h"

/*
 * Opens the state for reading and its shelf. 0; on an error it was told and *ret_code is set.
 * *ret_s is NULL when the state holds no intelligence. What is not as it should be (a damaged file,
 * the generation before it in service) is told on stderr.
 */
FB_MUST int intel_shelf_open(struct cli *c, struct store **ret_store, struct shelf **ret_s,
    int *ret_code);
/* The same for an open state: -1, or an exit code after an error that was told. */
FB_MUST int intel_shelf_of(struct cli *c, struct store *store, struct shelf **ret_s);
/* What a reader cannot leave unsaid. */
void intel_shelf_warn(struct cli *c, const struct shelf *s);

/* --type, --source … of a command that names a value: -1 or an exit code. *ret_t NONE: no --type. */
FB_MUST int intel_type_opt(struct cli *c, enum indicator_type *ret_t);

/* c->out so far goes to stdout when it is large, with end behind it: for lists of any length. */
void intel_flush(struct cli *c, const char *end);
/* A value for a terminal: itself when it is plain, as nearly all are. Valid as long as v and c. */
const char *intel_value(struct cli *c, const char *v);
