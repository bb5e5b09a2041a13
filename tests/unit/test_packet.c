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
		{ "MPLS without IP", 1, MACS "8847 00010140 00000000 020000000002 020000000001 0806 0001", PACKET_NOT_IP },
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
	ok(p.family == 6 && p.proto == PACKET_UDP && p.frag_id == 0x12345678 && p.frag_offset == 80 &&
		p.frag_more && p.payload.n == 12 && p.src[15] == 1,
	    "and what it is");
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
	test_chain_cap();
	test_prefixes();
	return tap_done();
}
