/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * component: an artifact taken apart: the tree of everything in it, down to the last file.
 *
 * The tree is an array: component 0 is the artifact itself; a parent comes before its children, and
 * the children of one parent follow each other in the order of their archive (walk them with
 * first/next). Paths are those inside the parent; component_path gives the whole one,
 * "app.msi!Binary.cab!ffmpeg.dll": "!" stands where an archive was entered.
 *
 * Paths and texts are outside bytes: QUOTE them.
 *
 * Memory: everything is in the tree's arena, capped at COMPONENT_ARENA_MAX for what 100,000 entries
 * take; facts of binaries (tree_opts.facts) add up to BINARY_ARENA_MAX each while they are asked for.
 */

#include "anatomy/binary/binary.h"
#include "anatomy/format.h"
#include "anatomy/signed.h"
#include "base/arena.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/verdict.h"

#define COMPONENT_NONE UINT32_MAX
#define COMPONENTS_MAX (1u << 20)
#define COMPONENT_DEPTH_MAX 16 /* containers in containers; more: refused with "archive.depth" */
#define COMPONENT_ARENA_MAX (512u << 20)

enum component_type {
	COMPONENT_FILE = 1,
	COMPONENT_DIR,
	COMPONENT_SYMLINK,
	COMPONENT_HARDLINK,
	COMPONENT_SPECIAL,
};

/* How far it was taken apart. */
enum component_state {
	COMPONENT_WHOLE = 0, /* not a container */
	COMPONENT_OPENED,    /* everything in it follows */
	COMPONENT_REFUSED,   /* hostile, or beyond a limit: what follows is part of the truth only */
	COMPONENT_DAMAGED,
	COMPONENT_CLOSED, /* a container that is not opened: unknown compression, encrypted … */
};

struct component {
	uint32_t parent, first, next; /* COMPONENT_NONE */
	uint16_t depth;		      /* containers above it */
	uint8_t type, state, format;  /* enum component_type, component_state, format */
	bool leads_out;		      /* a link */
	uint32_t mode;
	uint64_t uid, gid;		 /* what a tar, cpio or ar says; else 0 */
	const struct digest *attributes; /* … of its extended attributes; NULL: none (unpack_owner) */
	const char *path;   /* in its parent; the artifact's name for component 0 */
	const char *target; /* of links, else "" */
	uint64_t size;
	struct digest sha256;
	struct digest sha1; /* when tree_opts.sha1 */
	const struct digest *md5; /* when tree_opts.md5; else NULL */
	/* NULL where there is nothing to tell: most files */
	const struct verdict *verdict; /* structure and signatures of this component, its digest */
	const struct component_signature *signature;
	uint32_t nsignatures;
	const struct binary *binary; /* when tree_opts.facts and it is one */
	const struct component_bare *bare; /* signed files: as they were before */
};

/*
 * A signed file without its signature: the digests that it had before somebody signed it. Signing
 * writes the checksum anew and pads the end, so there are several candidates.
 */
#define COMPONENT_BARE_MAX 16
struct component_bare {
	uint32_t n;
	struct {
		struct digest sha256, sha1;
	} as[COMPONENT_BARE_MAX];
};

/* A file, or a hard link that brings its bytes (cpio, rpm). */
static inline bool component_has_bytes(const struct component *c)
{
	return c->type == COMPONENT_FILE ||
	    (c->type == COMPONENT_HARDLINK && digest_is_set(&c->sha256));
}

/* What its inspection says of the bytes in front of an archive, with their digest; NULL: none. */
const char *component_front(const struct component *c);

/* Not to be moved or copied: the arena's address is kept in verdicts. */
struct component_tree {
	struct component *c; /* moves when components are added: keep indexes */
	uint32_t n, cap;
	struct arena arena;
};
void component_tree_init(struct component_tree *t);
void component_tree_free(struct component_tree *t);

/*
 * Adds a component behind *last, its elder sibling (COMPONENT_NONE: it is the first), which it then
 * is itself. Texts are copied. 0, -ENOMEM, -E2BIG (COMPONENTS_MAX).
 */
FB_MUST int component_add(struct component_tree *t, uint32_t parent, uint32_t *last,
    struct span path, struct span target, uint32_t *ret_i);

/* The component's own verdict, to add to; made when there is none. Conclude it again afterwards. NULL:
 * memory is short. */
struct verdict *component_verdict(struct component_tree *t, uint32_t i);

/*
 * A reason about component i: into its own verdict, and with its path in front and in `file` into v,
 * the verdict over all (whose own part component 0's is). text may be NULL: -ENOMEM, as it is when
 * memory is short.
 */
FB_MUST int component_tell(struct component_tree *t, uint32_t i, struct verdict *v,
    enum reason_kind kind, const char *code, const char *text);

const char *component_type_name(enum component_type t);	  /* "file" "dir" "symlink" "hardlink" "special" */
const char *component_state_name(enum component_state s); /* "whole" "opened" "refused" "damaged" "closed" */

/* Are the extended attributes of both the same? */
bool component_same_attributes(const struct component *a, const struct component *b);

/* The whole path, "a.zip!dir/b.asar!x.js"; of one that does not fit the buffer the end, behind "…".
 * Returns out. */
#define COMPONENT_PATH_MAX 4096
const char *component_path(
    const struct component_tree *t, uint32_t i, char out[static COMPONENT_PATH_MAX]);
