/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/lanes.h"

#include "crypto/hash.h"
#include "crypto/lanes_priv.h"
#include "crypto/ossl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define VECTOR_SET (HASH_TRIO | HASH_SET(DIGEST_SHA512))
#define ALGS (DIGEST_SHA512 + 1) /* tables below have an element for each of VECTOR_SET */
#define TAIL_MAX 256             /* what is left (< LANES_STEP) and the padding behind it */

/* What an algorithm has still to do in a lane: blocks of the caller's, then those of the tail. */
struct cursor {
	const uint8_t *p, *tail;
	size_t blocks, tail_blocks;
};

struct lane {
	unsigned set;
	uint64_t size; /* of what was put so far */
	const uint8_t *put;
	size_t put_size;
	uint8_t tail[3][TAIL_MAX]; /* MD5; SHA-1 and SHA-256; SHA-512: the padding differs */
};

struct lanes {
	unsigned count;
	unsigned in_vectors, in_evp; /* the set, by who computes it */
	const struct lanes_vectors *vec;
	lanes_pair *sha1_pair, *sha256_pair; /* NULL: this processor has none */
	uint32_t busy, fresh; /* lanes that have bytes; those that EVP has not seen */
	uint32_t todo[ALGS];  /* lanes in which the algorithm has blocks left */
	uint32_t words[DIGEST_SHA256 + 1][8][LANES_MAX];
	uint64_t sha512[8][LANES_MAX];
	struct cursor cursor[ALGS][LANES_MAX];
	struct lane lane[LANES_MAX];
	EVP_MD_CTX *ctx[DIGEST_ALGS][LANES_MAX];
};

static const uint32_t start32[DIGEST_SHA256 + 1][8] = {
	[DIGEST_MD5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 },
	[DIGEST_SHA1] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 },
	[DIGEST_SHA256] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
	    0x1f83d9ab, 0x5be0cd19 },
};

static const uint64_t start64[8] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b,
	0x5be0cd19137e2179 };

#define EACH_BIT(i, mask)                                                                          \
	for (uint32_t m_ = (mask), i; m_ && (i = (uint32_t)__builtin_ctz(m_), 1); m_ &= m_ - 1)

/* --- what there is --- */

static const struct lanes_vectors *vectors(enum lanes_kind kind)
{
#if defined(__x86_64__)
	bool best = kind == LANES_BEST;
	if ((best || kind == LANES_AVX512) && __builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return &lanes_avx512;
	if ((best || kind == LANES_AVX2) && __builtin_cpu_supports("avx2"))
		return &lanes_avx2;
#else
	(void)kind;
#endif
	return NULL;
}

static void find_pairs(struct lanes *l)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA)) {
		l->sha1_pair = lanes_sha1_pair;
		l->sha256_pair = lanes_sha256_pair;
	}
#else
	(void)l;
#endif
}

static int make_contexts(struct lanes *l)
{
	for (unsigned a = 0; a < DIGEST_ALGS; a++) {
		if (!(l->in_evp & HASH_SET(a)))
			continue;
		if (!ossl_md(a))
			return -ENOTSUP;
		for (unsigned i = 0; i < l->count; i++) {
			EVP_MD_CTX *ctx = l->ctx[a][i] = EVP_MD_CTX_new();
			if (!ctx || !EVP_DigestInit_ex2(ctx, ossl_md(a), NULL))
				return -ENOMEM;
		}
	}
	return 0;
}

/* SHA-256 alone is never done in vectors then. */
static bool only_pairs(const struct lanes *l)
{
	return l->sha256_pair && l->in_vectors == HASH_SET(DIGEST_SHA256);
}

int lanes_new(struct lanes **ret_l, unsigned set, enum lanes_kind kind)
{
	OSSL_SCOPE;

	if (set >= HASH_SET(DIGEST_ALGS) || (set & HASH_SET(DIGEST_NONE)))
		return -EINVAL;
	AUTO_LANES struct lanes *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->vec = vectors(kind);
	if (!l->vec && kind != LANES_BEST && kind != LANES_EVP)
		return -ENOTSUP;
	if (l->vec && kind == LANES_BEST)
		find_pairs(l);
	l->in_vectors = l->vec ? set & VECTOR_SET : 0;
	l->in_evp = set & ~l->in_vectors;
	l->count = !l->in_vectors ? 1 : only_pairs(l) ? 8 : l->vec->n32;
	int rc = make_contexts(l);
	if (rc == 0)
		*ret_l = TAKE_PTR(l);
	return rc;
}

struct lanes *lanes_free(struct lanes *l)
{
	if (!l)
		return NULL;
	for (unsigned a = 0; a < DIGEST_ALGS; a++)
		for (unsigned i = 0; i < l->count; i++)
			EVP_MD_CTX_free(l->ctx[a][i]);
	free(l);
	return NULL;
}

void lanes_free_p(struct lanes **l)
{
	lanes_free(*l);
}

unsigned lanes_count(const struct lanes *l)
{
	return l->count;
}

/* --- input --- */

