/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * release: one release as diff and the rebuild vote want it: its tree, and at hand the bytes of
 * those components that may have to be looked into.
 *
 * Each artifact is unpacked once. The bytes go, as they come by, into a temporary file without a
 * name (spool.h says where); of the second release only what the first one does not have. So what is
 * the same in both costs no more than unpacking and digesting, and the memory that is needed does
 * not depend on how much changed.
 */

#include "anatomy/diff/diff.h"
#include "anatomy/tree.h"

struct diff_release {
	struct component_tree tree; /* so: not to be moved */
	struct verdict verdict;	    /* what tree_read says of it */
	/* private */
	const struct diff_release *but;
	bool everything;
	uint64_t *known; /* digests, sorted: their first eight bytes */
	uint32_t nknown;
	struct kept {
		uint64_t off, len;
	} *kept; /* by component */
	uint32_t nkept;
	uint64_t end;
	int fd;
	struct span map;
	size_t map_len;
	struct fault *f;
};

#define DIFF_RELEASE_INIT ((struct diff_release){ .fd = -1 })

/*
 * Reads the artifact (tree_read has the meaning of fd, label and o, whose want, on_bytes and facts
 * are ignored). but: a release that was read before, whose components need not be kept again; or
 * NULL. everything: keep all files, not only those that diff_wants. Free it in every case, before
 * `but`. 0, -errno.
 */
FB_MUST int diff_release_read(struct diff_release *ret_r, int fd, const char *label,
    const struct tree_opts *o, const struct diff_release *but, bool everything, struct fault *f);
void diff_release_free(struct diff_release *r);
struct diff_side diff_release_side(struct diff_release *r);
