/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicators: what the intelligence sources say is bad. One row is one claim: a source says this
 * value of this type is bad, how sure it is, and for how long. A value with three sources is three
 * rows; deleting one source leaves what the others say.
 *
 * Indicators are not the record: they come and go with feeds and number in the millions, so they
 * have a table of their own. Each import of them is in the record (kind "intel.import", subject
 * "intel", with the file's digest), and each claim knows the ledger entries (seq) of the imports
 * that brought it first and last.
 *
 * Guarantees: equal values are equal bytes (model/indicator.h); order is by type, value, source;
 * reading holds one row at a time.
 *
 * Result codes: 0, -errno from the store with its fault.
 */

#include "model/indicator.h"
#include "store/store.h"

struct indicators_claim {
	struct indicator i; /* texts are valid during the callback only */
	uint64_t first_import, last_import; /* seq of ledger entries */
};

/*
 * Bulk writing, inside a transaction of the caller (store_begin), with the seq that the ledger entry
 * of this import will have. A claim that is there already takes the new values; a claim that comes
 * twice in one import is merged: the higher confidence, the wider validity, the texts of the first.
 */
struct indicators_put;

enum indicators_outcome {
	INDICATORS_ADDED = 0,
	INDICATORS_UPDATED, /* was there from an earlier import */
	INDICATORS_MERGED,  /* came earlier in this import */
	INDICATORS_OUTCOMES,
};

FB_MUST int indicators_put_begin(struct store *s, uint64_t seq, struct indicators_put **ret_p,
    struct fault *f);
FB_MUST int indicators_put(struct indicators_put *p, const struct indicator *i,
    enum indicators_outcome *ret_what);
struct indicators_put *indicators_put_end(struct indicators_put *p);
void indicators_put_end_p(struct indicators_put **p);
#define AUTO_INDICATORS_PUT FB_CLEANUP(indicators_put_end_p)

/* Removes what a source says, or only what its import seq did not bring again (keep_seq, else
 * UINT64_MAX to remove all). *ret_n claims went. */
FB_MUST int indicators_delete(struct store *s, const char *source, uint64_t keep_seq,
    uint64_t *ret_n, struct fault *f);

enum indicators_force {
	INDICATORS_ANY = 0,
	INDICATORS_IN_FORCE, /* at now: begun and not expired */
	INDICATORS_EXPIRED,
};

/* What is NULL, NONE or 0 does not restrict. */
struct indicators_query {
	enum indicator_type type;
	const char *source, *category, *campaign;
	const char *contains; /* part of the value */
	enum indicators_force force;
	ts now; /* for force */
	uint64_t limit;
};

typedef int indicators_fn(void *ctx, const struct indicators_claim *c);

/* A non-zero return of cb ends it and is returned. */
FB_MUST int indicators_each(struct store *s, const struct indicators_query *q, indicators_fn *cb,
    void *ctx, struct fault *f);
/* All claims on one normalised value; by its key, however many there are. */
FB_MUST int indicators_lookup(struct store *s, enum indicator_type type, const char *value,
    indicators_fn *cb, void *ctx, struct fault *f);

struct indicators_source {
	const char *source;
	enum indicator_type type;
	uint64_t claims;
	uint64_t last_import;
};

/* Number of claims for each source and type. */
FB_MUST int indicators_sources(struct store *s,
    int (*cb)(void *ctx, const struct indicators_source *x), void *ctx, struct fault *f);
/* How many claims a source has; all sources for NULL. */
FB_MUST int indicators_count(struct store *s, const char *source, uint64_t *ret_n,
    struct fault *f);
