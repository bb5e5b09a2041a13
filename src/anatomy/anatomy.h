/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * anatomy: does the structure of a file hold together, and does the signature inside it cover
 * everything? One reader per format (anatomy_format.h): PE so far.
 *
 * PASS means: every byte of the file is covered by the Authenticode digest of each signature in it,
 * is one of the few that the format leaves out, or is part of a well-formed place for signatures
 * without room for anything else; and each signature verifies under the certificate embedded beside
 * it. Whose certificate that is, is a claim unless anchors are given (signed.h): then its chain must
 * hold, too.
 *
 * Guarantees: memory does not depend on the file's size.
 */

#include "anatomy/signed.h"
#include "base/arena.h"
#include "model/verdict.h"

struct anatomy_format;

struct anatomy {
	const char *format; /* "pe", "unknown" */
	/* After anatomy_finish: the signatures inside, nested ones behind theirs; in the arena. */
	const struct component_signature *signature;
	uint32_t nsignatures;
	struct digest authenticode; /* recomputed, of the first signature's algorithm; unset: none */
	/* private */
	const struct signed_trust *trust;
	struct verdict *verdict;
	struct arena *arena;
	struct arena own; /* what is needed up to anatomy_free only */
	int fd;
	uint64_t size;
	const struct anatomy_format *reader;
	void *state;
};

/*
 * Reads what it needs of fd with pread, judges it, and gets ready for the bytes. Reasons go to v,
 * which starts anew with memory from the arena. trust may be NULL; it, fd and arena must last until
 * anatomy_free. 0 or -errno (I/O, memory).
 */
FB_MUST int anatomy_begin(struct anatomy *a, int fd, uint64_t size,
    const struct signed_trust *trust, struct verdict *v, struct arena *arena);
/* The next bytes of the file, first to last; the length of all but the last a multiple of 4. */
FB_MUST int anatomy_update(struct anatomy *a, const uint8_t *p, size_t n);
/* Compares the digests and concludes the verdict. */
FB_MUST int anatomy_finish(struct anatomy *a);
/* After anatomy_begin, whatever it returned. */
void anatomy_free(struct anatomy *a);
