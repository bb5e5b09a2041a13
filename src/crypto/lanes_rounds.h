/* SPDX-License-Identifier: Apache-2.0 */

/*
 * lanes_rounds: MD5 (RFC 1321), SHA-1, SHA-256 and SHA-512 (FIPS 180-4) over several inputs at
 * once, one in each element of a vector. This is the text of functions: lanes_avx2.c and
 * lanes_avx512.c include it once each, after they have defined
 *
 *   TARGET        the attribute that allows their instructions
 *   N32, N64      elements of 32 and of 64 bits in a vector; types v32, v64
 *   CHOOSE(a,b,c) bits of b where a is set, else of c; MAJORITY(a,b,c); PARITY(a,b,c)
 *   MD5_I(b,c,d)  c ^ (b | ~d)
 *   load32(w, p, at), load64(w, p, at)  16 message words of each input, as they are in memory
 *   SWAP32(x), SWAP64(x)                bytes of each element reversed
 *
 * The loops are unrolled, so that tables, shifts and the turning of the state cost nothing.
 */

#include "crypto/lanes_priv.h"

#define ROL32(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define ROR32(x, n) ROL32(x, 32 - (n))
#define ROR64(x, n) ((x) >> (n) | (x) << (64 - (n)))

/* A row of the state, from the column that s begins with. */
#define ROW32(s, i) (*(v32_loose *)((s)[i]))
#define ROW64(s, i) (*(v64_loose *)((s)[i]))

static const uint8_t md5_shift[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 },
	{ 6, 10, 15, 21 } };

/* b is the newest word of the state, a the oldest. */
#define MD5_ROUND(r, F, index)                                                                     \
	UNROLL for (unsigned i = 0; i < 16; i++)                                                   \
	{                                                                                          \
		v32 t = a + (w[(index)&15] + lanes_md5_k[16 * (r) + i]) + (F);                     \
		a = d;                                                                             \
		d = c;                                                                             \
		c = b;                                                                             \
		b += ROL32(t, md5_shift[r][i & 3]);                                                \
	}

TARGET static void md5_blocks(uint32_t (*s)[LANES_MAX], const uint8_t *const *p, size_t blocks)
{
	v32 a = ROW32(s, 0), b = ROW32(s, 1), c = ROW32(s, 2), d = ROW32(s, 3), w[16];

	for (size_t at = 0; at < 64 * blocks; at += 64) {
		v32 a0 = a, b0 = b, c0 = c, d0 = d;
		load32(w, p, at);
		MD5_ROUND(0, CHOOSE(b, c, d), i)
		MD5_ROUND(1, CHOOSE(d, b, c), 5 * i + 1)
		MD5_ROUND(2, PARITY(b, c, d), 3 * i + 5)
		MD5_ROUND(3, MD5_I(b, c, d), 7 * i)
		a += a0;
		b += b0;
		c += c0;
		d += d0;
	}
	ROW32(s, 0) = a;
	ROW32(s, 1) = b;
	ROW32(s, 2) = c;
	ROW32(s, 3) = d;
}

/* The schedule is worked out in place: word i & 15 becomes word i. */
#define SHA1_WORD(i)                                                                               \
	(w[(i)&15] = ROL32(                                                                        \
	     PARITY(w[((i) + 13) & 15], w[((i) + 8) & 15], w[((i) + 2) & 15]) ^ w[(i)&15], 1))

#define SHA1_ROUNDS(from, to, F, k, word)                                                          \
	_Pragma("GCC unroll 20") for (unsigned i = (from); i < (to); i++)                          \
	{                                                                                          \
		v32 t = ROL32(a, 5) + (F) + (e + (word) + (uint32_t)(k));                          \
		e = d;                                                                             \
		d = c;                                                                             \
		c = ROL32(b, 30);                                                                  \
		b = a;                                                                             \
		a = t;                                                                             \
	}

TARGET static void sha1_blocks(uint32_t (*s)[LANES_MAX], const uint8_t *const *p, size_t blocks)
{
	v32 a = ROW32(s, 0), b = ROW32(s, 1), c = ROW32(s, 2), d = ROW32(s, 3), e = ROW32(s, 4);
	v32 w[16];

	for (size_t at = 0; at < 64 * blocks; at += 64) {
		v32 a0 = a, b0 = b, c0 = c, d0 = d, e0 = e;
		load32(w, p, at);
		UNROLL for (unsigned i = 0; i < 16; i++) w[i] = SWAP32(w[i]);
		SHA1_ROUNDS(0, 16, CHOOSE(b, c, d), 0x5a827999, w[i])
		SHA1_ROUNDS(16, 20, CHOOSE(b, c, d), 0x5a827999, SHA1_WORD(i))
		SHA1_ROUNDS(20, 40, PARITY(b, c, d), 0x6ed9eba1, SHA1_WORD(i))
		SHA1_ROUNDS(40, 60, MAJORITY(b, c, d), 0x8f1bbcdc, SHA1_WORD(i))
		SHA1_ROUNDS(60, 80, PARITY(b, c, d), 0xca62c1d6, SHA1_WORD(i))
		a += a0;
		b += b0;
		c += c0;
		d += d0;
		e += e0;
	}
	ROW32(s, 0) = a;
	ROW32(s, 1) = b;
	ROW32(s, 2) = c;
	ROW32(s, 3) = d;
	ROW32(s, 4) = e;
}

