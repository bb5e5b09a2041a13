/* SPDX-License-Identifier: Apache-2.0 */

/* packet_tunnel: GRE and what runs over UDP. */

#include "wire/packet_priv.h"

/* --- GRE: RFC 2784, 2890, 1701 (routing), 2637 (version 1) --- */

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
};

/* Source route entries up to the empty one. */
static void skip_routes(struct cur *c)
{
	while (!c->err) {
		uint16_t family = cur_be16(c);
		cur_skip(c, 1);
		uint8_t len = cur_u8(c);
		if (!family && !len)
			return;
		cur_skip(c, len);
	}
}

/* draft-foschiano-erspan: II has a sequence number and a header of eight bytes; I has neither. */
static int erspan2(struct dig *d, uint16_t flags)
{
	if (flags & GRE_SEQUENCE) {
		if (cur_peek(&d->c) >> 4 != 1)
			return d->c.err ? dig_short(d) : PACKET_BAD;
		cur_skip(&d->c, 8);
	}
	return dig_ethernet(d);
}

/* Twelve bytes, eight more if the last one says so; the frame is Ethernet or IP. */
static int erspan3(struct dig *d)
{
	uint8_t version = cur_u8(&d->c) >> 4;

	cur_skip(&d->c, 9);
	uint16_t last = cur_be16(&d->c);
	if (last & 1)
		cur_skip(&d->c, 8);
	if (d->c.err)
		return dig_short(d);
	if (version != 2)
		return PACKET_BAD;
	uint8_t frame = last >> 10 & 31;
	return frame == 0 ? dig_ethernet(d) : frame == 2 ? dig_ip(d) : PACKET_NOT_IP;
}

/* The second version has a redirect header, which does not look like IPv4. */
static int wccp(struct dig *d)
{
	if (cur_peek(&d->c) >> 4 != 4)
		cur_skip(&d->c, 4);
	return dig_ipv4(d);
}

static int gre_payload(struct dig *d, uint16_t flags, uint16_t type)
{
	switch (type) {
	case ETH_ERSPAN2:
		return erspan2(d, flags);
	case ETH_ERSPAN3:
		return erspan3(d);
	case ETH_WCCP:
		return wccp(d);
	default:
		return type > 1500 ? dig_ethertype(d, type) : PACKET_NOT_IP;
	}
}

int dig_gre(struct dig *d)
{
	struct cur *c = &d->c;
	uint16_t flags = cur_be16(c), type = cur_be16(c);
	bool pptp = (flags & GRE_VERSION) == 1;

	if (c->err)
		return dig_short(d);
	if ((flags & GRE_VERSION) > 1 || (pptp && (type != ETH_PPP || !(flags & GRE_KEY))))
		return PACKET_BAD;
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		cur_skip(c, 4);
	if (flags & GRE_KEY)
		cur_skip(c, 4);
	if (flags & GRE_SEQUENCE)
		cur_skip(c, 4);
	if (pptp && flags & GRE_ACK)
		cur_skip(c, 4);
	if (flags & GRE_ROUTING)
		skip_routes(c);
	if (c->err)
		return dig_short(d);
	if (pptp && !cur_left(c)) /* an acknowledgement */
		return PACKET_OTHER;
	return gre_payload(d, flags, type);
}

/* --- over UDP: what is not allowed in the header is PACKET_BAD, so the datagram stays one --- */

/* RFC 8086: as above, without the bits that nobody sends. */
static int gre_in_udp(struct dig *d)
{
	struct cur ahead = d->c;
	return cur_be16(&ahead) & 0x4fff ? PACKET_BAD : dig_gre(d);
}

/* RFC 7348; with bit 0x80 the group policy extension (draft-smith-vxlan-group-policy), with bit 4
 * the protocol extension. Reserved bits are 0 from all that send it. */
