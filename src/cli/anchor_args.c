/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/anchor_args.h"

/* The certificates of one option. -1, or an exit code. */
static int add_anchors(struct cli *c, struct anchors *a, enum anchors_for what, const char *opt)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, opt, path, CLI_OPT_VALUES_MAX);
	struct fault f = FAULT_INIT;

	for (size_t i = 0; i < n; i++) {
		int rc = anchors_add_file(a, what, path[i], &f);
		if (rc < 0)
			return cli_errno(c, rc, &f);
	}
	return -1;
}

int anchor_args_read(struct cli *c, struct anchors *a, const struct signed_trust **ret_trust)
{
	if (cli_has(c, "timestamp-roots") && !cli_has(c, "authenticode-roots"))
		return cli_failf(c, CLI_USAGE,
		    "--timestamp-roots says nothing without --authenticode-roots");
	int code = add_anchors(c, a, ANCHORS_CODE, "authenticode-roots");
	if (code < 0)
		code = add_anchors(c, a, ANCHORS_STAMP, "timestamp-roots");
	*ret_trust = anchors_trust(a, clock_now(&c->clock), cli_has(c, "allow-sha1"));
	return code;
}
