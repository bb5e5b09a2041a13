/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * anatomy: does the structure of a file hold together, and does the signature inside it cover
 * everything? For PE files (wire/pe.h, crypto/authenticode.h); other formats have none so far.
 *
 * PASS means: every byte of the file is covered by the Authenticode digest of each signature in
 * it, is one of the 12 header bytes that the format leaves out, or is part of a well-formed
 * certificate table with at most 7 zero bytes of alignment behind each signature; and each
 * signature verifies under the certificate embedded beside it. It does not mean that the
 * certificate is anybody's in particular: there is no chain here.
 *
 * Guarantees: memory does not depend on the file's size: the head and the certificate table (at
 * most 16 MiB) are read at the start, everything else passes by once, in order.
 */

#include "base/arena.h"
#include "crypto/authenticode.h"
#include "crypto/hash.h"
#include "model/verdict.h"
#include "wire/pe.h"

#define ANATOMY_SIGS_MAX 32

struct anatomy_sig {
	uint64_t off, len; /* of the table entry it is in */
	struct digest digest; /* of the file, as signed */
};

struct anatomy {
	const char *format; /* "pe", "unknown" */
	struct arena *arena;
	struct verdict *verdict;
	struct pe pe;
	struct anatomy_sig sig[ANATOMY_SIGS_MAX];
	size_t nsigs;
	struct digest authenticode; /* recomputed, after anatomy_finish; unset if not signed */
	/* private */
	struct hasher *hasher;
	struct pe_range range[PE_COVERED_MAX];
	size_t nranges;
	struct pe_sum sum;
	uint64_t at;
};

/*
 * Reads head and table of fd with pread, judges them, and gets ready for the bytes. Reasons go to
 * v, which starts anew with memory from the arena. 0 or -errno (I/O, memory).
 */
FB_MUST int anatomy_begin(struct anatomy *a, int fd, uint64_t size, struct verdict *v,
    struct arena *arena);
/* The next bytes of the file, first to last; the length of all but the last a multiple of 4. */
FB_MUST int anatomy_update(struct anatomy *a, const uint8_t *p, size_t n);
/* Compares the digests and concludes the verdict. */
FB_MUST int anatomy_finish(struct anatomy *a);
/* After anatomy_begin, whatever it returned. */
void anatomy_free(struct anatomy *a);
