/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pcapng_read.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
};

enum {
	OPT_END = 0,
	OPT_IF_DROP = 5, /* of BLOCK_STATISTICS */
	OPT_OS_DROP = 7,
	OPT_RESOLUTION = 9, /* of BLOCK_INTERFACE */
	OPT_OFFSET = 14,
};

#define MAGIC 0x1a2b3c4du
#define HEADER 8
#define BLOCK_MIN 12

static uint16_t u16(const struct pcapng *g, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return g->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t u32(const struct pcapng *g, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return g->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t u64(const struct pcapng *g, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return g->swapped ? __builtin_bswap64(v) : v;
}

/* --- time ----------------------------------------------------------------------------------------
 */

static uint64_t power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n--)
		v *= 10;
	return v;
}

static ts time_of(const struct pcapng_interface *i, uint64_t ticks)
{
	unsigned e = i->resolution & 0x7f;
	unsigned __int128 ns = ticks;

	if (i->resolution & 0x80)
		ns = e > 94 ? 0 : ns * (uint64_t)TS_SECOND >> e;
	else if (e <= 9)
		ns *= power_of_ten(9 - e);
	else
		ns = e > 28 ? 0 : ns / power_of_ten(e - 9);
	/* ticks · 10^9 is below 2^94 and the offset within ±2^63: the sum is exact. */
	__int128 sum = (__int128)ns + i->offset;
	return sum < 0 ? 0 : sum >= TS_FOREVER ? TS_FOREVER - 1 : (ts)sum;
}

/* --- blocks --------------------------------------------------------------------------------------
 */

/* The options in s, one at a time; what does not fit ends them. */
static bool next_option(const struct pcapng *g, struct span *s, uint16_t *code, struct span *value)
{
	if (s->n < 4)
		return false;
	*code = u16(g, s->p);
	size_t n = u16(g, s->p + 2), padded = (n + 3) & ~(size_t)3;
	if (*code == OPT_END || n > s->n - 4)
		return false;
	*value = span_of(s->p + 4, n);
	*s = span_from(*s, 4 + padded);
	return true;
}

/* What of the block is in view from off on, without the length at its end. */
static struct span options_of(struct span s, uint64_t length, size_t off)
{
	uint64_t end = length - 4;

	if (end < s.n)
		s.n = (size_t)end;
	return span_cut(s, off, PCAPNG_OPTIONS_MAX);
}

/* The byte order is known by the magic only: it comes before the length is read. */
static int section(struct pcapng *g, struct span s)
{
	uint32_t magic;

	if (s.n < 16)
		return PCAPNG_MORE;
	memcpy(&magic, s.p + 8, sizeof(magic));
	if (magic != MAGIC && __builtin_bswap32(magic) != MAGIC)
		return g->begun ? PCAPNG_BAD : PCAPNG_NOT;
	g->swapped = magic != MAGIC;
	if (u16(g, s.p + 12) != 1 || u32(g, s.p + 4) < 28)
		return PCAPNG_BAD;
	g->begun = true;
	g->n = 0;
	return PCAPNG_OTHER;
}

static void add_seconds(struct pcapng_interface *i, int64_t seconds)
{
	if (__builtin_mul_overflow(seconds, TS_SECOND, &i->offset))
		i->offset = seconds < 0 ? -TS_FOREVER : TS_FOREVER;
}

static int interface(struct pcapng *g, struct span s, uint64_t length)
{
	uint64_t options = length < 20 ? 0 : length - 20;
	size_t view = 16 + (options < PCAPNG_OPTIONS_MAX ? (size_t)options : PCAPNG_OPTIONS_MAX);
	struct span value;
	uint16_t code;

	if (length < 20)
		return PCAPNG_BAD;
	if (s.n < view)
		return PCAPNG_MORE;
	if (g->n == PCAPNG_INTERFACES_MAX)
		return PCAPNG_OTHER;
	struct pcapng_interface *i = &g->interface[g->n++];
	*i = (struct pcapng_interface){
		.link = u16(g, s.p + 8),
		.snaplen = u32(g, s.p + 12),
		.resolution = 6,
	};
	struct span rest = options_of(s, length, 16);
	while (next_option(g, &rest, &code, &value)) {
		if (code == OPT_RESOLUTION && value.n == 1)
			i->resolution = value.p[0];
		else if (code == OPT_OFFSET && value.n == 8)
			add_seconds(i, (int64_t)u64(g, value.p));
	}
	return PCAPNG_OTHER;
}

