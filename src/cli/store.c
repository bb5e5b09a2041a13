/* SPDX-License-Identifier: Apache-2.0 */

/* store: opening the state directory for a command, and saying why not. */

#include "cli/cli.h"
#include "intel/shelf_migrate.h"

#include <errno.h>
#include <stdio.h>

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

void cli_store_move(struct cli *c, struct store *s)
{
	struct shelf_migrate_opts o = { .now = clock_now(&c->clock),
		.clock_injected = c->clock_injected, .actor = c->actor };
	struct fault f = FAULT_INIT;
	uint64_t n;
	int rc = shelf_migrate(s, &o, &n, &f);

	if (rc < 0)
		fprintf(stderr, "firebreak %s: the indicators of an older firebreak cannot be moved yet: "
		    "%s\n", c->cmd->name, f.text[0] ? f.text : strerror(-rc));
	else if (n && !c->quiet)
		fprintf(stderr, "firebreak %s: moved %llu claims of an older firebreak into the database "
		    "of indicators\n", c->cmd->name, (unsigned long long)n);
}

int cli_store(struct cli *c, unsigned flags, struct store **ret_s, int *ret_code)
{
	struct fault f = FAULT_INIT;
	int rc = store_open(ret_s, c->state, flags, &f);

	if (rc < 0) {
		if (!f.text[0])
			fault_set(&f, rc, "%s: %s", QUOTE(span_str(c->state)), strerror(-rc));
		*ret_code = cli_fail(c, code_for(rc), &f);
	} else if (!(flags & STORE_RDONLY)) {
		cli_store_move(c, *ret_s);
	}
	return rc;
}
