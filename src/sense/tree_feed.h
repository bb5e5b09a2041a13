/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_feed: what the walk of a tree finds goes in here, and comes out to the callbacks: asks the
 * plan, reads hard links once, has files read by the pool, puts events into order. Private to this
 * room.
 */

#include "sense/tree.h"

#include <sys/stat.h>

struct tree_feed;

struct tree_feed_sink {
	sense_file_fn *on_file;
	sense_problem_fn *on_problem;
	void *ctx;
};

FB_MUST int tree_feed_new(struct tree_feed **ret_f, const struct sense_tree_opts *opts,
    const struct tree_feed_sink *sink, struct sense_tree_stats *stats);
struct tree_feed *tree_feed_free(struct tree_feed *f);

/* The root of the walk: what a dead worker had is opened again from there. len: of its path. */
FB_MUST int tree_feed_root(struct tree_feed *f, int fd, size_t len);

/*
 * With ordered: n events come now, at positions 0 to n - 1, in any order. tree_feed_at says the one
 * of the next event; what is not used is skipped. An event outside of a batch comes after all
 * before.
 */
FB_MUST int tree_feed_batch(struct tree_feed *f, size_t n);
void tree_feed_at(struct tree_feed *f, size_t position);
FB_MUST int tree_feed_batch_end(struct tree_feed *f);

/* A regular file: path ends with name, which is below dirfd; name "": dirfd is the file. */
FB_MUST int tree_feed_file(
    struct tree_feed *f, int dirfd, const char *path, const char *name, const struct stat *st);
FB_MUST int tree_feed_problem(
    struct tree_feed *f, const char *path, bool is_dir, enum sense_why why, int err);
FB_MUST int tree_feed_other(struct tree_feed *f, const char *path, const char *target);
/* Until everything has come out. */
FB_MUST int tree_feed_finish(struct tree_feed *f);
/* Instead: what has been finished comes out, the rest never. */
FB_MUST int tree_feed_stop(struct tree_feed *f);
