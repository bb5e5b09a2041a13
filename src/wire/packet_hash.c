/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/packet_plain.h"

/* Folded 128-bit product: every bit of both goes into every bit of it. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t one(const uint8_t *addr, uint8_t family, const uint64_t key[2])
{
	if (family == 4) {
		uint32_t w;
		memcpy(&w, addr, sizeof(w));
		return mix(w ^ key[0], key[1] | 1);
	}
	uint64_t w[2];
	memcpy(w, addr, sizeof(w));
	return mix(mix(w[0] ^ key[0], key[1] | 1) ^ w[1], key[0] | 1);
}

/* A sum does not care for the order. */
static inline uint64_t pair(
    const uint8_t *src, const uint8_t *dst, uint8_t family, const uint64_t key[2])
{
	uint64_t h = mix((one(src, family, key) + one(dst, family, key)) ^ key[1], key[0] | 1);

	return h == PACKET_EVERYONE ? 0 : h;
}

uint64_t packet_hash(const struct packet *p, const uint64_t key[2])
{
	return pair(p->src, p->dst, p->family, key);
}

/* Apart, so that the usual way need not clear a struct packet. */
__attribute__((noinline)) static uint64_t decoded(
    struct span frame, uint32_t link, const uint64_t key[2])
{
	struct packet p;

	switch (packet_decode(frame, link, &p)) {
	case PACKET_OK:
		return packet_hash(&p, key);
	case PACKET_FRAGMENT:
		return PACKET_EVERYONE;
	default:
		return 0;
	}
}

uint64_t packet_pair_hash(struct span frame, uint32_t link, const uint64_t key[2])
{
	struct plain x;

	if (!plain_find(frame.p, frame.n, link, &x))
		return decoded(frame, link, key);
	return x.family == 4 ? pair(x.ip + 12, x.ip + 16, 4, key)
			     : pair(x.ip + 8, x.ip + 24, 6, key);
}
