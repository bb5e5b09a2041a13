/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/packet.h"

#include "base/cur.h"

enum {
	ETH_IPV4 = 0x0800,
	ETH_IPV6 = 0x86dd,
	ETH_VLAN = 0x8100,
	ETH_QINQ = 0x88a8,
	ETH_QINQ_OLD = 0x9100,
	ETH_MPLS = 0x8847,
	ETH_PPPOE = 0x8864,
};

enum {
	IP_HOP_BY_HOP = 0,
	IP_IPV4 = 4,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_DEST_OPTS = 60,
	IP_MOBILITY = 135,
	IP_HIP = 139,
	IP_SHIM6 = 140,
};

/* The rest of c, cut to the n bytes that a header announces; cut when fewer were captured. */
static struct span body(struct cur *c, size_t n, bool *cut)
{
	if (n > cur_left(c)) {
		*cut = true;
		n = cur_left(c);
	}
	return cur_take(c, n);
}

static int udp(struct cur *c, struct packet *p)
{
	p->sport = cur_be16(c);
	p->dport = cur_be16(c);
	size_t len = cur_be16(c);
	cur_skip(c, 2);
	if (c->err)
		return PACKET_SHORT;
	/* 0: a jumbogram (RFC 2675), or a packet that the card was to cut up. */
	size_t want = len == 0 ? cur_left(c) : len - 8;
	if (len != 0 && (len < 8 || (want > cur_left(c) && !p->cut)))
		return PACKET_BAD;
	p->payload = body(c, want, &p->cut);
	return PACKET_OK;
}

static int tcp(struct cur *c, struct packet *p)
{
	p->sport = cur_be16(c);
	p->dport = cur_be16(c);
	p->seq = cur_be32(c);
	cur_skip(c, 4);
	size_t header = (size_t)(cur_u8(c) >> 4) * 4;
	p->flags = cur_u8(c);
	cur_skip(c, 6);
	if (c->err)
		return PACKET_SHORT;
	if (header < 20)
		return PACKET_BAD;
	cur_skip(c, header - 20);
	if (c->err)
		return p->cut ? PACKET_SHORT : PACKET_BAD;
	p->payload = cur_rest(c);
	return PACKET_OK;
}

/* Ports whose UDP payload is another packet: GTP-U, Teredo, VXLAN (2), Geneve. */
static bool is_tunnel_port(uint16_t port)
{
	return port == 2152 || port == 3544 || port == 4789 || port == 8472 || port == 6081;
}

static int transport(struct span s, uint8_t proto, struct packet *p)
{
	struct cur c = cur_of(s);
	int rc;

	p->proto = proto;
	switch (proto) {
	case PACKET_TCP:
		return tcp(&c, p);
	case PACKET_UDP:
		rc = udp(&c, p);
		return rc == 0 && is_tunnel_port(p->dport) ? PACKET_TUNNEL : rc;
	case IP_IPV4:
	case IP_IPV6:
	case IP_GRE:
		return PACKET_TUNNEL;
	default:
		return PACKET_OTHER;
	}
}

static int ipv4(struct cur *c, struct packet *p)
{
	uint8_t first = cur_u8(c);
	size_t header = (size_t)(first & 15) * 4;

	cur_skip(c, 1);
	size_t total = cur_be16(c);
	cur_skip(c, 2);
	uint16_t frag = cur_be16(c);
	cur_skip(c, 1);
	uint8_t proto = cur_u8(c);
	cur_skip(c, 2);
	struct span src = cur_take(c, 4), dst = cur_take(c, 4);
	if (c->err)
		return PACKET_SHORT;
	if (first >> 4 != 4 || header < 20 || (total && total < header))
		return PACKET_BAD;
	cur_skip(c, header - 20);
	if (c->err)
		return PACKET_SHORT;
	p->family = 4;
	memcpy(p->src, src.p, 4);
	memcpy(p->dst, dst.p, 4);
	/* 0: longer than 64 KiB, before the card cut it up. */
	struct span s = body(c, total ? total - header : cur_left(c), &p->cut);
	return frag & 0x3fff ? PACKET_FRAGMENT : transport(s, proto, p);
}

static bool is_extension(uint8_t proto)
{
	return proto == IP_HOP_BY_HOP || proto == IP_ROUTING || proto == IP_FRAGMENT ||
	    proto == IP_AH || proto == IP_DEST_OPTS || proto == IP_MOBILITY || proto == IP_HIP ||
	    proto == IP_SHIM6;
}

/* RFC 8200 section 4: the chain up to the transport header. */
static int ipv6_chain(struct span s, uint8_t proto, struct packet *p)
{
	struct cur c = cur_of(s);

	for (int n = 0; is_extension(proto); n++) {
		if (n == PACKET_EXT_MAX)
			return PACKET_BAD;
		uint8_t next = cur_u8(&c), len = cur_u8(&c);
		if (proto == IP_FRAGMENT) {
			uint16_t off = cur_be16(&c);
			cur_skip(&c, 4);
			if (!c.err && off & 0xfff9) /* an offset, or more to come; RFC 6946 else */
				return PACKET_FRAGMENT;
		} else {
			cur_skip(&c,
			    proto == IP_AH ? (size_t)(len + 2) * 4 - 2 : (size_t)len * 8 + 6);
		}
		if (c.err)
			return p->cut ? PACKET_SHORT : PACKET_BAD;
		proto = next;
	}
	return transport(cur_rest(&c), proto, p);
}

