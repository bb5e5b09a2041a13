/* SPDX-License-Identifier: Apache-2.0 */

/* packet_ip: IPv4 and IPv6 with what stands between them and the transport. */

#include "wire/packet_priv.h"

enum {
	IP_HOP_BY_HOP = 0,
	IP_IPV4 = 4,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_DEST_OPTS = 60,
	IP_ETHERIP = 97,
	IP_MOBILITY = 135,
	IP_MPLS = 137,
	IP_HIP = 139,
	IP_SHIM6 = 140,
	IP_ETHERNET = 143,
};

static int udp(struct dig *d)
{
	struct packet *p = d->p;

	p->sport = cur_be16(&d->c);
	p->dport = cur_be16(&d->c);
	size_t len = cur_be16(&d->c);
	cur_skip(&d->c, 2);
	if (d->c.err)
		return dig_short(d);
	/* 0: a jumbogram (RFC 2675), or a packet that the card was to cut up. */
	if (len && (len < 8 || !dig_narrow(d, len - 8)))
		return PACKET_BAD;
	p->payload = span_of(d->c.p + d->c.off, cur_left(&d->c));
	int rc = dig_udp_tunnel(d);
	return rc >= 0 ? rc : PACKET_OK;
}

static int tcp(struct dig *d)
{
	struct cur *c = &d->c;
	struct packet *p = d->p;

	p->sport = cur_be16(c);
	p->dport = cur_be16(c);
	p->seq = cur_be32(c);
	p->ack = cur_be32(c);
	size_t header = (size_t)(cur_u8(c) >> 4) * 4;
	p->flags = cur_u8(c);
	cur_skip(c, 6);
	if (c->err)
		return dig_short(d);
	if (header < 20)
		return PACKET_BAD;
	cur_skip(c, header - 20);
	if (c->err)
		return dig_short(d);
	p->payload = cur_rest(c);
	return PACKET_OK;
}

/* RFC 3378: version 3 and twelve bits of zero. */
static int etherip(struct dig *d)
{
	uint16_t head = cur_be16(&d->c);

	if (d->c.err)
		return dig_short(d);
	return head == 0x3000 ? dig_ethernet(d) : PACKET_BAD;
}

static int transport(struct dig *d, uint8_t proto)
{
	d->p->proto = proto;
	switch (proto) {
	case PACKET_TCP:
		return tcp(d);
	case PACKET_UDP:
		return udp(d);
	case IP_IPV4:
		return dig_inside(d, dig_ipv4);
	case IP_IPV6:
		return dig_inside(d, dig_ipv6);
	case IP_GRE:
		return dig_inside(d, dig_gre);
	case IP_ETHERIP:
		return dig_inside(d, etherip);
	case IP_MPLS:
		return dig_inside(d, dig_mpls);
	case IP_ETHERNET:
		return dig_inside(d, dig_ethernet);
	default:
		return PACKET_OTHER;
	}
}

/* Extension headers (RFC 8200 section 4), which IPv4 has only one of. */
static bool is_extension(const struct packet *p, uint8_t proto)
{
	if (p->family == 4)
		return proto == IP_AH;
	return proto == IP_HOP_BY_HOP || proto == IP_ROUTING || proto == IP_FRAGMENT ||
	       proto == IP_AH || proto == IP_DEST_OPTS || proto == IP_MOBILITY || proto == IP_HIP ||
	       proto == IP_SHIM6;
}

/* True: a piece, of which everything is known. Alone in its packet (RFC 6946) it is none. */
static bool fragment(struct dig *d, uint8_t next)
{
	uint16_t off = cur_be16(&d->c);
	uint32_t id = cur_be32(&d->c);

	if (d->c.err || !(off & 0xfff9))
		return false;
	d->p->proto = next;
	d->p->frag_id = id;
	d->p->frag_offset = off & 0xfff8;
	d->p->frag_more = off & 1;
	d->p->payload = cur_rest(&d->c);
	return true;
}

