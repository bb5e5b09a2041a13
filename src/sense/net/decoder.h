/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * decoder: from captured frames to events, private to this room: packet_decode, fragments, flows;
 * what a worker does, whether the frames come from a file or an interface.
 *
 * Guarantees: memory as given; every frame counts once in NET_STAT_PACKETS; no system calls.
 */

#include "sense/net/handler.h"
#include "sense/net/history.h"

struct in_packet {
	struct span frame; /* borrowed for the call */
	ts time;
	uint64_t number;
	uint64_t key;  /* what its events are merged by: its number (files) or its time (live) */
	uint32_t link; /* LINKTYPE_ */
	uint32_t sent; /* length as sent */
	uint16_t vlan; /* told beside the frame (an interface's ring); 0: none */
	bool everyone; /* a fragment: every worker has it (PACKET_EVERYONE) */
};

#define DECODER_BATCH 64

struct decoder;

struct decoder_opts {
	struct history *history; /* of packets of flows that are being looked at; or NULL */
	size_t bytes;	  /* everything it may hold … */
	size_t fragments; /* … of that, fragments */
	bool no_flows;
	unsigned shard, shards; /* of the packets that everyone has, it takes what belongs to it */
	uint64_t hash_key[2];
};

/* w is borrowed: stat, give, notice and their contexts are set by the caller. A process has one,
 * and ends with it. */
FB_MUST int decoder_new(struct decoder **ret_d, struct net_worker *w, const struct decoder_opts *o);
/* At most DECODER_BATCH of them, in order. */
void decoder_packets(struct decoder *d, const struct in_packet *in, size_t n);
/* Time passed: number is that of the last packet before it. */
void decoder_tick(struct decoder *d, ts now, uint64_t number);
void decoder_finish(struct decoder *d, uint64_t number);