void lanes_begin(struct lanes *l, unsigned lane, unsigned set)
{
	OSSL_SCOPE;

	FB_ASSERT(lane < l->count && !(set & ~(l->in_vectors | l->in_evp)));
	l->lane[lane].set = set;
	l->lane[lane].size = 0;
	for (unsigned a = DIGEST_MD5; a <= DIGEST_SHA256; a++)
		for (unsigned i = 0; i < 8; i++)
			l->words[a][i][lane] = start32[a][i];
	for (unsigned i = 0; i < 8; i++)
		l->sha512[i][lane] = start64[i];
	for (unsigned a = 0; a < DIGEST_ALGS; a++)
		if (set & l->in_evp & HASH_SET(a))
			FB_ASSERT(EVP_DigestInit_ex2(l->ctx[a][lane], NULL, NULL));
}

/* The length in bits at the end of the last block (no input has 2^61 bytes). */
static void put_length(uint8_t *end, uint64_t size, bool big_endian)
{
	for (unsigned i = 0; i < 8; i++)
		end[big_endian ? -1 - (int)i : (int)i - 8] = (uint8_t)(size << 3 >> 8 * i);
}

/* Tail and padding of block bytes a block, length_room of them for the length. Blocks. */
static size_t pad(uint8_t *tail, const uint8_t *rest, size_t n, size_t block, size_t length_room)
{
	size_t blocks = (n + 1 + length_room + block - 1) / block;

	memcpy(tail, rest, n);
	memset(tail + n, 0, blocks * block - n);
	tail[n] = 0x80;
	return blocks;
}

static void put_tail(struct lanes *l, unsigned lane, const uint8_t *rest, size_t n)
{
	static const struct {
		uint8_t alg, tail, block, room;
	} as[] = { { DIGEST_MD5, 0, 64, 8 }, { DIGEST_SHA1, 1, 64, 8 }, { DIGEST_SHA256, 1, 64, 8 },
		{ DIGEST_SHA512, 2, 128, 16 } };
	struct lane *x = &l->lane[lane];

	for (size_t i = 0; i < ARRAY_LEN(as); i++) {
		if (!(x->set & l->in_vectors & HASH_SET(as[i].alg)))
			continue;
		struct cursor *c = &l->cursor[as[i].alg][lane];
		c->tail = x->tail[as[i].tail];
		c->tail_blocks = pad(x->tail[as[i].tail], rest, n, as[i].block, as[i].room);
		put_length(x->tail[as[i].tail] + c->tail_blocks * as[i].block, x->size,
		    as[i].alg != DIGEST_MD5);
	}
}

void lanes_put(struct lanes *l, unsigned lane, const void *p, size_t n, bool last)
{
	struct lane *x = &l->lane[lane];
	size_t rest = n % LANES_STEP;

	FB_ASSERT(lane < l->count && !(l->busy & 1u << lane) && (last || rest == 0));
	x->size += n;
	x->put = p;
	x->put_size = n;
	for (unsigned a = DIGEST_MD5; a < ALGS; a++) {
		if (!(x->set & l->in_vectors & HASH_SET(a)))
			continue;
		l->cursor[a][lane] = (struct cursor){ .p = p,
			.blocks = (n - rest) / (a == DIGEST_SHA512 ? 128 : 64) };
		if (n - rest || last)
			l->todo[a] |= 1u << lane;
	}
	if (last)
		put_tail(l, lane, n ? (const uint8_t *)p + n - rest : x->tail[0], rest);
	l->busy |= 1u << lane;
	l->fresh |= 1u << lane;
}

/* --- work --- */

/* The caller's blocks are done: those of the tail, or nothing. */
static void next_segment(struct lanes *l, unsigned a, unsigned lane)
{
	struct cursor *c = &l->cursor[a][lane];

	if (!c->tail_blocks)
		l->todo[a] &= ~(1u << lane);
	c->p = c->tail;
	c->blocks = c->tail_blocks;
	c->tail_blocks = 0;
}

static size_t common_blocks(const struct lanes *l, unsigned a, uint32_t active)
{
	size_t n = SIZE_MAX;

	EACH_BIT(i, active)
	{
		if (l->cursor[a][i].blocks < n)
			n = l->cursor[a][i].blocks;
	}
	return n;
}

static void advance(struct lanes *l, unsigned a, uint32_t active, size_t blocks)
{
	EACH_BIT(i, active)
	{
		struct cursor *c = &l->cursor[a][i];
		c->p += blocks * (a == DIGEST_SHA512 ? 128 : 64);
		c->blocks -= blocks;
		if (!c->blocks)
			next_segment(l, a, i);
	}
}

static void run_pairs(struct lanes *l, unsigned a, uint32_t active, size_t blocks)
{
	lanes_pair *work = a == DIGEST_SHA1 ? l->sha1_pair : l->sha256_pair;
	const uint8_t *p[2];
	unsigned column[2], n = 0;

	EACH_BIT(i, active)
	{
		column[n] = i;
		p[n++] = l->cursor[a][i].p;
		if (n == 2 || !(m_ & (m_ - 1))) {
			work(l->words[a], column, p, n, blocks);
			n = 0;
		}
	}
}

