/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shelf: where a state directory keeps its intelligence.
 *
 *   DIR/intel/indicators.fbi   the compiled database in force (db/db.h), never changed in place
 *   DIR/intel/previous.fbi     the one before it: stays in service when the first is damaged
 *   DIR/intel/overlay.fbi      what was blocked, removed or expired since: at most
 *                              SHELF_OVERLAY_MAX claims; the same format, so it is replaced whole,
 *                              too. An overlay of an older generation than the database does not
 *                              count: it was folded in.
 *   DIR/intel/overlay-previous.fbi   without the last change; for when that one is damaged
 *   DIR/intel/next.fbi, overlay-next.fbi   not in force yet
 *
 * Writing (shelf_edit.h) happens inside a write transaction of the store: one writer at a time.
 * Order: the new file beside the old one, fsync, the ledger entry that names its content digest,
 * commit, rename. What a crash between commit and rename leaves is completed by the next writer
 * (shelf_recover); readers go on with the old one until then.
 *
 * Readers never block and never see half: a reader maps files once and keeps them; shelf_refresh
 * looks whether there are newer ones (two fstatat) and changes over. A new file that does not
 * verify is not taken: the reader keeps what it has, and says why. Opening reads headers only, as
 * long as a file has the modification time that its builder gave it; one that was written to since,
 * or copied, is checked whole first.
 *
 * Lookups are those of db.h with the overlay applied: its claims are found too, and what it removes
 * is not. A value of both is one hit. Consumers use these.
 *
 * Result codes: 0; -ENOENT (the state holds no intelligence); -EBADMSG (damaged, and no previous
 * one that is good); -ENOMEM; -errno.
 */

#include "intel/db/db.h"
#include "intel/weigh.h"

#define SHELF_OVERLAY_MAX 65536

struct shelf;

/* dir is the state directory. */
FB_MUST int shelf_open(struct shelf **ret_s, const char *dir, struct fault *f);
/* One made for the moment, from claims: --indicators FILE, --case (a database in a memfd). Takes
 * db, also on error. */
FB_MUST int shelf_of(struct shelf **ret_s, struct intel_db *db);
struct shelf *shelf_close(struct shelf *s);
void shelf_close_p(struct shelf **s);
#define AUTO_SHELF FB_CLEANUP(shelf_close_p)

/* 1 changed over to a newer database or overlay, 0 nothing new, negative: kept the old (fault). */
FB_MUST int shelf_refresh(struct shelf *s, struct fault *f);

struct shelf_info {
	struct intel_db_info db;
	uint64_t overlay; /* claims of the overlay, removals included */
	bool previous;	  /* previous.fbi is in service, since the newer one is damaged */
	bool previous_overlay; /* the same for the overlay */
	bool staged;	  /* a newer one is being made, or was committed but is not in place yet */
	const char *why;  /* what is wrong with a file that is not in service; NULL */
};
void shelf_info(const struct shelf *s, struct shelf_info *ret_i);
/* The database in service; the overlay's, NULL when there is none. */
const struct intel_db *shelf_db(const struct shelf *s);
const struct intel_db *shelf_overlay(const struct shelf *s);
/* Could a lookup of this side and type find anything? */
bool shelf_has(const struct shelf *s, enum indicator_side side, enum indicator_type t);

/* An observation that matches: an entry of the database, of the overlay, or both. */
struct shelf_hit {
	enum indicator_side side;
	enum indicator_type type; /* of the indicator */
	enum intel_how how;
	bool expired;	 /* all claims that apply had expired at `at` */
	bool block;	 /* BAD: as weighed (weigh.h): may it be blocked, how sure are we now */
	int8_t confidence;
	enum weigh_verdict verdict;
	uint16_t specific; /* labels' bytes, prefix length: more is more specific */
	uint32_t entry;	 /* of the database; SHELF_NO_ENTRY */
	uint32_t over;	 /* of the overlay; SHELF_NO_ENTRY */
	ts at;		 /* when it was observed */
};

