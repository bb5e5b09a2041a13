/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * capture: the host names that a packet capture shows: asked for over DNS, answered over DNS, and
 * named in TLS ClientHellos (SNI).
 *
 * Reads pcap and pcapng through libpcap, in a sandboxed worker process (sandbox/worker.h) that
 * holds the capture and one pipe and can do nothing else. What the worker sends is checked again
 * here before it reaches on_name: fixed frames, known kinds, names that are well-formed text.
 *
 * Covers: Ethernet (802.1Q, 802.1ad), Linux cooked (SLL, SLL2), raw IP, null/loopback; IPv4, IPv6
 * with extension headers; DNS over UDP (ports 53, 5353 mDNS, 5355 LLMNR) and TCP (53); TLS over
 * TCP on any port, recognised by the first bytes of a segment, so also after STARTTLS, CONNECT or
 * SOCKS; ClientHellos split over records and segments, out of order and retransmitted. Not covered:
 * IP fragments, other link types and tunnels (counted), QUIC and encrypted DNS (not even that).
 *
 * Guarantees: the worker's memory (opts->memory), time (opts->timeout), flows and reassembly
 * buffers are bounded, and whatever falls off is counted. Each observation is given in the order
 * of the packets. A capture that ends in the middle or is damaged gives what came before and
 * SENSE_INCOMPLETE with a fault that names the packet.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "sense/addr.h"
#include "sense/tree.h"

#define SENSE_NAME_MAX 1024 /* bytes of a name as text, NUL included (255 octets, escaped) */
#define SENSE_FLOWS_DEFAULT 65536
#define SENSE_STREAM_MAX (64u << 10) /* bytes of a TCP direction in which a ClientHello is sought */
#define SENSE_HELD_MAX (64u << 20)   /* bytes of incomplete hellos and messages held at once */

enum sense_name_kind {
	SENSE_DNS_QUERY = 1, /* name was asked for */
	SENSE_DNS_ANSWER,    /* a response: first its question, then each resource record */
	SENSE_TLS_SNI,       /* a client named this host in its ClientHello */
};

/* "dns-query", "dns-answer", "tls-sni" */
const char *sense_name_kind_name(enum sense_name_kind k);

/*
 * One observation. Names are lower-case text without the final dot ("." for the root), bytes other
 * than [a-z0-9_-] and other printable ASCII as \DDD (RFC 4343): safe to print, and comparable with
 * normalised indicators. For hunting compare name, target and addr: with that every name and
 * address of a message is seen, the whole CNAME chain included.
 */
struct sense_name {
	enum sense_name_kind kind;
	ts time;              /* of the packet that completed it */
	uint64_t packet;      /* its number in the capture, from 1 as Wireshark counts */
	struct sense_addr src, dst; /* of that packet: sender, receiver */
	bool tcp;
	const char *name;     /* DNS_QUERY: asked for; DNS_ANSWER: record's owner; TLS_SNI: host */
	const char *qname;    /* DNS_ANSWER: the name originally asked for; else "" */
	const char *target;   /* DNS_ANSWER: CNAME, DNAME, NS, PTR, MX, SRV, SVCB, HTTPS; else "" */
	uint16_t rtype;       /* DNS: the question's or record's type (1 A, 5 CNAME, 28 AAAA, …) */
	uint8_t rcode;        /* DNS_ANSWER: response code; 0 = no error */
	struct sense_addr addr; /* DNS_ANSWER of A, AAAA, and hints of HTTPS; family 0 otherwise */
	bool ech;             /* TLS_SNI: name may only be a front, see wire/tls.h */
};

enum sense_stat {
	SENSE_STAT_PACKETS,
	SENSE_STAT_BYTES,         /* as captured */
	SENSE_STAT_DNS_QUERIES,   /* messages */
	SENSE_STAT_DNS_RESPONSES,
	SENSE_STAT_TLS_HELLOS,    /* ClientHellos */
	SENSE_STAT_TLS_NO_SNI,    /* of these without a host name */
	SENSE_STAT_TLS_ECH,       /* of these with an encrypted hello inside, or its look-alike */
	SENSE_STAT_TCP_STREAMS,   /* directions of TCP connections that were followed */
	SENSE_STAT_NOT_IP,        /* ARP, LLDP, … */
	SENSE_STAT_OTHER_IP,      /* neither TCP nor UDP */
	/* losses: each may hide a name */
	SENSE_LOSS_CUT,           /* packets captured shorter than sent (snap length) */
	SENSE_LOSS_BAD_PACKET,    /* headers that contradict themselves */
	SENSE_LOSS_FRAGMENTS,     /* IP fragments, not put together */
	SENSE_LOSS_TUNNEL,        /* packets inside packets (GRE, VXLAN, …), not opened */
	SENSE_LOSS_LINK_TYPE,     /* packets of a link type that is not understood */
	SENSE_LOSS_BAD_DNS,       /* messages on a DNS port that do not parse */
	SENSE_LOSS_BAD_TLS,       /* streams with a ClientHello that does not parse */
	SENSE_LOSS_GAP,           /* streams with a hole, or that end inside a hello or message */
	SENSE_LOSS_LONG,          /* streams with a hello longer than SENSE_STREAM_MAX */
	SENSE_LOSS_EVICTED,       /* streams forgotten inside a hello or message, to make room */
	SENSE_STATS,
};
#define SENSE_LOSS_FIRST SENSE_LOSS_CUT

struct sense_capture_stats {
	uint64_t n[SENSE_STATS];
	ts first, last; /* packet times; TS_NONE when there is no packet */
};

/* "packets", "dns-queries", "cut-packets" …: stable, for JSON and text. */
const char *sense_stat_name(enum sense_stat s);
/* The sum over all losses. */
uint64_t sense_stat_losses(const struct sense_capture_stats *s);

struct sense_capture_opts {
	bool no_sandbox;   /* the user said so: run the worker without Landlock and seccomp */
	ts timeout;        /* wall clock for the whole capture; 0 = 1 hour */
	uint64_t memory;   /* address space of the worker in bytes; 0 = 512 MiB */
	uint32_t flows;    /* TCP connections followed at once; 0 = SENSE_FLOWS_DEFAULT */
};

typedef int sense_name_fn(void *ctx, const struct sense_name *n);

/*
 * Reads the capture open at fd (from its current offset; the fd stays the caller's). label is the
 * file's name for the fault. on_name as in tree.h: 0 goes on, a negative value ends it.
 *
 * Result: SENSE_DONE; SENSE_INCOMPLETE with fault: the capture is truncated or damaged, or the
 * worker ran into a limit: what was given before stands; SENSE_NO_SANDBOX with fault; -EBADMSG
 * with fault: not a capture at all, or the worker was caught doing what it may not; -errno.
 * *ret_stats is filled in every case. Losses do not change the result: ask sense_stat_losses.
 */
FB_MUST int sense_capture(int fd, const char *label, const struct sense_capture_opts *opts,
    sense_name_fn *on_name, void *ctx, struct sense_capture_stats *ret_stats, struct fault *f);
/* The same for a path (regular files only). */
FB_MUST int sense_capture_path(const char *path, const struct sense_capture_opts *opts,
    sense_name_fn *on_name, void *ctx, struct sense_capture_stats *ret_stats, struct fault *f);
