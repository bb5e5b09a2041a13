/* SPDX-License-Identifier: Apache-2.0 */

/* packet_ether: what stands between the link and IP: Ethernet, its tags, LLC, MPLS, PPP. */

#include "wire/packet_priv.h"

enum {
	ETH_TRILL = 0x22f3,
	ETH_FABRICPATH = 0x8903,
	ETH_MACSEC = 0x88e5,
	ETH_PBB = 0x88e7,
	ETH_VNTAG = 0x8926,
	ETH_ETAG = 0x893f,
	ETH_QINQ_OLD = 0x9100, /* and 0x9200, 0x9300 */
	ETH_EDSA = 0xdada,     /* Marvell switches */
};

#define LENGTH_MAX 1500 /* of 802.3: what is less is no type */

static int try(struct dig *d, int (*layer)(struct dig *d), bool inside)
{
	struct packet p = *d->p;
	struct dig was = *d;
	int rc = inside ? dig_inside(d, layer) : layer(d);

	if (rc == PACKET_OK || rc == PACKET_FRAGMENT || rc == PACKET_OTHER || rc == PACKET_TUNNEL ||
	    rc == PACKET_SHORT)
		return rc;
	was.work = d->work;
	*d = was;
	*d->p = p;
	return -1;
}

int dig_try(struct dig *d, int (*layer)(struct dig *d))
{
	return try(d, layer, false);
}

int dig_try_inside(struct dig *d, int (*layer)(struct dig *d))
{
	return try(d, layer, true);
}

int dig_inside(struct dig *d, int (*layer)(struct dig *d))
{
	if (d->p->tunnels == PACKET_TUNNELS_MAX || dig_work(d))
		return PACKET_TUNNEL;
	d->p->tunnels++;
	d->p->payload = SPAN_NONE;
	d->p->sport = d->p->dport = 0;
	return layer(d);
}

int dig_ethernet(struct dig *d)
{
	if (dig_work(d))
		return PACKET_TUNNEL;
	cur_skip(&d->c, 12);
	return dig_typed(d);
}

int dig_typed(struct dig *d)
{
	return dig_ethertype(d, cur_be16(&d->c));
}

/* IEEE 802.1AE: the tag of a frame that is signed, not encrypted, can be read over. */
static int macsec(struct dig *d)
{
	uint8_t control = cur_u8(&d->c);

	if (control & 0x0c)
		return PACKET_NOT_IP;
	cur_skip(&d->c, control & 0x20 ? 13 : 5);
	return dig_typed(d);
}

static int skip_to_ethernet(struct dig *d, size_t n)
{
	cur_skip(&d->c, n);
	return dig_ethernet(d);
}

/* RFC 6325 section 3: six bytes and options. */
static int trill(struct dig *d)
{
	uint16_t head = cur_be16(&d->c);
	return skip_to_ethernet(d, 4 + (size_t)(head >> 6 & 31) * 4);
}

/* A tag, before the type of what it tags. */
static int tag(struct dig *d, size_t n)
{
	cur_skip(&d->c, n);
	return dig_typed(d);
}

static int vlan(struct dig *d)
{
	uint16_t id = cur_be16(&d->c) & 0xfff;

	if (id) /* 0: a priority only */
		d->p->vlan = id;
	return dig_typed(d);
}

static int tagged(struct dig *d, uint16_t type)
{
	if (d->tags++ == PACKET_TAGS_MAX)
		return PACKET_BAD;
	switch (type) {
	case ETH_VNTAG:
		return tag(d, 4);
	case ETH_ETAG:
	case ETH_EDSA:
		return tag(d, 6);
	case ETH_MACSEC:
		return macsec(d);
	case ETH_PBB:
		return skip_to_ethernet(d, 4);
	case ETH_FABRICPATH:
		return skip_to_ethernet(d, 2);
	case ETH_TRILL:
		return trill(d);
	default:
		return vlan(d);
	}
}

int dig_ethertype(struct dig *d, uint16_t type)
{
	if (d->c.err)
		return dig_short(d);
	if (type <= LENGTH_MAX)
		return dig_llc(d);
	switch (type) {
	case ETH_IPV4:
		return dig_ipv4(d);
	case ETH_IPV6:
		return dig_ipv6(d);
	case ETH_MPLS:
	case ETH_MPLS_MULTI:
		return dig_mpls(d);
	case ETH_PPPOE:
		return dig_pppoe(d);
	case ETH_PPP:
		return dig_ppp(d);
	case ETH_NSH:
		return dig_nsh(d);
	case ETH_ETHERNET:
		return dig_ethernet(d);
	case ETH_VLAN:
	case ETH_QINQ:
	case ETH_QINQ_OLD:
	case 0x9200:
	case 0x9300:
	case ETH_VNTAG:
	case ETH_ETAG:
	case ETH_EDSA:
	case ETH_MACSEC:
	case ETH_PBB:
	case ETH_FABRICPATH:
	case ETH_TRILL:
		return tagged(d, type);
	default:
		return PACKET_NOT_IP;
	}
}

