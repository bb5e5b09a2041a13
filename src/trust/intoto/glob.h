/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * glob: the patterns of artifact rules, exactly as Python's fnmatch.fnmatchcase reads them, because
 * that is what layouts were written against:
 *
 *   *       any characters, "/" too     ?       one character
 *   [abc]   one of them; a-z a range    [!abc]  none of them
 *
 * Characters are code points. There is no escape; a "[" that is never closed is a plain one; a
 * range that runs backwards matches nothing.
 *
 * Guarantees: matching needs no memory and at most |pattern| * |name| steps.
 */

#include "base/arena.h"

struct glob {
	struct glob_op *op;
	size_t n;
};

/* pattern is UTF-8. 0 or -ENOMEM. */
FB_MUST int glob_compile(struct glob *ret_g, struct span pattern, struct arena *a);
bool glob_match(const struct glob *g, struct span name);
