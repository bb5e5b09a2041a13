/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree: takes an artifact apart (component.h) and judges each component's own structure and
 * signatures (anatomy.h).
 *
 * Containers are opened by unpack/ in sandboxed workers, one after the other, each read once: what
 * comes out is digested on the way, and what has to be looked at again (a binary, a container) is
 * kept in an unlinked temporary file of at most tree_opts.spool bytes.
 *
 * The verdict over the tree starts with the artifact's own; a component that fails makes the
 * artifact FAIL with the same code and the component's path in the reason. A container that is
 * refused or damaged is FAIL ("archive.refused", "archive.damaged"); one that could not be opened
 * is MISSING ("archive.closed"): never PASS.
 */

#include "anatomy/component.h"

struct tree_opts {
	const struct signed_trust *trust; /* NULL: signers are claims */
	bool sha1;			  /* SHA-1 of each file too */
	bool facts;			  /* struct binary of each program and library */
	bool bare;			  /* digests without the signature, for signed files */
	uint32_t entries; /* in all containers together; 0: UNPACK_ENTRIES_MAX */
	uint64_t bytes;	  /* 0: UNPACK_BYTES_DEFAULT */
	unsigned depth;	  /* 0: COMPONENT_DEPTH_MAX */
	ts timeout;	  /* of each worker; 0: unpack's default */
	bool no_sandbox;
	/* Progress, for a person: may be NULL. */
	void (*progress)(void *ctx, const struct component_tree *t, uint64_t bytes);
	void *ctx;
};

/*
 * fd is read with pread from its start; label is the artifact's name. A directory is an artifact,
 * too: its files are the first level, links are not followed. *ret_t is to be freed by
 * component_tree_free in every case. v starts anew and is not concluded: the caller may add to it.
 * 0, or -errno (I/O, memory).
 */
FB_MUST int tree_read(struct component_tree *ret_t, int fd, const char *label,
    const struct tree_opts *o, struct verdict *v, struct fault *f);
