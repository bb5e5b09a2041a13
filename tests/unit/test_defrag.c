/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "sense/net/defrag.h"
#include "tap.h"

#define BODY 3000 /* of the UDP datagram that is cut up, header included */

static uint64_t stat[NET_STATS];
static uint8_t body[65536];
static struct packet whole;
static int err;

static struct defrag *fresh(size_t bytes)
{
	struct defrag *d;

	memset(stat, 0, sizeof(stat));
	if (defrag_new(&d, bytes, stat) < 0)
		abort();
	return d;
}

/* A datagram 4660 > 53 of n bytes with its header. */
static void make_body(size_t n)
{
	static const uint8_t head[4] = { 0x12, 0x34, 0, 53 };

	for (size_t i = 0; i < n; i++)
		body[i] = (uint8_t)(i * 7 + i / 256);
	memcpy(body, head, 4);
	body[4] = (uint8_t)(n >> 8);
	body[5] = (uint8_t)n;
}

/* Bytes [off, end) of the body as a piece. */
static struct packet piece(uint8_t family, uint32_t id, uint32_t off, uint32_t end, bool more)
{
	struct packet p = { .family = family,
		.proto = PACKET_UDP,
		.frag_id = id,
		.frag_offset = off,
		.frag_more = more,
		.vlan = 7 };

	p.src[0] = 10;
	p.src[3] = 1;
	p.dst[0] = 10;
	p.dst[3] = 2;
	p.payload = span_of(body + off, end - off);
	return p;
}

static bool give(struct defrag *d, struct packet p, ts time)
{
	return defrag_packet(d, &p, time, &whole, &err);
}

static bool is_whole(size_t n)
{
	return err == PACKET_OK && whole.family && whole.proto == PACKET_UDP &&
	       whole.sport == 4660 && whole.dport == 53 && whole.vlan == 7 &&
	       whole.payload.n == n - 8 && memcmp(whole.payload.p, body + 8, n - 8) == 0;
}

static void test_orders(void)
{
	static const uint32_t at[] = { 0, 8, 1000, 1480, 2960, BODY };
	int bad = 0, seen = 0;

	make_body(BODY);
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct defrag *d = fresh(1 << 20);
		for (int n = 0; n < 5 * 5 * 5 * 5 * 5; n++) {
			int order[5], used = 0;
			for (int i = 0, x = n; i < 5; i++, x /= 5) {
				order[i] = x % 5;
				used |= 1 << order[i];
			}
			if (used != 31)
				continue;
			seen++;
			for (int i = 0; i < 5; i++) {
				int k = order[i];
				bool done =
				    give(d, piece(family, (uint32_t)n, at[k], at[k + 1], k < 4), 0);
				bad += done != (i == 4);
			}
			bad += !is_whole(BODY);
		}
		is_int(stat[NET_LOSS_FRAGMENTS], 0, "IPv%d: nothing is lost", family);
		defrag_finish(d);
		is_int(stat[NET_LOSS_FRAGMENTS], 0, "and nothing left over");
		is_int(stat[NET_STAT_FRAGMENTS], 600, "all pieces are counted");
		defrag_free(d);
	}
	is_int(seen, 240, "every order of five pieces");
	is_int(bad, 0, "gives the datagram with the last one");
}

static void test_sizes(void)
{
	struct defrag *d = fresh(1 << 20);
	int bad = 0;

	for (uint32_t n = 9; n <= 65535; n += n < 2100 ? 1 : 4673) {
		make_body(n);
		uint32_t step = n % 3 ? 8 : 1480;
		bool done = false;
		for (uint32_t at = 0; at < n; at += step)
			done = give(
			    d, piece(4, n, at, at + step < n ? at + step : n, at + step < n), 0);
		bad += n > step && (!done || !is_whole(n));
	}
	is_int(bad, 0, "every length up to the longest, in pieces of 8 and 1480");
	is_int(stat[NET_LOSS_FRAGMENTS], 0, "without a loss");
	defrag_free(d);
}

static void test_copies(void)
{
	struct defrag *d = fresh(1 << 20);

	make_body(BODY);
	ok(!give(d, piece(4, 1, 0, 1480, true), 0) && !give(d, piece(4, 1, 0, 1480, true), 0) &&
		give(d, piece(4, 1, 1480, BODY, false), 0) && is_whole(BODY),
	    "a piece twice");
	ok(!give(d, piece(4, 1, 1480, BODY, false), 0), "and the last one twice");
	ok(!give(d, piece(4, 1, 1480, BODY, false), TS_SECOND) &&
		give(d, piece(4, 1, 0, 1480, true), TS_SECOND) && is_whole(BODY),
	    "the same number a second later is another packet");
	ok(!give(d, piece(4, 2, 0, 1480, true), TS_SECOND) &&
		!give(d, piece(4, 2, 800, 2000, true), TS_SECOND) &&
		give(d, piece(4, 2, 1000, BODY, false), TS_SECOND) && is_whole(BODY),
	    "IPv4: overlaps with the same bytes");
	ok(!give(d, piece(6, 3, 0, 1480, true), TS_SECOND) &&
		!give(d, piece(6, 3, 0, 1480, true), TS_SECOND) &&
		give(d, piece(6, 3, 1480, BODY, false), TS_SECOND) && is_whole(BODY),
	    "IPv6: a copy is no overlap");
	struct packet odd = piece(4, 4, 0, 1485, true);
	ok(!give(d, odd, TS_SECOND) && give(d, piece(4, 4, 1480, BODY, false), TS_SECOND) &&
		is_whole(BODY),
	    "IPv4: a piece of odd length is cut to whole units");
	is_int(stat[NET_LOSS_FRAGMENTS], 0, "none of this is a loss");
	defrag_free(d);
}

