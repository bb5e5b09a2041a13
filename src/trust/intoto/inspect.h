/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inspect: runs an inspection: records the folder, runs the command in it, records it again.
 *
 * No shell. The command is looked up in INSPECT_PATH; its environment is PATH, LANG, HOME (the
 * folder) and nothing else; its input and output are /dev/null; it is ended, with its whole process
 * group, after INSPECT_SECONDS. It runs with the rights of the caller, in the product's folder and
 * not in a copy of it, as in-toto does it: later inspections look at what earlier ones unpacked.
 */

#include "trust/intoto/verify.h"

#define INSPECT_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
#define INSPECT_SECONDS 300

struct intoto_inspector {
	const char *dir;
};

/* For struct intoto_runner; ctx is a struct intoto_inspector. */
FB_MUST int intoto_inspect(void *ctx, const struct layout_item *inspection, struct rule_link *ret_l,
    struct arena *a, struct fault *f);
