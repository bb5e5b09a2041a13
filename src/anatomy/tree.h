/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree: takes an artifact apart (component.h) and judges each component's own structure and
 * signatures (anatomy.h).
 *
 * Containers are opened by unpack/ in sandboxed workers, each read once: what comes out is digested
 * on the way, and what has to be looked at again (a binary, a container) is kept in memory or in an
 * unlinked temporary file (spool.h), one for each container that is open, and is looked at before
 * the next entry comes: a container inside before what follows it. Nothing is left behind.
 *
 * Bounds over everything together: entries, bytes that come out of containers, UNPACK_RATIO_DEFAULT
 * bytes for each byte of the artifact beyond TREE_RATIO_FLOOR (a bomb in a bomb), depth, time.
 *
 * The verdict over the tree starts with the artifact's own; a component that fails makes the
 * artifact FAIL with the same code and the component's path in the reason. A container that is
 * refused or damaged is FAIL ("archive.refused", "archive.damaged"); one that could not be opened
 * is MISSING ("archive.closed"): never PASS.
 */

#include "anatomy/component.h"
#include "base/clock.h"

#define TREE_RATIO_FLOOR (256ull << 20)
#define TREE_TIMEOUT_DEFAULT (30 * TS_MINUTE)

struct tree_opts {
	const struct signed_trust *trust; /* NULL: signers are claims */
	bool inside_only; /* the artifact itself was digested and judged by the caller */
	bool sha1, md5;	  /* these of each file too */
	bool facts;			  /* struct binary of each program and library */
	bool bare;			  /* digests without the signature, for signed files */
	uint32_t entries; /* in all containers together; 0: UNPACK_ENTRIES_DEFAULT */
	uint64_t bytes;	  /* the same; 0: UNPACK_BYTES_DEFAULT */
	uint64_t memory;  /* of a worker; 0: unpack's default */
	unsigned depth;	  /* at most and 0: COMPONENT_DEPTH_MAX */
	ts timeout;	  /* for all of it, wall clock; 0: TREE_TIMEOUT_DEFAULT */
	bool no_sandbox;
	/*
	 * Who wants to see the bytes of some files: want is asked once for each (a file at path in
	 * container, COMPONENT_NONE for the artifact itself), on_bytes is given those, whole, when
	 * everything else about component i is known. Valid during the call. Negative ends it and is
	 * what tree_read returns. Both NULL: nobody.
	 */
	bool (*want)(void *ctx, const struct component_tree *t, uint32_t container, const char *path,
	    enum format f);
	int (*on_bytes)(
	    void *ctx, const struct component_tree *t, uint32_t i, struct span bytes);
	/* Progress, for a person: may be NULL. */
	void (*progress)(void *ctx, const struct component_tree *t, uint64_t bytes);
	void *ctx;
};

/*
 * fd is read with pread from its start; label is the artifact's name. A directory is an artifact,
 * too: its files are the first level, links are not followed. *ret_t is to be freed by
 * component_tree_free in every case. v starts anew, has its texts in the tree's arena, and is not
 * concluded: the caller may add to it. A reason that is about a component has its whole path in
 * `file`. 0, or -errno with fault (I/O, memory, no room for temporary files, no sandbox: -EPERM).
 */
FB_MUST int tree_read(struct component_tree *ret_t, int fd, const char *label,
    const struct tree_opts *o, struct verdict *v, struct fault *f);
