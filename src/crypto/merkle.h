/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * merkle: RFC 6962 section 2.1 tree hashing and proof verification (algorithms of RFC 9162
 * 2.1.3.2 and 2.1.4.2), SHA-256. Pure; a proof is an array of 32-byte hashes.
 */

#include "base/span.h"
#include "base/util.h"

#define MERKLE_LEN 32
#define MERKLE_PROOF_MAX 64

struct mhash {
	uint8_t b[MERKLE_LEN];
};

struct mhash merkle_leaf(struct span data);                         /* H(0x00 || data) */
struct mhash merkle_node(const struct mhash *l, const struct mhash *r); /* H(0x01 || l || r) */
struct mhash merkle_empty(void);                                    /* H("") */

enum merkle_result { MERKLE_GOOD = 0, MERKLE_BAD = 1 };

FB_MUST int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct mhash *leaf,
    const struct mhash *proof, size_t nproof, const struct mhash *root);
FB_MUST int merkle_verify_consistency(uint64_t size1, uint64_t size2, const struct mhash *proof,
    size_t nproof, const struct mhash *root1, const struct mhash *root2);