/* Counters since the capture began: what is more than last time was lost since then. */
static int statistics(struct pcapng *g, struct span s, uint64_t length)
{
	struct span value;
	uint64_t lost = 0;
	uint16_t code;

	if (length < 24)
		return PCAPNG_BAD;
	if (s.n < length - 4 && s.n < 20 + PCAPNG_OPTIONS_MAX)
		return PCAPNG_MORE;
	uint32_t k = u32(g, s.p + 8);
	struct span rest = options_of(s, length, 20);
	while (next_option(g, &rest, &code, &value))
		if ((code == OPT_IF_DROP || code == OPT_OS_DROP) && value.n == 8)
			lost += u64(g, value.p);
	if (k < g->n && lost > g->interface[k].dropped) {
		g->dropped += lost - g->interface[k].dropped;
		g->interface[k].dropped = lost;
	}
	return PCAPNG_OTHER;
}

/* at: where the packet begins; its length is cut to what the block can hold. */
static int packet(struct pcapng *g, struct span s, uint32_t k, struct pcapng_block *b)
{
	if (b->record.captured > PCAP_PACKET_MAX || b->record.captured > b->length - 4 - b->at)
		return PCAPNG_BAD;
	if (s.n < b->at + (size_t)b->record.captured)
		return PCAPNG_MORE;
	b->link = k < g->n ? g->interface[k].link : PCAPNG_LINK_NONE;
	g->last = b->record.time;
	return PCAPNG_PACKET;
}

/* Enhanced and obsolete Packet Blocks differ in their first word only. */
static int timed_packet(struct pcapng *g, struct span s, uint32_t k, struct pcapng_block *b)
{
	static const struct pcapng_interface none = { .resolution = 6 };
	uint64_t ticks = (uint64_t)u32(g, s.p + 12) << 32 | u32(g, s.p + 16);

	b->at = 28;
	b->record = (struct pcap_record){
		.time = time_of(k < g->n ? &g->interface[k] : &none, ticks),
		.captured = u32(g, s.p + 20),
		.sent = u32(g, s.p + 24),
	};
	return packet(g, s, k, b);
}

static int simple_packet(struct pcapng *g, struct span s, struct pcapng_block *b)
{
	uint32_t sent = u32(g, s.p + 8), snaplen = g->n ? g->interface[0].snaplen : 0;
	uint64_t room = b->length - 16;
	uint32_t captured = snaplen && snaplen < sent ? snaplen : sent;

	b->at = 12;
	b->record = (struct pcap_record){
		.time = g->last,
		.captured = captured < room ? captured : (uint32_t)room,
		.sent = sent,
	};
	return packet(g, s, 0, b);
}

static int body(struct pcapng *g, struct span s, uint32_t type, struct pcapng_block *b)
{
	uint64_t least = type == BLOCK_SIMPLE ? 16 : 32;

	switch (type) {
	case BLOCK_INTERFACE:
		return interface(g, s, b->length);
	case BLOCK_STATISTICS:
		return statistics(g, s, b->length);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
	case BLOCK_SIMPLE:
		if (b->length < least)
			return PCAPNG_BAD;
		if (s.n < least - 4)
			return PCAPNG_MORE;
		if (type == BLOCK_SIMPLE)
			return simple_packet(g, s, b);
		return timed_packet(
		    g, s, type == BLOCK_PACKET ? u16(g, s.p + 8) : u32(g, s.p + 8), b);
	default:
		return PCAPNG_OTHER;
	}
}

int pcapng_read(struct pcapng *g, struct span s, struct pcapng_block *ret_b)
{
	int err;

	*ret_b = (struct pcapng_block){ 0 };
	if (s.n < BLOCK_MIN)
		return PCAPNG_MORE;
	uint32_t type = u32(g, s.p);
	if (type == BLOCK_SECTION) {
		err = section(g, s);
		if (err != PCAPNG_OTHER)
			return err;
	} else if (!g->begun) {
		return PCAPNG_NOT;
	}
	uint32_t length = u32(g, s.p + 4);
	if (length < BLOCK_MIN)
		return PCAPNG_BAD;
	/* Blocks are padded to four bytes; some writers forget to count that. */
	struct pcapng_block b = { .length = ((uint64_t)length + 3) & ~3ull };
	/* What it is must not depend on how much of it is in view: all of it, or the end is never
	 * seen. */
	if (b.length <= PCAPNG_VIEW_MAX) {
		if (b.length > s.n)
			return PCAPNG_MORE;
		if (u32(g, s.p + b.length - 4) != length)
			return PCAPNG_BAD;
	}
	err = type == BLOCK_SECTION ? PCAPNG_OTHER : body(g, s, type, &b);
	if (err == PCAPNG_PACKET || err == PCAPNG_OTHER)
		*ret_b = b;
	return err;
}
