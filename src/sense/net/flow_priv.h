/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * flow_priv: what the files of the flow table share: flow_memory.c (arrays), flow_key.c (hashing),
 * flow.c (the table), flow_packet.c (what a packet means), flow_time.c (idle flows), tcp.c
 * (streams), tcp_pool.c (room for them), hold.c (bytes that wait), sniff.c (which protocol).
 *
 *   flow   64 bytes, one cache line: all that a packet of a flow touches that is done
 *   cold   64 bytes: what the events of it need besides
 *   tcp    128 bytes, only while something may still be found in it
 *   chunk  512 bytes: bytes of a direction that wait for others
 *
 * All are fixed arrays, mapped once; index 0 is "none". Directions are those of the key: 0 is
 * what the lesser of the two addresses (with its port) sent.
 */

#include "sense/net/flow.h"

#define FLOW_HELD_MAX (72u << 10) /* of a direction: a hello or message in pieces */
#define FLOW_SCAN_SECONDS 5	  /* how often, of capture time, idle flows are looked for */
#define FLOW_CANDIDATES 8	  /* looked at to make room for a flow */
#define FLOW_STEAL_MAX 16	  /* … for a stream, or its bytes */
#define FLOW_CHUNKS_MAX 256	  /* of a direction */
#define FLOW_PATIENCE 16      /* packets that a hole may last when its bytes were acknowledged */
#define FLOW_BACK (32u << 10) /* what may come before the first segment that was captured */
#define FLOW_FAR_MAX 3	      /* segments in a row far off what was expected: believed then */
#define FLOW_SKIP_AHEAD (16u << 20) /* a body may have holes as long as this */
#define FLOW_UDP_LOOKS 64	    /* datagrams of a flow in which a protocol may begin */

/* Seconds without packets. */
#define FLOW_IDLE_OPENING 30
#define FLOW_IDLE_TCP 3600
#define FLOW_IDLE_CLOSED 10
#define FLOW_IDLE_UDP_ONE 60 /* only one side spoke */
#define FLOW_IDLE_UDP 180

enum flow_bits {
	FLOW_TCP = 1 << 0,
	FLOW_UDP = 1 << 1,
	FLOW_QUIC = 1 << 2, /* with UDP */
	FLOW_DTLS = 1 << 3,
	FLOW_DONE = 1 << 4,	 /* and 1 << 5: direction is only counted */
	FLOW_HOLE = 1 << 6,	 /* and 1 << 7: direction waits for bytes */
	FLOW_ISN = 1 << 8,	 /* and 1 << 9: SYN was seen, cold.isn */
	FLOW_CLIENT_1 = 1 << 10, /* the client is who sends direction 1 */
	FLOW_SURE = 1 << 11,	 /* … which a SYN or a hello said */
	FLOW_MIDSTREAM = 1 << 12,
	FLOW_CLOSED = 1 << 13,
	FLOW_QUIC_OVER = 1 << 14,
	FLOW_DNS = 1 << 15, /* with UDP: DNS on ports that are not its own */
};
#define FLOW_BOTH(bit) ((bit) * 3)
#define FLOW_OF(bit, dir) ((uint16_t)((bit) << (dir)))

struct flow {
	uint64_t key[2];
	ts last;
	uint64_t bytes[2];
	uint32_t packets[2]; /* lower half; cold.carry counts the wraps */
	uint32_t chain;	     /* next in the bucket, or in the list of free ones */
	uint32_t tcp;	     /* index */
	uint8_t flags[2];
	uint16_t bits; /* 0: free */
};
_Static_assert(sizeof(struct flow) == 64, "a cache line");

struct flow_cold {
	uint8_t addr[2][16];
	uint16_t port[2];
	uint16_t vlan;
	uint8_t family, tunnels;
	ts first;
	uint64_t id : 48; /* number of its first packet */
	uint64_t carry_0 : 7, carry_1 : 8;
	uint64_t agreed : 1; /* the server's SYN acknowledged the client's: it is not forged */
	uint32_t isn[2];
};
_Static_assert(sizeof(struct flow_cold) == 64, "a cache line");

