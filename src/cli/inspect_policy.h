/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* inspect_policy: inspect --policy FILE: who must have signed which component, and a policy written
 * from a good release (--write-policy). */

#include "cli/inspect.h"

struct inspect_policy; /* NULL: not asked for */

/* Reads the policy; the roots that it names go to o->trust. -1, or the exit code of an error that was
 * told. *ret_p is to be closed in every case, after the last tree is gone. */
int inspect_policy_open(struct inspect_policy **ret_p, struct cli *c, struct tree_opts *o);
struct inspect_policy *inspect_policy_close(struct inspect_policy *p);
/* Adds to the inspection's verdict. 0, -ENOMEM; with p NULL nothing. */
FB_MUST int inspect_policy_judge(const struct inspect_policy *p, struct inspection *x);

/*
 * A policy that this artifact satisfies, as YAML: who signed each program, by organisation, and who
 * must not. Refused (-EINVAL with fault) for an artifact that fails or was not taken apart whole.
 */
FB_MUST int inspect_policy_write(struct buf *out, const struct inspection *x, struct fault *f);
