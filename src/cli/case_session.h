/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * case_session: what every command that writes to a case does around its own work: open the state,
 * begin, load the case, and afterwards commit or undo and say why.
 */

#include "cli/cli.h"
#include "cli/proof.h"
#include "incident/record.h"

struct case_session {
	struct cli *c;
	struct store *s;
	struct incidents l;
	struct incident_write w;
	struct proof proof;
	struct fault f;
};

/* Begins with the case named by the first argument and the --evidence files. -1 to go on (then
 * case_end must follow), else the exit code, reported. */
FB_MUST int case_begin(struct case_session *x, struct cli *c);
/* rc is what the work returned: commits and gives CLI_OK, or undoes, reports and gives the exit
 * code. Closes everything; the case itself (x->w.c) stays readable. */
FB_MUST int case_end(struct case_session *x, int rc);
/* The same for leaving early with an exit code that was reported already. */
int case_leave(struct case_session *x, int code);

/* For reading only. -1 to go on (then incidents_free), else the exit code, reported. */
FB_MUST int case_read(struct cli *c, const char *id, struct incidents *l, struct store **ret_s);
