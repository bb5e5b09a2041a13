/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The 128-bit name of a flow: AES rounds (as a universal hash: each of the blocks through four
 * rounds under keys of its own, their sum through two more), or SipHash where there is no AES.
 */

#include "sense/net/flow_priv.h"

#include "base/map.h"

#include <errno.h>
#include <sys/random.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

struct blocks {
	uint8_t b[3][16];
	unsigned n, dir;
};

/* An IPv4 flow is one block; the ends in order, so that both directions are the same. */
static inline void order(const struct packet *p, struct blocks *ret_b)
{
	size_t n = p->family == 4 ? 4 : 16;
	uint32_t s = 0, d = 0;
	int c;

	if (n == 4) {
		memcpy(&s, p->src, 4);
		memcpy(&d, p->dst, 4);
		s = __builtin_bswap32(s);
		d = __builtin_bswap32(d);
		c = s < d ? -1 : s > d;
	} else {
		c = memcmp(p->src, p->dst, 16);
	}
	bool swap = c ? c > 0 : p->sport > p->dport;
	const uint8_t *lo = swap ? p->dst : p->src, *hi = swap ? p->src : p->dst;
	uint16_t tail[3] = { swap ? p->dport : p->sport, swap ? p->sport : p->dport,
		(uint16_t)(p->family << 8 | p->proto) };
	ret_b->dir = swap;
	ret_b->n = n == 4 ? 1 : 3;
	memcpy(ret_b->b[0], tail, sizeof(tail));
	memset(ret_b->b[0] + 6, 0, 10);
	if (n == 4) {
		memcpy(ret_b->b[0] + 8, lo, 4);
		memcpy(ret_b->b[0] + 12, hi, 4);
	} else {
		memcpy(ret_b->b[1], lo, 16);
		memcpy(ret_b->b[2], hi, 16);
	}
}

#ifdef __x86_64__
__attribute__((target("aes,sse2"))) static inline __m128i rounds(const uint8_t *b,
    const uint8_t key[4][16])
{
	__m128i x = _mm_loadu_si128((const __m128i *)b);

	x = _mm_xor_si128(x, _mm_loadu_si128((const __m128i *)key[0]));
	x = _mm_aesenc_si128(x, _mm_loadu_si128((const __m128i *)key[1]));
	x = _mm_aesenc_si128(x, _mm_loadu_si128((const __m128i *)key[2]));
	x = _mm_aesenc_si128(x, _mm_loadu_si128((const __m128i *)key[3]));
	return _mm_aesenc_si128(x, _mm_loadu_si128((const __m128i *)key[0]));
}

__attribute__((target("aes,sse2"))) static void hash_aes(const uint8_t keys[12][16],
    const struct blocks *b, uint64_t ret_key[2])
{
	__m128i x = rounds(b->b[0], keys);

	if (b->n == 3) {
		x = _mm_xor_si128(x, rounds(b->b[1], keys + 4));
		x = _mm_xor_si128(x, rounds(b->b[2], keys + 8));
	}
	x = _mm_aesenc_si128(x, _mm_loadu_si128((const __m128i *)keys[5]));
	x = _mm_aesenc_si128(x, _mm_loadu_si128((const __m128i *)keys[10]));
	_mm_storeu_si128((__m128i *)ret_key, x);
}
#endif

static void hash_sip(const uint8_t keys[12][16], const struct blocks *b, uint64_t ret_key[2])
{
	uint64_t k[2][2];

	memcpy(k, keys, sizeof(k));
	ret_key[0] = siphash13(k[0], b->b, 16 * b->n);
	ret_key[1] = siphash13(k[1], b->b, 16 * b->n);
}

int flow_key_init(struct flows *f)
{
	if (getrandom(f->keys, sizeof(f->keys), 0) != sizeof(f->keys))
		return -EIO;
#ifdef __x86_64__
	f->aes = __builtin_cpu_supports("aes");
#endif
	return 0;
}

struct flow_id flow_key(const struct flows *f, const struct packet *p)
{
	struct blocks b;
	struct flow_id id;

	order(p, &b);
	id.dir = b.dir;
#ifdef __x86_64__
	if (f->aes) {
		hash_aes(f->keys, &b, id.key);
		return id;
	}
#endif
	hash_sip(f->keys, &b, id.key);
	return id;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t flow_id_of(const struct packet *p)
{
	struct blocks b;
	uint64_t h = 0x9e3779b97f4a7c15u, w[2];

	order(p, &b);
	for (unsigned i = 0; i < b.n; i++) {
		memcpy(w, b.b[i], sizeof(w));
		h = fold(h ^ w[0], 0xd6e8feb86659fd93u ^ w[1]);
	}
	return h | 1ull << 63;
}
