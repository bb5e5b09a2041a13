/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tree against its definition (RFC 6962 2.1, written out recursively here), every proof of
 * every small tree, and the tree of eight leaves that Certificate Transparency implementations
 * share as test data (roots as published in the transparency-dev/merkle and CT test suites).
 */

#include "base/hex.h"
#include "crypto/merkle.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>

#define LEAVES 40

static struct mhash leaf[LEAVES];

/* MTH(D[start:end]) by the definition. */
static struct mhash mth(size_t start, size_t end)
{
	if (start == end)
		return merkle_empty();
	if (end - start == 1)
		return leaf[start];
	size_t k = 1;
	while (2 * k < end - start)
		k *= 2;
	struct mhash l = mth(start, start + k), r = mth(start + k, end);
	return merkle_node(&l, &r);
}

/* The nodes that merkle_grow reported: node[level][index]. */
static struct store {
	struct mhash node[8][LEAVES];
	bool have[8][LEAVES];
	unsigned gets;
	int fail_after; /* >= 0: that many calls succeed */
} st;

static int put(void *ctx, unsigned level, uint64_t index, const struct mhash *h)
{
	struct store *s = ctx;
	if (s->fail_after >= 0 && s->fail_after-- == 0)
		return -EIO;
	s->node[level][index] = *h;
	s->have[level][index] = true;
	return 0;
}

static int get(void *ctx, unsigned level, uint64_t index, struct mhash *ret_h)
{
	struct store *s = ctx;
	s->gets++;
	if (s->fail_after >= 0 && s->fail_after-- == 0)
		return -EIO;
	if (level >= 8 || index >= LEAVES || !s->have[level][index])
		return -ENOENT;
	*ret_h = s->node[level][index];
	return 0;
}

