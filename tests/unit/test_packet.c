/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "tap.h"
#include "wire/packet.h"

/* 10.0.0.1:4660 > 10.0.0.2:53, "abcd" */
#define UDP4 "4500 0020 0000 4000 4011 0000 0a000001 0a000002 | 1234 0035 000c 0000 | 61626364"
/* The same over TCP, sequence number 7, SYN */
#define TCP4                                                                                       \
	"4500 002c 0000 4000 4006 0000 0a000001 0a000002 |"                                        \
	"1234 0035 00000007 00000000 5002 ffff 0000 0000 | 61626364"
#define A6 "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define UDP "1234 0035 000c 0000 | 61626364"
#define MACS "020000000002 020000000001"

static struct packet p;

static int decode(uint32_t link, const char *hex)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);

	put_hex(&b, hex);
	uint8_t *copy = exact_copy(buf_span(&b));
	int rc = packet_decode(span_of(copy, b.n), link, &p);
	/* What is compared afterwards is copied out, the payload last. */
	static uint8_t payload[64];
	if (rc == 0 && p.payload.n <= sizeof(payload)) {
		memcpy(payload, p.payload.p, p.payload.n);
		p.payload.p = payload;
	}
	free(copy);
	return rc;
}

static bool is_zero(const struct packet *q)
{
	static const struct packet none;
	return memcmp(q, &none, sizeof(none)) == 0;
}

