/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/merkle.h"

#include "crypto/hash.h"

#include <errno.h>

struct mhash merkle_leaf(struct span data)
{
	struct mhash h;

	sha256_parts((struct span[]){ SPAN_LIT("\0"), data }, 2, h.b);
	return h;
}

struct mhash merkle_node(const struct mhash *l, const struct mhash *r)
{
	uint8_t in[1 + 2 * MERKLE_LEN] = { 1 };
	struct span s = span_of(in, sizeof(in));
	struct mhash h;

	memcpy(in + 1, l->b, MERKLE_LEN);
	memcpy(in + 1 + MERKLE_LEN, r->b, MERKLE_LEN);
	sha256_parts(&s, 1, h.b);
	return h;
}

struct mhash merkle_empty(void)
{
	struct mhash h;

	sha256_parts(NULL, 0, h.b);
	return h;
}

/* Is [start, end) a subtree? start is a multiple of the smallest power of two >= its length. */
static bool is_subtree(uint64_t start, uint64_t end)
{
	if (start > end || end > MERKLE_SIZE_MAX)
		return false;
	uint64_t pow = 1;
	while (pow < end - start)
		pow <<= 1;
	return start % pow == 0;
}

/*
 * The draft's section 4.4.3 ("Verifying a Subtree Consistency Proof"). fn, sn and tn walk up from
 * the subtree's first leaf, its last leaf and the tree's last leaf; fr grows into the subtree's
 * hash and sr into the root.
 */
int merkle_verify_subtree(uint64_t start, uint64_t end, uint64_t size, const struct mhash *proof,
    size_t nproof, const struct mhash *node, const struct mhash *root)
{
	if (!is_subtree(start, end) || end > size || size > MERKLE_SIZE_MAX)
		return MERKLE_BAD;
	if (start == end) {
		struct mhash none = merkle_empty();
		return nproof == 0 && mhash_eq(node, &none) ? MERKLE_GOOD : MERKLE_BAD;
	}
	uint64_t fn = start, sn = end - 1, tn = size - 1;
	while (fn != sn && (sn == tn || (sn & 1))) {
		fn >>= 1;
		sn >>= 1;
		tn >>= 1;
	}
	size_t i = 0;
	struct mhash fr = *node;
	if (fn != sn) {
		if (nproof == 0)
			return MERKLE_BAD;
		fr = proof[i++];
	}
	struct mhash sr = fr;
	for (; i < nproof; i++) {
		if (tn == 0)
			return MERKLE_BAD;
		if ((sn & 1) || sn == tn) {
			if (fn < sn)
				fr = merkle_node(&proof[i], &fr);
			sr = merkle_node(&proof[i], &sr);
			while (!(sn & 1)) {
				fn >>= 1;
				sn >>= 1;
				tn >>= 1;
			}
		} else {
			sr = merkle_node(&sr, &proof[i]);
		}
		fn >>= 1;
		sn >>= 1;
		tn >>= 1;
	}
	return tn == 0 && mhash_eq(&fr, node) && mhash_eq(&sr, root) ? MERKLE_GOOD : MERKLE_BAD;
}

int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct mhash *leaf,
    const struct mhash *proof, size_t nproof, const struct mhash *root)
{
	if (index >= size || size > MERKLE_SIZE_MAX)
		return MERKLE_BAD;
	return merkle_verify_subtree(index, index + 1, size, proof, nproof, leaf, root);
}

int merkle_verify_consistency(uint64_t size1, uint64_t size2, const struct mhash *proof,
    size_t nproof, const struct mhash *root1, const struct mhash *root2)
{
	if (size1 == 0)
		return MERKLE_BAD;
	return merkle_verify_subtree(0, size1, size2, proof, nproof, root1, root2);
}

int merkle_verify_subtree_inclusion(uint64_t index, uint64_t start, uint64_t end,
    const struct mhash *leaf, const struct mhash *proof, size_t nproof, const struct mhash *root)
{
	if (!is_subtree(start, end) || index < start || index >= end)
		return MERKLE_BAD;
	return merkle_verify_inclusion(index - start, end - start, leaf, proof, nproof, root);
}