static int vxlan(struct dig *d)
{
	uint8_t flags = cur_u8(&d->c);
	uint16_t policy = cur_be16(&d->c);
	uint8_t low = cur_u8(&d->c);

	cur_skip(&d->c, 3);
	uint8_t reserved = cur_u8(&d->c);
	if (d->c.err || !(flags & 0x08) || flags & 0x73 || reserved)
		return PACKET_BAD;
	if (flags & 0x04)
		return policy || flags & 0x80 ? PACKET_BAD : dig_nsh_next(d, low);
	if (!(flags & 0x80) && (policy || low))
		return PACKET_BAD;
	return dig_ethernet(d);
}

/* Version 0; P must be there; B and O (for the far end itself) may. */
static int vxlan_gpe(struct dig *d)
{
	uint8_t flags = cur_u8(&d->c);
	uint16_t reserved = cur_be16(&d->c);
	uint8_t next = cur_u8(&d->c);

	cur_skip(&d->c, 3);
	reserved |= cur_u8(&d->c);
	if (d->c.err || (flags & 0xfc) != 0x0c || reserved)
		return PACKET_BAD;
	return dig_nsh_next(d, next);
}

/* RFC 8926: the options must fill their room. */
static int geneve(struct dig *d)
{
	uint8_t first = cur_u8(&d->c), flags = cur_u8(&d->c);
	uint16_t type = cur_be16(&d->c);

	cur_skip(&d->c, 3);
	uint8_t reserved = cur_u8(&d->c);
	struct cur o = cur_sub(&d->c, (size_t)(first & 0x3f) * 4);
	while (cur_left(&o)) {
		cur_skip(&o, 3);
		cur_skip(&o, (size_t)(cur_u8(&o) & 31) * 4);
	}
	if (d->c.err || o.err || first >> 6 || flags & 0x3f || reserved || type <= 1500)
		return PACKET_BAD;
	return dig_ethertype(d, type);
}

/* TS 29.281 sections 5.1, 5.2: version 1, G-PDU; extension headers in words, the type of the next
 * one as their last byte. */
static int gtp(struct dig *d)
{
	uint8_t flags = cur_u8(&d->c), type = cur_u8(&d->c);
	size_t len = cur_be16(&d->c);

	cur_skip(&d->c, 4);
	if (d->c.err || (flags & 0xf8) != 0x30 || type != 0xff || !dig_narrow(d, len))
		return PACKET_BAD;
	if (!(flags & 7))
		return dig_ip(d);
	cur_skip(&d->c, 3);
	uint8_t next = cur_u8(&d->c);
	while (next && flags & 4 && !d->c.err) {
		size_t words = cur_u8(&d->c);
		if (!words)
			return PACKET_BAD;
		cur_skip(&d->c, words * 4 - 2);
		next = cur_u8(&d->c);
	}
	return dig_ip(d);
}

/* RFC 4380 section 5.1.1: authentication and origin indication may come first. */
static int teredo(struct dig *d)
{
	struct cur *c = &d->c;
	struct cur ahead = *c;

	if (cur_be16(&ahead) == 1) {
		size_t id = cur_u8(&ahead), auth = cur_u8(&ahead);
		cur_skip(&ahead, id + auth + 9);
		*c = ahead;
	}
	ahead = *c;
	if (cur_be16(&ahead) == 0) {
		cur_skip(&ahead, 6);
		*c = ahead;
	}
	return c->err ? PACKET_BAD : dig_ipv6(d);
}

/* RFC 2661 section 3.1: a data message, version 2. */
static int l2tp(struct dig *d)
{
	struct cur *c = &d->c;
	size_t all = cur_left(c);
	uint16_t flags = cur_be16(c);
	size_t len = flags & 0x4000 ? cur_be16(c) : all;

	cur_skip(c, 4);
	if (flags & 0x0800)
		cur_skip(c, 4);
	if (flags & 0x0200)
		cur_skip(c, cur_be16(c));
	if (c->err || (flags & 0xb4ff) != 2 || len > all)
		return PACKET_BAD;
	return dig_ppp(d);
}

