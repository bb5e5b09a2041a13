/* SPDX-License-Identifier: Apache-2.0 */

/* packet_link: what captures begin their packets with, by link type (tcpdump.org/linktypes.html).
 */

#include "wire/packet_priv.h"

static bool is_ip_family(uint32_t family)
{
	/* AF_INET everywhere, AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin. */
	return family == 2 || family == 10 || family == 23 || family == 24 || family == 28 ||
	       family == 30;
}

/* A BSD address family, in the byte order of whatever machine captured. */
static int bsd_null(struct dig *d)
{
	uint32_t family = cur_be32(&d->c);

	if (d->c.err)
		return PACKET_SHORT;
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	return is_ip_family(family) ? dig_ip(d) : PACKET_NOT_IP;
}

/* 4 is 802.2, what is less otherwise is of the kernel's own making. */
static int cooked_type(struct dig *d, uint16_t type)
{
	if (d->c.err)
		return PACKET_SHORT;
	if (type == 4)
		return dig_llc(d);
	return type > 1500 ? dig_ethertype(d, type) : PACKET_NOT_IP;
}

static int sll(struct dig *d)
{
	cur_skip(&d->c, 14);
	uint16_t type = cur_be16(&d->c);
	return cooked_type(d, type);
}

static int sll2(struct dig *d)
{
	uint16_t type = cur_be16(&d->c);

	cur_skip(&d->c, 18);
	return cooked_type(d, type);
}

/* Cisco's HDLC has 0f or 8f in the place of PPP's ff, and an Ethertype (RFC 1547 section 4.3.1). */
static int chdlc(struct dig *d)
{
	cur_skip(&d->c, 2);
	return dig_typed(d);
}

static int ppp_serial(struct dig *d)
{
	uint8_t first = cur_peek(&d->c);
	return first == 0x0f || first == 0x8f ? chdlc(d) : dig_ppp(d);
}

static int ppp_direction(struct dig *d)
{
	cur_skip(&d->c, 1);
	return dig_ppp(d);
}

/* pppd's: the direction is in the place of the address. */
static int ppp_pppd(struct dig *d)
{
	cur_skip(&d->c, 2);
	return dig_ppp(d);
}

static int chdlc_direction(struct dig *d)
{
	cur_skip(&d->c, 1);
	return chdlc(d);
}

/* Q.922 address of two to four bytes; then RFC 2427, or an Ethertype (Cisco's). */
static int frame_relay(struct dig *d)
{
	struct cur *c = &d->c;
	int n = 0;

	while (n++ < 4 && !(cur_u8(c) & 1) && !c->err)
		continue;
	if (cur_peek(c) != 3)
		return dig_typed(d);
	cur_skip(c, 1);
	uint8_t nlpid = cur_u8(c);
	if (!nlpid && !c->err)
		nlpid = cur_u8(c);
	if (c->err)
		return PACKET_SHORT;
	if (nlpid == 0x80) {
		uint32_t oui = cur_be24(c);
		return oui == 0 ? dig_typed(d) : PACKET_NOT_IP;
	}
	return nlpid == 0xcc   ? dig_ipv4(d)
	       : nlpid == 0x8e ? dig_ipv6(d)
	       : nlpid == 0xcf ? dig_ppp(d)
			       : PACKET_NOT_IP;
}

static int frame_relay_direction(struct dig *d)
{
	cur_skip(&d->c, 1);
	return frame_relay(d);
}

/* Frame control with 01 in its first bits is data; two addresses of six bytes. */
static int fddi(struct dig *d)
{
	uint8_t control = cur_u8(&d->c);

	cur_skip(&d->c, 12);
	if (d->c.err)
		return PACKET_SHORT;
	return (control & 0xf0) == 0x50 ? dig_llc(d) : PACKET_NOT_IP;
}

/* IEEE 802.5: the first bit of the source says that a route follows. */
static int token_ring(struct dig *d)
{
	cur_skip(&d->c, 1);
	uint8_t control = cur_u8(&d->c);
	cur_skip(&d->c, 6);
	bool routed = cur_peek(&d->c) & 0x80;
	cur_skip(&d->c, 6);
	if (routed) {
		struct cur ahead = d->c;
		cur_skip(&d->c, cur_u8(&ahead) & 31);
	}
	if (d->c.err)
		return PACKET_SHORT;
	return control >> 6 == 1 ? dig_llc(d) : PACKET_NOT_IP;
}

