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

/* The two ends in order, so that both directions are the same: ports, protocol and, of IPv4, the
 * addresses too. */
struct ends {
	uint64_t head, v4;
	const uint8_t *lo, *hi; /* of IPv6 */
	unsigned dir;
};

static inline uint64_t be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return n == 4 ? __builtin_bswap32((uint32_t)v) : __builtin_bswap64(v);
}

static inline bool is_greater(const struct packet *p)
{
	for (size_t i = 0; i < 16; i += 8) {
		uint64_t s = be(p->src + i, 8), d = be(p->dst + i, 8);
		if (s != d)
			return s > d;
	}
	return p->sport > p->dport;
}

static inline struct ends ends_of(const struct packet *p)
{
	uint64_t proto = (uint64_t)p->family << 8 | p->proto;
	struct ends e = { .head = proto << 32 };

	if (p->family == 4) {
		uint64_t s = be(p->src, 4) << 16 | p->sport, d = be(p->dst, 4) << 16 | p->dport;
		uint64_t lo = s < d ? s : d, hi = s < d ? d : s;
		e.dir = s > d;
		e.head |= (lo & 0xffff) << 16 | (hi & 0xffff);
		e.v4 = lo >> 16 << 32 | hi >> 16;
		return e;
	}
	e.dir = is_greater(p);
	e.head |= (uint64_t)(e.dir ? p->dport : p->sport) << 16 | (e.dir ? p->sport : p->dport);
	e.lo = e.dir ? p->dst : p->src;
	e.hi = e.dir ? p->src : p->dst;
	return e;
}

#ifdef __x86_64__
#define AES __attribute__((target("aes,sse2")))

AES static inline __m128i key_at(const uint8_t key[16])
{
	return _mm_load_si128((const __m128i *)key);
}

AES static inline __m128i rounds(__m128i x, const uint8_t key[4][16])
{
	x = _mm_xor_si128(x, key_at(key[0]));
	x = _mm_aesenc_si128(x, key_at(key[1]));
	x = _mm_aesenc_si128(x, key_at(key[2]));
	x = _mm_aesenc_si128(x, key_at(key[3]));
	return _mm_aesenc_si128(x, key_at(key[0]));
}

AES static struct flow_id key_aes(const uint8_t keys[12][16], const struct packet *p)
{
	struct ends e = ends_of(p);
	struct flow_id id = { .dir = e.dir };
	__m128i x = rounds(_mm_set_epi64x((long long)e.v4, (long long)e.head), keys);

	if (e.lo) {
		__m128i lo = _mm_loadu_si128((const __m128i *)e.lo);
		__m128i hi = _mm_loadu_si128((const __m128i *)e.hi);
		x = _mm_xor_si128(x, rounds(lo, keys + 4));
		x = _mm_xor_si128(x, rounds(hi, keys + 8));
	}
	x = _mm_aesenc_si128(x, key_at(keys[5]));
	x = _mm_aesenc_si128(x, key_at(keys[10]));
	_mm_storeu_si128((__m128i *)id.key, x);
	return id;
}
#endif

/* The same as bytes. */
struct bytes {
	uint64_t w[6];
	size_t n; /* of w */
};

static struct bytes bytes_of(const struct ends *e)
{
	struct bytes b = { .w = { e->head, e->v4 }, .n = 2 };

	if (e->lo) {
		memcpy(b.w + 2, e->lo, 16);
		memcpy(b.w + 4, e->hi, 16);
		b.n = 6;
	}
	return b;
}

static struct flow_id key_sip(const uint8_t keys[12][16], const struct packet *p)
{
	struct ends e = ends_of(p);
	struct bytes b = bytes_of(&e);
	struct flow_id id = { .dir = e.dir };
	uint64_t k[2][2];

	memcpy(k, keys, sizeof(k));
	id.key[0] = siphash13(k[0], b.w, 8 * b.n);
	id.key[1] = siphash13(k[1], b.w, 8 * b.n);
	return id;
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
#ifdef __x86_64__
	if (f->aes)
		return key_aes(f->keys, p);
#endif
	return key_sip(f->keys, p);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t flow_id_of(const struct packet *p)
{
	struct ends e = ends_of(p);
	struct bytes b = bytes_of(&e);
	uint64_t h = 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < b.n; i += 2)
		h = fold(h ^ b.w[i], 0xd6e8feb86659fd93u ^ b.w[i + 1]);
	return h | 1ull << 63;
}
