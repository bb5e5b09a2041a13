/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/walk.h"

/*
 * Record headers form a chain: where the next one is is known when this one was read, so that a
 * walk over a file waits for memory at each packet. Here several chains are followed at once, from
 * places in the chunk where, by the look of it, a record begins. Nothing is concluded from them:
 * the walk itself comes after, and finds the headers in the cache. A wrong guess costs time only.
 */

#define LANES 8
#define SCAN_MAX 4096 /* bytes looked at for the beginning of a record */
#define SECONDS 600   /* how far a record's time may be from that of the chunk's first */
#define AHEAD_MIN (64u << 10)

/* A plausible length of the packet whose record header is at p, else 0. */
static uint32_t plausible(const struct pcap_format *f, const uint8_t *p, uint32_t sec)
{
	uint32_t t = pcap_u32(p, f->swapped), captured = pcap_u32(p + 8, f->swapped);
	uint32_t sent = pcap_u32(p + 12, f->swapped);

	if (t - sec + SECONDS > 2 * SECONDS || captured - 1 >= PCAP_PACKET_MAX || sent < captured)
		return 0;
	return captured;
}

/* The first place from `at` on that looks like two records, one after the other. */
static size_t sync(const struct pcap_format *f, struct span s, size_t at, uint32_t sec)
{
	for (size_t end = at + SCAN_MAX; at < end && at + f->header < s.n; at++) {
		uint32_t n = plausible(f, s.p + at, sec);
		if (n == 0)
			continue;
		size_t next = at + f->header + n;
		if (next + f->header <= s.n && plausible(f, s.p + next, sec))
			return at;
	}
	return s.n;
}

void walk_ahead(const struct pcap_format *f, struct span s, size_t bytes)
{
	size_t at[LANES], end[LANES], busy = LANES;

	if (s.n > bytes)
		s.n = bytes;
	if (s.n < AHEAD_MIN)
		return;
	uint32_t sec = pcap_u32(s.p, f->swapped);
	for (size_t i = 0; i < LANES; i++) {
		end[i] = s.n / LANES * (i + 1);
		at[i] = i ? sync(f, s, s.n / LANES * i, sec) : 0;
	}
	while (busy) {
		busy = 0;
		for (size_t i = 0; i < LANES; i++) {
			if (at[i] >= end[i] || at[i] + 64 > s.n)
				continue;
			const uint8_t *p = s.p + at[i];
			__builtin_prefetch(p + 64);
			at[i] += f->header + (size_t)pcap_u32(p + 8, f->swapped);
			busy++;
		}
	}
}
