/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shelf: where a state directory keeps its intelligence.
 *
 *   DIR/intel/indicators.fbi   the compiled database in force (db/db.h), never changed in place
 *   DIR/intel/previous.fbi     the one before it: stays in service when the first is damaged
 *   DIR/intel/overlay.fbo      small and mutable: block now, removed, expired; SHELF_OVERLAY_MAX
 *
 * Writers hold the store's write transaction: one at a time; what an import did is a ledger entry
 * (kind "intel.import") in the same transaction. Order: new file beside the old one, fsync, commit
 * of the ledger, rename. The ledger entry names generation and content digest; a crash between
 * commit and rename is completed by the next writer, and told by readers (shelf_info.pending).
 *
 * Readers never block and never see half: a reader maps a file once and keeps it; shelf_refresh
 * looks whether there is a newer one (one fstatat) and changes over. A new file that does not
 * verify is not taken: the reader keeps what it has, and shelf_info says why. The overlay is bound
 * to a generation, consulted first, and folded in by the next build.
 *
 * Lookups here are those of db.h with the overlay applied; consumers use these.
 */

#include "intel/db/db.h"

#define SHELF_OVERLAY_MAX 65536

struct shelf;

/* flags as store_open's; STORE_RDONLY: -ENOENT when the state holds no intelligence. */
FB_MUST int shelf_open(struct shelf **ret_s, const char *state_dir, struct fault *f);
/* One made for the moment, from claims: --indicators FILE, --case (a database in a memfd). Takes
 * db. */
FB_MUST int shelf_of(struct shelf **ret_s, struct intel_db *db);
struct shelf *shelf_close(struct shelf *s);
void shelf_close_p(struct shelf **s);
#define AUTO_SHELF FB_CLEANUP(shelf_close_p)

/* 1 changed over to a newer database or overlay, 0 nothing new, negative: kept the old (fault). */
FB_MUST int shelf_refresh(struct shelf *s, struct fault *f);

struct shelf_info {
	struct intel_db_info db;
	uint64_t overlay; /* entries of the overlay */
	bool previous;	  /* the database in service is previous.fbi, since the newer one is damaged */
	bool pending;	  /* a newer one is committed but not in place yet */
	const char *why;  /* for previous: what is wrong; NULL */
};
void shelf_info(const struct shelf *s, struct shelf_info *ret_i);
const struct intel_db *shelf_db(const struct shelf *s);

/*
 * What is known about an observation: a value that was found, with every claim in force at `at`
 * weighed against the benign ones (weigh.h).
 */
struct shelf_hit {
	enum indicator_type type;
	enum intel_how how;
	uint32_t entry;	 /* of the database; UINT32_MAX: the overlay's own */
	bool expired;	 /* all claims that apply had expired at `at` */
	ts at;
};

#define SHELF_HITS_MAX INTEL_FOUND_MAX

size_t shelf_name(const struct shelf *s, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t shelf_ip(const struct shelf *s, int family, const uint8_t *b, uint16_t port, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t shelf_digest(const struct shelf *s, enum indicator_type t, struct span bytes, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t shelf_text(const struct shelf *s, enum indicator_type t, struct span value, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
