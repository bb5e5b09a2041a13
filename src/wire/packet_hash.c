/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/packet.h"

/* Folded 128-bit product: every bit of both goes into every bit of it. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* One address; the sum of two does not care for their order. */
static inline uint64_t one(const uint8_t a[16], const uint64_t key[2])
{
	uint64_t w[2];

	memcpy(w, a, sizeof(w));
	return mix(mix(w[0] ^ key[0], key[1] | 1) ^ w[1], key[0] | 1);
}

uint64_t packet_hash(const struct packet *p, const uint64_t key[2])
{
	uint64_t h = mix((one(p->src, key) + one(p->dst, key)) ^ key[1], key[0] | 1);

	return h == PACKET_EVERYONE ? 0 : h;
}

uint64_t packet_pair_hash(struct span frame, uint32_t link, const uint64_t key[2])
{
	struct packet p;

	switch (packet_decode(frame, link, &p)) {
	case PACKET_OK:
		return packet_hash(&p, key);
	case PACKET_FRAGMENT:
		return p.proto == PACKET_TCP ? packet_hash(&p, key) : PACKET_EVERYONE;
	default:
		return 0;
	}
}