#define SHELF_NO_ENTRY UINT32_MAX
#define SHELF_HITS_MAX (2 * INTEL_FOUND_MAX)

/*
 * Each returns the number of hits, the most specific first. at is when it was observed; claims that
 * begin after s's now (shelf_set_now) are left out; one that begins earlier speaks for what was
 * observed before it, too: that is what hunting back is for. BAD hits are weighed against what is
 * benign about the observation; those that come out as HELD or TENANT are no hits, and are left out
 * unless shelf_set_held asks for them.
 */
void shelf_set_held(struct shelf *s, bool held);
/* How claims age; borrowed; NULL: as shipped. */
void shelf_set_rules(struct shelf *s, const struct weigh_rules *rules);
void shelf_set_now(struct shelf *s, ts now); /* TS_FOREVER until called: nothing is left out */
size_t shelf_name(const struct shelf *s, enum indicator_side side, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t shelf_ip(const struct shelf *s, enum indicator_side side, int family, const uint8_t *b,
    uint16_t port, ts at, struct shelf_hit out[static SHELF_HITS_MAX]);
/* A digest of a digest type, AUTHENTIHASH, IMPHASH, JA3 or CERT as bytes. */
size_t shelf_digest(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    struct span bytes, ts at, struct shelf_hit out[static SHELF_HITS_MAX]);
/* It will be asked for soon. */
void shelf_digest_soon(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    struct span bytes);
size_t shelf_text(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    struct span value, ts at, struct shelf_hit out[static SHELF_HITS_MAX]);
/* All that is known about an observed URL (normalised): itself, its path on any host, its host
 * (intel/url.h). The most specific first; a hit's type says which. */
size_t shelf_url(const struct shelf *s, enum indicator_side side, const char *url, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
/* A normalised value of any type: dispatches to those above. What `intel show` asks. */
size_t shelf_value(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    const char *value, ts at, struct shelf_hit out[static SHELF_HITS_MAX]);

/* Is it the organisation's own, or at its own host (URL, e-mail address)? */
bool shelf_is_own(const struct shelf *s, enum indicator_type t, const char *value, ts at);

/* The indicator that was hit. */
FB_MUST int shelf_entry(const struct shelf *s, const struct shelf_hit *h,
    char room[static INTEL_TEXT_MAX], struct intel_entry *ret_e);
/*
 * Its claims, overlay applied: *pos starts at 0; false when there is no more. Expired ones are
 * given too (valid_until <= at); of a PARENT those that are exact are not. Texts are valid as long
 * as s; side and type are set, value is not.
 */
bool shelf_claim(const struct shelf *s, const struct shelf_hit *h, uint32_t *pos,
    struct indicator *ret_i);

/* Every claim of a side and type (NONE: all) with the overlay applied: the database's in canonical
 * order, then the overlay's own. i has everything. A non-zero return of cb ends it. */
FB_MUST int shelf_each(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    int (*cb)(void *ctx, const struct indicator *i), void *ctx);

/*
 * Reads every file of the shelf whole: cb gets its name, 0 or what is wrong with it (-EBADMSG …,
 * and why), and what it holds when it is good. Files that are not there are left out. One that is
 * damaged is not trusted by readers from then on, however it looks. 0, what cb returned, -ENOENT
 * when there is no shelf.
 */
FB_MUST int shelf_check(const char *dir,
    int (*cb)(void *ctx, const char *name, int rc, const char *why, const struct intel_db_info *i),
    void *ctx, struct fault *f);

/* What all claims on a hit, and the benign ones on what was seen, come to (weigh.h), in full. seen
 * is the observation in its normalised form, of type t; NULL: the indicator's own value. */
void shelf_weigh(const struct shelf *s, const struct shelf_hit *h, enum indicator_type t,
    const char *seen, struct weighing *ret_w);
