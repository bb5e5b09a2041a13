/* SPDX-License-Identifier: Apache-2.0 */

/* packet_wlan: IEEE 802.11 and the headers that capture programs put before it. */

#include "wire/packet_priv.h"

enum {
	WLAN_DATA = 2,
	WLAN_TO_DS = 0x01,
	WLAN_FROM_DS = 0x02,
	WLAN_PROTECTED = 0x40,
	WLAN_ORDER = 0x80,
	WLAN_QOS = 0x80, /* subtype bits, in the first byte */
	WLAN_NO_DATA = 0x40,
};

/* IEEE 802.11 section 9.2: pad: the header is filled up to words. */
static int wlan(struct dig *d, bool pad, bool swapped)
{
	struct cur *c = &d->c;
	size_t from = c->off;
	uint8_t type = cur_u8(c), flags = cur_u8(c);
	if (swapped) {
		uint8_t first = type;
		type = flags;
		flags = first;
	}

	cur_skip(c, 22);
	if ((flags & 3) == (WLAN_TO_DS | WLAN_FROM_DS))
		cur_skip(c, 6);
	uint16_t qos = type & WLAN_QOS ? cur_be16(c) : 0;
	if (type & WLAN_QOS && flags & WLAN_ORDER) /* HT control */
		cur_skip(c, 4);
	if ((type >> 2 & 3) != WLAN_DATA || type & WLAN_NO_DATA || flags & WLAN_PROTECTED)
		return PACKET_NOT_IP;
	if (pad)
		cur_skip(c, (from - c->off) & 3);
	if (qos & 0x8000) /* A-MSDU: the first of them */
		cur_skip(c, 14);
	if (c->err)
		return PACKET_SHORT;
	return dig_llc(d);
}

int dig_wlan(struct dig *d)
{
	return wlan(d, false, false);
}

static int swapped(struct dig *d)
{
	return wlan(d, false, true);
}

int dig_wlan_swapped(struct dig *d)
{
	int rc = dig_try(d, swapped);
	return rc >= 0 ? rc : dig_wlan(d);
}

/* radiotap.org: version 0, length, masks of fields (bit 31: another mask). Of the fields only the
 * flags matter, which can have but the time (bit 0, eight bytes, aligned) before them. */
int dig_radiotap(struct dig *d)
{
	struct cur head = d->c;
	size_t from = head.off;
	uint8_t version = cur_u8(&head);

	cur_skip(&head, 1);
	size_t len = cur_le16(&head);
	uint32_t first = cur_le32(&head);
	for (uint32_t mask = first; mask >> 31 && !head.err;)
		mask = cur_le32(&head);
	if (first & 1) {
		cur_skip(&head, (from - head.off) & 7);
		cur_skip(&head, 8);
	}
	uint8_t flags = first & 2 ? cur_u8(&head) : 0;
	cur_skip(&d->c, len);
	if (head.err || d->c.err)
		return PACKET_SHORT;
	return version == 0 && len >= 8 ? wlan(d, flags & 0x20, false) : PACKET_BAD;
}

/* AVS: magic with version, length of the header. */
int dig_avs(struct dig *d)
{
	uint32_t magic = cur_be32(&d->c);
	size_t len = cur_be32(&d->c);

	cur_skip(&d->c, len < 8 ? 0 : len - 8);
	if (d->c.err)
		return PACKET_SHORT;
	return magic >> 12 == 0x80211 && len >= 8 ? wlan(d, false, false) : PACKET_BAD;
}

/* Prism: message code and length, in the byte order of the machine; some drivers write AVS. */
int dig_prism(struct dig *d)
{
	struct cur ahead = d->c;

	if (cur_be32(&ahead) >> 12 == 0x80211)
		return dig_avs(d);
	uint32_t len = cur_le32(&ahead);
	cur_skip(&d->c, len > 0xffff ? __builtin_bswap32(len) : len);
	if (d->c.err)
		return PACKET_SHORT;
	return len ? wlan(d, false, false) : PACKET_BAD;
}
