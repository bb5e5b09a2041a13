/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/live_priv.h"

#include "wire/packet.h"

#include <net/if_arp.h>
#include <net/ethernet.h>

static struct tpacket_block_desc *block_at(const struct live_ring *r)
{
	return (struct tpacket_block_desc *)(void *)(r->map + r->block * LIVE_BLOCK);
}

static void give_back(struct live_ring *r)
{
	struct tpacket_block_desc *b = block_at(r);

	b->hdr.bh1.num_pkts = 0; /* live_ring_pending reads it before the kernel writes it */
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->block = r->block + 1 == r->blocks ? 0 : r->block + 1;
	r->open = false;
}

static bool next_block(struct live_ring *r)
{
	if (r->open)
		give_back(r);
	const struct tpacket_block_desc *b = block_at(r);
	if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	r->open = true;
	r->left = b->hdr.bh1.num_pkts;
	r->at = b->hdr.bh1.offset_to_first_pkt;
	return true;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The tag goes back behind the two addresses, which move to the front. */
static void restore_tag(uint8_t *mac, const struct tpacket3_hdr *h)
{
	bool known = h->tp_status & TP_STATUS_VLAN_TPID_VALID;

	memmove(mac - 4, mac, 12);
	put16(mac + 8, known ? h->hv1.tp_vlan_tpid : ETHERTYPE_VLAN);
	put16(mac + 10, (uint16_t)h->hv1.tp_vlan_tci);
}

/* LINKTYPE_LINUX_SLL: packet type, device type, address length, address, protocol. */
static void cook(uint8_t *at, const struct sockaddr_ll *ll)
{
	put16(at, ll->sll_pkttype);
	put16(at + 2, ll->sll_hatype);
	put16(at + 4, ll->sll_halen);
	memcpy(at + 6, ll->sll_addr, 8);
	memcpy(at + 14, &ll->sll_protocol, 2);
}

static struct live_packet frame_of(uint8_t *at)
{
	const struct tpacket3_hdr *h = (const struct tpacket3_hdr *)(void *)at;
	const struct sockaddr_ll *ll =
	    (const struct sockaddr_ll *)(void *)(at + TPACKET_ALIGN(sizeof(*h)));
	struct live_packet p = {
		.time = (ts)h->tp_sec * TS_SECOND + h->tp_nsec,
		.link = PACKET_LINK_ETHERNET,
		.sent = h->tp_len,
		.frame = { at + h->tp_mac, h->tp_snaplen },
	};

	if (ll->sll_hatype == ARPHRD_ETHER || ll->sll_hatype == ARPHRD_LOOPBACK) {
		if (!(h->tp_status & TP_STATUS_VLAN_VALID) || p.frame.n < 12)
			return p;
		restore_tag(at + h->tp_mac, h);
		p.frame = span_of(p.frame.p - 4, p.frame.n + 4);
		p.sent += 4;
		return p;
	}
	uint32_t mac = (uint32_t)(h->tp_net - h->tp_mac); /* of the device's own header */
	if (mac > h->tp_snaplen)
		mac = h->tp_snaplen;
	uint8_t *net = at + h->tp_mac + mac;
	cook(net - 16, ll);
	p.link = PACKET_LINK_SLL;
	p.frame = span_of(net - 16, h->tp_snaplen - mac + 16);
	p.sent = h->tp_len - mac + 16;
	return p;
}

size_t live_ring_take(struct live_ring *r, struct live_packet *ret_p, size_t max)
{
	/* A block may be given without packets. */
	while (!r->open || r->left == 0)
		if (!next_block(r))
			return 0;

	size_t n = r->left < max ? r->left : max;
	uint8_t *base = r->map + r->block * LIVE_BLOCK;
	for (size_t i = 0; i < n; i++) {
		uint8_t *at = base + r->at;
		r->at += ((const struct tpacket3_hdr *)(void *)at)->tp_next_offset;
		__builtin_prefetch(base + r->at);
		ret_p[i] = frame_of(at);
	}
	r->left -= (uint32_t)n;
	return n;
}

bool live_ring_pending(const struct live_ring *r)
{
	const struct tpacket_block_desc *b = block_at(r);

	return r->open ||
	       __atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER ||
	       __atomic_load_n(&b->hdr.bh1.num_pkts, __ATOMIC_RELAXED) > 0;
}
