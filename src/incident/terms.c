/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/terms.h"

#include "base/util.h"

static const char *const severities[] = { "", "low", "medium", "high", "critical" };

static const char *const conclusions[] = { "", "confirmed", "contained", "false-positive",
	"accepted-risk" };

static const struct {
	const char *name, *advice;
} steps[STEPS] = {
	[STEP_NONE] = { "", "" },
	[STEP_FREEZE_CHANNEL] = { "freeze-channel",
	    "Nothing more goes out on the channel until the case is closed." },
	[STEP_PROPOSE_ROLLBACK] = { "propose-rollback",
	    "Take users back to the newest release that still verifies: firebreak release "
	    "rollback." },
	[STEP_HOLD_RELEASE] = { "hold-release",
	    "The release stays unpublished until its evidence is complete." },
	[STEP_PROVENANCE_REVIEW] = { "provenance-review",
	    "Get what is missing from the build, or explain with evidence why it cannot be had." },
	[STEP_OPEN_CASE] = { "open-case", "Answer the triage question in the case." },
	[STEP_SCOPE] = { "scope",
	    "Find every version, digest and machine that is touched: firebreak hunt." },
	[STEP_CONTAIN] = { "contain", "Stop it where it runs, and keep what proves it." },
	[STEP_CUSTOMER_ADVISORY] = { "customer-advisory",
	    "Tell the users, also before everything is known: firebreak advise." },
};

static int find(const char *const *names, size_t n, struct span s)
{
	for (size_t i = 1; i < n; i++)
		if (span_eq_str(s, names[i]))
			return (int)i;
	return 0;
}

const char *severity_name(enum severity s)
{
	return s < ARRAY_LEN(severities) ? severities[s] : "";
}

enum severity severity_of(struct span s)
{
	return (enum severity)find(severities, ARRAY_LEN(severities), s);
}

const char *step_name(enum step s)
{
	return s < STEPS ? steps[s].name : "";
}

enum step step_of(struct span s)
{
	for (enum step i = STEP_FREEZE_CHANNEL; i < STEPS; i++)
		if (span_eq_str(s, steps[i].name))
			return i;
	return STEP_NONE;
}

const char *step_advice(enum step s)
{
	return s < STEPS ? steps[s].advice : "";
}

const char *conclusion_name(enum conclusion c)
{
	return c < CONCLUSIONS ? conclusions[c] : "";
}

enum conclusion conclusion_of(struct span s)
{
	return (enum conclusion)find(conclusions, ARRAY_LEN(conclusions), s);
}
