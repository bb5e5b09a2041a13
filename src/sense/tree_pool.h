/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_pool: who reads the files of a walk: a reader in this process, or one in each of several
 * worker processes, which get names in messages together with the descriptors of their directories.
 * Private to this room.
 *
 * Guarantees: with a probe, workers are locked down (sandbox/reader.h). A worker has the calling
 * process's memory as it was when it was forked, and of its descriptors 0 to 2 and its socket. What
 * it answers is checked like bytes from outside. Workers are forked when there is work for them, so
 * a small tree costs one fork.
 */

#include "sense/tree_read.h"

struct tree_pool;

/* What the pool needs to know about a file: the owner embeds it. */
struct tree_want {
	uint32_t set;
	bool probe;
	uint64_t size; /* only to share the work out */
};

/* done: r is checked, its tail lies behind it. lost: the worker died, and it is
 * known to be another file's fault or not known whose. Neither may call the pool. */
struct tree_pool_sink {
	void *ctx;
	int (*done)(void *ctx, struct tree_want *w, const struct tree_record *r);
	int (*lost)(void *ctx, struct tree_want *w, bool other_to_blame);
};

FB_MUST int tree_pool_new(struct tree_pool **ret_p, const struct sense_tree_opts *opts,
    const struct tree_pool_sink *sink);
struct tree_pool *tree_pool_free(struct tree_pool *p);
/* All that will be read lies below this directory (or is this file); borrowed. Workers with a probe
 * can open nothing else. */
void tree_pool_root(struct tree_pool *p, int fd);
/* name below dirfd, whose path is dir; "": dirfd is the file. The descriptor is not needed after
 * the call. May call done of others before, and in this process of this one. -ECANCELED:
 * opts->stop. */
FB_MUST int tree_pool_read(struct tree_pool *p, struct tree_want *w, int dirfd, const char *dir,
    size_t dir_len, const char *name);
/* The descriptor given last may mean another directory from now on. */
void tree_pool_leave(struct tree_pool *p);
/* Waits until something at hand is finished. 0 nothing is at hand any more, 1, or negative. */
FB_MUST int tree_pool_wait(struct tree_pool *p);
/* Takes what has been finished already, without waiting, also when stopped. */
FB_MUST int tree_pool_take(struct tree_pool *p);