/* The largest power of two below n; n > 1. */
static uint64_t split_of(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* The hash of the subtree [start, end), joined from complete nodes, right to left. start < end. */
static int range_root(
    uint64_t start, uint64_t end, merkle_get_fn *get, void *ctx, struct mhash *ret_h)
{
	struct mhash h, left;
	unsigned level = (unsigned)__builtin_ctzll(end - start);
	uint64_t left_end = end - ((uint64_t)1 << level);
	int rc = get(ctx, level, left_end >> level, &h);

	while (rc == 0 && left_end > start) {
		level = (unsigned)__builtin_ctzll(left_end - start);
		left_end -= (uint64_t)1 << level;
		rc = get(ctx, level, left_end >> level, &left);
		if (rc == 0)
			h = merkle_node(&left, &h);
	}
	if (rc == 0)
		*ret_h = h;
	return rc;
}

/*
 * SUBTREE_PROOF of the draft's section 4.4.1: down from the root to the subtree, noting the sibling
 * at each step; the proof lists them from the bottom. Where the path cuts through the subtree its
 * left part becomes a sibling too, and the verifier then needs the hash where the path ends.
 */
int merkle_prove_subtree(uint64_t start, uint64_t end, uint64_t size, merkle_get_fn *get, void *ctx,
    struct mhash *proof, size_t *ret_n)
{
	uint64_t lo = 0, hi = size, side[MERKLE_PROOF_MAX][2];
	size_t depth = 0, n = 0;
	bool cut = false;

	if (!is_subtree(start, end) || end > size || size > MERKLE_SIZE_MAX)
		return -ERANGE;
	if (start == end) {
		*ret_n = 0;
		return 0;
	}
	while (lo != start || hi != end) {
		uint64_t mid = lo + split_of(hi - lo);
		bool go_left = end <= mid;
		side[depth][0] = go_left ? mid : lo;
		side[depth++][1] = go_left ? hi : mid;
		if (go_left) {
			hi = mid;
			continue;
		}
		lo = mid;
		if (start < mid) {
			start = mid;
			cut = true;
		}
	}
	int rc = cut ? range_root(lo, hi, get, ctx, &proof[n++]) : 0;
	while (rc == 0 && depth > 0) {
		depth--;
		rc = range_root(side[depth][0], side[depth][1], get, ctx, &proof[n++]);
	}
	if (rc == 0)
		*ret_n = n;
	return rc;
}

int merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_get_fn *get, void *ctx,
    struct mhash *proof, size_t *ret_n)
{
	if (index >= size)
		return -ERANGE;
	return merkle_prove_subtree(index, index + 1, size, get, ctx, proof, ret_n);
}

int merkle_prove_consistency(uint64_t size1, uint64_t size2, merkle_get_fn *get, void *ctx,
    struct mhash *proof, size_t *ret_n)
{
	if (size1 == 0)
		return -ERANGE;
	return merkle_prove_subtree(0, size1, size2, get, ctx, proof, ret_n);
}

int merkle_root_at(uint64_t size, merkle_get_fn *get, void *ctx, struct mhash *ret_root)
{
	if (size > MERKLE_SIZE_MAX)
		return -ERANGE;
	if (size == 0) {
		*ret_root = merkle_empty();
		return 0;
	}
	return range_root(0, size, get, ctx, ret_root);
}

int merkle_grow(struct merkle_edge *e, const struct mhash *leaf, merkle_put_fn *put, void *ctx)
{
	struct mhash h = *leaf;
	unsigned level = 0;

	if (e->size >= MERKLE_SIZE_MAX)
		return -ERANGE;
	for (;;) {
		int rc = put ? put(ctx, level, e->size >> level, &h) : 0;
		if (rc < 0)
			return rc;
		if (!(e->size >> level & 1))
			break;
		h = merkle_node(&e->edge[level++], &h);
	}
	e->edge[level] = h;
	e->size++;
	return 0;
}

struct mhash merkle_edge_root(const struct merkle_edge *e)
{
	if (e->size == 0)
		return merkle_empty();
	unsigned level = (unsigned)__builtin_ctzll(e->size);
	struct mhash h = e->edge[level];
	while (e->size >> ++level)
		if (e->size >> level & 1)
			h = merkle_node(&e->edge[level], &h);
	return h;
}

int merkle_edge_load(struct merkle_edge *ret_e, uint64_t size, merkle_get_fn *get, void *ctx)
{
	struct merkle_edge e = { .size = size };

	if (size > MERKLE_SIZE_MAX)
		return -ERANGE;
	for (unsigned level = 0; size >> level; level++) {
		if (!(size >> level & 1))
			continue;
		int rc = get(ctx, level, (size >> level) - 1, &e.edge[level]);
		if (rc < 0)
			return rc;
	}
	*ret_e = e;
	return 0;
}
