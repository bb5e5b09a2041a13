/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * proof: one ledger entry with everything that is needed to check, offline and without the state
 * directory, that the ledger of a known key holds it.
 *
 *   {"checkpoint":"<signed note>","entry":{…},"index":5,"proof":["<base64>"…],"size":17,
 *    "type":"firebreak.ledger-proof/1"}
 *
 * entry is the canonical entry as JSON; proof the RFC 9162 2.1.3 inclusion proof of its leaf at
 * index in the tree of the checkpoint, which has that size. Members may be laid out in any way:
 * the entry is brought to canonical form before it is hashed.
 *
 * Guarantees: reading is pure but for the arena; unknown members, duplicates, trailing bytes and
 * contradictions between members are errors. Nothing in the result may be believed before
 * ledger_proof_check gave LEDGER_PROOF_GOOD.
 */

#include "base/arena.h"
#include "crypto/merkle.h"
#include "store/ledger.h"

#define LEDGER_PROOF_TEXT_MAX (4u << 20)
#define LEDGER_PROOF_TYPE "firebreak.ledger-proof/1"

enum ledger_proof_result { LEDGER_PROOF_GOOD = 0, LEDGER_PROOF_BAD = 1 };

struct ledger_proof {
	struct ledger_entry entry; /* body is its canonical bytes */
	uint64_t index, size;
	struct mhash proof[MERKLE_PROOF_MAX];
	size_t nproof;
	struct span checkpoint; /* the signed note */
};

/* Appends the bundle for entry seq in the tree of the checkpoint at size; size 0 takes the newest
 * checkpoint. -ERANGE, -ENOENT (no checkpoint was signed at that size) with fault. */
FB_MUST int ledger_proof_write(struct store *s, uint64_t seq, uint64_t size, struct buf *out,
    struct fault *f);

/* Parses; everything in *ret_p lives in the arena or in text. 0, -EBADMSG with fault. */
FB_MUST int ledger_proof_read(struct ledger_proof *ret_p, struct span text, struct arena *a,
    struct fault *f);

/* Is the checkpoint signed by k under that name (a vkey's), and the entry in its tree? GOOD, BAD
 * with fault, -errno. */
FB_MUST int ledger_proof_check(const struct ledger_proof *p, const char *name,
    const struct key *k, struct fault *f);
