/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_merkle: appends, proofs and verifications a second in a tree of a million leaves. The peer
 * is the floor: as many bare EVP SHA-256 calls over 65 bytes as the work needs node hashes.
 */

#include "bench.h"
#include "crypto/merkle.h"

#include <openssl/evp.h>

#define LEVELS 20
#define LEAVES (1u << LEVELS)
#define PROOFS 20000

static struct mhash *node[LEVELS + 1];
static struct merkle_edge edge;
static struct proof {
	uint64_t index;
	struct mhash leaf, h[MERKLE_PROOF_MAX];
	size_t n;
} proofs[PROOFS];
static EVP_MD_CTX *ctx;
static size_t floor_calls;

static int put(void *arg, unsigned level, uint64_t index, const struct mhash *h)
{
	node[level][index] = *h;
	return 0;
}

static int get(void *arg, unsigned level, uint64_t index, struct mhash *ret_h)
{
	*ret_h = node[level][index];
	return 0;
}

static void bare(const void *arg)
{
	uint8_t in[65] = { 1 };

	for (size_t i = 0; i < floor_calls; i++)
		if (!EVP_DigestInit_ex2(ctx, NULL, NULL) ||
		    !EVP_DigestUpdate(ctx, in, sizeof(in)) ||
		    !EVP_DigestFinal_ex(ctx, in + 1, NULL))
			bench_die("EVP");
}

static void grow(const void *arg)
{
	struct mhash leaf = merkle_empty();

	edge = (struct merkle_edge){ 0 };
	for (uint64_t i = 0; i < LEAVES; i++) {
		memcpy(leaf.b, &i, sizeof(i));
		if (merkle_grow(&edge, &leaf, put, NULL) < 0)
			bench_die("merkle_grow");
	}
}

static void prove(const void *arg)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < PROOFS; i++) {
		seed = seed * 1664525 + 1013904223;
		proofs[i].index = seed % (LEAVES - 7);
		proofs[i].leaf = node[0][proofs[i].index];
		if (merkle_prove_inclusion(
			proofs[i].index, LEAVES - 7, get, NULL, proofs[i].h, &proofs[i].n) < 0)
			bench_die("prove");
	}
}

static void verify(const void *root)
{
	for (size_t i = 0; i < PROOFS; i++)
		if (merkle_verify_inclusion(proofs[i].index, LEAVES - 7, &proofs[i].leaf,
			proofs[i].h, proofs[i].n, root) != MERKLE_GOOD)
			bench_die("verify");
}

static size_t sizes[2] = { 777777, LEAVES - 7 };
static struct mhash roots[2];

static void consistency(const void *arg)
{
	struct mhash h[MERKLE_PROOF_MAX];
	size_t n;

	if (merkle_prove_consistency(sizes[0], sizes[1], get, NULL, h, &n) < 0)
		bench_die("prove");
	for (size_t i = 0; i < PROOFS; i++)
		if (merkle_verify_consistency(sizes[0], sizes[1], h, n, &roots[0], &roots[1]))
			bench_die("verify");
}

static void line(
    const char *what, double count, size_t hashes, void (*run)(const void *), const void *arg)
{
	floor_calls = hashes;
	bench_line(what, count / bench_seconds(run, arg) / 1e3, "k/s", "bare EVP",
	    count / bench_seconds(bare, NULL) / 1e3);
}

int main(void)
{
	struct mhash root;
	size_t hashes = 0;

	for (unsigned i = 0; i <= LEVELS; i++)
		if (!(node[i] = calloc(LEAVES >> i, sizeof(struct mhash))))
			bench_die("memory");
	ctx = EVP_MD_CTX_new();
	if (!ctx || !EVP_DigestInit_ex2(ctx, EVP_MD_fetch(NULL, "SHA256", NULL), NULL))
		bench_die("EVP");
	line("append (leaf hash given)", LEAVES, LEAVES, grow, NULL);
	prove(NULL);
	for (size_t i = 0; i < PROOFS; i++)
		hashes += proofs[i].n;
	printf(
	    "  %-24s %10.1f k/s\n", "prove inclusion", PROOFS / bench_seconds(prove, NULL) / 1e3);
	for (int i = 0; i < 2; i++)
		if (merkle_root_at(sizes[i], get, NULL, &roots[i]) < 0)
			bench_die("root");
	root = roots[1];
	line("verify inclusion", PROOFS, hashes, verify, &root);
	printf("  %-24s %10.1f k/s\n", "verify consistency",
	    PROOFS / bench_seconds(consistency, NULL) / 1e3);
	return 0;
}
