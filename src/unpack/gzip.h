/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gzip: what a gzip'd file holds (RFC 1952), in pieces, member after member. Private to this room, runs
 * in the worker. Faster than libarchive's filter, and unlike it compares what gzip(1) compares: the CRC
 * and the size behind each member, and the CRC of a header that has one.
 */

#include "unpack/inflate_lib.h"

#define GZIP_HEAD 10 /* bytes at least of a header */

/* The next bytes of the file, at most n; *ret_n is 0 at its end. 0, -errno. */
typedef int gzip_read_fn(void *ctx, uint8_t *p, size_t n, size_t *ret_n);

struct gzip {
	gzip_read_fn *read;
	void *ctx;
	enum inflate_by by;
	/* out */
	uint64_t used;	 /* bytes of the file: all members so far, when ended */
	bool ended;	 /* what follows is no other member */
	const char *why; /* what is wrong with it */
	/* private */
	struct inflate_stream z;
	bool inside; /* a member */
	uint32_t crc, size;
	uint8_t *block, *out;
	size_t have;
	struct span in; /* of the block: not yet taken */
};

/* By its first bytes: the magic, deflate, no flag that is not known. */
bool gzip_probe(struct span head);
/* With read, ctx (and by) set. 0, -ENOMEM, -ENOTSUP. gzip_close in every case. */
FB_MUST int gzip_open(struct gzip *g);
/* The next piece, valid until the next call; none (ended is set) behind the last. 0; -EBADMSG with
 * why, now and ever after; what read returned. */
FB_MUST int gzip_next(struct gzip *g, struct span *ret_piece);
void gzip_close(struct gzip *g);