static void test_attacks(void)
{
	struct {
		const char *what;
		struct packet p[4];
		int n;
	} t[] = {
		{ "teardrop: a piece inside another, with other bytes",
		    { piece(4, 1, 0, 800, true), piece(4, 1, 400, 600, false) }, 2 },
		{ "other bytes for what is there",
		    { piece(4, 2, 0, 800, true), piece(4, 2, 0, 800, true) }, 2 },
		{ "IPv6: an overlap, with the same bytes",
		    { piece(6, 3, 0, 800, true), piece(6, 3, 400, 1600, true) }, 2 },
		{ "a piece beyond the end",
		    { piece(4, 4, 1480, 2000, false), piece(4, 4, 2400, 2800, true) }, 2 },
		{ "an end before what is there",
		    { piece(4, 5, 1600, 2400, true), piece(4, 5, 800, 1200, false) }, 2 },
		{ "two ends", { piece(4, 6, 800, 1200, false), piece(4, 6, 1200, 1400, false) },
		    2 },
	};

	make_body(BODY);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct defrag *d = fresh(1 << 20);
		uint8_t other[BODY];
		int done = 0;
		memset(other, 0x55, sizeof(other));
		if (i < 2)
			t[i].p[1].payload.p = other;
		for (int k = 0; k < t[i].n; k++)
			done += give(d, t[i].p[k], 0);
		/* What would complete it. */
		struct packet rest = t[i].p[0];
		for (uint32_t at = 0; at < BODY; at += 600) {
			rest = piece(rest.family, rest.frag_id, at, at + 600, at + 600 < BODY);
			done += give(d, rest, 0);
		}
		ok(!done && stat[NET_LOSS_FRAGMENTS] == stat[NET_STAT_FRAGMENTS],
		    "%s: dropped, all of it", t[i].what);
		defrag_finish(d);
		is_int(stat[NET_LOSS_FRAGMENTS], stat[NET_STAT_FRAGMENTS], "and counted once");
		defrag_free(d);
	}
}

static void test_refused(void)
{
	struct defrag *d = fresh(1 << 20);
	struct packet far = piece(4, 1, 0, 1480, true), cut = piece(4, 2, 0, 800, true);
	struct packet death = piece(4, 3, 0, 1480, false);

	make_body(BODY);
	far.payload.n = 0;
	cut.cut = true;
	death.frag_offset = 65528;
	ok(!give(d, far, 0) && !give(d, cut, 0) && !give(d, death, 0) &&
		!give(d, piece(6, 4, 0, 1003, true), 0),
	    "empty, captured short, beyond 64 KiB, IPv6 of odd length");
	is_int(stat[NET_LOSS_FRAGMENTS], 4, "are losses");
	defrag_free(d);
}

static void test_time(void)
{
	struct defrag *d = fresh(1 << 20);

	make_body(BODY);
	(void)give(d, piece(4, 1, 0, 1480, true), 0);
	ok(give(d, piece(4, 1, 1480, BODY, false), 29 * TS_SECOND), "after 29 seconds");
	(void)give(d, piece(4, 2, 0, 1480, true), 100 * TS_SECOND);
	ok(!give(d, piece(4, 2, 1480, BODY, false), 131 * TS_SECOND), "not after 31");
	is_int(stat[NET_LOSS_FRAGMENTS], 1, "the old one is a loss");
	(void)give(d, piece(4, 3, 0, 1480, true), 50 * TS_SECOND);
	ok(give(d, piece(4, 3, 1480, BODY, false), 49 * TS_SECOND), "a clock that goes backwards");
	(void)give(d, piece(4, 4, 0, 1480, true), 900 * TS_SECOND);
	ok(give(d, piece(4, 4, 1480, BODY, false), 900 * TS_SECOND), "a packet");
	(void)give(d, piece(4, 4, 0, 1480, true), 100 * TS_SECOND);
	ok(give(d, piece(4, 4, 1480, BODY, false), 100 * TS_SECOND),
	    "another one of its number, in an older file or behind a clock that was set back");
	defrag_finish(d);
	is_int(stat[NET_LOSS_FRAGMENTS], 2, "at the end what is open is a loss");
	defrag_free(d);
}

