/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gate: from the verdicts over a release's artifacts to one decision about the release, and the
 * record of it that goes into the ledger.
 *
 * The record (canonical JSON, docs/release.md): "risk" class, required "controls" with their
 * results, "evidence" digests, "exception" window (null, or id and expiry), decision "owner",
 * "policy", "reasons" (the gravest first, at most GATE_REASONS_MAX; "reasons_total" counts all and
 * "report" is the blob with every word), "reevaluate" trigger, "verdict".
 *
 * Guarantees: starts from FAIL. PASS only when there is at least one artifact, every artifact's
 * verdict is PASS, and every control that the risk class requires is proven for every artifact.
 */

#include "base/buf.h"
#include "model/verdict.h"
#include "release/fold.h"

#define GATE_REASONS_MAX 256
#define GATE_REASON_TEXT_MAX 512 /* bytes kept of one reason's text in the record */

struct release_judged {
	const char *artifact; /* name */
	const struct verdict *verdict;
};

struct release_gate {
	const struct release_judged *judged; /* one per artifact */
	size_t njudged;
	struct digest policy;               /* the policy they were judged by: SHA-256 */
	const struct release_file *evidence;
	size_t nevidence;
	struct digest report;               /* blob with the whole verification; may be unset */
};

enum verdict_status gate_verdict(const char *risk, const struct release_gate *g);
/* What the gravest reason asks for; SIGNAL_NONE on PASS. */
enum signal_kind gate_signal(const char *risk, const struct release_gate *g);


/* Writes the record as one value. at + the channel's validity is the date of re-evaluation. */
void gate_json(struct jw *w, const struct release_channel *c, const struct release_gate *g,
    const struct fold_exception *exception, ts at);

/* What a risk class requires beyond the policy, as names of controls ended by NULL. low: nothing;
 * normal: a proven provenance of every artifact; high: a proven SBOM too. */
const char *const *gate_required(const char *risk);
