/* SPDX-License-Identifier: Apache-2.0 */

/* store: opening the state directory for a command, and saying why not. */

#include "cli/cli.h"

#include <errno.h>

/* The state is what it is and we will not touch it, or we could not get at it? */
static int code_for(int rc)
{
	switch (rc) {
	case -ENOENT:    /* no state directory, or no record or key in it */
	case -ENOTEMPTY: /* something else lives there */
	case -EPERM:     /* others may write to it */
	case -ENOTSUP:   /* another version made it */
		return CLI_REFUSED;
	default:
		return CLI_INTERNAL;
	}
}

int cli_store(struct cli *c, unsigned flags, struct store **ret_s, int *ret_code)
{
	struct fault f = FAULT_INIT;
	int rc = store_open(ret_s, c->state, flags, &f);

	if (rc < 0) {
		if (!f.text[0])
			fault_set(&f, rc, "%s: %s", QUOTE(span_str(c->state)), strerror(-rc));
		*ret_code = cli_fail(c, code_for(rc), &f);
	}
	return rc;
}
