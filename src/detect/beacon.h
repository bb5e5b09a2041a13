/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * beacon: who talks to the same destination again and again, at even intervals, with messages of
 * even size, for hours: the way programs call home. A hint, never a verdict: software updates, mail
 * clients, NTP and monitoring do the same and score high; whoever shows a score says so and leaves
 * out what is known to be good.
 *
 * Streaming: a pair (client, destination) takes BEACON_PAIR bytes whatever it does: samples of its
 * intervals and sizes (each connection has the same chance to be among them), and the hours in which
 * it was active. A pair is admitted when it is seen the third time; the one of a few that was silent
 * longest makes room. So a flood of pairs costs a look at a filter, and memory stays as given.
 *
 * The score, 0 to 100, is the weighted mean of four parts, each from 0 to 1:
 *   rhythm    35 %  intervals: evenness of their quartiles (1 − |Bowley's skewness|, which counts
 *                   less when they lie within a tenth of the median) and 1 − median absolute
 *                   deviation / median, the mean of both
 *   narrow    25 %  1 − (Q3 − Q1) / median of the intervals: jitter shows here
 *   size      20 %  1 − median absolute deviation / median of the bytes sent by the client; left out
 *                   when they are not known
 *   hours     20 %  the longest run of hours with connections: 12 and more give 1
 * Connections within BEACON_APART count as one occasion. Fewer than BEACON_MIN intervals give no
 * score; fewer than twice as many, or less than BEACON_WHILE of them, a lower one: down to half.
 */

#include "base/clock.h"
#include "base/span.h"
#include "base/util.h"

#define BEACON_MIN 8
#define BEACON_APART TS_SECOND
#define BEACON_WHILE (30 * TS_MINUTE)
#define BEACON_PAIR 320
#define BEACON_DEST_MAX 64 /* longer ones are told apart, and cut when they are told */
#define BEACON_CLIENT_MAX 20

struct beacons;

/* salt: two words for the hashes that say what is sampled and where a pair lies; siphash_seed()
 * wherever pairs come from outside, so that nobody can choose them. It is copied. */
FB_MUST int beacons_new(struct beacons **ret_b, size_t bytes, const uint64_t salt[static 2]);
struct beacons *beacons_free(struct beacons *b);
void beacons_free_p(struct beacons **b);
#define AUTO_BEACONS FB_CLEANUP(beacons_free_p)

/* A connection: client is any bytes that name it (at most BEACON_CLIENT_MAX), destination a name or
 * an address as text, bytes what the client sent (0: not known). at: when it began; they may come
 * out of order. */
void beacons_see(struct beacons *b, struct span client, struct span destination, ts at,
    uint64_t bytes);

struct beacon {
	struct span client, destination; /* as given; the destination perhaps cut */
	bool cut;
	unsigned score;			 /* 0 to 100 */
	unsigned rhythm, narrow, size, hours; /* its parts, in percent */
	uint32_t connections;
	ts first, last;
	ts interval;			 /* the median */
	unsigned jitter;		 /* percent of the interval within which half of them lie */
	uint64_t bytes;			 /* the median */
};

/* Those that score at least so much, in no order. Negative from fn ends it and is returned. */
FB_MUST int beacons_each(struct beacons *b, unsigned least, int (*fn)(void *ctx, const struct beacon *x),
    void *ctx);

struct beacons_stats {
	uint64_t pairs;	  /* in the table */
	uint64_t evicted; /* pairs that made room */
	uint64_t bytes;
};
void beacons_stats(const struct beacons *b, struct beacons_stats *ret_s);
