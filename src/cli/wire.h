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
 * What is frozen: every channel that ships or shipped the subject digest; if there is none, the
 * channel that the signal names (scope: its release). The freeze is for the case, its owner is the
 * route's, and it is lifted as release/release.h says, after the case was closed.
 *
 * Guarantees: everything one call writes is in one store transaction: all of it or nothing.
 * A freeze that was called for but could not be made (no channel ships the digest) is an outcome
 * that the caller sees and that the case records, never silence. The route file's digest is
 * recorded with the case.
 *
 * Options of the calling command that are read here if it has them: --routes FILE (another route
 * file), --join CASE (the case that the signals join). Share them: WIRE_OPTIONS.
 *
 * Result codes: 0; WIRE_REFUSED (--join names a case that is closed or not there: exit
 * CLI_REFUSED); -EBADMSG (the route file is malformed, or the signal lacks its kind, or subject and
 * observable both, or holds control characters: the fault says which); other -errno.
 */

#include "cli/cli.h"
#include "model/signal.h"
#include "store/store.h"

#define WIRE_CASE_ID_MAX 24
#define WIRE_CHANNELS_MAX 16
#define WIRE_STEPS_MAX 16

enum wire_case {
	WIRE_CASE_OPENED = 0, /* a new case */
	WIRE_CASE_JOINED,     /* an open case has it now */
	WIRE_CASE_REOPENED,   /* a decided or closed case is open again */
	WIRE_CASE_REPEATED,   /* the same reporter said the same before: only recorded */
};

enum wire_freeze {
	WIRE_FREEZE_NOT_CALLED_FOR = 0,
	WIRE_FREEZE_DONE,       /* this call froze at least one channel */
	WIRE_FREEZE_ALREADY,    /* all of them were frozen for this case before */
	WIRE_FREEZE_NO_CHANNEL, /* called for, but no channel ships it: a person must look */
};

struct wire_result {
	enum wire_case what;
	enum wire_freeze freeze;
	char case_id[WIRE_CASE_ID_MAX];      /* "2026-0001" */
	const char *channel[WIRE_CHANNELS_MAX]; /* frozen by this or before */
	size_t nchannel;
	const char *why;                     /* why it was frozen or re-opened, in words */
	int reporters;                       /* independent ones on this matter so far */
	const char *severity;                /* of the case: "critical"; all strings in c->arena */
	const char *owner;                   /* role that answers it */
	const char *question;                /* triage question */
	const char *step[WIRE_STEPS_MAX];    /* next steps of the route: "freeze-channel" */
	size_t nstep;
};

enum wire_refusal { WIRE_REFUSED = 1 };

#define WIRE_OPTIONS                                                                               \
	{ "routes", "FILE", "take the routes from this file", false },                             \
	{                                                                                          \
		"join", "CASE", "join this case", false                                            \
	}

/*
 * Routes one signal. Opens its own transaction: not inside one. learned and reporter are taken from
 * the clock and the actor when they are not set, seen from learned.
 */
FB_MUST int wire_signal(struct cli *c, struct store *s, const struct signal *sig,
    struct wire_result *ret, struct fault *f);
/* n signals, all in one transaction; ret has n elements. The fault names the one that failed. */
FB_MUST int wire_signals(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    struct wire_result *ret, struct fault *f);
/* The same for signals that belong together, as the hits of one hunt: those of them that no case
 * knows join the case of the others instead of opening one each. belongs_to: the case of earlier
 * ones of the same kin, which they join if it is still open; NULL: there is none. */
FB_MUST int wire_signals_together(struct cli *c, struct store *s, const struct signal *sig,
    size_t n, const char *belongs_to, struct wire_result *ret, struct fault *f);
/* Before work of hours whose signals come at its end: whether --routes can be read and --join names
 * a case that is there. -1 or an exit code; what is wrong was said. */
FB_MUST int wire_ready(struct cli *c);
/* The same as wire_signals inside the caller's transaction (store_begin), for publishing. */
FB_MUST int wire_signals_in(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    struct wire_result *ret, struct fault *f);

/* A person froze a channel for a case: the case learns of it, in the caller's transaction. 0 also
 * when there is no such case here (*ret_known false). */
FB_MUST int wire_froze(struct cli *c, struct store *s, const char *case_id, const char *channel,
    const char *why, bool *ret_known, struct fault *f);

/* After the commit: new state documents for the channels that were frozen (wire_signals does it
 * itself), so that clients learn of it. */
FB_MUST int wire_renew(struct cli *c, struct store *s, const struct wire_result *ret, size_t n,
    struct fault *f);

/* For people and for --json: "opened" "joined" "reopened" "repeated"; "done" "already" … */
const char *wire_case_name(enum wire_case w);
const char *wire_freeze_name(enum wire_freeze w);
/* Members "case", "case_outcome", "channels", "freeze", "owner", "question", "reporters",
 * "severity", "steps", "why" into an object already open. */
void wire_json(struct jw *w, const struct wire_result *r);
/* Two or three plain lines on stdout: what happened, who must answer what, what is next. */
void wire_print(struct cli *c, const struct wire_result *r);
