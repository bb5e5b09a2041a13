/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * anatomy_format: one format's side of anatomy.h. Private to anatomy/: a format is a
 * `const struct anatomy_format` in a file of its own, listed in anatomy.c.
 *
 * The format keeps what it needs in a->state (arena), adds reasons to a->verdict, and sets
 * a->signature, a->nsignatures and a->authenticode. It never concludes the verdict.
 */

#include "anatomy/anatomy.h"

#define ANATOMY_OTHER 1 /* begin: another format; nothing was added or kept */
#define ANATOMY_HEAD_MAX (64u << 10)

struct anatomy_format {
	const char *name; /* "pe" */
	/* head: the first bytes, at most ANATOMY_HEAD_MAX, gone when begin returns. a->fd may be
	 * read with pread. 0, ANATOMY_OTHER, -errno. */
	int (*begin)(struct anatomy *a, struct span head);
	/* The file's bytes in order; NULL: not wanted. 0, -errno. */
	int (*update)(struct anatomy *a, const uint8_t *p, size_t n);
	/* After the last byte; a->fd may still be read. NULL: nothing to do. 0, -errno. */
	int (*finish)(struct anatomy *a);
	/* What begin got that is not in the arena, also when it failed; NULL: nothing. */
	void (*done)(struct anatomy *a);
};

extern const struct anatomy_format anatomy_cab;
extern const struct anatomy_format anatomy_msi;
extern const struct anatomy_format anatomy_pe;
extern const struct anatomy_format anatomy_macho;
extern const struct anatomy_format anatomy_dmg;

/* Appends n bytes from off of a->fd. 0, -EAGAIN (the file is shorter than it was), -errno. */
FB_MUST int anatomy_pread(const struct anatomy *a, struct buf *out, uint64_t off, size_t n);

struct signed_judge;
struct hasher;
/* The last step of a format with Authenticode signatures: what h was given since is what they are
 * held against, and they are a's signatures. 0, -errno. */
FB_MUST int anatomy_signed(struct anatomy *a, struct signed_judge *j, struct hasher *h);

/* The last step of a format that is judged in place: the file, mapped. 0, -EAGAIN (its size is not
 * what it was), -errno, or what judge returned. */
FB_MUST int anatomy_mapped(struct anatomy *a, int (*judge)(struct anatomy *a, struct span file));

/* The same reason, with its place in the file. */
static inline struct reason *reason_at(struct reason *r, uint64_t off, uint64_t len)
{
	r->has_off = true;
	r->off = off;
	r->len = len;
	return r;
}
