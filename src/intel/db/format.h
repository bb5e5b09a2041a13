/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * format: the bytes of a database file, version 1. Private to intel/db. docs/indicator-db.md has the
 * same in prose.
 *
 * All numbers are little-endian. A header of DB_HEADER bytes, then the sections in the order of enum
 * db_section, each from a multiple of DB_ALIGN, zeros between them; the last one ends the file. The
 * header has each section's place and SHA-256, and ends with the SHA-256 of itself.
 *
 *   cold  VALUES   the columns, one for each side and type, one after the other: the values in
 *                  ascending order; of fixed width, or in blocks of DB_BLOCK values: for each one
 *                  how many bytes it shares with the one before it, how many follow, and these
 *         BLOCKS   u64 for each block: where it starts in its column
 *         CLAIMS   u32 for each entry: the number of its one tuple, or DB_LIST and where its list
 *                  starts
 *         LISTS    u32: how many, the numbers of the tuples
 *         TUPLES   struct db_tuple: what a claim says
 *         STRINGS  texts with a NUL behind each; the first is empty
 *         SOURCES  struct db_source, by name, side, type
 *   hot   for each side:
 *         FILTER   of the hashes of all its entries (base/bloom.h)
 *         INDEX    u32: where each bucket of entries starts; one more. A bucket is all hashes with
 *                  the same first bucket_bits bits
 *         REST     u32 for each entry: the next 32 bits of its hash, ascending in a bucket
 *         ENTRY    u32 for each of these: its number
 *         PATTERN  of the paths: see path.h
 */

#include "base/fault.h"
#include "base/bloom.h"
#include "model/indicator.h"

#define DB_MAGIC "FBINTEL\n"
#define DB_VERSION 2
#define DB_HEADER 4096
#define DB_ALIGN 64
#define DB_BLOCK 16
#define DB_LIST 0x80000000u
#define DB_BUCKET 8	   /* entries in a bucket, on average, at most */
#define DB_BUCKET_BITS 28  /* at most */
#define DB_SIDES INDICATOR_SIDES
#define DB_TYPES INDICATOR_TYPES

/* For large locals of a lookup, which the compiler would otherwise clear at every call. */
#define DB_NOT_CLEARED __attribute__((uninitialized))

enum db_section {
	DB_VALUES = 0,
	DB_BLOCKS,
	DB_CLAIMS,
	DB_LISTS,
	DB_TUPLES,
	DB_STRINGS,
	DB_SOURCES,
	DB_HOT, /* and from here on, those of a side one after the other */
	DB_FILTER = DB_HOT,
	DB_INDEX,
	DB_REST,
	DB_ENTRY,
	DB_PATTERN,
	DB_HOT_END,
	DB_HOT_N = DB_HOT_END - DB_HOT,
	DB_SECTIONS = DB_HOT + DB_HOT_N * DB_SIDES,
};

/* A hot section of a side. */
static inline enum db_section db_hot(enum db_section s, enum indicator_side side)
{
	return (enum db_section)(s + (unsigned)side * DB_HOT_N);
}

const char *db_section_name(enum db_section s);

struct db_place {
	uint64_t off, len;
	uint8_t sha256[32];
};

struct db_tuple {
	uint32_t source, category, campaign, note, licence; /* in STRINGS; 0: none */
	uint8_t confidence, exact, tlp, zero;
	uint32_t first_import, last_import;
	int64_t valid_from, valid_until, first_seen, last_seen;
};

struct db_source {
	uint32_t name;
	uint8_t side, type;
	uint16_t zero;
	uint64_t claims;
};

_Static_assert(sizeof(struct db_tuple) == 64 && sizeof(struct db_source) == 16, "file format");

struct db_side {
	uint32_t bucket_bits;
	uint64_t nets4[1]; /* bit L: there is an address or network of L bits */
	uint64_t nets6[3];
};

struct db_column {
	uint32_t n;
	uint64_t bytes;
};

struct db_header {
	uint64_t generation;
	ts built;
	uint8_t content[32], salt[16];
	uint64_t claims;
	struct db_side side[DB_SIDES];
	struct db_column column[DB_SIDES][DB_TYPES];
	struct db_place place[DB_SECTIONS];
};

/* Width of the stored values of a type; 0: they differ. */
size_t db_width(enum indicator_type t);
uint64_t db_entries(const struct db_header *h, enum indicator_side side);

/* The hash key that belongs to a content. */
void db_salt(const uint8_t content[static 32], uint8_t salt[static 16]);

void db_header_put(const struct db_header *h, uint8_t out[static DB_HEADER]);
/* Checks everything that can be told from the header and the file's size: 0, -EBADMSG,
 * -EPROTONOSUPPORT. */
FB_MUST int db_header_get(struct span file, struct db_header *ret_h, struct fault *f);
