/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cfb: compound files (MS-CFB, versions 3 and 4: MSI, MSP, old Office), with every byte of the file
 * accounted for.
 *
 * A compound file is a file system in sectors. A signature over the streams in it says nothing about
 * the rest: sectors that belong to nothing, the room between the end of a stream and the end of its
 * last sector, directory entries that no tree leads to. So each sector is claimed exactly once, by
 * the header, the DIFAT, the FAT, the mini FAT, the directory, the mini stream, one stream, or as
 * free, and what is left or out of place is an anomaly with offset and length.
 *
 * What makes the file unreadable (result codes) and what is odd about it (anomalies: the caller
 * decides) are kept apart. A stream whose chain is broken (out of range, cross-linked, looping, too
 * short) is an anomaly, and cfb_entry.broken: it has no bytes here.
 *
 * Guarantees: pure but for the read function of the caller; linear in the number of sectors; tables
 * and directory are kept in the caller's arena, at most a 1/100 of the file and 200 bytes an entry
 * (mini streams: 1/16 of theirs); no content is. Sector chains are checked in cfb_open, so walks
 * end. On a result other than CFB_OK the output is zeroed.
 */

#include "base/arena.h"
#include "base/span.h"
#include "base/util.h"
#include "wire/odd.h"

#define CFB_HEAD 512
#define CFB_NAME_MAX 31 /* UTF-16 units */
#define CFB_ENTRIES_MAX 65536
#define CFB_DEPTH_MAX 32 /* storages in storages */
#define CFB_NONE UINT32_MAX
#define CFB_MINI 64u
#define CFB_MINI_CUTOFF 4096u

enum cfb_result {
	CFB_OK = 0,
	CFB_NOT,       /* no signature: another format */
	CFB_TRUNCATED, /* shorter than its header */
	CFB_VERSION,   /* not version 3 or 4, or sector sizes that do not belong to it */
	CFB_FAT,       /* the FAT cannot be read: out of range, listed twice, a looping DIFAT */
	CFB_DIRECTORY, /* the directory's chain is broken, or entry 0 is not the root */
	CFB_MINIFAT,   /* the chain of the mini FAT or the mini stream is broken */
	CFB_LIMIT,     /* more than CFB_ENTRIES_MAX entries, or deeper than CFB_DEPTH_MAX */
};
const char *cfb_strerror(int result);

enum cfb_odd_kind {
	CFB_A_NONE = 0,
	/* the header */
	CFB_A_HEADER,	   /* a field that has one value only has another */
	CFB_A_HEADER_COUNT, /* a count in the header is not that of the chain */
	CFB_A_HEADER_SLACK, /* bytes behind the header's 512, in its sector (version 4) */
	CFB_A_TRANSACTION, /* the transaction number, which nobody reads, is not 0 */
	/* the tables */
	CFB_A_FAT_MARK,	  /* a sector of the FAT or DIFAT that the FAT does not mark as one */
	CFB_A_FAT_SLACK,  /* FAT entries for sectors that the file does not have, in use */
	CFB_A_DIFAT_SLACK, /* DIFAT entries that are not needed, in use */
	CFB_A_MINIFAT_SLACK,
	/* sectors */
	CFB_A_AFTER_END,   /* bytes behind the last sector that the FAT knows */
	CFB_A_SHORT_END,   /* the last sector is not all there */
	CFB_A_CHAIN,	   /* a stream's chain leads nowhere, into another's or into itself */
	CFB_A_CHAIN_SHORT, /* … ends before the stream does */
	CFB_A_CHAIN_LONG,  /* … goes on behind the stream's end */
	CFB_A_LOST,	   /* sectors in use that belong to nothing */
	CFB_A_FREE,	   /* free sectors that are not zero */
	CFB_A_MINI_LOST,
	CFB_A_MINI_FREE,
	CFB_A_SLACK, /* between the end of a stream and that of its sector: not zero */
	CFB_A_MINI_SLACK,
	/* directory entries */
	CFB_A_ENTRY_UNLISTED, /* in use, and no tree leads to it */
	CFB_A_ENTRY_UNUSED,   /* not in use, and not empty */
	CFB_A_ENTRY_TYPE,
	CFB_A_ENTRY_FIELD, /* a field that means nothing for this type is not 0 */
	CFB_A_ENTRY_TIME,  /* a stream with times */
	CFB_A_SIZE_HIGH,   /* the upper half of a size, which version 3 does not read, is not 0 */
	CFB_A_NAME,	   /* no name, a NUL or one of / \ : ! in it, not the root's name */
	CFB_A_NAME_SLACK,  /* bytes behind the name's NUL */
	CFB_A_COLOR,	   /* neither red nor black */
	CFB_A_TREE_LINK,   /* leads out of the directory, to an unused entry, or twice to one */
	CFB_A_TREE_ORDER,  /* names that are not in order: a reader that searches misses some */
	CFB_A_TREE_TWICE,  /* a name twice in one storage */
	CFB_A_KINDS,
};
/* "after-end", "unlisted", …: the stable words that reason codes are made of. */
const char *cfb_odd_name(enum cfb_odd_kind k);

