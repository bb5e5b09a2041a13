/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_chunk: one message to a worker of the tree walk: files to read, by name in a few directories
 * whose descriptors go with it; and the worker's side of it. Private to this room.
 *
 * Answers are messages of records (tree_read.h) with what lies behind them, each padded to a
 * multiple of 8. A record with slot TREE_SLOT_FATAL says that the worker cannot work at all: err.
 */

#include "sense/tree_read.h"

#include <sys/types.h>

#define TREE_CHUNK_JOBS 32
#define TREE_CHUNK_DIRS 8
#define TREE_CHUNK_BYTES (4u << 20) /* of files: more are not sent together */
#define TREE_CHUNK_SIZE (32u << 10) /* of a message: room for two paths of PATH_MAX at least */
#define TREE_ANSWER_MAX (64u << 10)
#define TREE_SLOT_FATAL UINT32_MAX
#define TREE_ALIGN(n) (((n) + 7) & ~(size_t)7)

struct tree_chunk {
	unsigned n, ndirs;
	int fd[TREE_CHUNK_DIRS];
	int current; /* the caller's descriptor of the last one, -1: none */
	size_t used, slot_at[TREE_CHUNK_JOBS];
	uint8_t b[TREE_CHUNK_SIZE];
};

bool tree_chunk_fits(const struct tree_chunk *c, int dirfd, const struct tree_job *job);
/* Keeps a duplicate of dirfd. Fits. */
FB_MUST int tree_chunk_add(struct tree_chunk *c, int dirfd, const struct tree_job *job);
/* The descriptor given last may mean another directory from now on. */
void tree_chunk_leave(struct tree_chunk *c);
void tree_chunk_slot(struct tree_chunk *c, unsigned i, uint32_t slot);
/* Does not wait: -EAGAIN. */
FB_MUST int tree_chunk_send(const struct tree_chunk *c, int sock);
void tree_chunk_clear(struct tree_chunk *c);

/* The life of a worker. With a probe it is locked down: it can read what is below root. */
__attribute__((noreturn)) void tree_chunk_serve(int sock, pid_t parent,
    const struct sense_tree_opts *opts, int root, volatile uint32_t *probing);
