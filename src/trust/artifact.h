/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * artifact: the bytes that evidence is about, as a verifier of detached signatures needs them:
 * digests that were computed while the file passed by once, and all of its bytes for the schemes
 * that sign bytes and not a digest (Ed25519 without prehash, CMS over content).
 *
 * An artifact may be known by digests alone (a digest was given instead of a file): then fd is -1
 * and artifact_bytes says -ENODATA, which a verifier reports as "needs the file itself".
 *
 * Guarantees: the digests are those of the bytes; a digest that nobody asked for is unset. A file
 * that changes while it is looked at is found by who opened it (verify.c) and ends the verdict.
 */

#include "base/file.h"
#include "model/digest.h"

#define ARTIFACT_NEEDS_BYTES (1u << 31) /* in a set of HASH_SET bits: the whole file, too */

struct artifact {
	const char *name;                  /* path or name, for people and for matching names */
	struct digest digest[DIGEST_ALGS]; /* unset where it was not asked for */
	uint64_t size;                     /* of the file; 0 when only digests are known */
	int fd;                            /* borrowed; -1: only digests are known */
	/* private */
	struct file_map map;
	bool mapped;
};

#define ARTIFACT_INIT ((struct artifact){ .fd = -1, .map = FILE_MAP_NONE })

/* Bytes in memory instead of a file (tests, small documents): computes the digests of set. The
 * bytes are borrowed. 0, -ENOTSUP, -ENOMEM. */
FB_MUST int artifact_of_span(struct artifact *ret_a, const char *name, struct span bytes,
    unsigned set);
/* The whole file, mapped at the first call and until artifact_done. 0, -ENODATA, -errno. */
FB_MUST int artifact_bytes(struct artifact *a, struct span *ret_s);
/* The digest if it is known; NULL if not. */
static inline const struct digest *artifact_digest(const struct artifact *a, enum digest_alg alg)
{
	return digest_is_set(&a->digest[alg]) ? &a->digest[alg] : NULL;
}
/* Takes the mapping away; fd stays the caller's. */
void artifact_done(struct artifact *a);
