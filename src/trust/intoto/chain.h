/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* chain: what the files of the verification share. Private to intoto/. */

#include "trust/intoto/verify.h"

struct chain {
	const struct intoto_request *r;
	struct intoto_result *result;
	struct arena *a;
	size_t files; /* opened so far */
};

/* One layout, the root or a delegated one, while it is verified. */
struct chain_layout {
	struct chain *c;
	const struct layout *l;
	const char *dir;    /* of its links */
	const char *prefix; /* "", or "build/" */
	unsigned depth;
};

/*
 * The links of one step: counted, compared, told. 0 with *ret_l when they are there; CHAIN_STOP
 * when not (the verdict has the reason); -errno.
 */
#define CHAIN_STOP 1
FB_MUST int chain_step(
    const struct chain_layout *x, const struct layout_item *step, struct rule_link *ret_l);
/* Everything about a layout whose signatures verified; the same results. *ret_sum: the materials of
 * its first step and the products of its last. ret_sum may be NULL. */
FB_MUST int chain_layout(struct chain *c, struct json_val body, const char *file, const char *dir,
    const char *prefix, unsigned depth, const struct params *params, struct rule_link *ret_sum);
/* NULL when memory is out. */
struct intoto_step *chain_tell(const struct chain_layout *x, const struct layout_item *item);
