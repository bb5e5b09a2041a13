/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * case: an incident case, folded from the ledger entries with subject "case:ID". There is no other
 * state: what the ledger says is what the case is, and what depends on time (an expired decision,
 * an overdue deadline) is worked out for the moment in which it is read.
 *
 *   kind             data
 *   case.open        {id, related?, route-digest, route-file, title}
 *   case.signal      {independent, reporters, route, route-id, shipped, signal}   route: first time
 *   case.reopen      {reporters, why}
 *   case.freeze      {channel, outcome, why}        outcome: done, already, no-channel
 *   case.decide      {envelope?, evidence, expires?, key?, owner?, tripwire?, verdict, why}
 *   case.meet        {condition, evidence, note?}
 *   case.note        {evidence, text}
 *   case.writeback   {control?, finding, item, owner, runbook?, tripwire}
 *   case.done        {evidence, item, note?}
 *   case.advisory    {case-data?, csaf, date, html, indicators?, number, overview?, publisher?,
 *                     status, summary, text, title?, tlp?, tracking}
 *   case.close       {why}
 * evidence is an array of {digest, name}; the bytes are blobs of the store.
 *
 * Guarantees: the fold refuses (-EBADMSG, naming the entry) what record.h and triage.h would not
 * have written: a false positive without evidence, owner or expiry, a close with open conditions,
 * an entry for a case that was never opened. Strings and arrays live in the arena given.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"
#include "incident/route.h"
#include "incident/terms.h"
#include "model/signal.h"
#include "store/ledger.h"
#include "store/store.h"

#define INCIDENT_ID_MAX 24        /* "2026-0001" */
#define INCIDENT_EVIDENCE_MAX 32  /* files of one entry */
#define INCIDENT_NAME_MAX 128     /* bytes of a person's, role's or file's name */
#define INCIDENT_TEXT_MAX 4096    /* bytes of a reason, note, finding … */
#define INCIDENT_ROUTES_MAX 16    /* different routes whose signals joined one case */
#define INCIDENT_SHIPPED_MAX 64   /* places where one digest was found */
#define INCIDENT_CASES_MAX 30000  /* about 6 KiB each in the arena */

struct incident_evidence {
	struct digest digest; /* of the blob */
	const char *name;     /* base name of the file, for people */
};

struct incident_proof {
	struct incident_evidence *e;
	size_t n;
};

/* A release that holds the digest of a signal, as the record said when the signal came in. */
struct incident_shipped {
	const char *channel, *version, *artifact;
};

struct incident_signal {
	struct signal s;
	const char *route; /* id of the route that answered it */
	bool independent;  /* the first of its reporter on this matter */
	int reporters;     /* different ones on this matter, this one included */
	struct incident_shipped *shipped;
	size_t nshipped;
	uint64_t seq;
	ts at;
	const char *actor;
};

struct incident_decision {
	enum conclusion verdict;
	const char *why, *owner, *tripwire;
	struct incident_proof evidence;
	ts expires; /* TS_NONE: does not */
	struct digest envelope, key; /* signed: DSSE blob and key id; else unset */
	uint64_t seq;
	ts at;
	const char *actor;
};

/* An exit condition, from the route that asked for it first. */
struct incident_condition {
	const struct route_item *item;
	const struct route *route;
	bool met;
	ts met_at;
	const char *met_by, *note;
	struct incident_proof evidence;
};

/* A write-back item: what the case teaches. Those of a route are there from the start. */
struct incident_writeback {
	const char *id;
	const struct route_item *item; /* NULL: added by a person */
	bool filled, done;
	const char *finding, *control, *runbook, *owner, *tripwire;
	ts filled_at, done_at;
	const char *filled_by, *done_by, *note;
	struct incident_proof evidence;
};

enum incident_frozen {
	INCIDENT_FREEZE_NONE = 0,
	INCIDENT_FREEZE_DONE,
	INCIDENT_FREEZE_ALREADY,
	INCIDENT_FREEZE_NO_CHANNEL,
};

struct incident_freeze {
	const char *channel; /* NULL: none known */
	const char *why;
	enum incident_frozen outcome;
	ts at;
};

struct incident_advisory {
	const char *tracking, *status, *summary;
	int64_t number; /* CSAF integer version */
	ts date;
	struct digest csaf, text, html; /* blobs */
	/* what it was made from, so that a revision need not say it again; unset, NULL: nothing */
	struct digest publisher, case_data, indicators; /* blobs */
	const char *title, *overview, *tlp;
	uint64_t seq;
	const char *actor;
};

