/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * packet_priv: what the files of packet.h share. Each dig_ function takes its own header off the
 * cursor and calls the one for what follows, so the result of a frame is that of its innermost
 * layer.
 */

#include "base/cur.h"
#include "wire/packet.h"

enum {
	ETH_IPV4 = 0x0800,
	ETH_ERSPAN3 = 0x22eb,
	ETH_ETHERNET = 0x6558, /* transparent Ethernet bridging */
	ETH_VLAN = 0x8100,
	ETH_IPV6 = 0x86dd,
	ETH_PPP = 0x880b,
	ETH_WCCP = 0x883e,
	ETH_MPLS = 0x8847,
	ETH_MPLS_MULTI = 0x8848,
	ETH_PPPOE = 0x8864,
	ETH_QINQ = 0x88a8,
	ETH_ERSPAN2 = 0x88be,
	ETH_NSH = 0x894f,
};

#define PACKET_WORK_MAX 64 /* layers looked at, guesses included */

struct dig {
	struct cur c;
	struct packet *p;
	uint8_t tags; /* since the last IP header */
	uint8_t work;
	bool
	    exact; /* the end of c is where the IP header around says, and all of it was captured */
};

/* What ends before its time: the sender's fault, or the capture's. */
static inline int dig_short(const struct dig *d)
{
	return d->exact ? PACKET_BAD : PACKET_SHORT;
}

/* One more layer: 0 or PACKET_TUNNEL. */
static inline int dig_work(struct dig *d)
{
	return d->work++ < PACKET_WORK_MAX ? 0 : PACKET_TUNNEL;
}

/* The n bytes that a header announces are all that is left of c. False: there are not as many,
 * although everything was captured. */
static inline bool dig_narrow(struct dig *d, size_t n)
{
	size_t left = cur_left(&d->c);

	if (n > left && d->exact)
		return false;
	d->exact = n <= left;
	d->p->cut = !d->exact;
	d->c = cur_of(cur_take(&d->c, d->exact ? n : left));
	return true;
}

/* As layer says if that reaches an IP packet; else everything but the work is as before, and -1. */
int dig_try(struct dig *d, int (*layer)(struct dig *d));
/* What follows is inside another packet. */
int dig_inside(struct dig *d, int (*layer)(struct dig *d));
/* The same, tried. */
int dig_try_inside(struct dig *d, int (*layer)(struct dig *d));

int dig_link(struct dig *d, uint32_t link);
int dig_wlan(struct dig *d);
/* Either order of the two bytes of frame control: controllers of Cisco write it the other way. */
int dig_wlan_swapped(struct dig *d);
int dig_radiotap(struct dig *d);
int dig_prism(struct dig *d);
int dig_avs(struct dig *d);

int dig_ethernet(struct dig *d);
int dig_ethertype(struct dig *d, uint16_t type);
int dig_typed(struct dig *d); /* an Ethertype, and what it announces */
int dig_llc(struct dig *d);
int dig_mpls(struct dig *d);
int dig_ppp(struct dig *d);
int dig_pppoe(struct dig *d);
int dig_nsh(struct dig *d);
int dig_nsh_next(struct dig *d, uint8_t next); /* what NSH and VXLAN-GPE call the next protocol */

int dig_ip(struct dig *d); /* of the version that it says */
int dig_ipv4(struct dig *d);
int dig_ipv6(struct dig *d);
int dig_proto(struct dig *d, uint8_t proto);

int dig_gre(struct dig *d);
/* p has its ports, c is the payload. -1: this datagram is no tunnel. */
int dig_udp_tunnel(struct dig *d);
int dig_tzsp(struct dig *d);

/* A datagram to or from these ports may be a tunnel's. */
static inline bool packet_tunnel_ports(uint16_t sport, uint16_t dport)
{
	switch (dport) {
	case 1701:  /* L2TP */
	case 2152:  /* GTP-U */
	case 3544:  /* Teredo */
	case 4341:  /* LISP */
	case 4754:  /* GRE */
	case 4789:  /* VXLAN */
	case 4790:  /* VXLAN-GPE */
	case 5072:  /* AYIYA */
	case 5247:  /* CAPWAP */
	case 6081:  /* Geneve */
	case 6635:  /* MPLS */
	case 8472:  /* VXLAN before it had a number */
	case 37008: /* TZSP */
		return true;
	}
	return sport == 1701 || sport == 2152 || sport == 3544 || sport == 5072 || sport == 5247;
}

/* Teredo between two hosts may use any port (RFC 4380 section 5.2); then one of the IPv6 addresses
 * is of its prefix 2001:0::/32. */
static inline bool packet_teredo_like(const uint8_t *p, size_t n)
{
	static const uint8_t prefix[4] = { 0x20, 0x01, 0, 0 };

	return n >= 40 && p[0] >> 4 == 6 && (size_t)(p[4] << 8 | p[5]) <= n - 40 &&
	       (memcmp(p + 8, prefix, 4) == 0 || memcmp(p + 24, prefix, 4) == 0);
}
