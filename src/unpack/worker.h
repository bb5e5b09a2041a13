/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * worker: the half of unpack.h that runs in the sandbox and sees the file, private to this room. It
 * reads SANDBOX_IN and writes parcels (parcel.h) to SANDBOX_OUT.
 */

#include "sandbox/worker.h"
#include "unpack/parcel.h"

#include <locale.h>

/* An entry that is open, one at each depth. */
struct unpack_item {
	struct hasher *hasher;
	enum unpack_type type;
	const char *path;
	bool send;    /* its bytes go to the parent */
	bool undecided; /* whether they do is asked when its head is there */
	uint64_t size;
};

/* Made before the fork, used after it: what would need files or a lock to be made in there. */
struct unpack_work {
	struct unpack_opts opts; /* nothing left at 0 but no_sandbox */
	uint64_t limit; /* bytes out: opts.bytes, or what the ratio allows */
	bool content;   /* send DATA */
	uint64_t file_size;
	bool image; /* read it as a disk image */
	uint64_t dictionary; /* that the file names, if it is large; what is in use is watched then */
	struct unpack_item item[UNPACK_DEPTH_MAX]; /* by depth - 1 */
	unsigned depth; /* of them that are open */
	struct hasher *sum; /* SHA-256, for a back end's own checks */
	locale_t locale;   /* names are UTF-8 */
	char time_zone[256]; /* "TZ=…": what the C library already read */
	/* private to the worker */
	struct buf out;
	uint8_t head[UNPACK_HEAD]; /* of the entry at hand, while undecided */
	size_t nhead;
	uint64_t total;
	uint64_t resident; /* KiB in use at the start */
	uint64_t zip_entries; /* of a zip that was checked already */
	bool starved;      /* it met the limit on memory */
	uint32_t entries;
	struct parcel_last last; /* last.kind is the back end's to set if it has several */
	bool locked; /* an entry could not be read: why says it */
	char why[PARCEL_TEXT_MAX], format[PARCEL_TEXT_MAX];
};

/* sandbox_fn over a struct unpack_work: 0, -ENOMEM or another error. */
FB_MUST int unpack_work_archive(void *ctx);
FB_MUST int unpack_work_raw(void *ctx);

/* --- between the worker's files -------------------------------------------------------------- */

/* Notes why the run ends with how, and returns how. */
FB_MUST int unpack_stop(struct unpack_work *w, enum unpack_result how, const char *fmt, ...)
    FB_PRINTF(3, 4);
/* Counts n bytes of output: 0, or UNPACK_REFUSED beyond the limit. */
FB_MUST int unpack_count(struct unpack_work *w, uint64_t n);
/* Sends content as DATA parcels. 0 or -errno. */
FB_MUST int unpack_send(struct unpack_work *w, struct span s);
/* Writes out what is buffered, if it is at_least so much. */
FB_MUST int unpack_flush(struct unpack_work *w, size_t at_least);

/* Reads the file from the front, for libarchive. */
struct unpack_source {
	struct unpack_work *w;
	uint64_t at;
	uint8_t *block;
	size_t have, used; /* of the block, when it is given in pieces */
	struct gzip *gzip; /* read through it: then only forwards, */
	struct tar_scan *scan; /* and fed with what comes out */
};
struct archive;
/* Before a reader is made of it: sets gzip and scan if the file is gzip'd. 0, UNPACK_…, -errno. */
FB_MUST int unpack_source_open(struct unpack_source *s);
/* When all was read of one with gzip: 0; UNPACK_DAMAGED if there is more of the file, or it is. */
FB_MUST int unpack_source_end(struct unpack_source *s);
/* A reader of the archives that are known, to be opened with archive_read_open1; without s: of tar
 * only, to be opened by the caller. NULL when memory ran out. */
struct archive *unpack_reader(struct unpack_source *s);
/* The same of what a compressed (or plain) file holds, as one entry. */
struct archive *unpack_raw_reader(struct unpack_source *s);
/* Sends LAST and what is buffered; rc is how it went (enum unpack_result or -errno). */
FB_MUST int unpack_goodbye(struct unpack_work *w, int rc);