enum tcp_proto { TCP_FRESH = 0, TCP_SCAN, TCP_TLS, TCP_HTTP, TCP_DNS };

enum tcp_bits {
	TCP_SYNCED = 1 << 0,	 /* base is known */
	TCP_CUT = 1 << 1,	 /* captured short: what is missing will not come */
	TCP_HTTP_LATER = 1 << 2, /* a request may begin at any segment */
	TCP_BEGUN = 1 << 3,	 /* the protocol took bytes */
	TCP_COUNTED = 1 << 4,	 /* a hole of it was counted */
	TCP_JUMPED = 1 << 5,	 /* base was moved far by segments in a row */
	TCP_INSIDE = 1 << 6,	 /* the protocol began behind something unknown */
	TCP_REOPENED = 1 << 7,	 /* after it was written off: in the middle of the stream */
};

/* One direction. */
struct tcp_half {
	uint64_t skip;		   /* bytes to pass over from base on */
	uint32_t base;		   /* sequence number of the first byte that nobody took */
	uint32_t avail;		   /* bytes from base on that are held without a hole */
	uint32_t want;		   /* how many are worth asking about */
	uint32_t seen;		   /* bytes in which nothing was found */
	uint32_t head, tail, edge; /* chunks by sequence; edge: the last one before a hole */
	uint32_t far;		   /* where the segment behind the last one far off would be */
	uint16_t chunks;
	uint8_t nfar;
	uint8_t patience;
	uint8_t proto; /* enum tcp_proto */
	uint8_t tried; /* 1 << proto that said no to the bytes at base */
	uint8_t bits;
	bool early; /* begun in the middle: base is before it, since segments may be out of order */
};

struct tcp {
	struct tcp_half half[2];
	struct tls_session tls;
	uint32_t flow; /* index; 0: free, and next is the list of free ones */
	uint32_t next;
	struct http_session http;
	uint8_t touched; /* since the hand passed */
};

#define CHUNK_DATA 496u
struct chunk {
	uint32_t next, seq;
	uint32_t first; /* where the segment begins whose bytes these are */
	uint16_t n;
	bool start; /* seq is where a segment began */
	uint8_t p[CHUNK_DATA];
};
_Static_assert(sizeof(struct chunk) == 512, "eight cache lines");

struct pool { /* indexes of free entries; those from top on were never used */
	uint32_t free, top, max;
};

struct ended {
	uint64_t id;
	uint32_t flow;
};

#define FLOW_SOON 8

struct flows {
	struct net_worker *w;
	struct quic_table *quic;
	struct flow *flow;
	struct flow_cold *cold;
	struct tcp *tcp;
	struct chunk *chunk;
	struct ended *ended;
	uint32_t *bucket, mask;
	struct pool flows, tcps, chunks;
	uint32_t chunks_left, flow_hand, tcp_hand;
	uint8_t *gather; /* FLOW_HELD_MAX */
	_Alignas(16) uint8_t keys[12][16];
	bool aes, quiet;
	int64_t scanned;	  /* tick of the last look for idle flows */
	uint32_t soon[FLOW_SOON]; /* buckets whose first entry is worth fetching */
	unsigned nsoon;
	void *map;
	size_t mapped;
	ts time; /* of the packet at hand */
	uint64_t number;
};

/* --- flow_key.c --- */

FB_MUST int flow_key_init(struct flows *f);
struct flow_id flow_key(const struct flows *f, const struct packet *p);
/* For datagrams without an entry: no secret in it, the same in every worker; bit 63 is set. */
uint64_t flow_id_of(const struct packet *p);

/* --- flow.c --- */

