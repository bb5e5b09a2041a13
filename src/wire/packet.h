/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * packet: one captured frame down to the UDP or TCP payload of the innermost packet in it.
 *
 * Links (packet_link.c): Ethernet II and 802.3 with LLC/SNAP, Linux cooked (SLL, SLL2), raw IP, BSD
 * null and loopback, PPP (plain, HDLC, PPPoE, with direction), Cisco HDLC, frame relay, NFLOG,
 * 802.11 (plain, radiotap, PPI, Prism, AVS), FDDI, token ring, ATM, IP over Fibre Channel and 1394,
 * IPoIB, pktap, pflog, enc,
 * DOCSIS, Juniper's Ethernet, tags of switch chips. Between link and IP (packet_ether.c): 802.1Q,
 * 802.1ad and 0x9100 tags, PBB (802.1ah), MACsec without encryption, MPLS (IP or Ethernet below,
 * guessed), PPPoE, NSH. Tunnels (packet_tunnel.c): IP in IP, 6in4, EtherIP, MPLS in IP, Ethernet in
 * IPv6; GRE (0, 1, NVGRE, WCCP), ERSPAN I, II, III; over UDP VXLAN (with GBP), VXLAN-GPE, Geneve,
 * GTP-U, Teredo, AYIYA, L2TPv2, GRE, MPLS, LISP, CAPWAP, TZSP. A datagram on the port of a tunnel
 * is one only when the tunnel's header holds and an IP packet stands where it must; else it is the
 * datagram that it says it is. IP (packet_ip.c): IPv4 with options; IPv6 with its extension
 * headers, jumbograms; AH; lengths of 0 (captured before the card cut the packet up).
 *
 * Guarantees: pure; constant work per packet (PACKET_TAGS_MAX, PACKET_EXT_MAX, PACKET_TUNNELS_MAX);
 * the payload is borrowed from the frame. Checksums are not verified: captures of the sending side
 * have none. Lengths are: a header that contradicts what surrounds it is PACKET_BAD. A frame that
 * was captured short is decoded as far as it goes and marked cut.
 *
 * Sources: RFC 791, 8200, 768, 9293, 2675, 4302, 6946; IEEE 802.1Q, 802.1AE, 802.11; RFC 2516,
 * 3032, 4385, 8300, 2784, 2890, 2637, 7637, 7348, 8926, 4380, 2661, 5415, 8086, 7510, 9300, 3378;
 * 3GPP TS 29.281; draft-foschiano-erspan-03; draft-ietf-nvo3-vxlan-gpe-13;
 * tcpdump.org/linktypes.html (LINKTYPE_…).
 */

#include "base/span.h"
#include "base/util.h"

#define PACKET_TAGS_MAX 8    /* VLAN tags, MPLS labels and the like before one IP header */
#define PACKET_EXT_MAX 16    /* IPv6 extension headers */
#define PACKET_TUNNELS_MAX 8 /* packets around the innermost one */

enum packet_err {
	PACKET_OK = 0,
	PACKET_SHORT,	 /* ends inside a header */
	PACKET_BAD,	 /* a length, version or header that cannot be */
	PACKET_NOT_IP,	 /* another network protocol, or encrypted */
	PACKET_OTHER,	 /* IP, with neither UDP nor TCP in it */
	PACKET_FRAGMENT, /* a piece of an IP packet: see below */
	PACKET_TUNNEL,	 /* packets inside packets, more than PACKET_TUNNELS_MAX deep */
	PACKET_LINK,	 /* a link type that is not known here */
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
	uint8_t family;	 /* 4 or 6 */
	uint8_t proto;	 /* PACKET_TCP or PACKET_UDP */
	uint8_t flags;	 /* TCP */
	bool cut;	 /* the payload was captured short */
	uint8_t tunnels; /* packets around this one */
	bool frag_more;
	uint16_t vlan; /* id of the innermost tag; 0: none */
	uint16_t sport, dport;
	uint32_t seq, ack; /* TCP */
	uint32_t length;   /* of the (innermost) IP packet, as sent */
	/* PACKET_FRAGMENT: payload is the piece; proto (IPv6: of what follows the fragment header)
	 * and addresses are set, ports are not. */
	uint32_t frag_id;
	uint32_t frag_offset;	  /* in bytes */
	uint8_t src[16], dst[16]; /* network order; IPv4: the first four, the rest 0 */
	struct span payload;
};

/* enum packet_err; *ret_p is zeroed on anything but PACKET_OK and PACKET_FRAGMENT. */
FB_MUST int packet_decode(struct span frame, uint32_t link, struct packet *ret_p);

/* What pieces make together: body is all that follows their IP headers, piece one of them. Result
 * and *ret_p as packet_decode; also PACKET_FRAGMENT, of what is inside a tunnel. */
FB_MUST int packet_decode_body(const struct packet *piece, struct span body, struct packet *ret_p);

/*
 * For sharing packets out: the same for both directions and all packets between two addresses,
 * those of the packet that packet_decode ends at, inside tunnels or not; 0 for what is not IP.
 * Nobody who does not know key (128 random bits) can choose addresses that collide.
 * PACKET_EVERYONE: a piece. Which packet it belongs to, and what is in that one, is known when it
 * is put together: whoever shares out gives pieces to everyone, and of the whole packets each keeps
 * those that packet_hash calls his.
 */
#define PACKET_EVERYONE UINT64_MAX
uint64_t packet_pair_hash(struct span frame, uint32_t link, const uint64_t key[2]);
/* The same of a packet that was decoded (PACKET_OK). */
uint64_t packet_hash(const struct packet *p, const uint64_t key[2]);
