/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * handler: between the flows and the protocols, private to this room. flow.c follows connections
 * and gives each direction's bytes in order; a handler takes what it can use and says how much more
 * of the direction it must see. Decoding itself is in wire/ (pure); handlers hold what a connection
 * needs between packets, and give events.
 */

#include "sense/net/net.h"
#include "wire/packet.h"

/* What a worker shares with its handlers. One of it; nothing is locked. */
struct net_worker {
	uint64_t *stat; /* [NET_STATS] */
	struct tls_room *tls; /* NULL: messages in pieces (records, DTLS) are lost, and counted */
	/* The event at hand: kind, time, packet, addresses and flow are filled in. */
	int (*give)(struct net_worker *w, const struct net_event *e);
	void *give_ctx;
	/* A line for people; printable ASCII. May be NULL. */
	void (*notice)(struct net_worker *w, const char *line);
	uint64_t key; /* of the packet at hand: decoder.h */
	int failed; /* latched: the first negative result of give */
	/* Set by flows_packet for the packet at hand: its flow's id, and whether that flow is still
	 * being looked at: such packets are kept for net_evidence. */
	uint64_t packet_flow;
	bool packet_matters;
	bool keeps_packets; /* packet_flow is wanted */
};

/* One direction of a TCP flow, as far as it is there without a hole. */
struct net_stream {
	struct span bytes;   /* from the first byte that no handler took yet */
	bool from_server;
	bool segment_start;  /* bytes begins where a TCP segment began */
	bool begun;	     /* the handler that is asked took bytes of this direction before */
	bool over;	     /* there will be no more: FIN, a hole that will not be filled, the cap */
	struct net_event at; /* of the packet that brought the last of bytes: to be completed */
};

enum net_need {
	NET_MORE = 1, /* mine; take `took` bytes away and ask again with at least `want` after them;
		       * took may be more than there is: then the rest of it goes by unseen */
	NET_NOT,      /* not my protocol: ask the next handler */
	NET_ENOUGH,   /* mine, and nothing more of this direction is of interest */
};

struct net_step {
	size_t took, want;
};

/* --- TLS over TCP (tls_session.c), DTLS (dtls_session.c): hellos and certificates --- */

/* One for each worker: room for what came in pieces, and certificates seen before. Made before the
 * worker is confined: the digests are fetched then. */
struct tls_room;
FB_MUST int tls_room_new(struct tls_room **ret_r);
struct tls_room *tls_room_free(struct tls_room *r);
/* The capture is over: what is in pieces (DTLS) is a loss. */
void tls_room_finish(struct net_worker *w);

/* Of one flow, and kept in it: zeroed when the flow begins. Its fields are tls_session.c's own. */
struct tls_way { /* one direction */
	uint32_t message; /* bytes of the handshake message that were not taken yet; DTLS: the last hello */
	uint16_t record;  /* bytes of the record that were not taken yet; 0: a record header comes next */
	uint8_t at;	  /* what comes next */
	uint8_t chain;	  /* certificates so far */
};
struct tls_session {
	struct tls_way way[2]; /* [from_server] */
	uint16_t version;      /* from the ServerHello: from 1.3 on there are no certificates to see */
	uint8_t seen;	       /* which hellos, and what they said */
	uint16_t datagrams;    /* DTLS */
};
/* Could these bytes be the start of a TLS, or SSLv2/3, hello? As far as they go. */
bool tls_session_starts(struct span s);
FB_MUST enum net_need tls_session_stream(struct net_worker *w, struct tls_session *t,
    const struct net_stream *s, struct net_step *ret_step);
/* A datagram of a flow, of any port. NET_ENOUGH: nothing more of this flow is of interest. */
FB_MUST enum net_need dtls_datagram(struct net_worker *w, struct tls_session *t,
    struct span datagram, const struct net_event *at);
/* Hello messages (4 bytes of handshake header first) that came by other ways: QUIC's CRYPTO.
 * Counted here, by at->transport; what does not parse is NET_LOSS_BAD_TLS. */
void tls_give_client(struct net_worker *w, struct span message, const struct net_event *at,
    uint32_t quic_version, struct span quic_dcid);
void tls_give_server(struct net_worker *w, struct span message, const struct net_event *at);

/* --- DNS (dns_session.c) --- */

/* A datagram on a port of DNS, mDNS, LLMNR or NBNS. sure: what does not parse is a loss, else false
 * when it does not parse to its last byte; of mDNS, LLMNR and NBNS only what has their port on both
 * sides or goes to a group is sure. Who is client and who server is told by the message, not by at. */
bool dns_datagram(struct net_worker *w, struct span datagram, enum net_dns_flavour flavour,
    bool sure, const struct net_event *at);
/* A message may be longer than FLOW_STREAM_MAX by one byte (want ≤ 65537). Ask once more when the
 * stream is over: what is there of a message is given, and the loss counted here. */
FB_MUST enum net_need dns_stream(struct net_worker *w, const struct net_stream *s,
    struct net_step *ret_step);

/* --- HTTP (http_session.c) --- */

/* Of one connection, zeroed when a request begins it; its field is http_session.c's own. */
struct http_session {
	uint8_t state;
	uint16_t seen; /* bytes of a head behind its first line, in which it does not end */
};
bool http_starts(struct span s);
/* SQL Server wraps the handshake: bytes of the header of a TDS packet (MS-TDS section 2.2.3.1:
 * PRELOGIN, from some servers REPLY) with a TLS record right behind it, or 0. */
size_t sniff_tds(struct span d);
/* Every request of a connection; bodies go by (Content-Length, chunked). NET_NOT: what comes here
 * is no request: a body without a length, or another protocol after CONNECT or Upgrade. */
FB_MUST enum net_need http_stream(struct net_worker *w, struct http_session *h,
    const struct net_stream *s, struct net_step *ret_step);

/* --- QUIC (quic_session.c) --- */

/* Connections whose hello is not complete yet; a fixed number of them, the oldest makes room. */
struct quic_table;
FB_MUST int quic_table_new(struct quic_table **ret_q, size_t bytes);
struct quic_table *quic_table_free(struct quic_table *q);
/* Does it look like a long header of QUIC (RFC 8999)? */
bool quic_starts(struct span datagram);
/* … of a version that is known: behind anything else, a server takes no notice of that. */
bool quic_starts_late(struct span datagram);
enum quic_said {
	QUIC_SAID_NOTHING = 0, /* of no more interest: the flow is only counted from here on */
	QUIC_SAID_MORE,	       /* the hello goes on in another datagram */
	QUIC_SAID_NOT,	       /* not QUIC */
};
/* at->flow is the key of the connection; at->from_server as far as the flow knows. Of a flow that
 * said NOTHING, datagrams whose first byte has the top bit set are given again: a long header may
 * begin the next connection between the same two ports. */
enum quic_said quic_datagram(struct net_worker *w, struct quic_table *q, struct span datagram,
    const struct net_event *at);
/* What is open and incomplete is a loss: the capture is over. */
void quic_table_finish(struct net_worker *w, struct quic_table *q);
