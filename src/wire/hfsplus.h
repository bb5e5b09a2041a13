/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hfsplus: HFS+ and HFSX volumes, read only (Apple Technical Note TN1150): every file and folder of the
 * catalog, their forks, and small extended attributes.
 *
 * Guarantees: no allocation; the volume is read through the caller's function only; every offset and
 * count is checked before it is used; a walk over a tree visits each node at most once. The journal is
 * not replayed: what a crashed system left in it is not seen.
 *
 * Result: HFS_OK, another enum hfs_result, or what the caller's function returned when that was not 0
 * (which must lie below HFS_END).
 */

#include "base/span.h"
#include "base/util.h"

#define HFS_NODE_MAX (32u << 10)
#define HFS_NAME_MAX (255 * 3 + 1) /* in UTF-8, with NUL */
#define HFS_HEADER_AT 1024

enum hfs_result {
	HFS_OK = 0,
	HFS_END = 1000, /* nothing more */
	HFS_NOT,	/* no HFS+ volume */
	HFS_WRAPPED,	/* an HFS volume (with or without an HFS+ volume inside) */
	HFS_DAMAGED,
	HFS_ABSENT,
};

typedef int hfs_read_fn(void *ctx, uint64_t off, void *p, size_t n);

struct hfs_extent {
	uint32_t start, count;
};
struct hfs_fork {
	uint64_t size;
	uint32_t file;
	uint8_t type; /* 0 data, 0xff resources */
	uint32_t blocks;
	struct hfs_extent extent[8];
};
struct hfs_tree {
	struct hfs_fork fork;
	uint32_t node_size, root, first_leaf, nodes;
	uint8_t node[HFS_NODE_MAX]; /* the one at hand */
};
struct hfs {
	hfs_read_fn *read_at;
	void *ctx;
	uint64_t size;
	uint32_t block, blocks;
	struct hfs_tree catalog, extents, attributes;
};

/* Does a volume begin here? head: the first 1024 + 512 bytes. */
bool hfs_is(struct span head);
FB_MUST int hfs_open(struct hfs *ret_h, hfs_read_fn *read_at, void *ctx, uint64_t size);

enum hfs_type { HFS_FOLDER = 1, HFS_FILE, HFS_FOLDER_THREAD, HFS_FILE_THREAD };
#define HFS_ROOT 2u	      /* id of the top folder */
#define HFS_COMPRESSED 0x20u  /* owner_flags: UF_COMPRESSED */

struct hfs_entry {
	enum hfs_type type;
	uint32_t parent, id;
	char name[HFS_NAME_MAX]; /* UTF-8; "/" as ":", NUL as U+2400, halves of characters as U+FFFD */
	uint8_t owner_flags;
	uint16_t mode;	  /* 0: not set */
	uint32_t special; /* the inode's number of a hard link */
	uint32_t kind, creator; /* Finder's four letters each */
	struct hfs_fork data, resource;
};
struct hfs_walk {
	uint32_t node, record, visited;
};
/* Start with a zeroed walk. HFS_OK, HFS_END, HFS_DAMAGED. */
FB_MUST int hfs_next(struct hfs *h, struct hfs_walk *w, struct hfs_entry *ret_e);
/* Exactly n bytes at off of a fork: HFS_DAMAGED beyond its size or its extents. */
FB_MUST int hfs_fork_read(struct hfs *h, const struct hfs_fork *f, uint64_t off, void *p, size_t n);
/*
 * An extended attribute that is stored inline: *ret_n bytes, at most max, to p. HFS_ABSENT: there is
 * none of this (ASCII) name, or it is not inline; HFS_DAMAGED: malformed, or more than max bytes.
 */
FB_MUST int hfs_attribute(
    struct hfs *h, uint32_t file, const char *name, void *p, size_t max, size_t *ret_n);