struct cfb_range {
	uint64_t off, len; /* in the file */
};

enum cfb_type { CFB_UNUSED = 0, CFB_STORAGE = 1, CFB_STREAM = 2, CFB_ROOT = 5 };

struct cfb_entry {
	uint16_t name[CFB_NAME_MAX + 1]; /* outside text, NUL-terminated */
	uint8_t nname;
	uint8_t type; /* enum cfb_type */
	bool listed, broken;
	uint8_t depth;	 /* root 0 */
	uint32_t parent; /* CFB_NONE: the root, or unlisted */
	uint32_t left, right, child, start, state;
	uint8_t clsid[16], created[8], modified[8];
	uint64_t size;
	uint64_t off; /* of its 128 bytes */
};

/* Exactly n bytes at off, which are inside the file. 0 or negative. */
typedef int cfb_read_fn(void *ctx, uint64_t off, void *p, size_t n);

struct cfb {
	uint64_t size;
	unsigned version, sector; /* bytes of a sector */
	struct cfb_entry *entry;  /* [0] is the root */
	uint32_t nentries;
	uint32_t *listed; /* the entries that trees lead to: the root, then its children by name, … */
	uint32_t nlisted;
	uint64_t mini_size;
	struct odd odd[CFB_A_KINDS]; /* items: entries */
	/* private */
	cfb_read_fn *fetch;
	void *ctx;
	struct arena *arena;
	uint32_t nsectors, nfat;	  /* sectors in the file; FAT entries read (≤ nsectors) */
	uint32_t *fat, *minifat, *mini_at; /* mini_at: the sectors of the mini stream */
	uint32_t nmini, nmini_at;
	uint8_t *owned, *mini_owned; /* a bit each */
};

/*
 * Reads tables and directory, and checks every chain. CFB_OK, enum cfb_result, -ENOMEM (the arena
 * is full: for a caller that gave 1/64 of the file and 16 MiB this is a limit that no honest file
 * meets), or what read returned.
 */
FB_MUST int cfb_open(struct cfb *ret_c, cfb_read_fn *read, void *ctx, uint64_t size,
    struct arena *a);

/* Looks at the bytes of everything that holds no content, and adds what is not zero to c->odd. 0 or
 * what read returned. */
FB_MUST int cfb_account(struct cfb *c);

/* The stream of this name in a storage (0: the root), CFB_NONE if there is none. */
uint32_t cfb_find(const struct cfb *c, uint32_t storage, const char *ascii);

/* A stream's bytes, as ranges of the file, in order; neighbours are one range. */
struct cfb_walk {
	uint64_t left;
	uint32_t sector;
	bool mini;
};
struct cfb_walk cfb_walk(const struct cfb *c, uint32_t entry);
bool cfb_next(const struct cfb *c, struct cfb_walk *w, struct cfb_range *ret_r);
