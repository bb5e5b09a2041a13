/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * terms: the closed vocabularies of the incident room. A word that is not here is an error where
 * it is read (route file, ledger, command line); *_of gives NONE (0) for it.
 */

#include "base/span.h"

enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};

/* What a route may ask for. Only STEP_FREEZE_CHANNEL acts by itself; the others are for people. */
enum step {
	STEP_NONE = 0,
	STEP_FREEZE_CHANNEL,    /* "freeze-channel": at once, by the wiring */
	STEP_PROPOSE_ROLLBACK,  /* "propose-rollback" */
	STEP_HOLD_RELEASE,      /* "hold-release" */
	STEP_PROVENANCE_REVIEW, /* "provenance-review" */
	STEP_OPEN_CASE,         /* "open-case" */
	STEP_SCOPE,             /* "scope" */
	STEP_CONTAIN,           /* "contain" */
	STEP_CUSTOMER_ADVISORY, /* "customer-advisory" */
	STEPS,
};

/* What was concluded about a case. The last two dismiss it: they say that nothing more is done. */
enum conclusion {
	CONCLUSION_NONE = 0,
	CONCLUSION_CONFIRMED,      /* "confirmed": it is what it looks like */
	CONCLUSION_CONTAINED,      /* "contained": and it can no longer do harm */
	CONCLUSION_FALSE_POSITIVE, /* "false-positive" */
	CONCLUSION_ACCEPTED_RISK,  /* "accepted-risk" */
	CONCLUSIONS,
};

const char *severity_name(enum severity s);
enum severity severity_of(struct span s);
const char *step_name(enum step s);
enum step step_of(struct span s);
/* One plain sentence for a person: what to do. */
const char *step_advice(enum step s);
const char *conclusion_name(enum conclusion c);
enum conclusion conclusion_of(struct span s);

static inline bool conclusion_dismisses(enum conclusion c)
{
	return c == CONCLUSION_FALSE_POSITIVE || c == CONCLUSION_ACCEPTED_RISK;
}
