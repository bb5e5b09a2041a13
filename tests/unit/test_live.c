/* SPDX-License-Identifier: Apache-2.0 */

#include "base/util.h"
#include "sense/net/live_priv.h"
#include "tap.h"
#include "wire/packet.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>

/* --- the ring, filled as the kernel does (packet_mmap.rst) --- */

#define BLOCKS 3

static _Alignas(4096) uint8_t map[BLOCKS * LIVE_BLOCK];

static struct tpacket_block_desc *block(size_t i)
{
	return (struct tpacket_block_desc *)(void *)(map + i * LIVE_BLOCK);
}

struct frame {
	const char *bytes;
	uint32_t n, mac, len; /* of it, of the device's header, as sent */
	uint16_t type;
	uint32_t status;
	uint16_t tci, tpid;
};

static uint32_t put_frame(uint8_t *base, uint32_t at, const struct frame *f)
{
	struct tpacket3_hdr *h = (struct tpacket3_hdr *)(void *)(base + at);
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IP),
		.sll_hatype = f->type,
		.sll_pkttype = PACKET_OUTGOING,
		.sll_halen = 2,
		.sll_addr = { 0xaa, 0xbb },
	};
	uint32_t net = TPACKET_ALIGN(TPACKET3_HDRLEN) + LIVE_RESERVE + (f->mac < 16 ? 16 : f->mac);

	*h = (struct tpacket3_hdr){
		.tp_sec = 1000,
		.tp_nsec = at,
		.tp_snaplen = f->n,
		.tp_len = f->len,
		.tp_status = TP_STATUS_USER | f->status,
		.tp_mac = (uint16_t)(net - f->mac),
		.tp_net = (uint16_t)net,
		.hv1 = { .tp_vlan_tci = f->tci, .tp_vlan_tpid = f->tpid },
	};
	memcpy(base + at + TPACKET_ALIGN(sizeof(*h)), &ll, sizeof(ll));
	memcpy(base + at + h->tp_mac, f->bytes, f->n);
	h->tp_next_offset = TPACKET_ALIGN(h->tp_mac + f->n);
	return at + h->tp_next_offset;
}

static void put_block(size_t i, const struct frame *f, uint32_t n)
{
	struct tpacket_block_desc *b = block(i);
	uint32_t at = 48;

	b->hdr.bh1.num_pkts = n;
	b->hdr.bh1.offset_to_first_pkt = at;
	for (uint32_t k = 0; k < n; k++)
		at = put_frame(map + i * LIVE_BLOCK, at, &f[k]);
	b->hdr.bh1.block_status = TP_STATUS_USER;
}

#define ADDRESSES "\1\2\3\4\5\6\7\10\11\12\13\14"
#define PLAIN ADDRESSES "\x08\0IP"

static void frames(void)
{
	struct live_ring r = { .map = map, .blocks = BLOCKS };
	struct live_packet p[8];
	const struct frame f[] = {
		{ PLAIN, 16, 14, 16, ARPHRD_ETHER, 0, 0, 0 },
		{ PLAIN, 16, 14, 900, ARPHRD_LOOPBACK, TP_STATUS_CSUMNOTREADY, 0, 0 },
		{ PLAIN, 16, 14, 16, ARPHRD_ETHER, TP_STATUS_VLAN_VALID, 0x2064, 0 },
		{ PLAIN, 16, 14, 16, ARPHRD_ETHER, TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID,
		    7, 0x88a8 },
		{ PLAIN, 6, 6, 16, ARPHRD_ETHER, TP_STATUS_VLAN_VALID, 7, 0 },
		{ "IP", 2, 0, 2, ARPHRD_NONE, 0, 0, 0 },
		{ "PPIP", 4, 2, 60, ARPHRD_PPP, 0, 0, 0 },
	};

	ok(live_ring_take(&r, p, 8) == 0 && !live_ring_pending(&r), "nothing is there");
	put_block(0, f, 7);
	ok(live_ring_pending(&r), "there is a block");
	is_int(live_ring_take(&r, p, 8), 7, "all packets of a block");
	ok(p[0].link == PACKET_LINK_ETHERNET && span_eq(p[0].frame, SPAN_LIT(PLAIN)) &&
		p[0].sent == 16 && p[0].time == 1000 * TS_SECOND + 48,
	    "Ethernet as it is");
	ok(p[1].link == PACKET_LINK_ETHERNET && p[1].sent == 900, "loopback, cut");
	ok(span_eq(p[2].frame, SPAN_LIT(ADDRESSES "\x81\0\x20\x64\x08\0IP")) && p[2].sent == 20,
	    "a tag that was taken out is back");
	ok(span_eq(p[3].frame, SPAN_LIT(ADDRESSES "\x88\xa8\0\7\x08\0IP")), "and of its own kind");
	ok(p[4].frame.n == 6 && p[4].sent == 16, "too short for a tag");
	ok(p[5].link == PACKET_LINK_SLL &&
		span_eq(p[5].frame, SPAN_LIT("\0\4\xff\xfe\0\2\xaa\xbb\0\0\0\0\0\0\x08\0IP")) &&
		p[5].sent == 18,
	    "no header: cooked");
	ok(p[6].link == PACKET_LINK_SLL && p[6].frame.n == 18 && p[6].sent == 74 &&
		memcmp(p[6].frame.p + 16, "IP", 2) == 0,
	    "PPP: its own header makes room");
}

