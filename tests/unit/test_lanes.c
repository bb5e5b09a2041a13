/* SPDX-License-Identifier: Apache-2.0 */

/* lanes: every length, every number of lanes and any interleaving gives what EVP gives. */

#include "crypto/lanes.h"

#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

#define ALL (HASH_TRIO | HASH_SET(DIGEST_SHA512))
#define POOL (1u << 20)
#define LONG 300

static uint8_t *pool;

/* xorshift: the same inputs in each run. */
static uint32_t rnd(void)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static uint32_t below(uint32_t n)
{
	return rnd() % n;
}

struct input {
	const uint8_t *p;
	size_t n, put;
	unsigned set;
	bool last;
};

/* Digests of exactly the algorithms in the set, and those of EVP. */
static bool right(const struct input *in, const struct digest *out)
{
	for (unsigned a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		struct digest want = { 0 };
		if ((in->set & HASH_SET(a)) && hash_span(a, span_of(in->p, in->n), &want) < 0)
			return false;
		if (memcmp(&want, &out[a], sizeof(want)) != 0)
			return false;
	}
	return true;
}

static void put_some(struct lanes *l, unsigned lane, struct input *in, size_t at_most)
{
	size_t left = in->n - in->put, n = left;

	if (left > at_most)
		n = at_most / LANES_STEP * LANES_STEP;
	/* Sometimes the end comes alone. */
	in->last = n == left && (n % LANES_STEP || below(4));
	lanes_put(l, lane, in->p + in->put, n, in->last);
	in->put += n;
}

/* Works off n inputs in at most `width` lanes, random pieces. How many were wrong. */
static size_t work(struct lanes *l, struct input *in, size_t n, unsigned width, size_t piece)
{
	struct input *at[LANES_MAX] = { NULL };
	size_t next = 0, done = 0, bad = 0;
	uint32_t out = (1u << width) - 1;

	while (done < n) {
		for (unsigned i = 0; i < width; i++) {
			if (!(out & 1u << i))
				continue;
			if (at[i] && at[i]->last) {
				struct digest d[DIGEST_ALGS] = { 0 };
				lanes_final(l, i, d);
				bad += !right(at[i], d);
				done++;
				at[i] = NULL;
			}
			/* A lane may stay idle in the middle of its input. */
			if (at[i] && below(8) == 0)
				continue;
			if (!at[i] && next < n && (at[i] = &in[next++]))
				lanes_begin(l, i, at[i]->set);
			if (at[i]) {
				put_some(l, i, at[i], LANES_STEP + below((uint32_t)piece));
				out &= ~(1u << i);
			}
		}
		out |= lanes_run(l);
	}
	return bad;
}

static unsigned random_set(void)
{
	return rnd() & ALL;
}

static void try_kind(enum lanes_kind kind, const char *name)
{
	struct lanes *l = NULL;
	struct input in[LONG + 1];

	if (lanes_new(&l, ALL, kind) == -ENOTSUP) {
		tap_skip(name, "this processor does not have it");
		return;
	}
	unsigned count = lanes_count(l);
	ok(count >= 1 && count <= LANES_MAX, "%s: %u lanes", name, count);
	for (unsigned width = 1; width <= count; width++) {
		for (size_t i = 0; i <= LONG; i++)
			in[i] = (struct input){ pool + below(64), i, 0, ALL, false };
		is_int(work(l, in, LONG + 1, width, 4096), 0, "%s: each length to %d, in %u lanes",
		    name, LONG, width);
	}
	size_t bad = 0;
	for (int round = 0; round < (20); round++) {
		size_t n = 1 + below(60);
		for (size_t i = 0; i < n; i++) {
			size_t at = below(POOL / 2);
			in[i] = (struct input){ pool + at, below(below(8) ? 5000 : POOL / 2), 0,
				random_set(), false };
		}
		bad += work(l, in, n, 1 + below(count), 1u << below(17));
	}
	is_int(bad, 0, "%s: random inputs, sets, pieces and numbers of lanes", name);
	l = lanes_free(l);
	is_int(lanes_new(&l, HASH_SET(DIGEST_SHA256), kind), 0, "%s: SHA-256 alone", name);
	count = lanes_count(l);
	for (size_t i = 0; i <= LONG; i++)
		in[i] = (struct input){ pool + i, 17 * i, 0, HASH_SET(DIGEST_SHA256), false };
	is_int(work(l, in, LONG + 1, count, 512), 0, "%s: is right in %u lanes", name, count);
	lanes_free(l);
}

static void test_other_algorithms(void)
{
	unsigned set = HASH_SET(DIGEST_MD5) | HASH_SET(DIGEST_SHA384) | HASH_SET(DIGEST_SHA3_256);
	struct input in[40];
	struct lanes *l = NULL;

	is_int(lanes_new(&l, set, LANES_BEST), 0, "a set that vectors do in part");
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		in[i] = (struct input){ pool + i, below(3000), 0, set, false };
	is_int(work(l, in, ARRAY_LEN(in), lanes_count(l), 400), 0, "gives what EVP gives");
	l = lanes_free(l);
	is_int(lanes_new(&l, HASH_SET(DIGEST_NONE), LANES_BEST), -EINVAL, "no algorithm");
	is_int(lanes_new(&l, 1u << DIGEST_ALGS, LANES_BEST), -EINVAL, "one that is none");
}

/* Also when no digest is wanted of it, an input passes through. */
static void test_nothing(void)
{
	struct input in[3] = { { pool, 0, 0, 0, false }, { pool, 5, 0, 0, false },
		{ pool, 500, 0, 0, false } };
	struct lanes *l = NULL;

	is_int(lanes_new(&l, 0, LANES_BEST), 0, "an empty set");
	is_int(work(l, in, 3, 1, 100), 0, "gives no digests");
	ok(lanes_run(l) == 0, "and nothing is left to do");
	lanes_free(l);
}

int main(void)
{
	pool = malloc(POOL);
	if (!pool)
		abort();
	for (size_t i = 0; i < POOL; i++)
		pool[i] = (uint8_t)rnd();
	try_kind(LANES_BEST, "best");
	try_kind(LANES_AVX512, "AVX-512");
	try_kind(LANES_AVX2, "AVX2");
	try_kind(LANES_EVP, "EVP");
	test_other_algorithms();
	test_nothing();
	free(pool);
	return tap_done();
}
