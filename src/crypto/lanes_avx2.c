/* SPDX-License-Identifier: Apache-2.0 */

/* lanes_avx2: 8 inputs at once (SHA-512: 4), for processors with AVX2. */

#include "crypto/lanes_priv.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define N32 8
#define N64 4

typedef uint32_t v32 __attribute__((vector_size(32)));
typedef uint64_t v64 __attribute__((vector_size(32)));
typedef uint32_t v32_loose __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint64_t v64_loose __attribute__((vector_size(32), aligned(8), may_alias));

#define CHOOSE(a, b, c) ((c) ^ ((a) & ((b) ^ (c))))
#define MAJORITY(a, b, c) (((a) & (b)) | ((c) & ((a) | (b))))
#define PARITY(a, b, c) ((a) ^ (b) ^ (c))
#define MD5_I(b, c, d) ((c) ^ ((b) | ~(d)))

#define SWAP32(x)                                                                                  \
	((v32)_mm256_shuffle_epi8((__m256i)(x),                                                    \
	    _mm256_broadcastsi128_si256(                                                           \
		_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3))))
#define SWAP64(x)                                                                                  \
	((v64)_mm256_shuffle_epi8((__m256i)(x), _mm256_broadcastsi128_si256(_mm_set_epi8(8, 9, 10, \
						    11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))))

/* Eight words of each input: an 8x8 square is turned. */
TARGET __attribute__((always_inline)) static inline void load32_half(
    v32 *w, const uint8_t *const *p, size_t at)
{
	__m256i r[8];

	UNROLL for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_si256((const __m256i *)(p[i] + at));
	UNROLL for (int i = 0; i < 8; i += 4)
	{
		__m256i ab = _mm256_unpacklo_epi32(r[i], r[i + 1]);
		__m256i AB = _mm256_unpackhi_epi32(r[i], r[i + 1]);
		__m256i cd = _mm256_unpacklo_epi32(r[i + 2], r[i + 3]);
		__m256i CD = _mm256_unpackhi_epi32(r[i + 2], r[i + 3]);
		r[i] = _mm256_unpacklo_epi64(ab, cd);
		r[i + 1] = _mm256_unpackhi_epi64(ab, cd);
		r[i + 2] = _mm256_unpacklo_epi64(AB, CD);
		r[i + 3] = _mm256_unpackhi_epi64(AB, CD);
	}
	UNROLL for (int i = 0; i < 4; i++)
	{
		w[i] = (v32)_mm256_permute2x128_si256(r[i], r[4 + i], 0x20);
		w[4 + i] = (v32)_mm256_permute2x128_si256(r[i], r[4 + i], 0x31);
	}
}

TARGET __attribute__((always_inline)) static inline void load32(
    v32 *w, const uint8_t *const *p, size_t at)
{
	load32_half(w, p, at);
	load32_half(w + 8, p, at + 32);
}

TARGET __attribute__((always_inline)) static inline void load64(
    v64 *w, const uint8_t *const *p, size_t at)
{
	UNROLL for (int k = 0; k < 16; k += 4)
	{
		__m256i r[4];
		UNROLL for (int i = 0; i < 4; i++) r[i] =
		    _mm256_loadu_si256((const __m256i *)(p[i] + at + 8 * (size_t)k));
		__m256i ab = _mm256_unpacklo_epi64(r[0], r[1]);
		__m256i AB = _mm256_unpackhi_epi64(r[0], r[1]);
		__m256i cd = _mm256_unpacklo_epi64(r[2], r[3]);
		__m256i CD = _mm256_unpackhi_epi64(r[2], r[3]);
		w[k] = (v64)_mm256_permute2x128_si256(ab, cd, 0x20);
		w[k + 1] = (v64)_mm256_permute2x128_si256(AB, CD, 0x20);
		w[k + 2] = (v64)_mm256_permute2x128_si256(ab, cd, 0x31);
		w[k + 3] = (v64)_mm256_permute2x128_si256(AB, CD, 0x31);
	}
}

#include "crypto/lanes_rounds.h"

const struct lanes_vectors lanes_avx2 = { N32, N64, md5_blocks, sha1_blocks, sha256_blocks,
	sha512_blocks };

#endif
