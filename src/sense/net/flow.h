/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * flow: connections, private to this room. TCP and UDP flows in a table of fixed size; of TCP each
 * direction's bytes in order, as far as a handler wants them (at most FLOW_STREAM_MAX without one
 * that knows its protocol); UDP by datagram. DNS over UDP has no entry.
 *
 * Guarantees: memory as given to flows_new, whatever comes; the entry not touched for longest (of a
 * few candidates) makes room, and is counted. A packet of a flow that is done costs one lookup.
 * Segments out of order wait in slabs of a shared pool; overlapping copies: the first one counts
 * (RFC 9293 section 3.10.7.4). The key of the hash is random: nobody can choose addresses that
 * collide; entries are told apart by 128 bits of it.
 */

#include "sense/net/handler.h"

#define FLOW_MEMORY_MIN (1u << 20)
#define FLOW_STREAM_MAX (64u << 10)

struct flows;

/* worker is borrowed. bytes: everything that it may ever hold. */
FB_MUST int flows_new(
    struct flows **ret_f, struct net_worker *worker, size_t bytes, bool no_flow_events);
struct flows *flows_free(struct flows *f);
/* The name of a packet's flow, and which of its directions the packet is. */
struct flow_id {
	uint64_t key[2];
	unsigned dir; /* 0, 1, or FLOW_NO_ID */
};
#define FLOW_NO_ID 2
/* p will come soon: has its entry fetched. What is returned is for the flows_packet of it. */
struct flow_id flows_soon(struct flows *f, const struct packet *p);
/* One whole TCP segment or UDP datagram. id: what flows_soon said, or NULL. */
void flows_packet(
    struct flows *f, const struct packet *p, const struct flow_id *id, ts time, uint64_t number);
/* What is idle at now ends, in ascending order of flows; number: of the last packet before. Looks
 * once in five seconds of capture time. Without it idle flows end when a packet of theirs comes, or
 * when room is needed. */
void flows_tick(struct flows *f, ts now, uint64_t number);
/* The capture is over: what is open ends, what is incomplete is a loss. */
void flows_finish(struct flows *f, uint64_t number);