/* Vectors work on all their columns; those of lanes that wait are put back. */
static void run_vectors32(struct lanes *l, unsigned a, uint32_t active, size_t blocks)
{
	lanes_blocks32 *work = a == DIGEST_MD5 ? l->vec->md5 :
	    a == DIGEST_SHA1		       ? l->vec->sha1 :
						 l->vec->sha256;
	const uint8_t *p[LANES_MAX] = { 0 }, *any = l->cursor[a][__builtin_ctz(active)].p;
	uint32_t was[8][LANES_MAX];
	bool idle = active != (1u << l->count) - 1;

	if (idle)
		memcpy(was, l->words[a], sizeof(was));
	for (unsigned i = 0; i < l->count; i++)
		p[i] = active & 1u << i ? l->cursor[a][i].p : any;
	work(l->words[a], p, blocks);
	for (unsigned r = 0; idle && r < 8; r++) {
		EACH_BIT(i, ~active & ((1u << l->count) - 1))
		{
			l->words[a][r][i] = was[r][i];
		}
	}
}

static void run_vectors64(struct lanes *l, uint32_t active, size_t blocks)
{
	const struct cursor *c512 = l->cursor[DIGEST_SHA512];
	const uint8_t *p[LANES_MAX] = { 0 }, *any = c512[__builtin_ctz(active)].p;
	uint64_t was[8][LANES_MAX];

	memcpy(was, l->sha512, sizeof(was));
	for (unsigned i = 0; i < l->count; i++)
		p[i] = active & 1u << i ? c512[i].p : any;
	for (unsigned c = 0; c < l->count; c += l->vec->n64)
		if (active >> c & ((1u << l->vec->n64) - 1))
			l->vec->sha512((uint64_t(*)[LANES_MAX])&l->sha512[0][c], p + c, blocks);
	for (unsigned r = 0; r < 8; r++) {
		EACH_BIT(i, ~active & ((1u << l->count) - 1))
		{
			l->sha512[r][i] = was[r][i];
		}
	}
}

/* Up to this many lanes the processor's own instructions are faster than vectors. */
static int pairs_up_to(const struct lanes *l, unsigned a)
{
	if (!l->sha1_pair || (a != DIGEST_SHA1 && a != DIGEST_SHA256))
		return 0;
	return a == DIGEST_SHA256 ? LANES_MAX : LANES_MAX / 2;
}

/* One algorithm until the first of its lanes comes to the end of a segment. */
static void run_alg(struct lanes *l, unsigned a)
{
	uint32_t active = l->todo[a];

	/* A put of the tail only begins with a segment of nothing. */
	EACH_BIT(i, active)
	{
		if (!l->cursor[a][i].blocks)
			next_segment(l, a, i);
	}
	size_t blocks = common_blocks(l, a, active);
	if (a == DIGEST_SHA512)
		run_vectors64(l, active, blocks);
	else if (__builtin_popcount(active) <= pairs_up_to(l, a))
		run_pairs(l, a, active, blocks);
	else
		run_vectors32(l, a, active, blocks);
	advance(l, a, active, blocks);
}

static void run_evp(struct lanes *l)
{
	OSSL_SCOPE;

	for (unsigned a = 0; a < DIGEST_ALGS; a++) {
		if (!(l->in_evp & HASH_SET(a)))
			continue;
		EACH_BIT(i, l->fresh)
		{
			const struct lane *x = &l->lane[i];
			if (x->set & HASH_SET(a))
				FB_ASSERT(EVP_DigestUpdate(l->ctx[a][i], x->put, x->put_size));
		}
	}
	l->fresh = 0;
}

uint32_t lanes_run(struct lanes *l)
{
	uint32_t out;

	run_evp(l);
	do {
		uint32_t todo = 0;
		for (unsigned a = DIGEST_MD5; a < ALGS; a++) {
			if (l->todo[a])
				run_alg(l, a);
			todo |= l->todo[a];
		}
		out = l->busy & ~todo;
	} while (l->busy && !out);
	l->busy &= ~out;
	return out;
}

/* --- output --- */

static void word_out(uint8_t *b, uint64_t v, unsigned size, bool big_endian)
{
	for (unsigned i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> 8 * (big_endian ? size - 1 - i : i));
}

void lanes_final(struct lanes *l, unsigned lane, struct digest *out)
{
	uint8_t b[EVP_MAX_MD_SIZE];
	unsigned set = l->lane[lane].set;
	OSSL_SCOPE;

	for (unsigned a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		if (!(set & HASH_SET(a)))
			continue;
		if (l->in_evp & HASH_SET(a)) {
			FB_ASSERT(EVP_DigestFinal_ex(l->ctx[a][lane], b, NULL));
		} else if (a == DIGEST_SHA512) {
			for (unsigned i = 0; i < 8; i++)
				word_out(b + 8 * i, l->sha512[i][lane], 8, true);
		} else {
			for (unsigned i = 0; i < digest_len(a) / 4; i++)
				word_out(b + 4 * i, l->words[a][i][lane], 4, a != DIGEST_MD5);
		}
		out[a] = digest_of(a, b);
	}
}
