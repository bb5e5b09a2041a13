/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stream: follows the two directions of TCP connections just far enough to see ClientHellos and
 * DNS messages, private to this room.
 *
 * Guarantees: a fixed number of streams (the one not touched for longest makes room), at most
 * SENSE_HELD_MAX bytes held; constant work per segment but for the copy of its bytes. Segments may
 * come out of order (STREAM_AHEAD_MAX of them wait) and more than once (the first copy counts, as
 * RFC 9293 section 3.10.7.4 has it). Connections whose start was not captured are picked up at
 * their first data. FIN and RST change nothing: a forged one must not blind the sensor.
 */

#include "sense/capture.h"
#include "wire/packet.h"
#include "wire/tls.h"

#define STREAM_AHEAD_MAX 16

struct streams;

struct stream_sink {
	void (*on_hello)(void *ctx, const struct packet *p, const struct tls_hello *h);
	/* A message without its length. Returns whether it parsed. */
	bool (*on_dns)(void *ctx, const struct packet *p, struct span message);
	void *ctx;
	struct sense_capture_stats *stats; /* losses are counted here */
};

/* sink is borrowed. */
FB_MUST int streams_new(uint32_t max, const struct stream_sink *sink, struct streams **ret_s);
struct streams *streams_free(struct streams *s);
/* One TCP segment. 0 or -ENOMEM. */
FB_MUST int streams_segment(struct streams *s, const struct packet *p);
/* The capture is over: what is still incomplete is a loss. */
void streams_finish(struct streams *s);
