/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe_pages: the page hashes of one signature (SpcPeImagePageHashes, V1 with SHA-1 and V2 with
 * SHA-256), computed again while the file goes by. Private to anatomy/.
 *
 * The table has, by turns, an offset in the file and a digest: of the headers (without the three
 * places that no signature covers), then of each page of each section, every one filled up with
 * zeros to the size of a page; the last entry is where the last section ends, with a digest of zeros.
 * ("Windows Authenticode Portable Executable Signature Format" names the structure; the rules are
 * those that signtool's and osslsigncode's tables keep.) A page is 4 KiB or SectionAlignment bytes:
 * whichever gives the offsets of the table.
 */

#include "base/arena.h"
#include "crypto/hash.h"
#include "wire/pe.h"

struct pe_page;

struct pe_pages {
	const struct pe *pe;
	enum digest_alg alg;
	uint32_t page_size;
	struct pe_page *page; /* by offset */
	uint32_t n, at;
	struct hasher *hasher;
	uint32_t wrong;	    /* pages whose digest is another */
	uint64_t wrong_off; /* of the first of them */
};

/* table must stay. 0; -EBADMSG: not the pages of this image; -ENOMEM. Free in every case. */
FB_MUST int pe_pages_begin(struct pe_pages *p, const struct pe *pe, enum digest_alg alg,
    struct span table, struct arena *a);
/* The bytes of the file that start at off, each once and in order. 0, -errno. */
FB_MUST int pe_pages_update(struct pe_pages *p, uint64_t off, const uint8_t *bytes, size_t n);
void pe_pages_free(struct pe_pages *p);
