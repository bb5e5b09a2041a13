/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * merkle: the RFC 6962 section 2.1 hash tree over SHA-256: hashing, proofs and their verification,
 * and the right edge of a growing tree.
 *
 * Inclusion and consistency proofs are those of RFC 9162 2.1.3 and 2.1.4. *Subtrees* are those of
 * draft-ietf-plants-merkle-tree-certs section 4 (earlier draft-davidben-tls-merkle-tree-certs):
 * [start, end) is one when start is a multiple of the smallest power of two >= end - start.
 * An inclusion proof is the consistency proof of the subtree [index, index + 1), and a consistency
 * proof from size1 that of [0, size1), so one generator and one verifier serve all of them.
 *
 * Guarantees: pure but for the callbacks; no allocation; a proof is an array of 32-byte hashes;
 * verification is O(log size) and rejects a proof that is longer or shorter than it must be.
 *
 * Result codes: 0; verifiers enum merkle_result; generators what the callback gave (-errno), or
 * -ERANGE for an index or size that the tree does not have.
 */

#include "base/span.h"
#include "base/util.h"

#define MERKLE_LEN 32
#define MERKLE_SIZE_MAX ((uint64_t)INT64_MAX) /* leaves; larger sizes are refused */
#define MERKLE_PROOF_MAX 64                   /* enough for every proof in a tree of that size */

struct mhash {
	uint8_t b[MERKLE_LEN];
};

struct mhash merkle_leaf(struct span data);                             /* H(0x00 || data) */
struct mhash merkle_node(const struct mhash *l, const struct mhash *r); /* H(0x01 || l || r) */
struct mhash merkle_empty(void);                                        /* H("") */

static inline bool mhash_eq(const struct mhash *a, const struct mhash *b)
{
	return memcmp(a->b, b->b, MERKLE_LEN) == 0;
}

/* ---- verification ---- */

enum merkle_result { MERKLE_GOOD = 0, MERKLE_BAD = 1 };

/* The leaf hash is at index of the tree with this size and root. */
FB_MUST int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct mhash *leaf,
    const struct mhash *proof, size_t nproof, const struct mhash *root);
/* The tree (size2, root2) extends (size1, root1). size1 == 0 proves nothing and is refused. */
FB_MUST int merkle_verify_consistency(uint64_t size1, uint64_t size2, const struct mhash *proof,
    size_t nproof, const struct mhash *root1, const struct mhash *root2);
/* The leaf hash is at index (counted in the whole tree) of the subtree [start, end). */
FB_MUST int merkle_verify_subtree_inclusion(uint64_t index, uint64_t start, uint64_t end,
    const struct mhash *leaf, const struct mhash *proof, size_t nproof, const struct mhash *root);
/*
 * The subtree [start, end) with hash `node` holds the same leaves as that range of the tree
 * (size, root). As the draft has it, an empty subtree is good in any tree when node is
 * merkle_empty() and the proof is empty: root is then not looked at.
 */
FB_MUST int merkle_verify_subtree(uint64_t start, uint64_t end, uint64_t size,
    const struct mhash *proof, size_t nproof, const struct mhash *node, const struct mhash *root);

/* ---- generation ---- */

/*
 * Fetches the hash of the complete subtree [index << level, (index + 1) << level). Level 0 are the
 * leaf hashes. Only nodes that lie wholly inside the asked-for size are fetched, so a store keeps
 * exactly what merkle_grow reported. 0 or -errno.
 */
typedef int merkle_get_fn(void *ctx, unsigned level, uint64_t index, struct mhash *ret_h);

/* proof has MERKLE_PROOF_MAX elements. index < size. */
FB_MUST int merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_get_fn *get, void *ctx,
    struct mhash *proof, size_t *ret_n);
/* 0 < size1 <= size2. */
FB_MUST int merkle_prove_consistency(uint64_t size1, uint64_t size2, merkle_get_fn *get, void *ctx,
    struct mhash *proof, size_t *ret_n);
/* [start, end) is a subtree, end <= size. */
FB_MUST int merkle_prove_subtree(uint64_t start, uint64_t end, uint64_t size, merkle_get_fn *get,
    void *ctx, struct mhash *proof, size_t *ret_n);
/* The root at an earlier size: merkle_empty() for 0. */
FB_MUST int merkle_root_at(uint64_t size, merkle_get_fn *get, void *ctx, struct mhash *ret_root);

/* ---- a growing tree ---- */

/* The roots of the complete subtrees along the right edge: edge[i] is used when bit i of size is
 * set. {0} is the empty tree. */
struct merkle_edge {
	uint64_t size;
	struct mhash edge[64];
};

/* Told of each complete node, leaf first, as it comes to be. 0 or -errno. */
typedef int merkle_put_fn(void *ctx, unsigned level, uint64_t index, const struct mhash *h);

/* Appends one leaf hash; put may be NULL. On an error of put the edge is as it was. -ERANGE at
 * MERKLE_SIZE_MAX. */
FB_MUST int merkle_grow(struct merkle_edge *e, const struct mhash *leaf, merkle_put_fn *put,
    void *ctx);
struct mhash merkle_edge_root(const struct merkle_edge *e);
/* The edge of an existing tree, from its nodes. */
FB_MUST int merkle_edge_load(struct merkle_edge *ret_e, uint64_t size, merkle_get_fn *get,
    void *ctx);