static void test_links(void)
{
	static const struct {
		const char *what;
		uint32_t link;
		const char *hex;
	} good[] = {
		{ "Ethernet", 1, MACS "0800" UDP4 },
		{ "Ethernet with padding", 1, MACS "0800" UDP4 "0000000000000000" },
		{ "802.1Q", 1, MACS "8100 0064 0800" UDP4 },
		{ "802.1ad and 802.1Q", 1, MACS "88a8 0064 8100 0065 0800" UDP4 },
		{ "the old QinQ type", 1, MACS "9100 0064 8100 0065 0800" UDP4 },
		{ "MPLS, two labels", 1, MACS "8847 00010040 00011140" UDP4 },
		{ "PPPoE session", 1, MACS "8864 1100 0001 0022 0021" UDP4 },
		{ "Linux cooked", 113, "0000 0001 0006 020000000001 0000 0800" UDP4 },
		{ "Linux cooked 2", 276, "0800 0000 00000002 0001 00 06 0200000000010000" UDP4 },
		{ "Linux cooked with a tag", 113,
		    "0000 0001 0006 020000000001 0000 8100 0001 0800" UDP4 },
		{ "raw IP", 101, UDP4 },
		{ "raw IP as libpcap numbers it", 12, UDP4 },
		{ "raw IPv4", 228, UDP4 },
		{ "null, little endian", 0, "02000000" UDP4 },
		{ "null, big endian", 0, "00000002" UDP4 },
		{ "loopback", 108, "00000002" UDP4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int rc = decode(good[i].link, good[i].hex);
		ok(rc == 0 && p.family == 4 && p.proto == PACKET_UDP && p.sport == 4660 &&
			p.dport == 53 && memcmp(p.src, "\x0a\0\0\1\0\0\0\0", 8) == 0 &&
			memcmp(p.dst, "\x0a\0\0\2", 4) == 0 && !p.cut &&
			span_eq(p.payload, SPAN_LIT("abcd")),
		    "%s (%d)", good[i].what, rc);
	}
	ok(decode(1, MACS "0800" TCP4) == 0 && p.proto == PACKET_TCP && p.seq == 7 &&
		p.flags == PACKET_SYN && span_eq(p.payload, SPAN_LIT("abcd")),
	    "TCP");
}

static void test_ip(void)
{
	ok(decode(228, "4600 0024 0000 4000 4011 0000 0a000001 0a000002 94040000" UDP) == 0 &&
		span_eq(p.payload, SPAN_LIT("abcd")),
	    "IPv4 options");
	ok(decode(228, "4500 0000 0000 4000 4011 0000 0a000001 0a000002" UDP) == 0 && !p.cut &&
		span_eq(p.payload, SPAN_LIT("abcd")),
	    "total length 0: before segmentation by the card");
	ok(decode(229, "60000000 000c 11 40" A6 UDP) == 0 && p.family == 6 && p.dst[15] == 2 &&
		span_eq(p.payload, SPAN_LIT("abcd")),
	    "IPv6");
	ok(decode(229, "60000000 0000 11 40" A6 UDP) == 0 && span_eq(p.payload, SPAN_LIT("abcd")),
	    "IPv6, length 0: jumbogram");
	ok(decode(229, "60000000 0024 00 40" A6 "3c00 010400000000 | 2b00 010400000000 |"
		       "1100 000000000000" UDP) == 0 &&
		span_eq(p.payload, SPAN_LIT("abcd")),
	    "hop-by-hop, destination, routing options");
	ok(decode(229, "60000000 001c 33 40" A6 "1102 0000 00000001 00000001 00000000" UDP) == 0,
	    "authentication header");
	ok(decode(229, "60000000 0014 2c 40" A6 "1100 0000 00000001" UDP) == 0,
	    "an atomic fragment is whole");
	ok(decode(228, "4500 0020 0000 4000 4011 0000 0a000001 0a000002 | 1234 0035 0000 0000 |"
		       "61626364") == 0 &&
		span_eq(p.payload, SPAN_LIT("abcd")),
	    "UDP length 0");
	ok(decode(228, "4500 0020 0000 4000 4011 0000 0a000001 0a000002 | 1234 0035 000a 0000 |"
		       "61626364") == 0 &&
		span_eq(p.payload, SPAN_LIT("ab")),
	    "a UDP length that ends before the packet");
	ok(decode(228, "4500 0034 0000 4000 4006 0000 0a000001 0a000002 |"
		       "1234 0035 00000007 00000000 7010 ffff 0000 0000 0101080a 01020304 |"
		       "61626364") == 0 &&
		span_eq(p.payload, SPAN_LIT("abcd")),
	    "TCP options");
}

static void test_refused(void)
{
	static const struct {
		const char *what;
		uint32_t link;
		const char *hex;
		int want;
	} bad[] = {
		{ "nothing", 1, "", PACKET_SHORT },
		{ "ARP", 1, MACS "0806 0001", PACKET_NOT_IP },
		{ "an 802.3 length", 1, MACS "0026 4242 03", PACKET_NOT_IP },
		{ "nine tags", 1,
		    MACS "8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001"
			 "8100 0001 8100 0001 8100 0001 0800" UDP4,
		    PACKET_BAD },
		{ "nine MPLS labels", 1,
		    MACS "8847 00000040 00000040 00000040 00000040 00000040"
			 "00000040 00000040 00000040 00000140" UDP4,
		    PACKET_BAD },
		{ "MPLS without IP", 1,
		    MACS "8847 00010140 00000000 020000000002 020000000001 0806 0001",
		    PACKET_NOT_IP },
		{ "PPPoE link control", 1, MACS "8864 1100 0001 0006 c021 0101 0004",
		    PACKET_NOT_IP },
		{ "an unknown link type", 147, UDP4, PACKET_LINK },
		{ "null with another family", 0, "07000000" UDP4, PACKET_NOT_IP },
		{ "raw IP of version 5", 101, "55", PACKET_BAD },
		{ "IPv4 type, version 6", 1,
		    MACS "0800"
			 "60000000 000c 11 40" A6 UDP,
		    PACKET_BAD },
		{ "IPv6 type, version 4", 1, MACS "86dd" UDP4 UDP4, PACKET_BAD },
		{ "IPv4 header length 4", 228,
		    "4400 0020 0000 4000 4011 0000 0a000001 0a000002" UDP, PACKET_BAD },
		{ "IPv4 total length below its header", 228,
		    "4500 0013 0000 4000 4011 0000 0a000001 0a000002" UDP, PACKET_BAD },
		{ "ICMP", 228, "4500 0020 0000 4000 4001 0000 0a000001 0a000002" UDP,
		    PACKET_OTHER },
		{ "IPv6 without next header", 229, "60000000 0000 3b 40" A6, PACKET_OTHER },
		{ "ESP", 229, "60000000 000c 32 40" A6 UDP, PACKET_OTHER },
		{ "UDP length 7", 228,
		    "4500 0020 0000 4000 4011 0000 0a000001 0a000002 |"
		    "1234 0035 0007 0000 | 61626364",
		    PACKET_BAD },
		{ "UDP length beyond the packet", 228,
		    "4500 0020 0000 4000 4011 0000 0a000001 0a000002 | 1234 0035 000d 0000 | "
		    "61626364",
		    PACKET_BAD },
		{ "TCP header length 16", 228,
		    "4500 002c 0000 4000 4006 0000 0a000001 0a000002 |"
		    "1234 0035 00000007 00000000 4002 ffff 0000 0000 |"
		    "61626364",
		    PACKET_BAD },
		{ "TCP header beyond the packet", 228,
		    "4500 002c 0000 4000 4006 0000 0a000001 0a000002 |"
		    "1234 0035 00000007 00000000 7002 ffff 0000 0000 |"
		    "61626364",
		    PACKET_BAD },
		{ "IPv6 options beyond the packet", 229,
		    "60000000 000c 00 40" A6 "1105 0000 00000000"
		    "00000000",
		    PACKET_BAD },
		{ "IPv6 options beyond the capture", 229,
		    "60000000 0040 00 40" A6 "1105 0000 00000000"
		    "00000000",
		    PACKET_SHORT },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memset(&p, 0xff, sizeof(p));
		is_int(decode(bad[i].link, bad[i].hex), bad[i].want, "%s", bad[i].what);
		ok(is_zero(&p), "%s: nothing is given", bad[i].what);
	}
}

static void test_pieces(void)
{
	is_int(decode(228, "4500 0020 1234 2000 4011 0000 0a000001 0a000002" UDP), PACKET_FRAGMENT,
	    "first piece");
	ok(p.family == 4 && p.proto == PACKET_UDP && p.frag_id == 0x1234 && p.frag_offset == 0 &&
		p.frag_more && p.payload.n == 12 && p.dst[3] == 2 && !p.sport && !p.dport,
	    "and what it is");
	is_int(decode(228, "4500 0020 1234 0010 4011 0000 0a000001 0a000002" UDP), PACKET_FRAGMENT,
	    "last piece");
	ok(p.frag_offset == 128 && !p.frag_more && p.payload.n == 12, "and what it is");
	is_int(decode(229, "60000000 001c 3c 40" A6 "2c00 010400000000 1100 0051 12345678" UDP),
	    PACKET_FRAGMENT, "IPv6 piece behind options");
	ok(p.family == 6 && p.proto == PACKET_UDP && p.frag_id == 0x12345678 &&
		p.frag_offset == 80 && p.frag_more && p.payload.n == 12 && p.src[15] == 1,
	    "and what it is");
}

#define ETH MACS "0800"

/* IPv4 (proto), or IPv4 and UDP to port, around what hex says. */
static struct span wrap(struct buf *b, uint8_t proto, uint16_t port, const char *hex)
{
	AUTO_BUF struct buf in = BUF_INIT(1 << 16);

	put_hex(&in, hex);
	buf_reset(b);
	put_hex(b, "4500");
	buf_put_be16(b, (uint16_t)(20 + (port ? 8 : 0) + in.n));
	put_hex(b, "0000 4000 40");
	buf_putc(b, (char)proto);
	put_hex(b, "0000 c6336401 c6336402");
	if (port) {
		put_hex(b, "9c40");
		buf_put_be16(b, port);
		buf_put_be16(b, (uint16_t)(8 + in.n));
		put_hex(b, "0000");
	}
	buf_put(b, in.p, in.n);
	return buf_span(b);
}

static void test_tunnels(void)
{
	static const struct {
		const char *what;
		uint8_t proto;
		uint16_t port;
		const char *hex;
	} t[] = {
		{ "IP in IP", 4, 0, UDP4 },
		{ "EtherIP", 97, 0, "3000" ETH UDP4 },
		{ "MPLS in IP", 137, 0, "003e9140" UDP4 },
		{ "Ethernet as IPv6 has it", 143, 0, ETH UDP4 },
		{ "AH", 51, 0, "0404 0000 00000001 00000001 000000000000000000000000" UDP4 },
		{ "GRE", 47, 0, "0000 0800" UDP4 },
		{ "GRE, checksum, key, sequence", 47, 0,
		    "b000 0800 0000 0000 00000001 00000002" UDP4 },
		{ "GRE, routing", 47, 0, "4000 0800 00000000 0800 0004 01020304 00000000" UDP4 },
		{ "NVGRE", 47, 0, "2000 6558 00123400" ETH UDP4 },
		{ "PPTP", 47, 0, "3081 880b 0024 0001 00000001 00000001 ff03 0021" UDP4 },
		{ "PPTP, protocol of one byte", 47, 0, "3001 880b 0021 0001 00000001 21" UDP4 },
		{ "ERSPAN I", 47, 0, "0000 88be" ETH UDP4 },
		{ "ERSPAN II", 47, 0, "1000 88be 00000001 1064 0001 00000000" ETH UDP4 },
		{ "ERSPAN III", 47, 0, "1000 22eb 00000001 2064 0001 00000000 0000 0000" ETH UDP4 },
		{ "ERSPAN III, subheader, IP", 47, 0,
		    "1000 22eb 00000001 2064 0001 00000000 0000 0801 0000000000000000" UDP4 },
		{ "WCCP", 47, 0, "0000 883e" UDP4 },
		{ "WCCP 2", 47, 0, "0000 883e 00000000" UDP4 },
		{ "NSH in GRE", 47, 0, "0000 894f 0fc2 0203 000001ff" ETH UDP4 },
		{ "VXLAN", PACKET_UDP, 4789, "0800000000002a00" ETH UDP4 },
		{ "VXLAN, old port", PACKET_UDP, 8472, "0800000000002a00" ETH UDP4 },
		{ "VXLAN, group policy", PACKET_UDP, 4789, "8848000700002a00" ETH UDP4 },
		{ "VXLAN-GPE", PACKET_UDP, 4790, "0c00000100002a00" UDP4 },
		{ "Geneve", PACKET_UDP, 6081, "0240 6558 00002a00 0102 8001 01020304" ETH UDP4 },
		{ "Geneve, IP", PACKET_UDP, 6081, "0000 0800 00002a00" UDP4 },
		{ "GTP-U", PACKET_UDP, 2152, "30ff 0020 00000001" UDP4 },
		{ "GTP-U, extension header", PACKET_UDP, 2152,
		    "34ff 0028 00000001 0000 00 85 01 10 09 00" UDP4 },
		{ "L2TP", PACKET_UDP, 1701, "0002 0001 0001 ff03 0021" UDP4 },
		{ "L2TP, length, sequence, offset", PACKET_UDP, 1701,
		    "4a02 0032 0001 0001 0000 0000 0002 0000 0021" UDP4 },
		{ "GRE in UDP", PACKET_UDP, 4754, "0000 0800" UDP4 },
		{ "MPLS in UDP", PACKET_UDP, 6635, "003e9140" UDP4 },
		{ "LISP", PACKET_UDP, 4341, "0000000000000000" UDP4 },
		{ "CAPWAP", PACKET_UDP, 5247, "00100000 00000000" ETH UDP4 },
		{ "CAPWAP, 802.11", PACKET_UDP, 5247,
		    "00100300 00000000 0801 0000 020000000001 020000000002 020000000003 0010"
		    "aaaa03000000 0800" UDP4 },
		{ "TZSP", PACKET_UDP, 37008, "01 00 0001 00 0a0100 01" ETH UDP4 },
	};
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct span s = wrap(&b, t[i].proto, t[i].port, t[i].hex);
		int rc = packet_decode(s, 228, &p), bad = 0;
		ok(rc == 0 && p.tunnels == 1 && p.src[0] == 10 && p.sport == 4660 &&
			p.length == 32 && span_eq(p.payload, SPAN_LIT("abcd")) && !p.cut,
		    "%s (%d)", t[i].what, rc);
		/* The inner packet says that it is longer than the outer one leaves room for. */
		uint8_t *inner = b.p + b.n - 32;
		inner[3]++;
		rc = packet_decode(s, 228, &p);
		if (t[i].port)
			bad = rc != PACKET_OK || p.dport != t[i].port || p.tunnels;
		else
			bad = rc != PACKET_BAD;
		ok(!bad, "%s: an inner length that cannot be (%d)", t[i].what, rc);
	}
}

