/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * wire: from a signal to what must follow it. The one place where rooms are joined: incident/
 * decides (route, case, steps), release/ freezes, the ledger records. Whoever has a signal
 * (release publish when its gate fails, hunt --signal, signal report) hands it in here.
 *
 *   signal ── route ──► joins an open case or opens one      (ledger: case.open, case.signal)
 *          ── same digest, another reporter, case closed or called false positive
 *                  ──► case re-opens, channel freezes        (ledger: case.reopen, release.freeze)
 *          ── kind release-integrity ──► channel freezes     (ledger: release.freeze)
 *
 * Guarantees: everything one call writes is in one store transaction: all of it or nothing.
 * A freeze that was called for but could not be made (no channel ships the digest) is an outcome
 * that the caller sees and that the case records, never silence. The route file's digest is
 * recorded with the case.
 *
 * Result codes: 0; -EBADMSG (the route file is malformed: the fault says where; or the signal lacks
 * its kind, reporter, or both subject and observable); other -errno from the store.
 */

#include "cli/cli.h"
#include "model/signal.h"
#include "store/store.h"

#define WIRE_CASE_ID_MAX 24
#define WIRE_CHANNEL_MAX 257
#define WIRE_STEPS_MAX 16

enum wire_case {
	WIRE_CASE_OPENED = 0, /* a new case */
	WIRE_CASE_JOINED,     /* an open case has it now */
	WIRE_CASE_REOPENED,   /* a decided or closed case is open again */
	WIRE_CASE_REPEATED,   /* the same reporter said the same before: recorded, changes nothing */
};

enum wire_freeze {
	WIRE_FREEZE_NOT_CALLED_FOR = 0,
	WIRE_FREEZE_DONE,       /* this call froze the channel */
	WIRE_FREEZE_ALREADY,    /* it was frozen before */
	WIRE_FREEZE_NO_CHANNEL, /* called for, but no channel is known that ships it: a person must */
};

struct wire_result {
	enum wire_case what;
	enum wire_freeze freeze;
	char case_id[WIRE_CASE_ID_MAX];      /* "2026-0001" */
	char channel[WIRE_CHANNEL_MAX];      /* the channel frozen or to be frozen; "" if none */
	const char *severity;                /* of the route: "critical"; in c->arena */
	const char *owner;                   /* role that answers it */
	const char *question;                /* triage question */
	const char *step[WIRE_STEPS_MAX];    /* next steps of the route, in order: "freeze-channel" */
	size_t nstep;
};

/*
 * Routes one signal. Opens its own transaction: not inside one. learned and reporter are taken from
 * the clock and the actor when they are not set. ret's strings live in c->arena.
 */
FB_MUST int wire_signal(struct cli *c, struct store *s, const struct signal *sig,
    struct wire_result *ret, struct fault *f);
/* The same inside the caller's transaction (store_begin), for publishing and for many signals. */
FB_MUST int wire_signal_in(struct cli *c, struct store *s, const struct signal *sig,
    struct wire_result *ret, struct fault *f);

/* For people and for --json: "opened" "joined" "reopened" "repeated"; "done" "already" … */
const char *wire_case_name(enum wire_case w);
const char *wire_freeze_name(enum wire_freeze w);
/* Members "case", "case_outcome", "channel", "freeze", "owner", "question", "severity", "steps" into
 * an object already open (no canonical order needed). */
void wire_json(struct jw *w, const struct wire_result *r);
/* Two or three plain lines on stdout: what happened, who must answer what, what is next. */
void wire_print(struct cli *c, const struct wire_result *r);
