/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * route: what must follow a signal, as data (share/routes/default.yaml, or --routes FILE).
 *
 *   version: 1
 *   name: default
 *   independent-reports: 2      # so many reporters on one digest trip the wire
 *   dismissal-max: 30d          # no false positive or accepted risk may run longer
 *   freeze-for: 14d             # until when a freeze made by a route must be answered
 *   routes:                     # the first whose conditions hold is taken
 *     - id: release-integrity
 *       signal: release-integrity
 *       min-confidence: 50      # optional
 *       question: …  severity: critical  owner: release-engineering
 *       steps: [freeze-channel, propose-rollback]
 *       deadlines: [{id, text, within, from, until, source, applies-to}]
 *       exit:      [{id, text, applies-to}]
 *       write-back:[{id, text, applies-to}]
 *
 * Guarantees: strict; an unknown key, word or id is an error with its place in the file. Fails
 * closed: every kind of signal must have a route without a further condition, so that no signal
 * is ever left without an answer. Everything lives in the caller's arena. Pure but for route_load.
 *
 * A case keeps a copy of its routes in the ledger in the same form (route_json), so that editing
 * the file later does not change what was asked of a case.
 *
 * Result codes: 0; -EBADMSG with NAME:LINE:COL; -ENOMEM; errors of reading the file.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "incident/terms.h"
#include "model/signal.h"
#include "wire/json.h"

#define ROUTES_MAX 64
#define ROUTE_ITEMS_MAX 32 /* deadlines, exit conditions, write-back items: each */
#define ROUTE_REPORTS_MAX 100

/* applies-to: a set of conclusions, bit 1 << enum conclusion; while none is made all apply. */
typedef unsigned conclusion_set;
#define CONCLUSIONS_ALL (~0u)

struct route_item {
	const char *id, *text;
	conclusion_set applies;
};

/*
 * from:  "learned" (the first signal was learned of), "seen" (when it happened), "confirmed" (the
 *        decision), or the id of an exit condition (when that was met).
 * until: "decision", "freeze", "advisory" (the first that is no draft), "close", or the id of an
 *        exit condition.
 */
struct route_deadline {
	const char *id, *text;
	const char *from, *until;
	const char *source; /* the law or agreement that it comes from; NULL if our own */
	ts within;
	conclusion_set applies;
};

struct route {
	const char *id;
	enum signal_kind kind;
	int min_confidence;
	const char *question, *owner;
	enum severity severity;
	enum step step[STEPS];
	size_t nstep;
	struct route_deadline *deadline;
	size_t ndeadline;
	struct route_item *exit;
	size_t nexit;
	struct route_item *writeback;
	size_t nwriteback;
};

struct routes {
	const char *name;
	int independent_reports;
	ts dismissal_max, freeze_for;
	struct route *route;
	size_t n;
};

/* name is for messages. */
FB_MUST int routes_parse(struct routes *ret_r, const char *name, struct span text,
    struct arena *a, struct fault *f);
/* The route that answers the signal; never NULL for a kind other than NONE. */
const struct route *routes_match(const struct routes *r, const struct signal *s);

bool route_has_step(const struct route *r, enum step s);
/* One route as canonical JSON, and back. */
void route_json(struct jw *w, const struct route *r);
FB_MUST int route_decode(struct route *ret_r, struct json_val v, struct arena *a,
    struct fault *f);
