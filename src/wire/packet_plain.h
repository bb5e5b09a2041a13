/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * packet_plain: finds the headers of the packets that are nearly all there are, for packet.c and
 * packet_hash.c: Ethernet (perhaps one tag), Linux cooked or raw; IPv4 without options and not a
 * piece, or IPv6 without extension headers; TCP, or UDP that cannot be a tunnel. Whatever is not
 * so is left to the dig_ functions; what is gives the same there (tests compare).
 */

#include "wire/packet_priv.h"

struct plain {
	const uint8_t *ip, *l4; /* l4: at least 8 bytes are there */
	size_t left;		/* captured bytes from ip on */
	uint16_t vlan, sport, dport;
	uint8_t family, proto;
};

static inline uint16_t plain_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t plain_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Where the IP header begins; 0: not known here. n is at least 28. */
static inline size_t plain_link(
    const uint8_t *f, uint32_t link, uint16_t *ret_type, uint16_t *ret_vlan)
{
	*ret_vlan = 0;
	switch (link) {
	case PACKET_LINK_ETHERNET:
		*ret_type = plain_be16(f + 12);
		if (*ret_type != ETH_VLAN)
			return 14;
		*ret_vlan = plain_be16(f + 14) & 0xfff;
		*ret_type = plain_be16(f + 16);
		return 18;
	case PACKET_LINK_SLL:
		*ret_type = plain_be16(f + 14);
		return 16;
	case PACKET_LINK_SLL2:
		*ret_type = plain_be16(f);
		return 20;
	default:
		return 0;
	}
}

static inline bool plain_ip(struct plain *x, uint16_t type)
{
	const uint8_t *ip = x->ip;
	size_t header;

	if (type == ETH_IPV4) {
		if (x->left < 28 || ip[0] != 0x45 || (ip[6] & 0x3f) | ip[7])
			return false;
		x->family = 4;
		x->proto = ip[9];
		header = 20;
	} else if (type == ETH_IPV6) {
		if (x->left < 48 || ip[0] >> 4 != 6)
			return false;
		x->family = 6;
		x->proto = ip[6];
		header = 40;
	} else {
		return false;
	}
	x->l4 = ip + header;
	x->sport = plain_be16(x->l4);
	x->dport = plain_be16(x->l4 + 2);
	return x->proto == PACKET_TCP ||
	       (x->proto == PACKET_UDP && !packet_tunnel_ports(x->sport, x->dport) &&
		   !packet_teredo_like(x->l4 + 8, x->left - header - 8));
}

static inline bool plain_find(const uint8_t *f, size_t n, uint32_t link, struct plain *x)
{
	uint16_t type;

	if (n < 42)
		return false;
	size_t at = plain_link(f, link, &type, &x->vlan);
	x->ip = f + at;
	x->left = n - at;
	return at && plain_ip(x, type);
}

static inline void plain_addresses(const struct plain *x, uint8_t src[16], uint8_t dst[16])
{
	if (x->family == 4) {
		memset(src, 0, 16);
		memset(dst, 0, 16);
		memcpy(src, x->ip + 12, 4);
		memcpy(dst, x->ip + 16, 4);
	} else {
		memcpy(src, x->ip + 8, 16);
		memcpy(dst, x->ip + 24, 16);
	}
}

/* The whole of it; false: cut, or a length that needs a closer look. */
static inline bool plain_packet(const struct plain *x, struct packet *ret_p)
{
	const uint8_t *l4 = x->l4;
	size_t header = (size_t)(l4 - x->ip);
	size_t total = x->family == 4 ? plain_be16(x->ip + 2) : plain_be16(x->ip + 4) + (size_t)40;

	if (total > x->left || total < header + 8)
		return false;
	size_t n = total - header, skip = 8;
	ret_p->flags = 0;
	ret_p->seq = ret_p->ack = 0;
	if (x->proto == PACKET_TCP) {
		if (n < 20)
			return false;
		skip = (size_t)(l4[12] >> 4) * 4;
		if (skip < 20 || skip > n)
			return false;
		ret_p->seq = plain_be32(l4 + 4);
		ret_p->ack = plain_be32(l4 + 8);
		ret_p->flags = l4[13];
	} else {
		size_t says = plain_be16(l4 + 4);
		if (says < 8 || says > n)
			return false;
		n = says;
	}
	ret_p->family = x->family;
	ret_p->proto = x->proto;
	ret_p->cut = false;
	ret_p->tunnels = 0;
	ret_p->frag_more = false;
	ret_p->vlan = x->vlan;
	ret_p->sport = x->sport;
	ret_p->dport = x->dport;
	ret_p->length = (uint32_t)total;
	ret_p->frag_id = ret_p->frag_offset = 0;
	plain_addresses(x, ret_p->src, ret_p->dst);
	ret_p->payload = span_of(l4 + skip, n - skip);
	return true;
}