/* Its low nibble says what: 2 is LLC. */
static int sun_atm(struct dig *d)
{
	uint8_t what = cur_u8(&d->c) & 15;

	cur_skip(&d->c, 3);
	if (d->c.err)
		return PACKET_SHORT;
	return what == 2 ? dig_llc(d) : PACKET_NOT_IP;
}

/* nfnetlink's attributes, in the byte order of the machine that captured; the payload is an IP
 * packet of the family that the header says. c: the first attribute. */
static bool nflog_payload(struct cur c, bool big, struct cur *ret_payload)
{
	while (cur_left(&c)) {
		uint16_t len = big ? cur_be16(&c) : cur_le16(&c);
		uint16_t type = (big ? cur_be16(&c) : cur_le16(&c)) & 0x7fff;
		if (c.err || len < 4)
			return false;
		size_t n = len - (size_t)4, left = cur_left(&c);
		if (type == 9) { /* NFULA_PAYLOAD; the last one, perhaps cut */
			*ret_payload = cur_of(cur_take(&c, n < left ? n : left));
			return true;
		}
		cur_skip(&c, (n + 3) & ~(size_t)3);
	}
	return false;
}

static int nflog(struct dig *d)
{
	uint8_t family = cur_u8(&d->c), version = cur_u8(&d->c);

	cur_skip(&d->c, 2);
	if (d->c.err)
		return PACKET_SHORT;
	if (version != 0 || (family != 2 && family != 10))
		return PACKET_NOT_IP;
	if (!nflog_payload(d->c, false, &d->c) && !nflog_payload(d->c, true, &d->c))
		return PACKET_SHORT;
	return dig_ip(d);
}

/* Behind the global routing header, four bytes with an Ethertype first (RFC 4391 section 6). */
static int ipoib(struct dig *d)
{
	uint16_t type = cur_be16(&d->c);

	cur_skip(&d->c, 2);
	return dig_ethertype(d, type);
}

/* OpenBSD's and FreeBSD's pflog: the length of the header without its padding, the family. */
static int pflog(struct dig *d)
{
	uint8_t len = cur_u8(&d->c), family = cur_u8(&d->c);

	cur_skip(&d->c, len < 2 ? 0 : ((size_t)len + 3) / 4 * 4 - 2);
	if (d->c.err)
		return PACKET_SHORT;
	return is_ip_family(family) ? dig_ip(d) : PACKET_NOT_IP;
}

/* Per-packet information: version 0, length, and the link type of what follows. */
static int ppi(struct dig *d)
{
	cur_skip(&d->c, 2);
	size_t len = cur_le16(&d->c);
	uint32_t link = cur_le32(&d->c);
	cur_skip(&d->c, len < 8 ? 0 : len - 8);
	if (d->c.err)
		return PACKET_SHORT;
	return len < 8 || dig_work(d) ? PACKET_BAD : dig_link(d, link);
}

/* Darwin's: length of the header, 1 for a packet, the link type of what follows. */
static int pktap(struct dig *d)
{
	size_t len = cur_le32(&d->c);
	uint32_t type = cur_le32(&d->c), link = cur_le32(&d->c);

	if (d->c.err)
		return PACKET_SHORT;
	if (len < 12 || len > 1024 || type != 1 || dig_work(d))
		return PACKET_LINK; /* 149 is anybody's */
	cur_skip(&d->c, len - 12);
	return dig_link(d, link);
}

/* Endace: 16 bytes; a type above 127 has extension headers of eight, each saying whether another
 * follows; Ethernet (2, 11, 16, 20, 21, …) has two more bytes before it. */
static int endace(struct dig *d)
{
	struct cur *c = &d->c;

	cur_skip(c, 8);
	uint8_t type = cur_u8(c), more = type;
	cur_skip(c, 7);
	for (int n = 0; more & 0x80 && n < PACKET_TAGS_MAX; n++) {
		more = cur_u8(c);
		cur_skip(c, 7);
	}
	if (c->err)
		return PACKET_SHORT;
	switch (type & 0x7f) {
	case 2:
	case 11:
	case 16:
	case 20:
		cur_skip(c, 2);
		return dig_ethernet(d);
	case 22:
		return dig_ipv4(d);
	case 23:
		return dig_ipv6(d);
	default:
		return PACKET_NOT_IP;
	}
}

/* Juniper's Ethernet: a magic number, flags, perhaps extensions; without a link header (2) four
 * bytes and IP. */
