/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pcap_write: captures made from nothing, for drills and tests: DNS lookups and the start of TLS
 * connections as a sensor would see them, with correct lengths and checksums.
 *
 * Guarantees: pure; the same calls give the same bytes (message ids, sequence numbers and hello
 * randoms come from seed). Classic pcap, little endian, nanoseconds, Ethernet.
 *
 * Result: 0, -EINVAL for a name that cannot be encoded or peers of different families; the
 * buffer's error latches in it (buf_err at the end).
 */

#include "base/buf.h"
#include "base/clock.h"

struct pcap_peer {
	uint8_t family; /* 4 or 6 */
	uint8_t ip[16]; /* network order */
	uint16_t port;
};

struct pcap_writer {
	struct buf *out;
	ts now;  /* time of the next frame */
	ts step; /* between two frames */
	uint64_t seed;
};

/* The file header. */
void pcap_begin(struct pcap_writer *w);
/* One Ethernet frame as it is. */
void pcap_frame(struct pcap_writer *w, struct span frame);

FB_MUST int pcap_udp(struct pcap_writer *w, const struct pcap_peer *from,
    const struct pcap_peer *to, struct span payload);
/* One segment; flags as in wire/packet.h. */
FB_MUST int pcap_tcp(struct pcap_writer *w, const struct pcap_peer *from,
    const struct pcap_peer *to, uint32_t seq, uint32_t ack, uint8_t flags, struct span payload);

/*
 * A lookup over UDP: the query for name (type A or AAAA after addr's family; A without addr) from
 * client to resolver, and the answer: alias, if not NULL, as a CNAME in between, then addr; without
 * addr the answer is NXDOMAIN.
 */
FB_MUST int pcap_dns_lookup(struct pcap_writer *w, const struct pcap_peer *client,
    const struct pcap_peer *resolver, const char *name, const char *alias,
    const struct pcap_peer *addr);
/* A TCP connection: handshake, ClientHello naming sni (NULL = no name), close. */
FB_MUST int pcap_tls_session(struct pcap_writer *w, const struct pcap_peer *client,
    const struct pcap_peer *server, const char *sni);

/* The messages alone, appended to b. */
FB_MUST int pcap_put_dns_query(struct buf *b, uint16_t id, const char *name, uint16_t type);
/* A ClientHello in one TLS record. */
FB_MUST int pcap_put_client_hello(struct buf *b, uint64_t seed, const char *sni);
