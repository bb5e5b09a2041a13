/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * lanes_priv: what the parts of crypto/lanes.h share. The state of a lane is a column:
 * state[i][lane] is word i, so that a vector takes a row.
 */

#include "crypto/lanes.h"

/* Stands before a loop whose body is to be repeated, so that arrays become registers. */
#define UNROLL _Pragma("GCC unroll 16")

extern const uint32_t lanes_md5_k[64], lanes_sha256_k[64];
extern const uint64_t lanes_sha512_k[80];

/*
 * Each works on as many columns from s on as the set has (n32 or n64), and on that many inputs of
 * whole blocks (64 bytes, SHA-512 128) from p on. An input that is idle points to anything
 * readable.
 */
typedef void lanes_blocks32(uint32_t (*s)[LANES_MAX], const uint8_t *const *p, size_t blocks);
typedef void lanes_blocks64(uint64_t (*s)[LANES_MAX], const uint8_t *const *p, size_t blocks);
/* One or two columns and inputs, with the processor's own instructions for SHA. */
typedef void lanes_pair(uint32_t (*s)[LANES_MAX], const unsigned *column, const uint8_t *const *p,
    unsigned n, size_t blocks);

struct lanes_vectors {
	unsigned n32, n64;
	lanes_blocks32 *md5, *sha1, *sha256;
	lanes_blocks64 *sha512;
};

extern const struct lanes_vectors lanes_avx2, lanes_avx512;
lanes_pair lanes_sha1_pair, lanes_sha256_pair;
