/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * signed_judge: judges the Authenticode signatures of one component, whatever its format. The format
 * finds the SignedData and computes the digests of the file; everything else is here: what the
 * signature says, whether it holds, what hides in its unsigned parts, whose it is.
 *
 * Use: signed_begin; signed_add for each SignedData that the format holds (those nested inside are
 * followed); then the file's bytes are hashed with the algorithms of signed_algs; signed_compare.
 * The reasons' codes begin with the format's name: "pe.signer", "msi.digest" (docs/authenticode.md).
 *
 * Guarantees: what is handed out is in the arena, nothing borrows from the SignedData.
 */

#include "anatomy/signed.h"
#include "crypto/authenticode.h"

/* Page hashes that a signature holds: the format computes them again. */
struct signed_pages {
	enum digest_alg alg;
	struct span table; /* in the arena */
	uint64_t off, len; /* of the signature */
};

struct signed_judge {
	const char *format; /* "pe", "msi", "cab" */
	enum ac_subject subject; /* what SpcIndirectData must be about */
	const struct signed_trust *trust; /* NULL: signers are claims */
	struct verdict *verdict;
	struct arena *arena, *own;
	struct component_signature *sig; /* in own; result BROKEN until signed_compare */
	uint32_t n;
	struct signed_pages *pages;
	uint32_t npages;
};

/* format is a static string; the rest is borrowed. own: memory that is needed as long as j is, for the
 * signatures themselves too (what they point to is in a). 0, -ENOMEM. */
FB_MUST int signed_begin(struct signed_judge *j, const char *format, enum ac_subject subject,
    const struct signed_trust *trust, struct verdict *v, struct arena *a,
    struct arena *own);
/*
 * One SignedData: bytes begin with it; off is where they are in the component. Says what is wrong
 * with it by reasons; where it can be read at all it becomes a signature (and each one nested in it).
 * *ret_der_len is the length of the DER value, 0 when there is none: what follows it in bytes is the
 * caller's matter. 0, -ENOMEM.
 */
FB_MUST int signed_add(
    struct signed_judge *j, struct span bytes, uint64_t off, size_t *ret_der_len);
/* HASH_SET of the digests that the signatures name; 0: none. */
unsigned signed_algs(const struct signed_judge *j);
/* got: the digests of the file, by algorithm, as the format covers its bytes. */
void signed_compare(struct signed_judge *j, const struct digest got[static DIGEST_ALGS]);

/* "FORMAT.WORD", in the arena: a code for a reason. */
const char *signed_code(const struct signed_judge *j, const char *word);