int dig_proto(struct dig *d, uint8_t proto)
{
	for (int n = 0; is_extension(d->p, proto); n++) {
		if (n == PACKET_EXT_MAX)
			return PACKET_BAD;
		uint8_t next = cur_u8(&d->c), len = cur_u8(&d->c);
		if (proto == IP_FRAGMENT) {
			if (fragment(d, next))
				return PACKET_FRAGMENT;
		} else {
			cur_skip(&d->c,
			    proto == IP_AH ? (size_t)(len + 2) * 4 - 2 : (size_t)len * 8 + 6);
		}
		if (d->c.err)
			return dig_short(d);
		proto = next;
	}
	return transport(d, proto);
}

/* off: in units of eight bytes, below the flags. */
static int ipv4_piece(struct dig *d, uint8_t proto, uint16_t id, uint16_t off)
{
	d->p->proto = proto;
	d->p->frag_id = id;
	d->p->frag_offset = (uint32_t)(off & 0x1fff) * 8;
	d->p->frag_more = off & 0x2000;
	d->p->payload = cur_rest(&d->c);
	return PACKET_FRAGMENT;
}

int dig_ipv4(struct dig *d)
{
	struct cur *c = &d->c;
	uint8_t first = cur_u8(c);
	size_t header = (size_t)(first & 15) * 4;

	cur_skip(c, 1);
	size_t total = cur_be16(c);
	uint16_t id = cur_be16(c), frag = cur_be16(c);
	cur_skip(c, 1);
	uint8_t proto = cur_u8(c);
	cur_skip(c, 2);
	struct span src = cur_take(c, 4), dst = cur_take(c, 4);
	if (dig_work(d))
		return PACKET_TUNNEL;
	if (c->err)
		return dig_short(d);
	if (first >> 4 != 4 || header < 20 || (total && total < header))
		return PACKET_BAD;
	cur_skip(c, header - 20);
	if (c->err)
		return dig_short(d);
	/* 0: longer than 64 KiB, before the card cut it up. */
	d->p->length = (uint32_t)(total ? total : header + cur_left(c));
	if (total && !dig_narrow(d, total - header))
		return PACKET_BAD;
	d->p->family = 4;
	memset(d->p->src, 0, sizeof(d->p->src));
	memset(d->p->dst, 0, sizeof(d->p->dst));
	memcpy(d->p->src, src.p, 4);
	memcpy(d->p->dst, dst.p, 4);
	d->tags = 0;
	return frag & 0x3fff ? ipv4_piece(d, proto, id, frag) : dig_proto(d, proto);
}

/* The length of a jumbogram (RFC 2675), from the hop-by-hop options that c begins with; 0: none. */
static uint32_t jumbo(struct cur c)
{
	cur_skip(&c, 1);
	size_t len = cur_u8(&c);
	struct cur o = cur_sub(&c, len * 8 + 6);

	while (cur_left(&o)) {
		uint8_t type = cur_u8(&o);
		uint8_t n = type ? cur_u8(&o) : 0; /* 0 is one byte of padding */
		if (type == 0xc2 && n == 4)
			return cur_be32(&o);
		cur_skip(&o, n);
	}
	return 0;
}

int dig_ipv6(struct dig *d)
{
	struct cur *c = &d->c;
	uint8_t first = cur_u8(c);

	cur_skip(c, 3);
	size_t len = cur_be16(c);
	uint8_t proto = cur_u8(c);
	cur_skip(c, 1);
	struct span src = cur_take(c, 16), dst = cur_take(c, 16);
	if (dig_work(d))
		return PACKET_TUNNEL;
	if (c->err)
		return dig_short(d);
	if (first >> 4 != 6)
		return PACKET_BAD;
	if (!len && proto == IP_HOP_BY_HOP)
		len = jumbo(*c);
	d->p->length = (uint32_t)(40 + (len ? len : cur_left(c)));
	if (len && !dig_narrow(d, len))
		return PACKET_BAD;
	d->p->family = 6;
	memcpy(d->p->src, src.p, 16);
	memcpy(d->p->dst, dst.p, 16);
	d->tags = 0;
	return dig_proto(d, proto);
}

int dig_ip(struct dig *d)
{
	if (!cur_left(&d->c))
		return dig_short(d);
	switch (cur_peek(&d->c) >> 4) {
	case 4:
		return dig_ipv4(d);
	case 6:
		return dig_ipv6(d);
	default:
		return PACKET_BAD;
	}
}