static void test_known(void)
{
	static const char *const data[8] = { "", "00", "10", "2021", "3031", "40414243",
		"5051525354555657", "606162636465666768696a6b6c6d6e6f" };
	static const char *const roots[8] = {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct merkle_edge e = { 0 };
	uint8_t want[32], d[16];
	struct mhash root = merkle_edge_root(&e);

	bool good = hex_decode(want, SPAN_LIT("e3b0c44298fc1c149afbf4c8996fb924"
					      "27ae41e4649b934ca495991b7852b855")) == 0;
	ok(good && memcmp(root.b, want, 32) == 0, "the root of the empty tree");
	for (size_t i = 0; i < 8; i++) {
		struct span hex = span_str(data[i]);
		good = hex_decode(d, hex) == 0 && hex_decode(want, span_str(roots[i])) == 0;
		struct mhash h = merkle_leaf(span_of(d, hex.n / 2));
		good = good && merkle_grow(&e, &h, NULL, NULL) == 0;
		root = merkle_edge_root(&e);
		ok(good && memcmp(root.b, want, 32) == 0, "the known root of %zu leaves", i + 1);
	}
}

static void test_growth(void)
{
	struct merkle_edge e = { 0 }, again;
	unsigned bad = 0;

	st.fail_after = -1;
	for (size_t n = 0; n < LEAVES; n++) {
		uint8_t b = (uint8_t)n;
		leaf[n] = merkle_leaf(span_of(&b, 1));
		bad += merkle_grow(&e, &leaf[n], put, &st) != 0;
		struct mhash want = mth(0, n + 1), root = merkle_edge_root(&e), at;
		bad += !mhash_eq(&root, &want);
		bad += merkle_edge_load(&again, n + 1, get, &st) != 0;
		root = merkle_edge_root(&again);
		bad += !mhash_eq(&root, &want);
		for (size_t m = 0; m <= n + 1; m++) {
			want = mth(0, m);
			bad += merkle_root_at(m, get, &st, &at) != 0 || !mhash_eq(&at, &want);
		}
	}
	is_int(bad, 0,
	    "edge, reloaded edge and every earlier root are the definition's, 1 to %d leaves",
	    LEAVES);
	struct merkle_edge before = e;
	st.fail_after = 0;
	struct mhash h = merkle_empty();
	is_int(merkle_grow(&e, &h, put, &st), -EIO, "an error of put is forwarded");
	ok(memcmp(&e, &before, sizeof(e)) == 0, "and leaves the edge as it was");
	st.fail_after = -1;
	e.size = MERKLE_SIZE_MAX;
	is_int(merkle_grow(&e, &h, NULL, NULL), -ERANGE, "a full tree does not grow");
}

/* Each single-bit change, shortening and lengthening of a proof and each wrong index is refused. */
static unsigned spoil(uint64_t start, uint64_t end, uint64_t size, struct mhash *proof, size_t n)
{
	struct mhash node = mth(start, end), root = mth(0, size);
	unsigned accepted = 0;

	for (size_t i = 0; i < n * MERKLE_LEN; i++) {
		uint8_t *b = &proof[i / MERKLE_LEN].b[i % MERKLE_LEN];
		*b ^= (uint8_t)(1u << (i & 7));
		accepted += merkle_verify_subtree(start, end, size, proof, n, &node, &root) == 0;
		*b ^= (uint8_t)(1u << (i & 7));
	}
	for (size_t i = 0; i < n; i++)
		accepted += merkle_verify_subtree(start, end, size, proof, i, &node, &root) == 0;
	proof[n] = node;
	accepted += merkle_verify_subtree(start, end, size, proof, n + 1, &node, &root) == 0;
	for (size_t i = 0; i < MERKLE_LEN; i++) {
		node.b[i] ^= 4;
		accepted += merkle_verify_subtree(start, end, size, proof, n, &node, &root) == 0;
		node.b[i] ^= 4;
		root.b[i] ^= 16;
		accepted += merkle_verify_subtree(start, end, size, proof, n, &node, &root) == 0;
		root.b[i] ^= 16;
	}
	return accepted;
}

static void test_inclusion(void)
{
	struct mhash proof[MERKLE_PROOF_MAX + 1];
	unsigned bad = 0, accepted = 0, proofs = 0;

	for (uint64_t size = 1; size <= LEAVES; size++) {
		struct mhash root = mth(0, size);
		for (uint64_t i = 0; i < size; i++) {
			size_t n = 99;
			proofs++;
			bad += merkle_prove_inclusion(i, size, get, &st, proof, &n) != 0;
			bad += merkle_verify_inclusion(i, size, &leaf[i], proof, n, &root) != 0;
			for (uint64_t j = 0; j <= size; j++)
				if (j != i)
					accepted += merkle_verify_inclusion(
							j, size, &leaf[i], proof, n, &root) == 0;
			if (size < 18)
				accepted += spoil(i, i + 1, size, proof, n);
		}
	}
	is_int(bad, 0, "%u inclusion proofs verify", proofs);
	is_int(accepted, 0, "no changed, cut or misplaced inclusion proof verifies");
}

static void test_consistency(void)
{
	struct mhash proof[MERKLE_PROOF_MAX + 1];
	unsigned bad = 0, accepted = 0, proofs = 0;

	for (uint64_t size2 = 1; size2 <= LEAVES; size2++) {
		struct mhash root2 = mth(0, size2);
		for (uint64_t size1 = 1; size1 <= size2; size1++) {
			struct mhash root1 = mth(0, size1);
			size_t n = 99;
			proofs++;
			bad += merkle_prove_consistency(size1, size2, get, &st, proof, &n) != 0;
			bad +=
			    merkle_verify_consistency(size1, size2, proof, n, &root1, &root2) != 0;
			if (size2 < 18)
				accepted += spoil(0, size1, size2, proof, n);
		}
	}
	is_int(bad, 0, "%u consistency proofs verify", proofs);
	is_int(accepted, 0, "no changed or cut consistency proof verifies");
}

static void test_subtrees(void)
{
	struct mhash proof[MERKLE_PROOF_MAX + 1];
	unsigned bad = 0, accepted = 0, proofs = 0, refused = 0;

	for (uint64_t size = 1; size <= 24; size++) {
		struct mhash root = mth(0, size);
		for (uint64_t start = 0; start < size; start++) {
			for (uint64_t end = start + 1; end <= size; end++) {
				struct mhash node = mth(start, end);
				size_t n = 99;
				int rc =
				    merkle_prove_subtree(start, end, size, get, &st, proof, &n);
				if (rc == -ERANGE) {
					refused++;
					continue;
				}
				proofs++;
				bad += rc != 0;
				bad += merkle_verify_subtree(
					   start, end, size, proof, n, &node, &root) != 0;
				if (size < 14)
					accepted += spoil(start, end, size, proof, n);
			}
		}
	}
	is_int(bad, 0, "%u subtree proofs verify", proofs);
	is_int(accepted, 0, "no changed or cut subtree proof verifies");
	ok(refused > 0, "%u ranges are no subtrees and are refused", refused);
}

static void test_limits(void)
{
	struct mhash h = leaf[0], proof[MERKLE_PROOF_MAX] = { 0 };
	size_t n = 99;

	is_int(merkle_verify_inclusion(0, 0, &h, proof, 0, &h), MERKLE_BAD, "no leaf in no tree");
	is_int(merkle_verify_inclusion(UINT64_MAX, UINT64_MAX, &h, proof, 0, &h), MERKLE_BAD,
	    "an index at the end of the world");
	is_int(merkle_verify_inclusion(0, MERKLE_SIZE_MAX + 1, &h, proof, 63, &h), MERKLE_BAD,
	    "a tree beyond MERKLE_SIZE_MAX");
	is_int(merkle_verify_consistency(0, 1, proof, 0, &h, &h), MERKLE_BAD,
	    "a consistency proof from nothing proves nothing");
	is_int(merkle_verify_consistency(2, 1, proof, 0, &h, &h), MERKLE_BAD, "a shrinking tree");
	is_int(merkle_verify_subtree_inclusion(5, 4, 4, &h, proof, 0, &h), MERKLE_BAD,
	    "no leaf in an empty subtree");
	is_int(merkle_prove_inclusion(3, 3, get, &st, proof, &n), -ERANGE, "index == size");
	is_int(merkle_prove_consistency(0, 3, get, &st, proof, &n), -ERANGE, "size1 == 0");
	is_int(merkle_prove_consistency(4, 3, get, &st, proof, &n), -ERANGE, "size1 > size2");
	is_int(merkle_prove_subtree(1, 3, 8, get, &st, proof, &n), -ERANGE, "not a subtree");
	st.fail_after = 1;
	is_int(merkle_prove_inclusion(3, 9, get, &st, proof, &n), -EIO, "get's error is forwarded");
	st.fail_after = -1;
	is_int(n, 99, "nothing was written");
}

/* A node of a tree too large to exist: its own address, hashed. */
static int get_any(void *ctx, unsigned level, uint64_t index, struct mhash *ret_h)
{
	uint64_t at[2] = { level, index };
	(void)ctx;
	*ret_h = merkle_leaf(span_of(at, sizeof(at)));
	return 0;
}

static void test_longest(void)
{
	struct mhash proof[MERKLE_PROOF_MAX];
	size_t n = 0;

	is_int(merkle_prove_consistency(3, MERKLE_SIZE_MAX, get_any, NULL, proof, &n), 0,
	    "a proof in the largest tree");
	is_int(n, MERKLE_PROOF_MAX, "is as long as a proof can be");
}

int main(void)
{
	test_known();
	test_growth();
	test_inclusion();
	test_consistency();
	test_subtrees();
	test_limits();
	test_longest();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
