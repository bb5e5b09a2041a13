/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * lanes: digests of several inputs at once, for those who have many files: one core computes 16 (or
 * 8) inputs in the elements of a vector, each a lane. MD5 and SHA-1 alone wait for themselves: in
 * lanes they cost a tenth.
 *
 * What does the work is chosen at run time: AVX-512 (F, BW, VL), AVX2, the processor's instructions
 * for SHA (two inputs side by side), or OpenSSL's EVP. Algorithms other than MD5, SHA-1, SHA-256
 * and SHA-512 are computed by EVP always.
 *
 * Guarantees: digests are those of crypto/hash.h, whatever the order and sizes of the puts of the
 * lanes. Input is read in place, until the lane is given back. One struct is used by one thread at
 * a time. Memory: about 16 KiB, and EVP contexts where they are used.
 *
 * Result codes: 0; -EINVAL (the set), -ENOTSUP (this OpenSSL does not offer the algorithm, or this
 * processor not what was asked for), -ENOMEM.
 */

#include "base/span.h"
#include "base/util.h"
#include "model/digest.h"

#include <stdint.h>

#define LANES_MAX 16
#define LANES_STEP 128 /* all puts but the last of an input are multiples of this */

enum lanes_kind {
	LANES_BEST = 0,
	LANES_EVP,
	LANES_AVX2,
	LANES_AVX512,
};

struct lanes;

/* set: HASH_SET(…) | …, all algorithms that any input may want. */
FB_MUST int lanes_new(struct lanes **ret_l, unsigned set, enum lanes_kind kind);
struct lanes *lanes_free(struct lanes *l);
void lanes_free_p(struct lanes **l);
#define AUTO_LANES FB_CLEANUP(lanes_free_p)

/* How many lanes to fill so that none of the work is wasted: 1 to LANES_MAX. */
unsigned lanes_count(const struct lanes *l);

/* Begins an input in a lane (below LANES_MAX): set is part of the set of lanes_new. */
void lanes_begin(struct lanes *l, unsigned lane, unsigned set);
/* The next bytes of a lane that has none left. n must be a multiple of LANES_STEP but in the last
 * put, which may be empty. */
void lanes_put(struct lanes *l, unsigned lane, const void *p, size_t n, bool last);
/* Works until at least one lane has no bytes left. Returns a bit for each that has none now: it
 * wants the next put or, after the last, its digests are there. 0 only when no lane had bytes. */
FB_MUST uint32_t lanes_run(struct lanes *l);
/* After the last put was worked off: sets out[alg] for each algorithm of the set, others untouched.
 */
void lanes_final(struct lanes *l, unsigned lane, struct digest *out);
