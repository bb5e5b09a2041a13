/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shelf_edit: changing what a state's shelf holds, inside one write transaction of its store
 * (store_begin): shelf_edit_begin, then shelf_edit_add … shelf_edit_build, or shelf_edit_overlay,
 * then the ledger entries, store_commit, and shelf_edit_install. Whatever fails before the commit
 * leaves the shelf as it was; after it the rename is only completed, by shelf_edit_install or by the
 * next writer.
 *
 * Every ledger entry of a change names, in its data, "generation" and "content" (hex SHA-256) of the
 * file that the change made: SHELF_KIND_… entries, subject "intel". That is how recovery knows.
 */

#include "intel/db/build.h"
#include "intel/shelf.h"
#include "store/store.h"

#define SHELF_KIND "intel." /* prefix of the kinds whose entries name a file */
#define SHELF_SUBJECT "intel"

struct shelf_edit;

struct shelf_edit_opts {
	ts now;
	uint64_t memory; /* for sorting; 0: the builder's */
	/* As in struct intel_build_opts. */
	bool (*keep)(void *ctx, const struct indicator *i);
	int (*outcome)(void *ctx, enum intel_outcome what, const struct indicator *i);
	void *ctx;
	bool moving; /* this is shelf_migrate */
};

/* Recovers, opens the shelf, starts a build that folds the overlay in. s is in a transaction. The
 * folder is locked until shelf_edit_end: begin no other transaction between the commit and that. */
FB_MUST int shelf_edit_begin(struct shelf_edit **ret_e, struct store *s,
    const struct shelf_edit_opts *o, struct fault *f);
/* The same for the next overlay: what is added here is found at once, without a build of all.
 * -ENOENT when there is no database to lay it over. */
FB_MUST int shelf_edit_begin_overlay(struct shelf_edit **ret_e, struct store *s, ts now,
    struct fault *f);
struct shelf_edit *shelf_edit_end(struct shelf_edit *e); /* what is not installed is taken away */
void shelf_edit_end_p(struct shelf_edit **e);
#define AUTO_SHELF_EDIT FB_CLEANUP(shelf_edit_end_p)
/* What is in force without this edit; NULL: nothing. */
const struct shelf *shelf_edit_before(const struct shelf_edit *e);

/* A claim. */
FB_MUST int shelf_edit_add(struct shelf_edit *e, const struct indicator *i, struct fault *f);
/*
 * Overlay only: what source (NULL: every source) says of a value ends at until: TS_NONE takes it
 * away. Lasts until the next build, which drops the claim, or writes its end into it; a feed that
 * says it again brings it back. *ret_n claims it concerned; 0: nobody says it, nothing was done.
 */
FB_MUST int shelf_edit_end_claims(struct shelf_edit *e, enum indicator_side side,
    enum indicator_type t, const char *value, const char *source, ts until, size_t *ret_n,
    struct fault *f);

struct shelf_staged {
	uint64_t generation;
	struct digest content;
	struct intel_build_stats stats;
};

/* Builds the file and puts it, synced, beside the one in force. -E2BIG: more claims in the overlay
 * than SHELF_OVERLAY_MAX: an import of anything folds them in. */
FB_MUST int shelf_edit_build(struct shelf_edit *e, struct shelf_staged *ret_st, struct fault *f);
/* After the commit. A failure is told and harmless: the next writer completes it. */
FB_MUST int shelf_edit_install(struct shelf_edit *e, struct fault *f);

/* Whether what is in force is what the ledger names last. */
enum shelf_state {
	SHELF_NOTHING = 0, /* neither has anything */
	SHELF_CURRENT,
	SHELF_BEHIND,	  /* the ledger names a newer file: an interrupted change, which the next
			   * writer completes, or files that were put back or lost */
	SHELF_UNRECORDED, /* files that the ledger does not name */
};
/* shelf may be NULL. */
FB_MUST int shelf_state(struct store *s, const struct shelf *shelf, enum shelf_state *ret_st,
    struct fault *f);
