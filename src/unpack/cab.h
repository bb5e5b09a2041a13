/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cab: the files of a cabinet, wherever its bytes are. Private to this room, runs in the worker.
 *
 * The structure is read and checked here (wire/cab.h); libarchive, which knows the compressions,
 * walks along and must see the same files.
 */

#include "unpack/backend.h"
#include "wire/cab.h"

/* The bytes of a cabinet: pieces of the file at hand. */
struct cab_piece {
	uint64_t at, off, len; /* from `at` of the cabinet on: len bytes at off of the file */
};

struct cab_stream {
	struct unpack_work *w;
	const struct cab_piece *piece;
	size_t n;
	uint64_t size;
	const char *name; /* for messages and notes; NULL: the file itself */
	/* The path of a file; NULL: damaged (said by unpack_stop). Valid until the next call. */
	const char *(*path)(void *ctx, const struct cab_file *f);
	void *ctx;
	/* private */
	uint64_t at;
	uint8_t *block;
};

/* All files, in the cabinet's order. 0, enum unpack_result (said), -errno. */
FB_MUST int unpack_cab(struct cab_stream *s);
/* The file's name with "/" between parts, in out; what unpack_cab's path may return. */
char *unpack_cab_name(const struct cab_file *f, char out[static CAB_NAME_MAX + 1]);
