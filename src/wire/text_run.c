/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/text_run.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EACH(b) (0x0101010101010101ull * (b)) /* that byte, eight times */
#define BLOCK 64

__extension__ typedef unsigned __int128 u128;

/* Top bits: 0x20 … 0x7e. */
static inline uint64_t printable(uint64_t x)
{
	uint64_t low = x & EACH(0x7f);
	return (low + EACH(0x60)) & ~(low + EACH(0x01)) & ~x & EACH(0x80);
}

/* Of BLOCK bytes: which are printable, and which are zero. */
#ifdef __SSE2__
static void look(const uint8_t *p, uint64_t *bits, uint64_t *zeros)
{
	for (unsigned i = 0; i < BLOCK; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i in = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8(0x1f)),
		    _mm_cmplt_epi8(x, _mm_set1_epi8(0x7f)));
		__m128i nul = _mm_cmpeq_epi8(x, _mm_setzero_si128());
		*bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(in) << i;
		*zeros |= (uint64_t)(uint32_t)_mm_movemask_epi8(nul) << i;
	}
}
#else
/* The top bit of each byte, gathered: bit i from byte i. */
static inline uint64_t gather(uint64_t x)
{
	return (x >> 7) * 0x0102040810204080ull >> 56;
}

static inline uint64_t zero(uint64_t x)
{
	return ~(((x & EACH(0x7f)) + EACH(0x7f)) | x) & EACH(0x80);
}

static void look(const uint8_t *p, uint64_t *bits, uint64_t *zeros)
{
	for (unsigned i = 0; i < BLOCK; i += 8) {
		uint64_t x;
		memcpy(&x, p + i, 8);
		x = le64toh(x);
		*bits |= gather(printable(x)) << i;
		*zeros |= gather(zero(x)) << i;
	}
}
#endif

/* Which of the 64 bytes at off begin a character; beyond the end there is none. */
static uint64_t characters(struct span s, size_t off, bool wide)
{
	uint8_t tail[BLOCK + 8];
	const uint8_t *p = s.p + off;
	uint64_t bits = 0, zeros = 0;

	if (off >= s.n)
		return 0;
	if (s.n - off < sizeof(tail)) {
		memset(tail, 0xff, sizeof(tail));
		memcpy(tail, p, s.n - off);
		p = tail;
	}
	look(p, &bits, &zeros);
	if (!wide)
		return bits;
	return bits & (zeros >> 1 | (uint64_t)(p[BLOCK] == 0) << 63);
}

/* Where TEXT_RUN_MIN characters in a row begin. */
static uint64_t starts(uint64_t here, uint64_t next, bool wide)
{
	u128 x = (u128)next << 64 | here;
	unsigned w = wide ? 2 : 1;

	x &= x >> w;     /* 2 */
	x &= x >> 2 * w; /* 4 */
	x &= x >> 2 * w; /* 6 */
	return (uint64_t)x;
}

static bool is_character(struct span s, size_t at, bool wide)
{
	if (wide)
		return at + 1 < s.n && s.p[at] >= 0x20 && s.p[at] < 0x7f && !s.p[at + 1];
	return at < s.n && s.p[at] >= 0x20 && s.p[at] < 0x7f;
}

/* The end of the run that begins at. */
static size_t end_of(struct span s, size_t at, bool wide)
{
	if (!wide)
		while (at + 8 <= s.n) {
			uint64_t x;
			memcpy(&x, s.p + at, 8);
			x = printable(le64toh(x)) ^ EACH(0x80);
			if (x)
				return at + (size_t)(__builtin_ctzll(x) / 8);
			at += 8;
		}
	while (is_character(s, at, wide))
		at += wide ? 2 : 1;
	return at;
}

bool text_runs_next(struct text_runs *it, struct span *ret_run)
{
	size_t at = it->at;
	uint64_t here = characters(it->s, at, it->wide);

	while (at < it->s.n) {
		uint64_t next = characters(it->s, at + BLOCK, it->wide);
		uint64_t found = starts(here, next, it->wide);
		if (found) {
			at += (size_t)__builtin_ctzll(found);
			it->at = end_of(it->s, at, it->wide);
			*ret_run = span_of(it->s.p + at, it->at - at);
			return true;
		}
		at += BLOCK;
		here = next;
	}
	it->at = it->s.n;
	return false;
}
