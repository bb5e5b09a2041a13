/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * file: a mapped database, and what the lookups, the check and the builder read from it. Private to
 * intel/db. Nothing here trusts the file beyond its header: a number that leads outside its section
 * is an error where it is used, never a read.
 */

#include "base/file.h"
#include "intel/db/db.h"
#include "intel/db/format.h"
#include "intel/db/key.h"

/* The values of a side and type. */
struct column {
	enum indicator_side side;
	enum indicator_type type;
	uint32_t first, n; /* entries */
	size_t width;
	struct span values, blocks;
};

/* What finds the entries of a side. */
struct table {
	uint32_t n;
	const uint64_t *filter;
	uint64_t blocks; /* of the filter */
	uint32_t bucket_bits;
	const uint32_t *index, *rest, *entry;
	struct span pattern;
	uint64_t nets4[1], nets6[3];
};

struct intel_db {
	struct file_map map;
	struct db_header h;
	struct column column[DB_SIDES][DB_TYPES];
	struct table table[DB_SIDES];
	struct sip start[DB_TYPES];
	uint32_t entries;
	char *name;
};

static inline struct span db_section(const struct intel_db *db, enum db_section s)
{
	return span_of(db->map.s.p + db->h.place[s].off, db->h.place[s].len);
}

/* Columns, tables and hash states from map and h; both stay as they are. */
void db_attach(struct intel_db *db);
/* The column that holds the entry; NULL. */
const struct column *db_column_of(const struct intel_db *db, uint32_t entry);
/* Stored bytes of an entry: in the mapping, or in room. 0, -EBADMSG. */
FB_MUST int column_value(const struct column *c, uint32_t entry, uint8_t room[static KEY_MAX],
    struct span *ret_v);
static inline uint64_t column_hash(const struct intel_db *db, const struct column *c, struct span v)
{
	return c->type == INDICATOR_DOMAIN ? name_hash(db->start[c->type], v) :
					     sip_bytes(db->start[c->type], v);
}

/* One column from its first value to its last. */
struct walk {
	const struct column *c;
	uint32_t i;  /* of the next value, from 0 */
	size_t at;   /* in values */
	size_t n;    /* bytes of the last */
	uint8_t value[KEY_MAX];
};
void walk_start(struct walk *w, const struct column *c);
/* 1 with the value, valid until the next call; 0 at the end; -EBADMSG. */
FB_MUST int walk_next(struct walk *w, struct span *ret_v);

/* The numbers of an entry's tuples; how many. 0 when the file is damaged there. */
uint32_t db_tuples(const struct intel_db *db, uint32_t entry, const uint32_t **ret_ids);
/* One claim; all but side, type and value. False when it is damaged. */
bool db_tuple(const struct intel_db *db, uint32_t id, struct indicator *ret_i);