static int juniper(struct dig *d)
{
	uint32_t magic = cur_be24(&d->c);
	uint8_t flags = cur_u8(&d->c);

	if (flags & 0x80)
		cur_skip(&d->c, cur_be16(&d->c));
	if (flags & 0x02)
		cur_skip(&d->c, 4);
	if (d->c.err)
		return PACKET_SHORT;
	if (magic != 0x4d4743)
		return PACKET_BAD;
	return flags & 0x02 ? dig_ip(d) : dig_ethernet(d);
}

/* Frame control of type 0 carries Ethernet; with bit 0 an extended header, whose length comes next.
 */
static int docsis(struct dig *d)
{
	uint8_t control = cur_u8(&d->c), extended = cur_u8(&d->c);

	cur_skip(&d->c, 2 + (control & 1 ? (size_t)extended : 0) + 2);
	if (d->c.err)
		return PACKET_SHORT;
	return control >> 6 == 0 ? dig_ethernet(d) : PACKET_NOT_IP;
}

/* Tags of switch chips, between the addresses and the type: four bytes, or (Marvell's with a type
 * of its own) eight. */
static int dsa(struct dig *d)
{
	cur_skip(&d->c, 16);
	return dig_typed(d);
}

static int edsa(struct dig *d)
{
	cur_skip(&d->c, 20);
	return dig_typed(d);
}

/* skip: bytes before what layer reads. */
static const struct {
	uint16_t link, skip;
	int (*layer)(struct dig *d);
} LINK[] = {
	{ PACKET_LINK_NULL, 0, bsd_null },
	{ PACKET_LINK_ETHERNET, 0, dig_ethernet },
	{ 6, 0, token_ring },
	{ 8, 16, dig_ip }, /* SLIP */
	{ 9, 0, ppp_serial },
	{ 10, 0, fddi },
	{ 12, 0, dig_ip },
	{ 14, 0, dig_ip },
	{ 50, 0, ppp_serial },
	{ 51, 0, dig_pppoe },
	{ 100, 0, dig_llc }, /* ATM, RFC 1483 */
	{ PACKET_LINK_RAW, 0, dig_ip },
	{ 104, 0, chdlc },
	{ 105, 0, dig_wlan },
	{ 107, 0, frame_relay },
	{ PACKET_LINK_LOOP, 0, bsd_null },
	{ 109, 12, dig_ip }, /* OpenBSD's enc */
	{ PACKET_LINK_SLL, 0, sll },
	{ 117, 0, pflog },
	{ 119, 0, dig_prism },
	{ 122, 16, dig_llc }, /* IP over Fibre Channel, RFC 2625 */
	{ 123, 0, sun_atm },
	{ 127, 0, dig_radiotap },
	{ 128, 0, dig_tzsp },
	{ 138, 16, dig_typed }, /* IP over IEEE 1394, Apple's */
	{ 143, 0, docsis },
	{ 149, 0, pktap }, /* as Darwin numbers it */
	{ 163, 0, dig_avs },
	{ 166, 0, ppp_pppd },
	{ 178, 0, juniper },
	{ 192, 0, ppi },
	{ 197, 0, endace },
	{ 204, 0, ppp_direction },
	{ 205, 0, chdlc_direction },
	{ 206, 0, frame_relay_direction },
	{ 226, 24, dig_ip }, /* Solaris' ipnet */
	{ PACKET_LINK_IPV4, 0, dig_ipv4 },
	{ PACKET_LINK_IPV6, 0, dig_ipv6 },
	{ 239, 0, nflog },
	{ 240, 4, dig_ethernet }, /* netANALYZER */
	{ 241, 12, dig_ethernet },
	{ 242, 40, ipoib },
	{ 258, 0, pktap },
	{ 259, 8, dig_ethernet }, /* EPON */
	{ 274, 8, dig_ethernet }, /* mPackets */
	{ PACKET_LINK_SLL2, 0, sll2 },
	{ 281, 0, dsa }, /* Broadcom */
	{ 282, 4, dig_ethernet },
	{ 284, 0, dsa },
	{ 285, 0, edsa },
};

int dig_link(struct dig *d, uint32_t link)
{
	for (size_t i = 0; i < ARRAY_LEN(LINK); i++) {
		if (LINK[i].link != link)
			continue;
		cur_skip(&d->c, LINK[i].skip);
		return LINK[i].layer(d);
	}
	return PACKET_LINK;
}