static void blocks(void)
{
	struct live_ring r = { .map = map, .blocks = BLOCKS };
	struct live_packet p[8];
	const struct frame f[] = {
		{ PLAIN "1", 17, 14, 17, ARPHRD_ETHER, 0, 0, 0 },
		{ PLAIN "2", 17, 14, 17, ARPHRD_ETHER, 0, 0, 0 },
		{ PLAIN "3", 17, 14, 17, ARPHRD_ETHER, 0, 0, 0 },
	};

	memset(map, 0, sizeof(map));
	put_block(0, f, 3);
	put_block(1, f, 0);
	put_block(2, f, 1);
	is_int(live_ring_take(&r, p, 2), 2, "as many as asked for");
	is_int(live_ring_take(&r, p, 2), 1, "and the rest");
	ok(p[0].frame.p[16] == '3', "in order");
	ok(block(0)->hdr.bh1.block_status == TP_STATUS_USER, "a block is kept until the next call");
	is_int(live_ring_take(&r, p, 8), 1, "a block without packets is passed over");
	ok(block(0)->hdr.bh1.block_status == TP_STATUS_KERNEL && block(0)->hdr.bh1.num_pkts == 0 &&
		block(1)->hdr.bh1.block_status == TP_STATUS_KERNEL,
	    "blocks go back");
	put_block(0, f, 2);
	is_int(live_ring_take(&r, p, 8), 2, "round");
	is_int(live_ring_take(&r, p, 8), 0, "and the kernel's turn");
	ok(!live_ring_pending(&r), "nothing pending");
	block(1)->hdr.bh1.num_pkts = 1;
	ok(live_ring_pending(&r), "the kernel is filling a block");
}

/* --- programs for the kernel, by a machine as small as they are (bpf(4)) --- */

struct skb {
	struct span frame;
	size_t net; /* where the network header begins */
	uint16_t protocol, hatype;
	uint32_t index, pkttype;
};