static int ipv6(struct cur *c, struct packet *p)
{
	uint8_t first = cur_u8(c);

	cur_skip(c, 3);
	size_t len = cur_be16(c);
	uint8_t proto = cur_u8(c);
	cur_skip(c, 1);
	struct span src = cur_take(c, 16), dst = cur_take(c, 16);
	if (c->err)
		return PACKET_SHORT;
	if (first >> 4 != 6)
		return PACKET_BAD;
	p->family = 6;
	memcpy(p->src, src.p, 16);
	memcpy(p->dst, dst.p, 16);
	return ipv6_chain(body(c, len ? len : cur_left(c), &p->cut), proto, p);
}

/* By its own version field, for links that do not say (or say it per system). */
static int ip_any(struct cur *c, struct packet *p)
{
	if (!cur_left(c))
		return PACKET_SHORT;
	switch (cur_peek(c) >> 4) {
	case 4:
		return ipv4(c, p);
	case 6:
		return ipv6(c, p);
	default:
		return PACKET_BAD;
	}
}

/* RFC 3032: labels up to the bottom of the stack; what follows is known by its first nibble. */
static int mpls(struct cur *c, int *tags, struct packet *p)
{
	bool bottom = false;

	while (!bottom && (*tags)++ < PACKET_TAGS_MAX)
		bottom = cur_be32(c) & 0x100;
	if (c->err)
		return PACKET_SHORT;
	if (!bottom)
		return PACKET_BAD;
	uint8_t version = cur_peek(c) >> 4;
	return version == 4 || version == 6 ? ip_any(c, p) : PACKET_NOT_IP;
}

/* RFC 2516 session stage: six bytes, then PPP's protocol number. */
static int pppoe(struct cur *c, struct packet *p)
{
	cur_skip(c, 6);
	uint16_t proto = cur_be16(c);
	if (c->err)
		return PACKET_SHORT;
	return proto == 0x0021 ? ipv4(c, p) : proto == 0x0057 ? ipv6(c, p) : PACKET_NOT_IP;
}

static int ethertype(struct cur *c, uint16_t type, struct packet *p)
{
	int tags = 0;

	while (type == ETH_VLAN || type == ETH_QINQ || type == ETH_QINQ_OLD) {
		if (tags++ == PACKET_TAGS_MAX)
			return PACKET_BAD;
		cur_skip(c, 2);
		type = cur_be16(c);
	}
	if (c->err)
		return PACKET_SHORT;
	switch (type) {
	case ETH_IPV4:
		return ipv4(c, p);
	case ETH_IPV6:
		return ipv6(c, p);
	case ETH_MPLS:
		return mpls(c, &tags, p);
	case ETH_PPPOE:
		return pppoe(c, p);
	default:
		return PACKET_NOT_IP;
	}
}

/* A BSD address family, in the byte order of whatever machine captured. */
static int bsd_null(struct cur *c, struct packet *p)
{
	uint32_t family = cur_be32(c);

	if (c->err)
		return PACKET_SHORT;
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	bool ip = family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
	return ip ? ip_any(c, p) : PACKET_NOT_IP;
}

static int by_link(struct cur *c, uint32_t link, struct packet *p)
{
	uint16_t type;

	switch (link) {
	case PACKET_LINK_ETHERNET:
		cur_skip(c, 12);
		type = cur_be16(c);
		return ethertype(c, type, p);
	case PACKET_LINK_SLL:
		cur_skip(c, 14);
		type = cur_be16(c);
		return ethertype(c, type, p);
	case PACKET_LINK_SLL2:
		type = cur_be16(c);
		cur_skip(c, 18);
		return ethertype(c, type, p);
	case PACKET_LINK_NULL:
	case PACKET_LINK_LOOP:
		return bsd_null(c, p);
	case PACKET_LINK_RAW:
	case 12:
	case 14:
		return ip_any(c, p);
	case PACKET_LINK_IPV4:
		return ipv4(c, p);
	case PACKET_LINK_IPV6:
		return ipv6(c, p);
	default:
		return PACKET_LINK;
	}
}

int packet_decode(struct span frame, uint32_t link, struct packet *ret_p)
{
	struct cur c = cur_of(frame);

	*ret_p = (struct packet){ 0 };
	int rc = by_link(&c, link, ret_p);
	if (rc)
		*ret_p = (struct packet){ 0 };
	return rc;
}

int packet_decode_body(const struct packet *piece, struct span body, struct packet *ret_p)
{
	*ret_p = *piece;
	ret_p->cut = false;
	int rc = transport(body, piece->proto, ret_p);
	if (rc)
		*ret_p = (struct packet){ 0 };
	return rc;
}