/* Teredo is IPv6 only. */
static void test_teredo(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct span s = wrap(&b, PACKET_UDP, 3544, "60000000 000c 11 40" A6 UDP);

	ok(packet_decode(s, 228, &p) == 0 && p.family == 6 && p.tunnels == 1, "Teredo");
	s = wrap(&b, PACKET_UDP, 3544,
	    "0001 0102 aa bbcc 0102030405060708 00 | 0000 1234 01020304 |"
	    "60000000 000c 11 40" A6 UDP);
	ok(packet_decode(s, 228, &p) == 0 && p.family == 6 && p.tunnels == 1, "with its headers");
	s = wrap(&b, PACKET_UDP, 40001,
	    "60000000 000c 11 40 20010000000000000000000000000001"
	    "20010db8000000000000000000000002" UDP);
	ok(packet_decode(s, 228, &p) == 0 && p.family == 6 && p.src[1] == 1,
	    "on any port, by its prefix");
	s = wrap(&b, PACKET_UDP, 40001, "60000000 000c 11 40" A6 UDP);
	ok(packet_decode(s, 228, &p) == 0 && p.family == 4 && p.dport == 40001,
	    "IPv6 of another prefix on another port is what a datagram carries");
}

static void test_no_tunnel(void)
{
	static const uint16_t port[] = { 1701, 2152, 3544, 4341, 4754, 4789, 4790, 5072, 5247, 6081,
		6635, 8472, 37008 };
	static const char *const payload[] = {
		"1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001",
		"45 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"00",
		"c3 00000001 08 0102030405060708 08 0102030405060708 00 449e 010203040506070809",
	};
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(port); i++) {
		for (size_t k = 0; k < ARRAY_LEN(payload); k++) {
			struct span s = wrap(&b, PACKET_UDP, port[i], payload[k]);
			int rc = packet_decode(s, 228, &p);
			if (rc || p.dport != port[i] || p.payload.n != s.n - 28 || p.tunnels) {
				diag("port %u, payload %zu: %d", port[i], k, rc);
				bad++;
			}
		}
	}
	is_int(bad, 0, "what is no tunnel on a tunnel's port stays a datagram");
}

