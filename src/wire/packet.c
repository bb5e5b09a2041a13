/* SPDX-License-Identifier: Apache-2.0 */

/* packet: the entry, and what is done for almost every packet without looking at the layers one by
 * one: Ethernet (perhaps one tag), IPv4 or IPv6 without options, TCP or UDP, nothing cut. */

#include "wire/packet_priv.h"

#include "wire/packet_plain.h"

static int by_link(struct dig *d, uint32_t link)
{
	switch (link) {
	case PACKET_LINK_ETHERNET:
		return dig_ethernet(d);
	case PACKET_LINK_RAW:
		return dig_ip(d);
	default:
		return dig_link(d, link);
	}
}

/* Of nothing, too, whose address may be NULL. */
static struct cur cur_over(struct span s)
{
	return cur_of(s.n ? s : SPAN_LIT(""));
}

static int decode(struct span frame, uint32_t link, struct packet *ret_p)
{
	struct dig d = { .c = cur_over(frame), .p = ret_p };

	*ret_p = (struct packet){ 0 };
	int rc = by_link(&d, link);
	if (rc && rc != PACKET_FRAGMENT)
		*ret_p = (struct packet){ 0 };
	return rc;
}

int packet_decode(struct span frame, uint32_t link, struct packet *ret_p)
{
	struct plain x;

	if (plain_find(frame.p, frame.n, link, &x) && plain_packet(&x, ret_p))
		return PACKET_OK;
	return decode(frame, link, ret_p);
}

int packet_decode_body(const struct packet *piece, struct span body, struct packet *ret_p)
{
	struct dig d = { .c = cur_over(body), .p = ret_p, .exact = true };

	*ret_p = (struct packet){ .family = piece->family,
		.tunnels = piece->tunnels,
		.vlan = piece->vlan,
		.length = (uint32_t)body.n + (piece->family == 4 ? 20 : 40) };
	memcpy(ret_p->src, piece->src, sizeof(ret_p->src));
	memcpy(ret_p->dst, piece->dst, sizeof(ret_p->dst));
	int rc = dig_proto(&d, piece->proto);
	if (rc && rc != PACKET_FRAGMENT)
		*ret_p = (struct packet){ 0 };
	return rc;
}
