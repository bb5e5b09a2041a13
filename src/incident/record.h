/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * record: what people do to a case. Each function checks, appends one entry to the ledger and
 * applies it to the case in memory with the same fold that reads the ledger.
 *
 * Guarantees: to be called between store_begin and store_commit, with the case loaded after
 * store_begin; after any result but 0 the caller aborts the transaction, so nothing was recorded.
 * Evidence is given by digest: its blobs are in the store before.
 *
 * Result codes: 0; -errno; or enum incident_result with a fault that says what to do.
 */

#include "incident/case.h"

enum incident_result {
	INCIDENT_REFUSED = 1, /* understood, but the case does not allow it */
	INCIDENT_INCOMPLETE,  /* something that is required was not given, or is no plain text */
};

struct incident_who {
	const char *actor;
	ts at;
	bool clock_injected;
};

/* A case being written to. */
struct incident_write {
	struct store *s;
	struct incidents *l;
	struct incident *c;
	struct incident_who who;
};

#define INCIDENT_TRIPWIRE_DEFAULT "a further independent report on the same digest"

/*
 * Decides. A dismissal (false-positive, accepted-risk) needs evidence, owner and expires, at most
 * dismissal_max after now; contained needs evidence. tripwire NULL: the default, for a dismissal.
 * d's seq, at and actor are not read. Refused while the case is closed.
 */
FB_MUST int incident_decide(struct incident_write *w, const struct incident_decision *d,
    ts dismissal_max, struct fault *f);
/* The same checks without writing: before a person is asked for a signature. */
FB_MUST int incident_decide_check(const struct incident_write *w,
    const struct incident_decision *d, ts dismissal_max, struct fault *f);
/*
 * What a person signs: the decision as canonical JSON, appended. Made again from the folded case it
 * gives the same bytes, so that a signature can be checked against what the ledger says.
 */
#define INCIDENT_DECISION_TYPE "application/vnd.firebreak.decision+json"
void incident_decision_payload(struct buf *out, const char *case_id, const char *actor, ts at,
    const struct incident_decision *d);

/* Opens a decided or closed case again. reporters: how many independent ones; 0 if not for that. */
FB_MUST int incident_reopen(struct incident_write *w, int reporters, const char *why,
    struct fault *f);

FB_MUST int incident_meet(struct incident_write *w, const char *condition,
    const struct incident_proof *proof, const char *note, struct fault *f);
FB_MUST int incident_note(struct incident_write *w, const char *text,
    const struct incident_proof *proof, struct fault *f);

/*
 * Fills the write-back item n->id, or adds one of that name; NULL picks the next free "item-N",
 * which *ret_id (in the list's arena) then is. finding, owner, tripwire and one of control and
 * runbook are required.
 */
FB_MUST int incident_writeback_fill(struct incident_write *w, const struct incident_writeback *n,
    const char **ret_id, struct fault *f);
FB_MUST int incident_writeback_done(struct incident_write *w, const char *item,
    const struct incident_proof *proof, const char *note, struct fault *f);

/* Refused while anything is open; the fault names the first, incident_open_items all. */
FB_MUST int incident_close(struct incident_write *w, const char *why, struct fault *f);

FB_MUST int incident_advised(struct incident_write *w, const struct incident_advisory *v,
    struct fault *f);
/* channel NULL: none is known. */
FB_MUST int incident_froze(struct incident_write *w, const char *channel,
    enum incident_frozen outcome, const char *why, struct fault *f);

/* Appends one entry of this kind to the case and applies it. For triage.c. */
FB_MUST int incident_append(struct incident_write *w, const char *kind, const char *case_id,
    const struct buf *data, struct fault *f);
/* 0, or INCIDENT_INCOMPLETE: 1 to max bytes of UTF-8 without control characters but line feed and
 * tab. what names it in the fault. */
FB_MUST int incident_check_text(const char *what, const char *s, size_t max, struct fault *f);
/* The same for a name: one line of at most INCIDENT_NAME_MAX bytes. */
FB_MUST int incident_check_name(const char *what, const char *s, struct fault *f);