static void test_depth(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);

	for (int n = PACKET_TUNNELS_MAX; n <= PACKET_TUNNELS_MAX + 1; n++) {
		buf_reset(&b);
		for (int i = 0; i < n; i++) {
			put_hex(&b, "4500");
			buf_put_be16(&b, (uint16_t)(32 + 20 * (n - i)));
			put_hex(&b, "0000 4000 4004 0000 c6336401 c6336402");
		}
		put_hex(&b, UDP4);
		int rc = packet_decode(buf_span(&b), 228, &p);
		ok(n == PACKET_TUNNELS_MAX ? rc == PACKET_OK && p.tunnels == n
					   : rc == PACKET_TUNNEL,
		    "%d deep (%d)", n, rc);
	}
	/* MPLS may be guessed three ways each time. */
	buf_reset(&b);
	put_hex(&b, MACS "8847");
	for (int i = 0; i < 200; i++)
		put_hex(&b, "00010140 00000000" MACS "8847");
	int rc = packet_decode(buf_span(&b), 1, &p);
	ok(rc != PACKET_OK, "guesses end (%d)", rc);
}

/* Whatever the pair and its direction. */
static void test_hash(void)
{
	static const uint64_t key[2] = { 0x8f1bbcdcbfa53e0b, 0x5a827999a1b2c3d5 },
			      other[2] = { 0x8f1bbcdcbfa53e0b, 0x5a827999a1b2c3d7 };
	AUTO_BUF struct buf there = BUF_INIT(4096), back = BUF_INIT(4096), in = BUF_INIT(4096);
	unsigned spread[8] = { 0 };

	put_hex(&there, ETH UDP4);
	put_hex(&back, MACS "8100 0007 0800 4500 0020 0000 4000 4011 0000 0a000002 0a000001 |"
			    "0035 1234 000c 0000 | 61626364");
	uint64_t h = packet_pair_hash(buf_span(&there), 1, key);
	ok(h && h == packet_pair_hash(buf_span(&back), 1, key), "both directions, tag or not");
	ok(packet_decode(buf_span(&there), 1, &p) == 0 && h == packet_hash(&p, key), "decoded");
	ok(h == packet_pair_hash(wrap(&in, 47, 0, "0000 0800" UDP4), 228, key), "in a tunnel");
	ok(h != packet_pair_hash(buf_span(&there), 1, other), "another key");
	ok(packet_pair_hash(SPAN_LIT("x"), 1, key) == 0, "what is no packet");
	there.p[20] = 0x20;
	is_int(packet_pair_hash(buf_span(&there), 1, key), -1, "a piece is for everyone");
	there.p[20] = 0x40;
	for (int i = 0; i < 8000; i++) {
		there.p[28] = (uint8_t)(i >> 8);
		there.p[29] = (uint8_t)i;
		spread[packet_pair_hash(buf_span(&there), 1, key) % 8]++;
	}
	bool even = true;
	for (int i = 0; i < 8; i++)
		even = even && spread[i] > 850 && spread[i] < 1150;
	ok(even, "neighbours spread evenly");
}