/* RFC 9300 section 5: eight bytes, then IP that ends with the datagram. */
static int lisp(struct dig *d)
{
	cur_skip(&d->c, 8);
	struct cur ahead = d->c;
	uint16_t head = cur_be16(&ahead), total = cur_be16(&ahead), six = cur_be16(&ahead);
	size_t says = head >> 12 == 4 ? total : (size_t)six + 40;
	return ahead.err || says != cur_left(&d->c) ? PACKET_BAD : dig_ip(d);
}

/* TaZmen Sniffer Protocol: version, type, what it carries, and tagged fields up to the end tag. */
int dig_tzsp(struct dig *d)
{
	struct cur *c = &d->c;
	uint8_t version = cur_u8(c), type = cur_u8(c);
	uint16_t carries = cur_be16(c);

	for (uint8_t tag = cur_u8(c); tag != 1 && !c->err; tag = cur_u8(c))
		if (tag) /* 0 is one byte of padding */
			cur_skip(c, cur_u8(c));
	if (c->err || version != 1 || type > 1)
		return PACKET_BAD;
	return carries == 1 ? dig_ethernet(d) : carries == 18 ? dig_wlan(d) : PACKET_NOT_IP;
}

/* AYIYA (draft-massar-v6ops-ayiya-02): lengths of identity (as a power of two) and signature (in
 * words), forward (opcode 1); epoch time; the packet. */
static int ayiya(struct dig *d)
{
	uint8_t id = cur_u8(&d->c) >> 4, signature = cur_u8(&d->c) >> 4;
	uint8_t opcode = cur_u8(&d->c) & 15, next = cur_u8(&d->c);

	cur_skip(&d->c, 4 + ((size_t)1 << id) + (size_t)signature * 4);
	if (d->c.err || opcode != 1)
		return PACKET_BAD;
	return next == 41 ? dig_ipv6(d) : next == 4 ? dig_ipv4(d) : PACKET_BAD;
}

/* CAPWAP's data channel (RFC 5415 section 4.3): not encrypted (type 0), not a fragment; length of
 * the header in words, T for the radio's own frames. */
static int capwap(struct dig *d)
{
	struct cur ahead = d->c;
	uint32_t head = cur_be32(&ahead);
	size_t len = (size_t)(head >> 19 & 31) * 4;

	cur_skip(&d->c, len);
	if (d->c.err || head >> 24 || len < 8 || head & 0x87)
		return PACKET_BAD;
	return head & 0x100 ? dig_wlan_swapped(d) : dig_ethernet(d);
}

struct port {
	uint16_t port;
	bool from_too; /* the far end answers from it to another one */
	int (*layer)(struct dig *d);
};

/* All of packet_tunnel_ports(). */
static const struct port PORT[] = {
	{ 4789, false, vxlan },
	{ 8472, false, vxlan },
	{ 4790, false, vxlan_gpe },
	{ 6081, false, geneve },
	{ 2152, true, gtp },
	{ 1701, true, l2tp },
	{ 3544, true, teredo },
	{ 4341, false, lisp },
	{ 4754, false, gre_in_udp },
	{ 6635, false, dig_mpls },
	{ 37008, false, dig_tzsp },
	{ 5072, true, ayiya },
	{ 5247, true, capwap },
};

int dig_udp_tunnel(struct dig *d)
{
	uint16_t sport = d->p->sport, dport = d->p->dport;

	if (packet_tunnel_ports(sport, dport)) {
		for (size_t i = 0; i < ARRAY_LEN(PORT); i++) {
			if (dport != PORT[i].port && !(PORT[i].from_too && sport == PORT[i].port))
				continue;
			int rc = dig_try_inside(d, PORT[i].layer);
			if (rc >= 0)
				return rc;
		}
	}
	struct span s = d->p->payload;
	return packet_teredo_like(s.p, s.n) ? dig_try_inside(d, dig_ipv6) : -1;
}