/* One step of SHA-256 or SHA-512: x[7] is h, and the state turns by one. */
#define SHA2_STEP(V, word, k, big0, big1)                                                          \
	do {                                                                                       \
		V t = x[7] + big1(x[4]) + CHOOSE(x[4], x[5], x[6]) + ((word) + (k));               \
		V u = big0(x[0]) + MAJORITY(x[0], x[1], x[2]);                                     \
		x[7] = x[6];                                                                       \
		x[6] = x[5];                                                                       \
		x[5] = x[4];                                                                       \
		x[4] = x[3] + t;                                                                   \
		x[3] = x[2];                                                                       \
		x[2] = x[1];                                                                       \
		x[1] = x[0];                                                                       \
		x[0] = t + u;                                                                      \
	} while (0)
#define SHA2_WORD(i, small0, small1)                                                               \
	(w[i] += small1(w[((i) + 14) & 15]) + w[((i) + 9) & 15] + small0(w[((i) + 1) & 15]))

#define SHA256_BIG0(x) PARITY(ROR32(x, 2), ROR32(x, 13), ROR32(x, 22))
#define SHA256_BIG1(x) PARITY(ROR32(x, 6), ROR32(x, 11), ROR32(x, 25))
#define SHA256_SMALL0(x) PARITY(ROR32(x, 7), ROR32(x, 18), (x) >> 3)
#define SHA256_SMALL1(x) PARITY(ROR32(x, 17), ROR32(x, 19), (x) >> 10)

TARGET static void sha256_blocks(uint32_t (*s)[LANES_MAX], const uint8_t *const *p, size_t blocks)
{
	v32 w[16], x[8], old[8];

	UNROLL for (unsigned i = 0; i < 8; i++) x[i] = ROW32(s, i);
	for (size_t at = 0; at < 64 * blocks; at += 64) {
		load32(w, p, at);
		UNROLL for (unsigned i = 0; i < 8; i++) old[i] = x[i];
		UNROLL for (unsigned i = 0; i < 16; i++)
		{
			w[i] = SWAP32(w[i]);
			SHA2_STEP(v32, w[i], lanes_sha256_k[i], SHA256_BIG0, SHA256_BIG1);
		}
		for (unsigned r = 16; r < 64; r += 16)
			UNROLL for (unsigned i = 0; i < 16; i++)
			    SHA2_STEP(v32, SHA2_WORD(i, SHA256_SMALL0, SHA256_SMALL1),
				lanes_sha256_k[r + i], SHA256_BIG0, SHA256_BIG1);
		UNROLL for (unsigned i = 0; i < 8; i++) x[i] += old[i];
	}
	UNROLL for (unsigned i = 0; i < 8; i++) ROW32(s, i) = x[i];
}

#define SHA512_BIG0(x) PARITY(ROR64(x, 28), ROR64(x, 34), ROR64(x, 39))
#define SHA512_BIG1(x) PARITY(ROR64(x, 14), ROR64(x, 18), ROR64(x, 41))
#define SHA512_SMALL0(x) PARITY(ROR64(x, 1), ROR64(x, 8), (x) >> 7)
#define SHA512_SMALL1(x) PARITY(ROR64(x, 19), ROR64(x, 61), (x) >> 6)

TARGET static void sha512_blocks(uint64_t (*s)[LANES_MAX], const uint8_t *const *p, size_t blocks)
{
	v64 w[16], x[8], old[8];

	UNROLL for (unsigned i = 0; i < 8; i++) x[i] = ROW64(s, i);
	for (size_t at = 0; at < 128 * blocks; at += 128) {
		load64(w, p, at);
		UNROLL for (unsigned i = 0; i < 8; i++) old[i] = x[i];
		UNROLL for (unsigned i = 0; i < 16; i++)
		{
			w[i] = SWAP64(w[i]);
			SHA2_STEP(v64, w[i], lanes_sha512_k[i], SHA512_BIG0, SHA512_BIG1);
		}
		for (unsigned r = 16; r < 80; r += 16)
			UNROLL for (unsigned i = 0; i < 16; i++)
			    SHA2_STEP(v64, SHA2_WORD(i, SHA512_SMALL0, SHA512_SMALL1),
				lanes_sha512_k[r + i], SHA512_BIG0, SHA512_BIG1);
		UNROLL for (unsigned i = 0; i < 8; i++) x[i] += old[i];
	}
	UNROLL for (unsigned i = 0; i < 8; i++) ROW64(s, i) = x[i];
}
