/* SPDX-License-Identifier: Apache-2.0 */

/* wire/pcap_read, wire/pcapng_read: every format, every prefix, lengths that cannot be. */

#include "base/buf.h"
#include "tap.h"
#include "wire/pcap_read.h"
#include "wire/pcapng_read.h"

/* --- writing, in either byte order ---------------------------------------------------------------
 */

static bool big;

static void u16(struct buf *b, uint16_t v)
{
	uint8_t le[2] = { (uint8_t)v, (uint8_t)(v >> 8) }, be[2] = { le[1], le[0] };
	buf_put(b, big ? be : le, 2);
}

static void u32(struct buf *b, uint32_t v)
{
	u16(b, (uint16_t)(big ? v >> 16 : v));
	u16(b, (uint16_t)(big ? v : v >> 16));
}

static void u64(struct buf *b, uint64_t v)
{
	u32(b, (uint32_t)(big ? v >> 32 : v));
	u32(b, (uint32_t)(big ? v : v >> 32));
}

static void file_header(struct buf *b, uint32_t magic, uint16_t minor, uint32_t link)
{
	u32(b, magic);
	u16(b, 2);
	u16(b, minor);
	u64(b, 0);
	u32(b, 65535);
	u32(b, link);
}

static size_t block_begin(struct buf *b, uint32_t type)
{
	u32(b, type);
	u32(b, 0);
	return b->n - 8;
}

static void block_end(struct buf *b, size_t at)
{
	uint32_t n = (uint32_t)(b->n - at + 4);
	u32(b, n);
	memcpy(b->p + at + 4, b->p + b->n - 4, 4);
}

static void section(struct buf *b)
{
	size_t at = block_begin(b, 0x0a0d0d0a);
	u32(b, 0x1a2b3c4d);
	u16(b, 1);
	u16(b, 0);
	u64(b, UINT64_MAX);
	block_end(b, at);
}

/* resolution 0: no option; offset 0: none. */
static void interface(
    struct buf *b, uint16_t link, uint32_t snaplen, uint8_t resolution, int64_t offset)
{
	size_t at = block_begin(b, 1);
	u16(b, link);
	u16(b, 0);
	u32(b, snaplen);
	if (resolution) {
		u16(b, 9);
		u16(b, 1);
		buf_put(b, (uint8_t[4]){ resolution }, 4);
	}
	if (offset) {
		u16(b, 14);
		u16(b, 8);
		u64(b, (uint64_t)offset);
	}
	if (resolution || offset)
		u32(b, 0);
	block_end(b, at);
}

static void enhanced(struct buf *b, uint32_t k, uint64_t ticks, const char *bytes, uint32_t sent)
{
	size_t at = block_begin(b, 6), n = strlen(bytes);
	u32(b, k);
	u32(b, (uint32_t)(ticks >> 32));
	u32(b, (uint32_t)ticks);
	u32(b, (uint32_t)n);
	u32(b, sent);
	buf_put(b, bytes, n);
	buf_put(b, "\0\0\0", (4 - n % 4) % 4);
	block_end(b, at);
}

/* --- classic
 * -------------------------------------------------------------------------------------- */

static void check_classic(uint32_t magic, uint16_t minor, bool order, ts want)
{
	AUTO_BUF struct buf b = BUF_INIT(1000);
	struct pcap_format f;
	struct pcap_record r;

	big = order;
	file_header(&b, magic, minor, 0xf4000001);
	is_int(pcap_file_header(buf_span(&b), &f), PCAP_OK, "%x, 2.%u, %s: a capture", magic, minor,
	    big ? "big endian" : "little endian");
	is_int(f.link, 1, "link type without the upper bits");
	buf_reset(&b);
	u32(&b, 4000000000u);
	u32(&b, 999999);
	u32(&b, minor < 3 ? 100 : 60);
	u32(&b, minor < 3 ? 60 : 100);
	u64(&b, 0);
	is_int(pcap_record_header(&f, buf_span(&b), &r), PCAP_OK, "a record");
	ok(r.time == want && r.captured == 60 && r.sent == 100, "time and lengths");
	size_t bad = 0;
	for (size_t n = 0; n < f.header; n++)
		bad += pcap_record_header(&f, span_of(b.p, n), &r) != PCAP_SHORT || r.captured;
	is_int(bad, 0, "every prefix of a record's header is short");
}

