/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * share: where the data files of the product are (routes, scenarios, cases, policies).
 *
 * Order: $FIREBREAK_SHARE/NAME; beside the program as installed (PREFIX/share/firebreak/NAME for
 * PREFIX/bin/firebreak); beside a build folder in the source tree (TOP/share/NAME for
 * TOP/build/firebreak). The first one that exists wins. Nothing is compiled in, so that the same
 * binary comes out of any folder.
 */

#include "cli/cli.h"

/* The path in c->arena; NULL with a fault that says where it looked (-ENOENT in words). */
const char *cli_share(struct cli *c, const char *name, struct fault *f);
