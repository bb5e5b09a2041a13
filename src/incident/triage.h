/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * triage: one signal -> its route -> its case.
 *
 * Which case: the one that was asked for; else the oldest that is not closed and knows the same
 * matter; else the newest dismissed one (closed or not) that knows the very thing; else the one that
 * it belongs to, if that is open (other hits of the same hunt); else a new one. A case knows a matter
 * if one of its signals has the same digest, the same observable on the same channel, or the same
 * release of the same channel. A dismissal speaks about nothing but the digest, or the observable
 * of the channel, that was reported.
 *
 * Independent reports: a report is its reporter (compared without case and outer white space). On
 * one digest, or on one observable of one channel, the first report of each reporter in a case
 * counts; when it makes routes->independent_reports or more, the tripwire is tripped: a dismissed
 * case is re-opened (case.reopen), and the caller is told to freeze. A reporter who repeats himself
 * is recorded and trips nothing.
 *
 * Guarantees: as record.h: inside a transaction, nothing stands after any result but 0.
 *
 * Result codes: 0; INCIDENT_INCOMPLETE (the signal lacks what it must have); INCIDENT_REFUSED (the
 * case asked for is closed, or none); -errno. Each with a fault.
 */

#include "incident/record.h"

enum triage_what { TRIAGE_OPENED = 0, TRIAGE_JOINED, TRIAGE_REOPENED, TRIAGE_REPEATED };

struct triage_result {
	enum triage_what what;
	struct incident *c;
	const struct route *route; /* as the case holds it */
	bool freeze_now;           /* the route says so: freeze whatever channel is known */
	bool tripped;              /* enough independent reports: freeze what ships the digest */
	int reporters;             /* independent ones on this matter, this one included */
	const char *why;           /* for the freeze's reason; in the arena */
};

struct triage_input {
	const struct routes *routes;
	const char *route_file;      /* for people */
	struct digest route_digest;  /* of its bytes, which are a blob */
	const struct signal *signal; /* reporter, seen and learned set */
	const char *case_id;         /* join this one; NULL: find it */
	const char *belongs_to;      /* join this one if none knows it and it is open; NULL: none */
	/* where the record says that the subject is shipped */
	const struct incident_shipped *shipped;
	size_t nshipped;
};

/* Does a case know what the signal is about, so that it would join that one? */
bool triage_knows(const struct incident_write *w, const struct signal *s);
/* w->c is set to the case. */
FB_MUST int triage_signal(struct incident_write *w, const struct triage_input *in,
    struct triage_result *ret, struct fault *f);
