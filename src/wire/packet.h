/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * packet: one captured frame down to its UDP or TCP payload.
 *
 * Layers: Ethernet II (802.1Q, 802.1ad and 0x9100 tags, MPLS, PPPoE session), Linux cooked (SLL,
 * SLL2), raw IP, BSD null and loopback; IPv4 with options; IPv6 with its extension headers; UDP;
 * TCP. Tunnels inside IP and fragments are recognised and not opened.
 *
 * Guarantees: pure; constant work per packet (PACKET_TAGS_MAX, PACKET_EXT_MAX); the payload is
 * borrowed from the frame. Checksums are not verified: captures of the sending side have none.
 * Lengths are: a header that contradicts what surrounds it is PACKET_BAD. A frame that was
 * captured short is decoded as far as it goes and marked cut.
 *
 * Sources: RFC 791, 8200, 768, 9293; IEEE 802.1Q; RFC 2516, 3032;
 * tcpdump.org/linktypes.html (LINKTYPE_…).
 */

#include "base/span.h"
#include "base/util.h"

#define PACKET_TAGS_MAX 8 /* VLAN tags and MPLS labels together */
#define PACKET_EXT_MAX 16 /* IPv6 extension headers */

enum packet_err {
	PACKET_OK = 0,
	PACKET_SHORT,    /* ends inside a header */
	PACKET_BAD,      /* a length, version or header that cannot be */
	PACKET_NOT_IP,   /* another network protocol */
	PACKET_OTHER,    /* IP, with neither UDP nor TCP in it */
	PACKET_FRAGMENT, /* a piece of an IP packet */
	PACKET_TUNNEL,   /* a packet inside a packet: GRE, IP in IP, VXLAN, Geneve, GTP-U, Teredo */
	PACKET_LINK,     /* a link type that is not known here */
};

/* LINKTYPE numbers as files have them; libpcap's DLT_RAW (12, 14) is taken for raw IP too. */
enum packet_link {
	PACKET_LINK_NULL = 0,
	PACKET_LINK_ETHERNET = 1,
	PACKET_LINK_RAW = 101,
	PACKET_LINK_LOOP = 108,
	PACKET_LINK_SLL = 113,
	PACKET_LINK_IPV4 = 228,
	PACKET_LINK_IPV6 = 229,
	PACKET_LINK_SLL2 = 276,
};

#define PACKET_TCP 6
#define PACKET_UDP 17

#define PACKET_FIN 0x01
#define PACKET_SYN 0x02
#define PACKET_RST 0x04
#define PACKET_ACK 0x10

struct packet {
	uint8_t family; /* 4 or 6 */
	uint8_t proto;  /* PACKET_TCP or PACKET_UDP */
	uint8_t flags;  /* TCP */
	bool cut;       /* the payload was captured short */
	uint8_t tunnels; /* packets around this one */
	uint16_t vlan;	 /* id of the innermost tag; 0: none */
	uint16_t sport, dport;
	uint32_t seq, ack; /* TCP */
	uint32_t length;   /* of the IP packet, as sent */
	uint8_t src[16], dst[16]; /* network order; IPv4: the first four */
	struct span payload;
	/* PACKET_FRAGMENT: payload is the piece; proto and addresses are set, ports are not. */
	uint32_t frag_id;
	uint32_t frag_offset; /* in bytes */
	bool frag_more;
};

/* enum packet_err; *ret_p is zeroed on anything but PACKET_OK. */
FB_MUST int packet_decode(struct span frame, uint32_t link, struct packet *ret_p);
