/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * decoder: from captured frames to events, private to this room: packet_decode, fragments, flows;
 * what a worker does, whether the frames come from a file or an interface.
 *
 * Guarantees: memory as given; every frame counts once in NET_STAT_PACKETS; no system calls.
 */

#include "sense/net/handler.h"

struct in_packet {
	struct span frame; /* borrowed for the call */
	ts time;
	uint64_t number;
	uint32_t link; /* LINKTYPE_ */
	uint32_t sent; /* length as sent */
	uint16_t vlan; /* told beside the frame (an interface's ring); 0: none */
};

#define DECODER_BATCH 32

struct decoder;

/* w is borrowed: stat, give and give_ctx are set by the caller. bytes: everything it may hold. */
FB_MUST int decoder_new(struct decoder **ret_d, struct net_worker *w, size_t bytes, bool no_flows);
struct decoder *decoder_free(struct decoder *d);
/* At most DECODER_BATCH of them, in order. */
void decoder_packets(struct decoder *d, const struct in_packet *in, size_t n);
void decoder_tick(struct decoder *d, ts now);
void decoder_finish(struct decoder *d);