/* A tunnel whose outer packet was cut up, and whose inner one was before. */
static void test_tunnel(void)
{
	struct defrag *d = fresh(1 << 20);
	AUTO_BUF struct buf outer = BUF_INIT(1 << 16);
	int done = 0;

	make_body(BODY);
	for (int i = 0; i < 2; i++) {
		uint32_t off = i ? 1480 : 0, n = i ? BODY - 1480 : 1480;
		buf_reset(&outer);
		put_hex(&outer, "4500");
		buf_put_be16(&outer, (uint16_t)(20 + n));
		put_hex(&outer, "4321");
		buf_put_be16(&outer, (uint16_t)(off / 8 | (i ? 0 : 0x2000)));
		put_hex(&outer, "4011 0000 0a000009 0a00000a");
		buf_put(&outer, body + off, n);
		for (uint32_t at = 0; at < outer.n; at += 800) {
			struct packet p = piece(4, 70 + (uint32_t)i, 0, 0, at + 800 < outer.n);
			p.proto = 4;
			p.frag_offset = at;
			p.payload = span_of(outer.p + at, outer.n - at < 800 ? outer.n - at : 800);
			done += give(d, p, 0);
		}
	}
	ok(done == 1 && is_whole(BODY) && whole.tunnels == 1 && whole.src[3] == 9,
	    "pieces inside pieces");
	is_int(stat[NET_STAT_FRAGMENTS], 6, "are counted as they are met");
	defrag_free(d);
}

/* Against the plain way: an array and a flag for every byte. */
static void test_model(void)
{
	struct defrag *d = fresh(1 << 20);
	static uint8_t flag[4096];
	uint64_t x = 88172645463325252ull;
	int bad = 0, completed = 0;

	make_body(4096);
	for (uint32_t round = 0; round < 3000; round++) {
		uint32_t end = 200 + round % 3000, got = 0;
		bool known = false;
		uint8_t family = round % 2 ? 4 : 6;
		bool dead = false, over = false;
		memset(flag, 0, sizeof(flag));
		make_body(end);
		for (int k = 0; k < 40 && !over; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			uint32_t off = (uint32_t)(x % ((end + 7) / 8)) * 8;
			uint32_t n = (uint32_t)(x >> 40) % 120 * 8 + 8;
			bool more = off + n < end;
			if (!more)
				n = end - off;
			uint32_t there = 0;
			for (uint32_t i = off; i < off + n; i++)
				there += flag[i];
			dead = dead || (family == 6 && there && there != n);
			for (uint32_t i = off; i < off + n; i++) {
				got += !flag[i];
				flag[i] = 1;
			}
			known = known || !more;
			over = !dead && known && got == end;
			bool done = give(d, piece(family, round, off, off + n, more), 0);
			bad += done != over || (done && !is_whole(end));
		}
		completed += over;
	}
	is_int(bad, 0, "3000 packets in random pieces, as the plain way says");
	ok(completed > 200, "of which %d completed", completed);
	defrag_free(d);
}

/* Bombs: the memory is what was given, the last packet still comes through. */
static void test_bombs(void)
{
	struct defrag *d = fresh(1 << 20);
	uint32_t n = getenv("SANITIZED") ? 200000 : getenv("FULL") ? 10000000 : 1000000;

	make_body(65535);
	for (uint32_t i = 0; i < n; i++)
		(void)give(d, piece(4, i, 0, 8, true), i);
	ok(give(d, piece(4, n - 1, 8, BODY, false), n) && err == PACKET_BAD,
	    "%u packets that never end; the last one does", n);
	is_int(stat[NET_STAT_FRAGMENTS], n + 1, "all are counted");
	ok(stat[NET_LOSS_FRAGMENTS] > n - 2000, "nearly all as lost");
	defrag_finish(d);
	is_int(stat[NET_LOSS_FRAGMENTS], n - 1, "in the end all but the last");
	defrag_free(d);
	d = fresh(0);
	for (uint32_t i = 0; i < n; i++)
		(void)give(
		    d, piece(6, i % 50, 8 * (i / 50 % 8191), 8 * (i / 50 % 8191) + 8, true), i);
	ok(stat[NET_LOSS_FRAGMENTS] > 0, "50 packets of 8191 pieces at once do not fit");
	(void)give(d, piece(6, 1000, 0, 65528, true), n);
	ok(give(d, piece(6, 1000, 65528, 65535, false), n) && is_whole(65535),
	    "the longest one alone does, in the least memory");
	defrag_free(d);
}

int main(void)
{
	test_orders();
	test_sizes();
	test_copies();
	test_attacks();
	test_refused();
	test_time();
	test_tunnel();
	test_model();
	test_bombs();
	return tap_done();
}