/* IEEE 802.2: SNAP with a type (RFC 1042; 00-00-F8 is 802.1H's), IP as ISO numbers it (RFC 1483).
 */
int dig_llc(struct dig *d)
{
	uint16_t saps = cur_be16(&d->c);
	uint8_t control = cur_u8(&d->c);

	if (d->c.err)
		return dig_short(d);
	if (saps == 0xaaaa && control == 3) {
		uint32_t oui = cur_be24(&d->c);
		uint16_t type = cur_be16(&d->c);
		if (d->c.err)
			return dig_short(d);
		bool typed = (oui == 0 || oui == 0xf8) && type > LENGTH_MAX;
		return typed ? dig_ethertype(d, type) : PACKET_NOT_IP;
	}
	if (saps == 0x0606 && control == 3)
		return dig_ipv4(d);
	if (saps == 0xfefe && control == 3) {
		uint8_t nlpid = cur_u8(&d->c);
		return nlpid == 0xcc ? dig_ipv4(d) : nlpid == 0x8e ? dig_ipv6(d) : PACKET_NOT_IP;
	}
	return PACKET_NOT_IP;
}

/* RFC 4385: a word of zeros in the first nibble, then the frame. */
static int pseudo_wire(struct dig *d)
{
	return skip_to_ethernet(d, 4);
}

static int whole_ip(struct dig *d)
{
	int rc = dig_ip(d);
	return d->p->cut ? PACKET_BAD : rc;
}

/* RFC 3032: labels up to the bottom of the stack. What follows is not said: IP shows itself by its
 * version and a length that fits; else it may be Ethernet (RFC 4448), behind a control word or not.
 */
int dig_mpls(struct dig *d)
{
	bool bottom = false;

	while (!bottom && d->tags++ < PACKET_TAGS_MAX)
		bottom = cur_be32(&d->c) & 0x100;
	if (d->c.err)
		return dig_short(d);
	if (!bottom)
		return PACKET_BAD;
	uint8_t version = cur_peek(&d->c) >> 4;
	bool ip = version == 4 || version == 6;
	int rc = ip ? dig_try(d, whole_ip) : version == 0 ? dig_try(d, pseudo_wire) : -1;
	if (rc < 0)
		rc = dig_try(d, dig_ethernet);
	return rc >= 0 ? rc : ip ? dig_ip(d) : PACKET_NOT_IP;
}

/* RFC 1661, 1662: address and control may be there, the protocol may be one byte (odd). */
int dig_ppp(struct dig *d)
{
	struct cur *c = &d->c;
	struct cur ahead = *c;

	if (cur_be16(&ahead) == 0xff03)
		*c = ahead;
	uint16_t proto = cur_u8(c);
	if (!(proto & 1))
		proto = (uint16_t)(proto << 8 | cur_u8(c));
	if (c->err)
		return dig_short(d);
	switch (proto) {
	case 0x21:
		return dig_ipv4(d);
	case 0x57:
		return dig_ipv6(d);
	case 0x281:
	case 0x283:
		return dig_mpls(d);
	default:
		return PACKET_NOT_IP;
	}
}

/* RFC 2516 section 4: version and type 1; code 0 is the session. */
int dig_pppoe(struct dig *d)
{
	uint16_t head = cur_be16(&d->c);

	cur_skip(&d->c, 4);
	if (d->c.err)
		return dig_short(d);
	return head == 0x1100 ? dig_ppp(d) : PACKET_NOT_IP;
}

int dig_nsh_next(struct dig *d, uint8_t next)
{
	switch (next) {
	case 1:
		return dig_ipv4(d);
	case 2:
		return dig_ipv6(d);
	case 3:
		return dig_ethernet(d);
	case 4:
		return dig_nsh(d);
	case 5:
		return dig_mpls(d);
	default:
		return PACKET_NOT_IP;
	}
}

/* RFC 8300 section 2: length in words of the whole header. */
int dig_nsh(struct dig *d)
{
	uint16_t head = cur_be16(&d->c);
	size_t len = (size_t)(head & 0x3f) * 4;

	cur_skip(&d->c, 1);
	uint8_t next = cur_u8(&d->c);
	cur_skip(&d->c, len < 8 ? 0 : len - 4);
	if (dig_work(d))
		return PACKET_TUNNEL;
	if (d->c.err)
		return dig_short(d);
	if (len < 8 || head >> 14)
		return PACKET_BAD;
	return dig_nsh_next(d, next);
}
