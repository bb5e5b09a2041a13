/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * feed: where the packets of a run come from, private to this room: files (files.c) or interfaces
 * (live.c). net.c forks the workers, confines them, and in each of them asks the feed for packets,
 * decodes them (decoder.h) and sends events; the collector merges the workers' events by key.
 */

#include "sense/net/decoder.h"
#include "sense/net/net.h"

#define FEED_FDS_MAX 4

enum feed_said {
	FEED_PACKETS = 0, /* n of them, at least one */
	FEED_MARK,	  /* none: a chunk is over, or time passed (live: at least every 100 ms) */
	FEED_OVER,	  /* there will be no more */
};

struct feed_batch {
	struct in_packet p[DECODER_BATCH]; /* valid until the next call */
	size_t n;
	/* FEED_MARK: everything with a key up to this was given; FEED_MARK and FEED_OVER: the number of the
	 * last packet, and the time of capture now. None goes back. */
	uint64_t upto, number;
	ts now;
};

struct feed {
	/* Live: events that find no room are dropped and counted; files: they wait. */
	bool live;
	/* Files: of packet_pair_hash, by which the packets are shared out. */
	uint64_t hash_key[2];
	/* Files: bytes for fragments. Every worker sees them all and must give up the same ones, however
	 * many workers there are. 0: a share of the memory. */
	uint64_t fragments;
	/* In the parent, before worker k is forked: descriptors that it keeps, with the same numbers. */
	size_t (*fds)(void *ctx, unsigned k, int ret_fd[static FEED_FDS_MAX]);
	/* In worker k, before it is confined, and before the first call of next. May be NULL. */
	int (*enter)(void *ctx, unsigned k);
	/* In worker k. Blocks for at most 100 ms. enum feed_said, or -errno with fault. */
	int (*next)(void *ctx, unsigned k, struct feed_batch *ret_b, struct fault *f);
	/* In worker k after each mark and at the end: what was lost before it was read, and the like, since
	 * the last call, is added. May be NULL. */
	void (*count)(void *ctx, unsigned k, uint64_t stat[static NET_STATS]);
	/* In the parent; each may be NULL. When all workers stand: packets may come from now on. */
	int (*start)(void *ctx, struct fault *f);
	/* Some times a second: one line for the sink's on_news. False: there is none (any more). */
	bool (*news)(void *ctx, struct fault *ret_line);
	/* net_stop was called (not from its signal handler): nothing more comes in; workers are let go
	 * on until next says FEED_OVER, which is when they gave what there was. */
	void (*stop)(void *ctx);
	/* All workers are over: is the capture whole? enum net_result, or -errno, with fault. */
	int (*verdict)(void *ctx, struct fault *f);
	/* In the parent, by net_free. */
	void (*free)(void *ctx);
	void *ctx;
};

/* How many workers of those wanted (0: one for each CPU) there can be with so much memory (0: the default, and it is
 * set; too little is made the least). */
unsigned net_workers(unsigned wanted, uint64_t *memory);
/* A run over a feed, with o->workers workers, as net_workers said. The feed is taken, also on error. */
FB_MUST int net_new(struct net **ret_n, const struct feed *feed, const struct net_opts *o,
    struct fault *f);
