/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * net: the network sensor. Reads capture files or interfaces and gives every DNS message, TLS and
 * QUIC hello, certificate, HTTP request and flow to its caller, in the order of the capture.
 *
 *   files    mapped; whoever runs out of packets walks the next chunk (record headers and flow hash
 *   or -     only) and publishes it by shard; N workers decode their shards (chunk.h)
 *   live     one AF_PACKET socket (TPACKET_V3) a worker, in one fanout group by flow hash (live.h)
 *            ── decode (wire/packet.h) ─ fragments (defrag.h) ─ flows (flow.h) ─ handlers ──►
 *   ring     shared memory, one a worker, events as bytes; the collector (this process) decodes and
 *            checks them, merges by packet number and calls on_event
 *
 * Workers are forked, confined (sandbox/) after sockets and files are open: no file system, no
 * network, no new descriptors. They have no state directory; of their parent's memory they keep a copy (a
 * mapped database among it, nothing secret): nothing in them reads it. What they send is checked
 * like any other outside bytes.
 *
 * Guarantees
 * - Results do not depend on the number of workers.
 * - Memory of all workers and rings together stays below opts.memory; what was given up for that is
 *   counted. Every packet is counted: packets = decoded + each NET_LOSS_ that says so.
 * - A capture that ends in the middle or is damaged gives what came before, and NET_INCOMPLETE.
 *
 * Result codes of net_run: enum net_result; negative: -errno, or what a callback returned.
 */

#include "base/fault.h"
#include "sense/net/event.h"

#define NET_WORKERS_MAX 64
#define NET_MEMORY_DEFAULT (128u << 20)
#define NET_MEMORY_MIN (16u << 20)

enum net_result {
	NET_DONE = 0,
	NET_INCOMPLETE,	 /* fault: a capture is cut or damaged, a worker was lost */
	NET_NOT_CAPTURE, /* fault: a file that is no capture at all */
	NET_NO_SANDBOX,	 /* fault: this kernel cannot confine the workers */
};

enum net_stat {
	NET_STAT_PACKETS = 0,
	NET_STAT_BYTES, /* as captured */
	NET_STAT_FLOWS,
	NET_STAT_DNS_QUERIES,	/* messages */
	NET_STAT_DNS_RESPONSES,
	NET_STAT_DNS_ANSWERS,	/* records of answer sections */
	NET_STAT_TLS_CLIENT_HELLOS, /* over TCP and DTLS; those of QUIC are in quic_initials' hellos */
	NET_STAT_TLS_SERVER_HELLOS,
	NET_STAT_TLS_CERTIFICATES,
	NET_STAT_QUIC_INITIALS,	/* client Initials of new connections that decrypted */
	NET_STAT_QUIC_CLIENT_HELLOS,
	NET_STAT_HTTP_REQUESTS,
	NET_STAT_TLS_ECH,
	NET_STAT_TLS_NO_SNI,
	NET_STAT_TUNNELLED,	/* packets that were inside another */
	NET_STAT_FRAGMENTS,	/* pieces; put together unless counted below */
	NET_STAT_NOT_IP,	/* ARP, LLDP, … */
	NET_STAT_OTHER_IP,	/* neither TCP nor UDP */
	/* losses: each may hide a name */
	NET_LOSS_KERNEL,	/* dropped by the kernel before they were read */
	NET_LOSS_TRUNCATED,	/* captured shorter than sent */
	NET_LOSS_LINK_TYPE,	/* packets of a link type that is not understood */
	NET_LOSS_BAD_PACKET,	/* headers that contradict themselves */
	NET_LOSS_TUNNEL,	/* nested too deep */
	NET_LOSS_FRAGMENTS,	/* never completed, overlapping, timed out or evicted */
	NET_LOSS_BAD_DNS,
	NET_LOSS_BAD_TLS,
	NET_LOSS_BAD_QUIC,	/* Initials of a known version that do not decrypt or parse */
	NET_LOSS_QUIC_VERSION,	/* long headers of versions that are not known */
	NET_LOSS_BAD_HTTP,
	NET_LOSS_GAP,		/* streams with a hole, or that end inside a hello or message */
	NET_LOSS_LONG,		/* hellos longer than the limit */
	NET_LOSS_FLOWS_EVICTED,	/* flows forgotten to make room: outside of a hello or message … */
	NET_LOSS_OPEN_EVICTED,	/* … and inside; also of QUIC */
	NET_LOSS_MEMORY,	/* segments not kept, since the memory for it was used up */
	NET_LOSS_EVENTS,	/* events that could not be given (live: the ring was full) */
	NET_STATS,
};
#define NET_LOSS_FIRST NET_LOSS_KERNEL

struct net_stats {
	uint64_t n[NET_STATS];
	ts first, last; /* packet times; TS_NONE when there was none */
};

/* "packets", "dns_queries", "lost_kernel", "lost_bad_dns" …: stable, for JSON and text. */
const char *net_stat_name(enum net_stat s);
uint64_t net_stats_losses(const struct net_stats *s);

struct net_opts {
	unsigned workers;  /* 0: one for each CPU this process may use */
	uint64_t memory;   /* 0: NET_MEMORY_DEFAULT */
	bool no_sandbox;   /* the user said so */
	bool keep_packets; /* keep the bytes of late packets, for net_evidence */
	bool no_flows;	   /* no NET_FLOW_ events */
	uint64_t ring;	   /* bytes a worker; 0: by memory */
	bool promiscuous;  /* live: frames for others, too */
};

struct net_source {
	const char *name; /* path, "-" or interface: for faults */
	int fd;		  /* an open file or pipe; stays the caller's; live: -1 */
};

struct net_sink {
	/* In capture order. Negative ends the run and is returned. */
	int (*on_event)(void *ctx, const struct net_event *e);
	/* Now and then, and when a batch of events is over: write out what was gathered, look for
	 * signals. at: time of the capture so far. */
	int (*on_batch)(void *ctx, ts at);
	/* Live: an interface went down, vanished or came back: a line for people. May be NULL. */
	void (*on_news)(void *ctx, const char *line);
	void *ctx;
};

struct net;

/* Files are read one after the other as one capture (flows go on). Sources are borrowed until net_free. */
FB_MUST int net_files(struct net **ret_n, const struct net_source *src, size_t n,
    const struct net_opts *o, struct fault *f);
FB_MUST int net_live(struct net **ret_n, const struct net_source *src, size_t n,
    const struct net_opts *o, struct fault *f);
struct net *net_free(struct net *n);
void net_free_p(struct net **n);
#define AUTO_NET FB_CLEANUP(net_free_p)

FB_MUST int net_run(struct net *n, const struct net_sink *sink, struct fault *f);
/* Ends net_run soon; may be called from a signal handler. */
void net_stop(struct net *n);
/* At any time, from on_batch too. */
void net_stats(const struct net *n, struct net_stats *ret_s);

/* Packets of the event's flow that are still kept (keep_packets), oldest first, its own among them:
 * link is the LINKTYPE_ to write them with. Valid during the call. */
struct net_kept {
	ts time;
	uint64_t packet;
	uint32_t link, sent; /* length as sent */
	struct span bytes;
};
FB_MUST int net_evidence(struct net *n, const struct net_event *e,
    int (*cb)(void *ctx, const struct net_kept *k), void *ctx);
