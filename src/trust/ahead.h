/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ahead: a file from first to last byte in blocks, the next of them read while the caller works on
 * this one: copying out of the page cache costs a third of what SHA-256 costs.
 *
 * Guarantees: pread only, so that a file that is cut short is an error and not a signal. Large files
 * (AHEAD_MIN) are read by a helper thread, which does nothing else and is gone after ahead_end;
 * where none can be made the caller's thread reads.
 */

#include "base/util.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define AHEAD_BLOCK (256u << 10)
#define AHEAD_BLOCKS 4
#define AHEAD_MIN (4u << 20)

struct ahead {
	int fd;
	uint64_t size, off; /* off: of the block after the current one */
	uint8_t *block[AHEAD_BLOCKS];
	bool threaded, stop;
	/* under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t filled, taken; /* blocks */
	int err;
	pthread_t thread;
};

/* 0 or -ENOMEM; ahead_end in any case. fd and size as fstat said. */
FB_MUST int ahead_begin(struct ahead *a, int fd, uint64_t size);
/* The next block, valid until the next call; *ret_n is 0 at the end. All but the last have AHEAD_BLOCK
 * bytes. 0; -EAGAIN: the file is shorter than it was; -errno. */
FB_MUST int ahead_next(struct ahead *a, const uint8_t **ret_p, size_t *ret_n);
void ahead_end(struct ahead *a);
