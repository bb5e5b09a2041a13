/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * collect: the collector's half of a run, private to this room: takes the workers' records from their
 * rings, checks them, and gives the events to the sink in order of (key, tick, flow).
 *
 * An event is given when no other worker can still send one that comes before it: each other worker
 * has a later one waiting, or said that it is past it (RECORD_MARK), or is over.
 *
 * A worker that ends before it is over, or sends what cannot be, ends the run: what it sent is given,
 * and of the others what comes before that; NET_INCOMPLETE. That cannot hang: the others are past
 * what it marked without it, since they need it for later chunks only (files.c).
 * So does one that says nothing for COLLECT_PATIENCE while events wait for it: a loop in a parser, or
 * one that was taken over, does not silence the sensor without a word.
 */

#include "sandbox/crew.h"
#include "sense/net/board.h"
#include "sense/net/feed.h"

#define COLLECT_PATIENCE (60 * TS_SECOND)

struct collect_opts {
	struct board *board;
	uint8_t *rings; /* ring_size bytes a worker */
	uint64_t ring_size;
	struct crew *crew;
	unsigned workers;
	const struct feed *feed;
	const volatile int *stop; /* not 0: end soon */
	ts patience;		  /* COLLECT_PATIENCE */
};

/* enum net_result; negative: what the sink returned, or -errno. */
FB_MUST int collect(const struct collect_opts *o, const struct net_sink *sink, struct fault *f);
