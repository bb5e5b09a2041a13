/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/live_priv.h"

#include <net/ethernet.h>
#include <net/if_arp.h>

#define AD(x) (uint32_t)(SKF_AD_OFF + (x))
#define LL(x) (uint32_t)(SKF_LL_OFF + (x))
#define NET(x) (uint32_t)(SKF_NET_OFF + (x))
#define RET(k) BPF_STMT(BPF_RET | BPF_K, k)
#define JEQ(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define LOAD(k) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)

#define ALL 0x7fffffffu

size_t live_filter(
    struct sock_filter out[static LIVE_FILTER_MAX], const struct live_device *d, size_t n)
{
	size_t i = 0;

	if (n)
		out[i++] = (struct sock_filter)LOAD(AD(SKF_AD_IFINDEX));
	for (size_t k = 0; k < n; k++) {
		/* on to the next device, past what is done with this one */
		out[i++] = (struct sock_filter)JEQ(d[k].index, 0, d[k].loopback ? 4 : 1);
		if (d[k].loopback) {
			out[i++] = (struct sock_filter)LOAD(AD(SKF_AD_PKTTYPE));
			out[i++] = (struct sock_filter)JEQ(PACKET_OUTGOING, 0, 1);
			out[i++] = (struct sock_filter)RET(0);
		}
		out[i++] = (struct sock_filter)RET(ALL);
	}
	out[i++] = (struct sock_filter)RET(0);
	return i;
}

size_t live_filter_any(struct sock_filter out[static LIVE_FILTER_MAX])
{
	static const struct sock_filter any[] = {
		LOAD(AD(SKF_AD_HATYPE)),
		JEQ(ARPHRD_LOOPBACK, 0, 3),
		LOAD(AD(SKF_AD_PKTTYPE)),
		JEQ(PACKET_OUTGOING, 0, 1),
		RET(0),
		RET(ALL),
	};

	memcpy(out, any, sizeof(any));
	return ARRAY_LEN(any);
}

#define BASE 0 /* scratch: where the network header is */
#define TYPE 1 /* … and its ethertype */
#define WORD 2 /* … and the words of both addresses */
#define STORE(m) BPF_STMT(BPF_ST, m)
#define RECALL(m) BPF_STMT(BPF_LD | BPF_MEM, m)
#define BASE_IS(where) BPF_STMT(BPF_LDX | BPF_IMM, where), BPF_STMT(BPF_STX, BASE)
#define HALF(k) BPF_STMT(BPF_LD | BPF_H | BPF_IND, (uint32_t)(k))
#define ADDRESS(k, m) BPF_STMT(BPF_LD | BPF_W | BPF_IND, (uint32_t)(k)), STORE(m)
#define PLUS(m) BPF_STMT(BPF_LDX | BPF_MEM, m), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0)
#define TO_X BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define FROM_X BPF_STMT(BPF_MISC | BPF_TXA, 0)
/* The high bits of the product: of neighbouring addresses, too, all differ. */
#define SPREAD                                                                                     \
	BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),  \
	    BPF_STMT(BPF_RET | BPF_A, 0)

/* Jumps are to the beginning of a later paragraph. */
const struct sock_filter live_spread[] = {
	/* As the kernel has it, */
	BASE_IS(NET(0)),
	LOAD(AD(SKF_AD_PROTOCOL)),
	STORE(TYPE),
	LOAD(AD(SKF_AD_HATYPE)),
	JEQ(ARPHRD_ETHER, 1, 0),
	JEQ(ARPHRD_LOOPBACK, 0, 26),
	/* but of Ethernet as it is in the frame: on the way out the kernel may see the tag only. */
	BASE_IS(LL(14)),
	HALF(-2),
	STORE(TYPE),
	JEQ(ETHERTYPE_VLAN, 1, 0),
	JEQ(0x88a8, 0, 4),
	BASE_IS(LL(18)),
	HALF(-2),
	STORE(TYPE),
	JEQ(ETHERTYPE_VLAN, 0, 4),
	BASE_IS(LL(22)),
	HALF(-2),
	STORE(TYPE),
	/* PPPoE: six octets, and two of PPP, whose IPv4 is 0x21 and IPv6 0x57. */
	JEQ(0x8864, 0, 10),
	FROM_X,
	BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 8),
	TO_X,
	BPF_STMT(BPF_STX, BASE),
	HALF(-2),
	JEQ(0x21, 0, 1),
	BPF_STMT(BPF_LD | BPF_IMM, ETHERTYPE_IP),
	JEQ(0x57, 0, 1),
	BPF_STMT(BPF_LD | BPF_IMM, ETHERTYPE_IPV6),
	STORE(TYPE),
	/* Sums know no direction. */
	RECALL(TYPE),
	BPF_STMT(BPF_LDX | BPF_MEM, BASE),
	JEQ(ETHERTYPE_IP, 0, 9),
	ADDRESS(12, WORD),
	ADDRESS(16, WORD + 1),
	PLUS(WORD),
	SPREAD,
	JEQ(ETHERTYPE_IPV6, 0, 33),
	ADDRESS(8, WORD),
	ADDRESS(12, WORD + 1),
	ADDRESS(16, WORD + 2),
	ADDRESS(20, WORD + 3),
	ADDRESS(24, WORD + 4),
	ADDRESS(28, WORD + 5),
	ADDRESS(32, WORD + 6),
	ADDRESS(36, WORD + 7),
	PLUS(WORD),
	PLUS(WORD + 1),
	PLUS(WORD + 2),
	PLUS(WORD + 3),
	PLUS(WORD + 4),
	PLUS(WORD + 5),
	PLUS(WORD + 6),
	SPREAD,
	RET(0),
};
const size_t live_spread_n = ARRAY_LEN(live_spread);
