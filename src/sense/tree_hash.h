/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_hash: the hashing half of the tree walk, private to this room: in this process, or spread
 * over worker processes that are sent open descriptors.
 */

#include "sense/tree.h"

#include <sys/stat.h>

/* Files smaller than this are hashed here even when there are workers: sending them costs more. */
#define SENSE_TREE_SMALL (64u << 10)

struct sense_tree_sink {
	sense_file_fn *on_file;
	sense_problem_fn *on_problem;
	void *ctx;
	struct sense_tree_stats stats;
};

struct sense_tree_hash;

FB_MUST int sense_tree_problem(struct sense_tree_sink *s, const char *path, bool is_dir,
    enum sense_why why, int err);

FB_MUST int sense_tree_hash_new(const struct sense_tree_opts *opts, struct sense_tree_hash **ret_h);
struct sense_tree_hash *sense_tree_hash_free(struct sense_tree_hash *h);
/* Takes fd, a regular file's. The sink is told now, or later when a worker is done with it. */
FB_MUST int sense_tree_hash_file(struct sense_tree_hash *h, struct sense_tree_sink *s,
    const char *path, int fd, const struct stat *st);
/* Waits for the workers. */
FB_MUST int sense_tree_hash_finish(struct sense_tree_hash *h, struct sense_tree_sink *s);