/* 0: there is none. */
uint32_t flow_find(const struct flows *f, const uint64_t key[2]);
/* The flow that p, the packet at hand, begins; making room for it if need be. */
uint32_t flow_begin(struct flows *f, const struct flow_id *id, const struct packet *p);
/* Its last words, its event, and it is gone. */
void flow_end(struct flows *f, uint32_t i, enum net_ending ending);
bool flow_is_idle(const struct flow *w, ts now);
/* other, unless it was closed. */
enum net_ending flow_ending(const struct flow *w, enum net_ending other);
void flow_give(struct flows *f, uint32_t i, enum net_kind kind, enum net_ending ending);
/* Which direction the client sends. sure: a SYN or a hello says so. */
void flow_client(struct flows *f, uint32_t i, unsigned dir, bool sure);
static inline unsigned flow_client_dir(const struct flow *w)
{
	return w->bits & FLOW_CLIENT_1 ? 1 : 0;
}
/* An event of flow i at the packet at hand; dir: who sent what it is about. */
struct net_event flow_event(const struct flows *f, uint32_t i, unsigned dir);

/* --- tcp.c --- */

/* The payload of a segment of flow i, which has some. */
void tcp_segment(struct flows *f, uint32_t i, unsigned dir, const struct packet *p);
/* The sender of direction !dir says that it has everything before ack. */
void tcp_acked(struct flows *f, uint32_t i, unsigned dir, uint32_t ack);
/* The flow ends: what waits is looked at as it is, and whoever waits for more is told. */
void tcp_over(struct flows *f, uint32_t i);
/* Could a SYN with this sequence number be the late beginning of what was seen of dir? */
bool tcp_late_syn(const struct flows *f, uint32_t i, unsigned dir, uint32_t seq);

/* --- tcp_pool.c --- */

/* Room for what a flow needs while it is looked at; taken from another flow if need be. 0: none. */
uint32_t tcp_new(struct flows *f, uint32_t flow);
void tcp_free(struct flows *f, uint32_t flow);
/* Is one of its directions inside a hello or message? */
bool tcp_is_open(const struct flows *f, uint32_t flow);
/* Sees to it that n bytes can be held, at the cost of other flows. */
void tcp_chunks(struct flows *f, uint32_t flow, size_t n);

/* --- hold.c --- */

/* Keeps what is not there yet of d, which begins at seq, at base or behind it. */
void hold_bytes(struct flows *f, struct tcp_half *h, uint32_t seq, struct span d, bool start);
/* From base to the first start of a segment behind want bytes, or to the hole: in f->gather. */
struct span hold_gather(struct flows *f, const struct tcp_half *h, bool *ret_start);
/* Base moves on by n bytes, held or not. */
void hold_take(struct flows *f, struct tcp_half *h, uint32_t n);
void hold_drop(struct flows *f, struct tcp_half *h);
/* Drops what lies before the hole; base moves behind it. False: there is nothing behind it. */
bool hold_skip(struct flows *f, struct tcp_half *h);

/* --- sniff.c --- */

/* What may begin with d, TCP_SCAN: nothing known. */
enum tcp_proto sniff_tcp(
    const struct tcp_half *h, struct span d, const uint16_t port[2], bool client);
/* Bytes of a header for proxies, or of a change over to TLS, behind which a protocol begins anew.
 */
size_t sniff_prefix(const struct tcp_half *h, struct span d);
bool sniff_socks(struct span d);
/* 'c': sent by a client (ClientHello, HTTP request), 's': by a server, 0: it does not show. */
char sniff_role(enum tcp_proto proto, struct span d);
/* Is port one that servers listen on? 0 to 2. */
unsigned sniff_port(uint16_t port);
bool sniff_dtls(struct span d);
/* Is it probably a datagram of DNS, without a flow? */
bool sniff_dns_port(const struct packet *p);
/* DNS and its kin by port; False: neither port is theirs. */
bool sniff_dns(const struct packet *p, enum net_dns_flavour *ret_flavour, bool *ret_sure);