static uint32_t load(const struct skb *s, uint32_t at, size_t n, bool *bad)
{
	int32_t k = (int32_t)at;
	uint32_t v = 0;

	if (k >= SKF_AD_OFF && k < SKF_AD_OFF + 64) {
		switch (k - SKF_AD_OFF) {
		case SKF_AD_PROTOCOL:
			return s->protocol;
		case SKF_AD_HATYPE:
			return s->hatype;
		case SKF_AD_IFINDEX:
			return s->index;
		case SKF_AD_PKTTYPE:
			return s->pkttype;
		}
	}
	size_t off = k >= 0		? (size_t)k
		     : k >= SKF_NET_OFF ? s->net + (size_t)(k - SKF_NET_OFF)
					: (size_t)(k - SKF_LL_OFF);
	struct span b = span_cut(s->frame, off, n);
	*bad |= b.n != n;
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static uint32_t machine(const struct sock_filter *c, size_t n, const struct skb *s)
{
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };
	bool bad = false;

	for (size_t i = 0; i < n && !bad; i++) {
		uint32_t k = c[i].k;
		switch (c[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(s, k, 4, &bad);
			break;
		case BPF_LD | BPF_W | BPF_IND:
			a = load(s, x + k, 4, &bad);
			break;
		case BPF_LD | BPF_H | BPF_IND:
			a = load(s, x + k, 2, &bad);
			break;
		case BPF_LD | BPF_IMM:
			a = k;
			break;
		case BPF_LD | BPF_MEM:
			a = mem[k];
			break;
		case BPF_LDX | BPF_IMM:
			x = k;
			break;
		case BPF_LDX | BPF_MEM:
			x = mem[k];
			break;
		case BPF_ST:
			mem[k] = a;
			break;
		case BPF_STX:
			mem[k] = x;
			break;
		case BPF_ALU | BPF_ADD | BPF_X:
			a += x;
			break;
		case BPF_ALU | BPF_ADD | BPF_K:
			a += k;
			break;
		case BPF_ALU | BPF_MUL | BPF_K:
			a *= k;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			a >>= k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == k ? c[i].jt : c[i].jf;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_RET | BPF_K:
			return k;
		case BPF_RET | BPF_A:
			return a;
		default:
			ok(false, "instruction %x", c[i].code);
			return 0;
		}
	}
	return 0; /* a load outside of the packet ends a program so */
}

static void devices(void)
{
	struct sock_filter c[LIVE_FILTER_MAX];
	struct live_device d[LIVE_INTERFACES_MAX] = { 0 };
	bool good = true;

	is_int(
	    machine(c, live_filter(c, d, 0), &(struct skb){ .index = 1 }), 0, "no device: nothing");
	for (uint32_t i = 0; i < LIVE_INTERFACES_MAX; i++)
		d[i] = (struct live_device){ i * 3 + 1, i % 5 == 0 };
	size_t n = live_filter(c, d, LIVE_INTERFACES_MAX);
	ok(n <= LIVE_FILTER_MAX, "the largest filter fits");
	for (uint32_t i = 0; i < 3 * LIVE_INTERFACES_MAX + 2; i++)
		for (uint32_t out = 0; out < 2; out++) {
			struct skb s = { .index = i, .pkttype = out ? PACKET_OUTGOING : 0 };
			bool want =
			    i % 3 == 1 && i < 3 * LIVE_INTERFACES_MAX && !(out && i / 3 % 5 == 0);
			good &= (machine(c, n, &s) > 0) == want;
		}
	ok(good, "watched devices only, and what leaves a loopback device once");
	n = live_filter_any(c);
	ok(machine(c, n, &(struct skb){ .hatype = ARPHRD_ETHER, .pkttype = PACKET_OUTGOING }) > 0 &&
		machine(c, n, &(struct skb){ .hatype = ARPHRD_LOOPBACK }) > 0 &&
		machine(c, n,
		    &(struct skb){ .hatype = ARPHRD_LOOPBACK, .pkttype = PACKET_OUTGOING }) == 0,
	    "every device");
}

/* Headers before IP, and the IP header with addresses A and B (or B and A) behind them. */
static uint32_t spread_of(struct span head, int family, bool back, uint16_t hatype, size_t cut)
{
	uint8_t b[128] = { 0 }, a1[16], a2[16];
	size_t n = head.n, size = family == 4 ? 20 : 40, at = family == 4 ? 12 : 8,
	       w = family == 4 ? 4 : 16;

	for (size_t i = 0; i < 16; i++) {
		a1[i] = (uint8_t)(i * 17 + 3);
		a2[i] = (uint8_t)(i * 29 + 101);
	}
	memcpy(b, head.p, n);
	memcpy(b + n + at, back ? a2 : a1, w);
	memcpy(b + n + at + w, back ? a1 : a2, w);
	struct skb s = {
		.frame = { b, n + size - cut },
		.net = head.n,
		.protocol = family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6,
		.hatype = hatype,
	};
	return machine(live_spread, live_spread_n, &s);
}

static void spread(void)
{
	static const struct {
		const char *name;
		uint16_t hatype;
		int family;
		struct span head;
	} t[] = {
		{ "IPv4", ARPHRD_ETHER, 4, SPAN_LIT(ADDRESSES "\x08\0") },
		{ "IPv6", ARPHRD_ETHER, 6, SPAN_LIT(ADDRESSES "\x86\xdd") },
		{ "loopback", ARPHRD_LOOPBACK, 4, SPAN_LIT(ADDRESSES "\x08\0") },
		{ "a tag", ARPHRD_ETHER, 4, SPAN_LIT(ADDRESSES "\x81\0\0\1\x08\0") },
		{ "two tags", ARPHRD_ETHER, 6,
		    SPAN_LIT(ADDRESSES "\x88\xa8\0\1\x81\0\0\2\x86\xdd") },
		{ "PPPoE", ARPHRD_ETHER, 4, SPAN_LIT(ADDRESSES "\x88\x64\x11\0\0\1\0\x40\0\x21") },
		{ "PPPoE, IPv6", ARPHRD_ETHER, 6,
		    SPAN_LIT(ADDRESSES "\x88\x64\x11\0\0\1\0\x40\0\x57") },
		{ "PPPoE in a tag", ARPHRD_ETHER, 4,
		    SPAN_LIT(ADDRESSES "\x81\0\0\1\x88\x64\x11\0\0\1\0\x40\0\x21") },
		{ "a tunnel device", ARPHRD_NONE, 4, SPAN_LIT("") },
		{ "PPP", ARPHRD_PPP, 6, SPAN_LIT("\0\x57") },
	};
	const uint32_t want[] = { [4] = spread_of(t[0].head, 4, false, 1, 0),
		[6] = spread_of(t[1].head, 6, false, 1, 0) };

	ok(want[4] && want[6] && want[4] != want[6], "addresses give a number");
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ok(spread_of(t[i].head, t[i].family, false, t[i].hatype, 0) == want[t[i].family] &&
			spread_of(t[i].head, t[i].family, true, t[i].hatype, 0) ==
			    want[t[i].family],
		    "%s: the same in both directions, and around whatever", t[i].name);
	is_int(spread_of(t[0].head, 4, false, ARPHRD_ETHER, 1), 0, "a packet that ends too early");
	is_int(spread_of(SPAN_LIT(ADDRESSES "\x08\6"), 4, false, ARPHRD_ETHER, 0), 0, "no IP");
	is_int(spread_of(SPAN_LIT(ADDRESSES "\x88\x64\x11\0\0\1\0\x40\xc0\x21"), 4, false,
		   ARPHRD_ETHER, 0),
	    0, "PPP's own");
}

int main(void)
{
	frames();
	blocks();
	devices();
	spread();
	return tap_done();
}
