/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tar_check: does a tar have headers by which some rename its entries? Private to this room, runs
 * in the worker.
 *
 * libarchive passes over global headers (typeflag g); GNU tar and Python apply them to every entry
 * that follows, so that a file is unpacked under another name than is listed here. Refused: a
 * global header with anything but a comment (git archive), times and owners, or a malformed one.
 * POSIX pax, "pax Header Block" and "pax Extended Header". Refused, too: an entry with two extended
 * headers of one kind, or a pax one beside GNU's long names (L, K): which counts is not agreed.
 *
 * The stream is gone through block by block, whoever a block belongs to: so a tar inside, not
 * compressed, that has such a header is refused, too. It counts only where an entry had more than one
 * header. Bytes that come by are looked at then; what libarchive decompresses is read a second time.
 */

#include "unpack/worker.h"

#define TAR_GLOBAL_MAX (1u << 20) /* bytes of one global header */

/* Starts with .records = BUF_INIT(TAR_GLOBAL_MAX). */
struct tar_scan {
	const char *why; /* the first that is wrong */
	int rc;		 /* then, or -ENOMEM */
	/* private */
	uint8_t part[512]; /* of a block whose end is still to come */
	size_t npart;
	struct buf records; /* of a global header */
	uint64_t left;	    /* bytes that still belong to it */
	uint64_t skip;	    /* blocks of another extended header */
	unsigned seen;	    /* of one entry */
};

/* The next bytes. */
void tar_scan_feed(struct tar_scan *s, struct span bytes);
/* When all were fed. 0, UNPACK_REFUSED (unpack_stop), -ENOMEM. */
FB_MUST int tar_scan_end(struct tar_scan *s, struct unpack_work *w);

/* Reads it all once more: 0, UNPACK_REFUSED or UNPACK_DAMAGED (unpack_stop), -errno. */
FB_MUST int unpack_tar_check(struct unpack_work *w);
