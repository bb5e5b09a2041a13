/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * live: packets from network interfaces (Linux, packet(7)), private to this room.
 *
 * One socket a worker sees all the interfaces (TPACKET_V3: packets lie in blocks of memory shared
 * with the kernel, read without a call). A filter in the kernel lets through the interfaces that
 * are watched, and of the loopback interface each packet once: it is there on its way out and in.
 * The workers' sockets are one fanout group; the program that chooses hashes the pair of addresses,
 * so that both directions of a flow and all pieces of an IP packet come to one worker.
 *
 * An interface may go down, vanish and come back: what is bound is the name, not the device. The
 * parent follows that (live_news) and gives the sockets a new filter; workers notice nothing.
 *
 * Guarantees
 * - Frames are as they were on the wire: a VLAN tag that the card or the kernel took out is put
 *   back. Interfaces other than Ethernet give Linux cooked frames (LINKTYPE_LINUX_SLL).
 * - Counts are exact: after live_stop, and once each worker has taken what is there,
 *   packets given to the workers = seen - dropped.
 * - Nothing is sent, and no interface is changed, but for the promiscuous mode when asked for.
 *
 * The parent opens (which takes CAP_NET_RAW), forks, starts; privileges can go right after
 * live_open. A worker, once it has its ring, makes no calls but poll and getsockopt.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "sense/net/net.h"

#define LIVE_INTERFACES_MAX 32
#define LIVE_BLOCK (256u << 10) /* and the longest frame; longer ones are cut */
#define LIVE_RING_MIN (4 * LIVE_BLOCK)
#define LIVE_RING_DEFAULT (64 * LIVE_BLOCK)
#define LIVE_HOLD_MS 40 /* a packet waits at most this long for others, then its block is given */

struct live;

struct live_opts {
	unsigned workers; /* 1 … NET_WORKERS_MAX */
	uint64_t ring;	  /* bytes a worker, rounded down to blocks; 0: LIVE_RING_DEFAULT */
	bool promiscuous;
};

/* --- the parent --- */

/* Fault says what to do: no such interface, no right to open one (-EPERM), no memory. An interface
 * that is down is taken: it may come up. No packet is taken before live_start. */
FB_MUST int live_open(struct live **ret_l, const struct net_source *src, size_t n,
    const struct live_opts *o, struct fault *f);
struct live *live_free(struct live *l);
/* The descriptor that worker w must keep. */
int live_fd(const struct live *l, unsigned w);
/* Packets come from now on. */
FB_MUST int live_start(struct live *l, struct fault *f);
/* No more packets come; what is in the rings is still there. */
void live_stop(struct live *l);

/* The watch began; an interface is down, vanished or came back: once each time, one line for
 * people. False: no news. To be asked now and then; what came back is watched again from this call
 * on. */
bool live_news(struct live *l, struct fault *ret_line);

struct live_counts {
	uint64_t seen; /* let through by the filter, dropped ones included */
	uint64_t dropped;
};
/* Since the last call, by whomever: of all workers in the parent, of itself in a worker. */
struct live_counts live_counts(struct live *l);

/* --- worker w, after the fork --- */

struct live_packet {
	ts time;
	uint32_t link; /* LINKTYPE_ */
	uint32_t sent; /* length on the wire; more than frame.n: cut */
	struct span frame;
};

/* Maps the ring of worker w and closes the sockets of the others. Before the lock-down. */
FB_MUST int live_worker(struct live *l, unsigned w, struct fault *f);
/* Waits for packets. 1: there are some; 0: time is over or a signal came; -errno. */
FB_MUST int live_wait(struct live *l, int milliseconds);
/* Up to max packets, which stay valid until the next call. 0: nothing is there now. */
size_t live_take(struct live *l, struct live_packet *ret_p, size_t max);
/* After live_take gave 0: does the kernel hold packets that it will give within LIVE_HOLD_MS? */
bool live_pending(const struct live *l);