/* One line of the timeline. seen and learned differ for signals only. */
struct incident_event {
	ts seen, learned;
	uint64_t seq;
	const char *what; /* "signal", "decision" … */
	const char *who;
	const char *text;
};

struct incident {
	const char *id, *title, *related;
	const char *route_file;
	struct digest route_digest;
	ts opened_at;
	const struct route *route[INCIDENT_ROUTES_MAX];
	size_t nroute;
	struct incident_signal *signal;
	size_t nsignal;
	struct incident_decision *decision;
	size_t ndecision;
	struct incident_condition *condition;
	size_t ncondition;
	struct incident_writeback *writeback;
	size_t nwriteback;
	struct incident_freeze *freeze;
	size_t nfreeze;
	struct incident_advisory *advisory;
	size_t nadvisory;
	struct incident_event *event;
	size_t nevent;
	bool decided; /* the last decision was not undone by a re-opening */
	bool closed;
	ts closed_at;
	size_t reopened;     /* how often */
	ts clock_start;      /* when the present question was learned of: opening, re-opening */
	ts clock_start_seen; /* and when that happened */
	ts last;         /* time of the last entry */
	uint64_t last_seq;
};

/* Every case, in the order of opening. */
struct incidents {
	struct arena *arena;
	struct incident **c;
	size_t n;
	struct map by_id;
	struct map routes; /* by their text in the ledger: cases share them */
};

void incidents_init(struct incidents *l, struct arena *a);
void incidents_free(struct incidents *l); /* the arena stays the caller's */
#define AUTO_INCIDENTS FB_CLEANUP(incidents_free)

/* Reads all, or one (only is an ID, NULL for all; no such case leaves n at 0). */
FB_MUST int incidents_load(struct incidents *l, struct store *s, const char *only,
    struct fault *f);
/* The case or NULL. */
struct incident *incidents_find(const struct incidents *l, const char *id);
/* The fold's step; also for entries just appended, so that the list stays what the ledger says.
 * e->data may go away afterwards. */
FB_MUST int incidents_apply(struct incidents *l, const struct ledger_entry *e, struct fault *f);

enum incident_state {
	INCIDENT_OPEN = 0,   /* nobody decided, or it was re-opened, or it is being worked on */
	INCIDENT_EXPIRED,   /* its dismissal ran out: needs a new decision */
	INCIDENT_DISMISSED, /* a false positive or an accepted risk that stands, not closed yet */
	INCIDENT_CLOSED,    /* everything is done; a dismissal, if it was one, still stands */
};

enum incident_state incident_state_at(const struct incident *c, ts now);
const char *incident_state_name(enum incident_state s); /* "open" "needs-decision" … */
/* The decision that stands now, or NULL (none, re-opened, expired). */
const struct incident_decision *incident_decision_at(const struct incident *c, ts now);
enum severity incident_severity(const struct incident *c);
/* The route of the gravest severity: its owner and question are the case's. */
const struct route *incident_route(const struct incident *c);

/* Does something that applies-to these conclusions apply to the case now? */
bool incident_applies(const struct incident *c, conclusion_set set, ts now);

enum deadline_state {
	DEADLINE_WAITING = 0, /* what starts it has not happened */
	DEADLINE_RUNNING,
	DEADLINE_OVERDUE,
	DEADLINE_MET,
	DEADLINE_MISSED, /* met, but late */
	DEADLINE_MOOT,   /* does not apply to what was decided */
};

struct incident_deadline {
	const struct route_deadline *d;
	enum deadline_state state;
	ts due, met; /* TS_NONE while unknown */
};

/* Deadlines of all routes of the case, of each id the tightest. In the arena. */
FB_MUST int incident_deadlines(const struct incident *c, ts now, struct arena *a,
    struct incident_deadline **ret_d, size_t *ret_n);
const char *deadline_state_name(enum deadline_state s);

/* What stands in the way of closing: one line each, in the arena. */
FB_MUST int incident_open_items(const struct incident *c, ts now, struct arena *a,
    const char *const **ret_s, size_t *ret_n);
const char *incident_freeze_name(enum incident_frozen o); /* "done" "already" "no-channel" */
enum incident_frozen incident_freeze_of(struct span s);
