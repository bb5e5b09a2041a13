/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wire/packet and sense/net/defrag. The first byte chooses the link type; with its upper bit frames
 * follow each other, two bytes of length before each, and pieces are put together in little memory.
 * An error is zeroed output; the payload lies inside the frame; twice is the same; the short way
 * for plain packets says what the long way says; hashes are those of what comes out.
 */

#include "sense/net/defrag.h"
#include "wire/packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

static const uint64_t key[2] = { 1234567, 7654321 };

static bool same(const struct packet *a, const struct packet *b)
{
	return a->family == b->family && a->proto == b->proto && a->flags == b->flags &&
	       a->cut == b->cut && a->tunnels == b->tunnels && a->frag_more == b->frag_more &&
	       a->vlan == b->vlan && a->sport == b->sport && a->dport == b->dport &&
	       a->seq == b->seq && a->ack == b->ack && a->length == b->length &&
	       a->frag_id == b->frag_id && a->frag_offset == b->frag_offset &&
	       memcmp(a->src, b->src, 16) == 0 && memcmp(a->dst, b->dst, 16) == 0 &&
	       span_eq(a->payload, b->payload);
}

static void sound(const struct packet *p, int rc)
{
	static const struct packet none;

	MUST(rc >= 0 && rc <= PACKET_LINK && p->tunnels <= PACKET_TUNNELS_MAX);
	if (rc && rc != PACKET_FRAGMENT) {
		MUST(memcmp(p, &none, sizeof(none)) == 0);
		return;
	}
	MUST(p->family == 4 || p->family == 6);
	MUST(rc == PACKET_FRAGMENT || p->proto == PACKET_TCP || p->proto == PACKET_UDP);
}

/* netANALYZER's link type is Ethernet behind four bytes, and has no short way. */
static void long_way(struct span frame, const struct packet *p, int rc)
{
	uint8_t room[2048] = { 0 };
	struct packet q;

	if (frame.n > sizeof(room) - 4)
		return;
	if (frame.n)
		memcpy(room + 4, frame.p, frame.n);
	MUST(packet_decode(span_of(room, frame.n + 4), 240, &q) == rc);
	MUST(same(p, &q));
}

static int one(struct span frame, uint32_t link, struct packet *ret_p)
{
	struct packet q;

	memset(ret_p, 0xff, sizeof(*ret_p));
	int rc = packet_decode(frame, link, ret_p);
	sound(ret_p, rc);
	MUST(packet_decode(frame, link, &q) == rc && same(ret_p, &q));
	struct span s = ret_p->payload;
	MUST(!s.n || (s.p >= frame.p && s.p + s.n <= frame.p + frame.n));
	if (link == PACKET_LINK_ETHERNET)
		long_way(frame, ret_p, rc);
	uint64_t h = packet_pair_hash(frame, link, key);
	MUST(rc != PACKET_OK || h == packet_hash(ret_p, key));
	MUST((rc == PACKET_FRAGMENT) == (h == PACKET_EVERYONE));
	return rc;
}

static void many(struct span rest, uint32_t link)
{
	uint64_t stat[NET_STATS] = { 0 };
	struct defrag *d;
	uint64_t pieces = 0;

	if (defrag_new(&d, 0, stat) < 0)
		return;
	for (ts at = 0; rest.n >= 2; at += TS_SECOND) {
		size_t n = (size_t)(rest.p[0] << 8 | rest.p[1]);
		struct span frame = span_cut(rest, 2, n);
		struct packet p, whole;
		int rc = one(frame, link, &p);
		rest = span_from(rest, 2 + frame.n);
		if (rc != PACKET_FRAGMENT)
			continue;
		pieces++;
		if (defrag_packet(d, &p, at, &whole, &rc)) {
			sound(&whole, rc);
			MUST(rc != PACKET_FRAGMENT);
		}
	}
	defrag_finish(d);
	MUST(stat[NET_STAT_FRAGMENTS] >= pieces);
	MUST(stat[NET_LOSS_FRAGMENTS] <= stat[NET_STAT_FRAGMENTS]);
	defrag_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t link[] = { 1, 0, 101, 108, 113, 228, 229, 276, 12, 9, 1, 6, 10, 50,
		51, 100, 105, 107, 109, 117, 119, 123, 127, 128, 138, 163, 192, 197, 206, 239, 242,
		258 };
	struct packet p;

	if (!size)
		return 0;
	uint32_t l = link[(data[0] & 0x7f) % ARRAY_LEN(link)];
	if (data[0] & 0x80)
		many(span_of(data + 1, size - 1), l);
	else
		(void)one(span_of(data + 1, size - 1), l, &p);
	return 0;
}
