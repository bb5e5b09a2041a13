/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * worker: one of the processes that see packets, private to this room: takes them from the feed,
 * decodes them, sends the events through its ring. Forked by net.c.
 */

#include "sense/net/board.h"
#include "sense/net/feed.h"

struct worker;

struct worker_opts {
	struct board *board;
	void *ring; /* ring_size bytes of shared memory */
	uint64_t ring_size;
	uint64_t ring_limit; /* unread bytes at which it waits */
	const struct feed *feed;
	unsigned k; /* which one */
	struct decoder_opts decoder;
};

/* Before it is confined: has the feed and the decoder made ready. ctx: a worker_job. */
struct worker_job {
	const struct worker_opts *o;
	struct worker *w;
};
/* sandbox_fn: 0 or -errno. */
FB_MUST int worker_enter(void *ctx);
FB_MUST int worker_run(void *ctx);
