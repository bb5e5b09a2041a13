/* SPDX-License-Identifier: Apache-2.0 */

/* lanes_avx512: 16 inputs at once (SHA-512: 8), for processors with AVX-512 F, BW and VL. */

#include "crypto/lanes_priv.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define N32 16
#define N64 8

typedef uint32_t v32 __attribute__((vector_size(64)));
typedef uint64_t v64 __attribute__((vector_size(64)));
typedef uint32_t v32_loose __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint64_t v64_loose __attribute__((vector_size(64), aligned(8), may_alias));

/* Any function of three bits is one instruction; the number is its table. */
#define THREE(a, b, c, table)                                                                      \
	((__typeof__(a))_mm512_ternarylogic_epi32((__m512i)(a), (__m512i)(b), (__m512i)(c), table))
#define CHOOSE(a, b, c) THREE(a, b, c, 0xca)
#define MAJORITY(a, b, c) THREE(a, b, c, 0xe8)
#define PARITY(a, b, c) THREE(a, b, c, 0x96)
#define MD5_I(b, c, d) THREE(b, c, d, 0x39)

#define SWAP32(x)                                                                                  \
	((v32)_mm512_shuffle_epi8((__m512i)(x), _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14,    \
						    15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3))))
#define SWAP64(x)                                                                                  \
	((v64)_mm512_shuffle_epi8((__m512i)(x), _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11,  \
						    12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))))

/* Four groups of four vectors: within each 128-bit part the 4x4 square is turned. */
TARGET __attribute__((always_inline)) static inline void turn_parts(__m512i *r)
{
	UNROLL for (int i = 0; i < 16; i += 4)
	{
		__m512i ab = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		__m512i AB = _mm512_unpackhi_epi32(r[i], r[i + 1]);
		__m512i cd = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]);
		__m512i CD = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);
		r[i] = _mm512_unpacklo_epi64(ab, cd);
		r[i + 1] = _mm512_unpackhi_epi64(ab, cd);
		r[i + 2] = _mm512_unpacklo_epi64(AB, CD);
		r[i + 3] = _mm512_unpackhi_epi64(AB, CD);
	}
}

TARGET __attribute__((always_inline)) static inline void load32(
    v32 *w, const uint8_t *const *p, size_t at)
{
	__m512i r[16];

	UNROLL for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(p[i] + at);
	turn_parts(r);
	/* Then the 4x4 square of the parts: word 4k + i is part k of r[i], r[4 + i], … */
	UNROLL for (int i = 0; i < 4; i++)
	{
		__m512i lo = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x44);
		__m512i hi = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xee);
		__m512i lo2 = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x44);
		__m512i hi2 = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xee);
		w[i] = (v32)_mm512_shuffle_i32x4(lo, lo2, 0x88);
		w[4 + i] = (v32)_mm512_shuffle_i32x4(lo, lo2, 0xdd);
		w[8 + i] = (v32)_mm512_shuffle_i32x4(hi, hi2, 0x88);
		w[12 + i] = (v32)_mm512_shuffle_i32x4(hi, hi2, 0xdd);
	}
}

TARGET __attribute__((always_inline)) static inline void load64_half(
    v64 *w, const uint8_t *const *p, size_t at)
{
	__m512i r[8];

	UNROLL for (int i = 0; i < 8; i += 2)
	{
		__m512i a = _mm512_loadu_si512(p[i] + at), b = _mm512_loadu_si512(p[i + 1] + at);
		r[i] = _mm512_unpacklo_epi64(a, b);
		r[i + 1] = _mm512_unpackhi_epi64(a, b);
	}
	UNROLL for (int i = 0; i < 2; i++)
	{
		__m512i lo = _mm512_shuffle_i64x2(r[i], r[2 + i], 0x44);
		__m512i hi = _mm512_shuffle_i64x2(r[i], r[2 + i], 0xee);
		__m512i lo2 = _mm512_shuffle_i64x2(r[4 + i], r[6 + i], 0x44);
		__m512i hi2 = _mm512_shuffle_i64x2(r[4 + i], r[6 + i], 0xee);
		w[i] = (v64)_mm512_shuffle_i64x2(lo, lo2, 0x88);
		w[2 + i] = (v64)_mm512_shuffle_i64x2(lo, lo2, 0xdd);
		w[4 + i] = (v64)_mm512_shuffle_i64x2(hi, hi2, 0x88);
		w[6 + i] = (v64)_mm512_shuffle_i64x2(hi, hi2, 0xdd);
	}
}

TARGET __attribute__((always_inline)) static inline void load64(
    v64 *w, const uint8_t *const *p, size_t at)
{
	load64_half(w, p, at);
	load64_half(w + 8, p, at + 64);
}

#include "crypto/lanes_rounds.h"

const struct lanes_vectors lanes_avx512 = { N32, N64, md5_blocks, sha1_blocks, sha256_blocks,
	sha512_blocks };

#endif
