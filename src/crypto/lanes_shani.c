/* SPDX-License-Identifier: Apache-2.0 */

/*
 * lanes_shani: SHA-1 and SHA-256 with the processor's instructions for them. One input keeps their
 * units busy about half of the time (each step waits for the one before), so two go side by side.
 */

#include "crypto/lanes_priv.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE __attribute__((always_inline)) static inline
#define EACH(n) _Pragma("GCC unroll 2") for (unsigned l = 0; l < (n); l++)

/* Four bytes each turned into a word; for SHA-1 the first word comes into the highest place. */
#define SWAP_WORDS _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)
#define SWAP_ALL _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

TARGET INLINE void load(__m128i m[4], const uint8_t *p, __m128i order)
{
	UNROLL for (int i = 0; i < 4; i++) m[i] =
	    _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), order);
}

static inline __m128i row4(uint32_t (*s)[LANES_MAX], unsigned c, int high, int a, int b, int low)
{
	return _mm_set_epi32((int)s[high][c], (int)s[a][c], (int)s[b][c], (int)s[low][c]);
}

static inline void put4(
    uint32_t (*s)[LANES_MAX], unsigned c, __m128i x, int high, int a, int b, int low)
{
	uint32_t w[4];

	_mm_storeu_si128((__m128i *)w, x);
	s[high][c] = w[3];
	s[a][c] = w[2];
	s[b][c] = w[1];
	s[low][c] = w[0];
}

TARGET INLINE __m128i sha256_word(const __m128i m[4], unsigned i)
{
	__m128i x = _mm_sha256msg1_epu32(m[i & 3], m[(i + 1) & 3]);

	x = _mm_add_epi32(x, _mm_alignr_epi8(m[(i + 3) & 3], m[(i + 2) & 3], 4));
	return _mm_sha256msg2_epu32(x, m[(i + 3) & 3]);
}

TARGET INLINE void sha256_n(uint32_t (*s)[LANES_MAX], const unsigned *column,
    const uint8_t *const *p, unsigned n, size_t blocks)
{
	__m128i abef[2], cdgh[2], m[2][4], abef0[2], cdgh0[2];

	EACH(n)
	{
		abef[l] = row4(s, column[l], 0, 1, 4, 5);
		cdgh[l] = row4(s, column[l], 2, 3, 6, 7);
	}
	for (size_t at = 0; at < 64 * blocks; at += 64) {
		EACH(n)
		{
			load(m[l], p[l] + at, SWAP_WORDS);
			abef0[l] = abef[l];
			cdgh0[l] = cdgh[l];
		}
		UNROLL for (unsigned i = 0; i < 16; i++)
		{
			__m128i k = _mm_loadu_si128((const __m128i *)&lanes_sha256_k[4 * i]);
			EACH(n)
			{
				if (i >= 4)
					m[l][i & 3] = sha256_word(m[l], i);
				__m128i wk = _mm_add_epi32(m[l][i & 3], k);
				cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], wk);
				wk = _mm_shuffle_epi32(wk, 0x0e);
				abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], wk);
			}
		}
		EACH(n)
		{
			abef[l] = _mm_add_epi32(abef[l], abef0[l]);
			cdgh[l] = _mm_add_epi32(cdgh[l], cdgh0[l]);
		}
	}
	EACH(n)
	{
		put4(s, column[l], abef[l], 0, 1, 4, 5);
		put4(s, column[l], cdgh[l], 2, 3, 6, 7);
	}
}

/* Four rounds of SHA-1 from i on, with its function f. before: a, b, c, d of four rounds ago. */
#define SHA1_FOUR(i, f)                                                                            \
	EACH(n)                                                                                    \
	{                                                                                          \
		if ((i) >= 4)                                                                      \
			m[l][(i)&3] = _mm_sha1msg2_epu32(                                          \
			    _mm_xor_si128(_mm_sha1msg1_epu32(m[l][(i)&3], m[l][((i) + 1) & 3]),    \
				m[l][((i) + 2) & 3]),                                              \
			    m[l][((i) + 3) & 3]);                                                  \
		__m128i e = (i) ? _mm_sha1nexte_epu32(before[l], m[l][(i)&3])                      \
				: _mm_add_epi32(before[l], m[l][0]);                               \
		before[l] = abcd[l];                                                               \
		abcd[l] = _mm_sha1rnds4_epu32(abcd[l], e, f);                                      \
	}
#define SHA1_TWENTY(from, f)                                                                       \
	UNROLL for (unsigned i = (from); i < (from) + 5; i++)                                      \
	{                                                                                          \
		SHA1_FOUR(i, f)                                                                    \
	}

TARGET INLINE void sha1_n(uint32_t (*s)[LANES_MAX], const unsigned *column, const uint8_t *const *p,
    unsigned n, size_t blocks)
{
	__m128i abcd[2], before[2], m[2][4], abcd0[2], e0[2];

	EACH(n)
	{
		abcd[l] = row4(s, column[l], 0, 1, 2, 3);
		before[l] = _mm_set_epi32((int)s[4][column[l]], 0, 0, 0);
	}
	for (size_t at = 0; at < 64 * blocks; at += 64) {
		EACH(n)
		{
			load(m[l], p[l] + at, SWAP_ALL);
			abcd0[l] = abcd[l];
			e0[l] = before[l];
		}
		SHA1_TWENTY(0, 0)
		SHA1_TWENTY(5, 1)
		SHA1_TWENTY(10, 2)
		SHA1_TWENTY(15, 3)
		EACH(n)
		{
			before[l] = _mm_sha1nexte_epu32(before[l], e0[l]);
			abcd[l] = _mm_add_epi32(abcd[l], abcd0[l]);
		}
	}
	EACH(n)
	{
		put4(s, column[l], abcd[l], 0, 1, 2, 3);
		s[4][column[l]] = (uint32_t)_mm_extract_epi32(before[l], 3);
	}
}

TARGET void lanes_sha256_pair(uint32_t (*s)[LANES_MAX], const unsigned *column,
    const uint8_t *const *p, unsigned n, size_t blocks)
{
	if (n == 2)
		sha256_n(s, column, p, 2, blocks);
	else
		sha256_n(s, column, p, 1, blocks);
}

TARGET void lanes_sha1_pair(uint32_t (*s)[LANES_MAX], const unsigned *column,
    const uint8_t *const *p, unsigned n, size_t blocks)
{
	if (n == 2)
		sha1_n(s, column, p, 2, blocks);
	else
		sha1_n(s, column, p, 1, blocks);
}

#endif
