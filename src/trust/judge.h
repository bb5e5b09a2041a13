/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * judge: what the evidence says about one artifact, against the policies. No I/O but reading the
 * artifact's bytes for the signature schemes that sign them; docs/verify.md tells the rules.
 */

#include "trust/evidence.h"
#include "trust/policy.h"
#include "trust/sbom/compare.h"
#include "trust/verify.h"

#define JUDGE_POLICIES 2

/* An SBOM that came without a signature. */
struct judge_sbom {
	struct sbom s;
	struct sbom_rules rules;
};

struct judge {
	const struct evidence *evidence[2]; /* of the session, of this artifact alone; either NULL */
	const struct evidence_trust *trust;
	const struct policy *policy[JUDGE_POLICIES]; /* file, options; either NULL */
	const struct digest *expect; /* may be unset */
	const struct judge_sbom *sbom; /* NULL: none */
	ts now;
	struct arena *arena;
	bool only; /* the session has one artifact: all evidence is meant for it */
};

/*
 * art has its name, bytes, digests and anatomy; adds the reasons to art->verdict, sets the facts
 * of the accepted provenance, and concludes. 0, -errno (the bytes cannot be read; memory).
 */
FB_MUST int judge_artifact(const struct judge *j, struct verify_artifact *art);
