/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * chunk: shares the packets of captures out to workers, private to this room. Chunks (walk.h) are
 * numbered from 0 and every worker takes all of them in turn, and of each the packets that are its
 * own. Who needs a chunk that is not there yet takes the baton, walks it and publishes it in one of a
 * few slots of shared memory; a slot is free again when all workers are done with it.
 *
 * Nobody waits for ever. Let m be the oldest chunk that some worker W is not done with. It is published
 * or W can walk it: its slot is free, since all are done with what was in it. W can then wait
 * only for room in its ring. The collector can take W's events as long as each other worker has an
 * event waiting or has marked m; one with neither is itself at m, with an empty ring, so it is
 * working, and W's turn comes. A worker that dies takes the whole run with it (collect.h).
 */

#include "sense/net/feed.h"
#include "sense/net/walk.h"

/* Of a stream: a chunk's bytes, and those read beyond it. */
#define CHUNK_VIEW (CHUNK_BYTES + PCAPNG_VIEW_MAX)

struct chunk_source {
	const char *name;
	const uint8_t *map; /* a mapped file … */
	uint64_t size;
	int fd; /* … or a stream; else -1 */
};

struct chunks;

/* Before the workers are forked. The sources are borrowed. */
FB_MUST int chunks_new(struct chunks **ret_c, const struct chunk_source *src, size_t n,
    unsigned workers, const uint64_t hash_key[2]);
struct chunks *chunks_free(struct chunks *c);
/* Bytes that it takes, with what is mapped of files at a time. */
size_t chunks_memory(unsigned workers, bool streams);

/* feed.h's next, in a worker. */
FB_MUST int chunks_next(struct chunks *c, unsigned k, struct feed_batch *ret_b, struct fault *f);
/* feed.h's count. */
void chunks_count(struct chunks *c, uint64_t stat[static NET_STATS]);
/* Workers get FEED_OVER soon. */
void chunks_stop(struct chunks *c);
/* Is all of it read? feed.h's verdict. */
FB_MUST int chunks_verdict(const struct chunks *c, struct fault *f);