static void test_classic(void)
{
	for (int order = 0; order < 2; order++) {
		check_classic(0xa1b2c3d4, 4, order, 4000000000999999000);
		check_classic(0xa1b23c4d, 4, order, 4000000000000999999);
		check_classic(0xa1b2cd34, 4, order, 4000000000999999000);
		check_classic(0xa1b2c3d4, 2, order, 4000000000999999000);
	}
}

static void test_classic_bad(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1000);
	static const struct pcap_format none;
	struct pcap_format f;
	struct pcap_record r;
	size_t bad = 0;

	big = false;
	file_header(&b, 0xa1b2c3d4, 4, 1);
	for (size_t n = 0; n < b.n; n++)
		bad += pcap_file_header(span_of(b.p, n), &f) != PCAP_SHORT ||
		       memcmp(&f, &none, sizeof(f)) != 0;
	is_int(bad, 0, "every prefix of the file's header is short, and zeroed");
	b.p[4] = 3;
	is_int(pcap_file_header(buf_span(&b), &f), PCAP_BAD, "version 3");
	b.p[0] ^= 1;
	is_int(pcap_file_header(buf_span(&b), &f), PCAP_NOT, "another magic");
	f = (struct pcap_format){ .header = 16 };
	buf_reset(&b);
	u64(&b, 0);
	u32(&b, PCAP_PACKET_MAX + 1);
	u32(&b, 60);
	is_int(pcap_record_header(&f, buf_span(&b), &r), PCAP_BAD, "a packet too long");
	ok(r.captured == 0, "zeroed");
}

/* --- pcapng
 * --------------------------------------------------------------------------------------- */

/* Reads s to its end into a line of text: "time/captured/sent/link …" and the error it ended with.
 */
static const char *told(struct pcapng *g, struct span s)
{
	static char out[2000];
	struct pcapng_block b;
	size_t n = 0;
	int err;

	out[0] = 0;
	while (s.n) {
		err = pcapng_read(g, s, &b);
		if (err == PCAPNG_PACKET)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%lld/%u/%u/%u ",
			    (long long)b.record.time, b.record.captured, b.record.sent, b.link);
		if (err > PCAPNG_OTHER || b.length > s.n) {
			snprintf(out + n, sizeof(out) - n, "E%d", err);
			break;
		}
		s = span_from(s, (size_t)b.length);
	}
	return out;
}

static struct pcapng g;

static void test_pcapng(bool order)
{
	AUTO_BUF struct buf b = BUF_INIT(10000);

	big = order;
	g = (struct pcapng){ 0 };
	section(&b);
	interface(&b, 1, 0, 0, 0);
	interface(&b, 113, 0, 9, 100);
	interface(&b, 101, 0, 0x80 | 10, -1);
	enhanced(&b, 0, 1500000, "abcde", 9);
	enhanced(&b, 1, 1500000000, "abcd", 4);
	enhanced(&b, 2, 2048 + 512, "", 0);
	enhanced(&b, 3, 1, "x", 1); /* no such interface */
	big = !order;
	section(&b); /* the other byte order, other interfaces */
	interface(&b, 276, 3, 12, 0);
	enhanced(&b, 0, 7000, "yy", 2);
	size_t at = block_begin(&b, 3); /* simple: cut to the snaplen, the time before */
	u32(&b, 50);
	buf_put(&b, "abc", 4);
	block_end(&b, at);
	at = block_begin(&b, 2); /* obsolete */
	u16(&b, 0);
	u16(&b, 0);
	u64(&b, 0);
	u32(&b, 1);
	u32(&b, 1);
	buf_put(&b, "z\0\0", 4);
	block_end(&b, at);
	at = block_begin(&b, 0xbad); /* unknown */
	buf_put(&b, "1234", 4);
	block_end(&b, at);
	is_str(told(&g, buf_span(&b)),
	    "1500000000/5/9/1 101500000000/4/4/113 1500000000/0/0/101 1000/1/1/65535 "
	    "7/2/2/276 7/3/50/276 0/1/1/276 ",
	    "two sections of different byte order, all kinds of packet blocks");
}

