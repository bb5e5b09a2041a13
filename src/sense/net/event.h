/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * event: what the network sensor saw: one DNS message, one hello, one certificate, one request, one
 * flow. Made by the decoders in a worker (handler.h), carried through its ring (ring.h), given to
 * the collector in the order of the capture (net.h).
 *
 * Texts are spans, borrowed from the packet, the ring or the caller's room; names in them are lower
 * case, without the final dot, other octets than printable ASCII (and a dot or backslash inside a
 * label) as \DDD: safe to print and to compare with normalised indicators. Everything else that
 * came off the wire (paths, user agents, subjects) is raw bytes: escape it when it is printed.
 */

#include "base/clock.h"
#include "base/span.h"
#include "base/util.h"
#include "sense/addr.h"
#include "wire/certificate.h"
#include "wire/dns_message.h"
#include "wire/http.h"
#include "wire/tls_hello.h"

enum net_kind {
	NET_FLOW_BEGIN = 1, /* the first packet of a flow: for matching addresses at once */
	NET_FLOW_END,	    /* closed, timed out, evicted, or the capture is over */
	NET_DNS,	    /* one message */
	NET_TLS_CLIENT,	    /* ClientHello (TLS, DTLS, QUIC) */
	NET_TLS_SERVER,	    /* ServerHello or HelloRetryRequest */
	NET_CERTIFICATE,    /* one of a chain, TLS up to 1.2 */
	NET_HTTP,	    /* one request */
	NET_KINDS,
};

enum net_transport { NET_UDP = 1, NET_TCP, NET_QUIC, NET_DTLS, NET_TRANSPORTS };

enum net_dns_flavour {
	NET_DNS_PLAIN = DNS_PLAIN,
	NET_DNS_MDNS = DNS_MDNS,
	NET_DNS_LLMNR = DNS_LLMNR,
	NET_DNS_NBNS = DNS_NBNS,
};

/* How a flow ended. */
enum net_ending {
	NET_END_CLOSED = 1, /* FIN of both sides, or RST */
	NET_END_IDLE,	    /* nothing for the time-out of its kind */
	NET_END_EVICTED,    /* made room for others: a loss */
	NET_END_CAPTURE,    /* the capture ended, or a new flow with the same addresses began */
};

struct net_flow_facts {
	enum net_ending ending; /* of NET_FLOW_END */
	bool midstream;		/* its start was not seen; who is the client is a guess by ports */
	uint8_t tcp_flags[2];	/* all that were seen, of the client and of the server */
	ts first, last;
	uint64_t packets[2], bytes[2]; /* client's, server's; bytes: of the IP packets as sent */
};

#define NET_JA4_MAX 40 /* t13d1516h2_8daaf6152771_e5627efa2ab1 and its NUL */

struct net_client_hello {
	struct tls_client tls;
	bool has_ja3;
	uint8_t ja3[16];	/* MD5 */
	char ja4[NET_JA4_MAX];	/* "" when there is none */
	uint32_t quic_version;	/* QUIC only */
	struct span quic_dcid;	/* of the client's first Initial; QUIC only */
};

struct net_server_hello {
	struct tls_server tls;
	bool has_ja3s;
	uint8_t ja3s[16];
};

struct net_certificate {
	struct certificate cert;
	uint8_t sha1[20], sha256[32]; /* of its DER */
	uint16_t index;		      /* in the chain: 0 is the server's own */
	bool from_client;
};

struct net_event {
	enum net_kind kind;
	enum net_transport transport;
	enum net_dns_flavour flavour;
	bool from_server;   /* what was decoded was sent by the server */
	uint8_t tunnels;    /* packets around it (packet.h) */
	uint16_t vlan;	    /* the innermost tag's id; 0: none */
	ts time;	    /* of the packet that completed it */
	uint64_t packet;    /* its number in the capture from 1, as Wireshark counts; live: per run */
	uint64_t flow;	    /* the same for everything of one flow; unique within a run */
	/* client: who sent the first packet (SYN, query); a response's receiver. */
	struct sense_addr client, server;
	union {
		struct net_flow_facts facts;	  /* FLOW_BEGIN, FLOW_END */
		const struct dns_message *dns;
		const struct net_client_hello *client_hello;
		const struct net_server_hello *server_hello;
		const struct net_certificate *certificate;
		const struct http_request *http;
	};
};
