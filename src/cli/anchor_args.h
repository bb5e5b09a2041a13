/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* anchor_args: the options that say whose signatures inside files count. */

#include "cli/cli.h"
#include "trust/anchors.h"

#define ANCHOR_ARGS_OPTIONS                                                                        \
	{ "authenticode-roots", "FILE",                                                            \
		"roots of those who signed inside the files (PEM or DER)", true },                 \
	    { "timestamp-roots", "FILE",                                                           \
		    "roots of the time stamps in them (default: the same)", true },                \
	{                                                                                          \
		"allow-sha1", NULL,                                                                \
		    "signatures inside files count with SHA-1, too, as before 2016", false         \
	}

/* Free *a with anchors_free in every case; *ret_trust is part of it, NULL when there are none. -1, or
 * an exit code. */
FB_MUST int anchor_args_read(
    struct cli *c, struct anchors *a, const struct signed_trust **ret_trust);
