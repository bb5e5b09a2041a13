/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dmg: a disk image (wire/udif.h) as one run of sectors, unpacked where it is read. Private to
 * unpack/dmg*.c; all of it runs in the worker, and nothing is freed.
 */

#include "unpack/backend.h"
#include "wire/udif.h"

#define DMG_VOLUMES_MAX 32
#define DMG_CACHE 6 /* unpacked chunks that are kept, at most UDIF_CHUNK_MAX bytes together */

struct dmg_chunk {
	uint64_t sector, off;
	uint32_t sectors, len;
	uint8_t kind; /* the low byte of enum udif_kind, with 0x80 for packed ones */
};
struct dmg_cached {
	uint32_t chunk;
	uint64_t used;
	uint8_t *p;
	size_t n;
};
struct dmg {
	struct unpack_work *w;
	struct udif u;
	struct dmg_chunk *chunk; /* by sector */
	uint32_t nchunks, cap;
	uint64_t sectors; /* to the end of the last partition */
	struct {
		uint64_t sector, sectors;
	} part[DMG_VOLUMES_MAX]; /* where a volume may begin */
	uint32_t nparts;
	/* private */
	struct dmg_cached cache[DMG_CACHE];
	uint64_t clock;
	size_t cached;
	uint8_t *packed; /* a chunk as it is in the file */
	size_t packed_cap;
};

/* Trailer, property list and tables. 0 or what ends the run. */
FB_MUST int dmg_open(struct dmg *d, struct unpack_work *w);
/* Exactly n bytes of the image at off. An hfs_read_fn over struct dmg_part. */
FB_MUST int dmg_read(struct dmg *d, uint64_t off, void *p, size_t n);
/* Further places where a volume may begin: in a partition map inside the image. */
FB_MUST int dmg_find_parts(struct dmg *d);

/* dmg_hfs.c: the files of the HFS+ volume that begins at byte off; prefix is in front of their paths
 * ("" or "name/"). */
FB_MUST int dmg_list_hfs(struct dmg *d, uint64_t off, uint64_t size, const char *prefix);
