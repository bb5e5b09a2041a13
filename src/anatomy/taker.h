/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* taker: what the files of tree.h share while an artifact is taken apart. Private to this room. */

#include "anatomy/spool.h"
#include "anatomy/tree.h"
#include "unpack/unpack.h"

struct taker {
	struct component_tree *t;
	struct tree_opts o; /* nothing left at 0 that is a limit */
	struct fault *f;
	ts deadline; /* monotonic */
	uint64_t entries, bytes, bytes_max;
	bool stopped; /* a limit over everything is reached: the reason is told */
};

/* The component's own verdict, to add to; made at first use. NULL: no memory. */
struct verdict *taker_verdict(struct taker *k, uint32_t i);
/* A reason of component i. 0 or -ENOMEM. */
FB_MUST int taker_say(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    const char *fmt, ...) FB_PRINTF(5, 6);
/* The same, about a place in it. */
FB_MUST int taker_say_at(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    uint64_t off, uint64_t len, const char *fmt, ...) FB_PRINTF(7, 8);
/* A limit over everything is reached in container i: says so, and -ECANCELED, which ends it all. */
FB_MUST int taker_stop(struct taker *k, uint32_t i, const char *code, const char *fmt, ...)
    FB_PRINTF(4, 5);

/*
 * Component i is a regular file of which fd holds these many bytes: structure, signatures, facts;
 * digests, too, if hash. Format, size and digests are noted; what is a container is opened, and the
 * bytes are given to whom tree_opts.on_bytes names. 0 or -errno with fault.
 */
FB_MUST int taker_file(struct taker *k, uint32_t i, int fd, uint64_t size, bool hash);
/* Does a file of this format have to be looked at again, when it comes out of an archive? */
bool taker_wants(const struct taker *k, enum format f);
/* The digests wanted, as HASH_SET. */
unsigned taker_digests(const struct taker *k);

/* Opens the container i that fd holds: its components are added. 0, -errno with fault. */
FB_MUST int taker_open(struct taker *k, uint32_t i, int fd);
/* What is in the directory becomes the children of component 0. The same. */
FB_MUST int taker_walk(struct taker *k, int fd);