static void test_pcapng_drops(void)
{
	AUTO_BUF struct buf b = BUF_INIT(10000);

	big = false;
	g = (struct pcapng){ 0 };
	section(&b);
	interface(&b, 1, 0, 0, 0);
	for (uint64_t n = 1; n <= 3; n += 2) { /* 1 + 10, then 3 + 10: counted from the beginning */
		size_t at = block_begin(&b, 5);
		u32(&b, 0);
		u64(&b, 0);
		u16(&b, 5);
		u16(&b, 8);
		u64(&b, n);
		u16(&b, 7);
		u16(&b, 8);
		u64(&b, 10);
		u32(&b, 0);
		block_end(&b, at);
	}
	is_str(told(&g, buf_span(&b)), "", "interface statistics");
	is_int(g.dropped, 13, "drops are counters since the beginning");
}

static void test_pcapng_times(void)
{
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t ticks;
		ts want;
	} t[] = {
		{ 6, 0, UINT64_MAX, TS_FOREVER - 1 },
		{ 9, 0, UINT64_MAX, TS_FOREVER - 1 },
		{ 9, INT64_MAX, 1, TS_FOREVER - 1 },
		{ 9, INT64_MIN, 1, 0 },
		{ 9, -2, 1000000000, 0 },
		{ 127, 0, UINT64_MAX, 0 },
		{ 28, 0, UINT64_MAX, 1 },
		{ 0xff, 0, UINT64_MAX, 0 },
		{ 0x80 | 63, 0, 1ull << 63, 1000000000 },
	};

	big = false;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1000);
		char want[64];
		g = (struct pcapng){ 0 };
		section(&b);
		interface(&b, 1, 0, t[i].resolution, t[i].offset);
		enhanced(&b, 0, t[i].ticks, "", 0);
		snprintf(want, sizeof(want), "%lld/0/0/1 ", (long long)t[i].want);
		is_str(told(&g, buf_span(&b)), want, "time %zu", i);
	}
}

static void test_pcapng_bad(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1000);
	struct pcapng_block k;
	size_t bad = 0;

	big = false;
	section(&b);
	size_t at = b.n;
	interface(&b, 1, 0, 9, 5);
	size_t packet = b.n;
	enhanced(&b, 0, 1, "abcdefgh", 8);
	for (size_t n = 0; n < b.n; n++) { /* every prefix of each block needs more */
		size_t from = n < at ? 0 : n < packet ? at : packet;
		g = (struct pcapng){ 0 };
		if (from)
			(void)!pcapng_read(&g, buf_span(&b), &k);
		if (from == packet)
			(void)!pcapng_read(&g, span_from(buf_span(&b), at), &k);
		int err = pcapng_read(&g, span_of(b.p + from, n - from), &k);
		bad += err != PCAPNG_MORE;
	}
	is_int(bad, 0, "every prefix needs more");
	g = (struct pcapng){ 0 };
	is_int(
	    pcapng_read(&g, span_from(buf_span(&b), at), &k), PCAPNG_NOT, "begins in the middle");
	b.p[12] = 2;
	is_int(pcapng_read(&g, buf_span(&b), &k), PCAPNG_BAD, "version 2");
	b.p[12] = 1;
	b.p[at - 4] ^= 4;
	is_int(pcapng_read(&g, buf_span(&b), &k), PCAPNG_BAD, "the two lengths differ");
	b.p[at - 4] ^= 4;
	g = (struct pcapng){ 0 };
	is_int(pcapng_read(&g, buf_span(&b), &k), PCAPNG_OTHER, "whole again");
	static const uint32_t lengths[] = { 0, 4, 8, 11, 0xffffffff };
	for (size_t i = 0; i < 4; i++) {
		memcpy(b.p + at + 4, &lengths[i], 4);
		is_int(pcapng_read(&g, span_from(buf_span(&b), at), &k), PCAPNG_BAD,
		    "a block of %u bytes", lengths[i]);
	}
	b.p[packet + 20] = 200; /* captured: more than the block holds */
	is_int(pcapng_read(&g, span_from(buf_span(&b), packet), &k), PCAPNG_BAD,
	    "a packet longer than its block");
	ok(k.length == 0 && k.record.captured == 0, "zeroed");
}

int main(void)
{
	test_classic();
	test_classic_bad();
	test_pcapng(false);
	test_pcapng(true);
	test_pcapng_drops();
	test_pcapng_times();
	test_pcapng_bad();
	return tap_done();
}