static void test_chain_cap(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	put_hex(&b, "60000000 0000 3c 40" A6);
	for (int i = 0; i < PACKET_EXT_MAX; i++)
		put_hex(&b, i == PACKET_EXT_MAX - 1 ? "1100 010400000000" : "3c00 010400000000");
	put_hex(&b, UDP);
	is_int(packet_decode(buf_span(&b), 229, &p), PACKET_OK, "%d extension headers",
	    PACKET_EXT_MAX);
	buf_reset(&b);
	put_hex(&b, "60000000 0000 3c 40" A6);
	for (int i = 0; i < PACKET_EXT_MAX + 1; i++)
		put_hex(&b, "3c00 010400000000");
	is_int(packet_decode(buf_span(&b), 229, &p), PACKET_BAD, "and one more");
}

/* A packet captured short is an error up to the end of its headers, then cut. */
static void test_prefixes(void)
{
	static const struct {
		const char *what, *hex;
		uint32_t link;
		size_t headers;
	} t[] = {
		{ "Ethernet, IPv4, UDP", MACS "0800" UDP4, 1, 14 + 20 + 8 },
		{ "Ethernet, tag, IPv4, TCP", MACS "8100 0001 0800" TCP4, 1, 18 + 20 + 20 },
		{ "IPv6 with options, UDP", "60000000 0014 00 40" A6 "1100 010400000000" UDP, 229,
		    40 + 8 + 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		int bad = 0;
		put_hex(&b, t[i].hex);
		for (size_t n = 0; n < b.n; n++) {
			uint8_t *copy = exact_copy(span_of(b.p, n));
			int rc = packet_decode(span_of(copy, n), t[i].link, &p);
			bool good = n < t[i].headers ? rc == PACKET_SHORT && is_zero(&p)
						     : rc == PACKET_OK && p.cut &&
							   p.payload.n == n - t[i].headers;
			if (!good) {
				bad++;
				diag("%zu bytes: %d", n, rc);
			}
			free(copy);
		}
		is_int(bad, 0, "every proper prefix of %s", t[i].what);
	}
}

int main(void)
{
	test_links();
	test_ip();
	test_refused();
	test_pieces();
	test_tunnels();
	test_teredo();
	test_no_tunnel();
	test_depth();
	test_hash();
	test_chain_cap();
	test_prefixes();
	return tap_done();
}
