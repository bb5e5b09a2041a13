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
FB_MUST int flows_new(struct flows **ret_f, struct net_worker *worker, size_t bytes, bool no_flow_events);
struct flows *flows_free(struct flows *f);
/* One whole TCP segment or UDP datagram. A flow's id is the number of the packet that began it. */
void flows_packet(struct flows *f, const struct packet *p, ts time, uint64_t number);
/* It will come soon: has its entry fetched. */
void flows_soon(struct flows *f, const struct packet *p);
/* Time passed (each 4096 packets, live each 100 ms): what is idle ends, in ascending order of id, and
 * only here: so that the events are the same however many workers there are. */
void flows_tick(struct flows *f, ts now);
/* The capture is over: what is open ends, in ascending order of id; what is incomplete is a loss. */
void flows_finish(struct flows *f);
