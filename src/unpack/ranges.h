/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ranges: which bytes of a file belong to which entry? Finds overlaps and what belongs to none.
 * Private to this room, runs in the worker.
 */

#include "unpack/backend.h"

struct range {
	uint64_t start, end;
};

struct ranges {
	struct range *v;
	size_t n, cap;
};

/* 0 or -ENOMEM. Empty ranges are not kept. */
FB_MUST int ranges_add(struct ranges *r, uint64_t start, uint64_t end);
/*
 * Sorts them and tells what lies in between, from..to being all there is: unpack_note of GAP, of
 * BEHIND for the last. Overlaps are UNPACK_REFUSED, two equal ranges (one file stored once for two
 * names) are not.
 */
FB_MUST int ranges_judge(struct ranges *r, struct unpack_work *w, uint64_t from, uint64_t to);
