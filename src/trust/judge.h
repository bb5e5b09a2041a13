/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * judge: what the evidence says about one artifact, against a policy. No I/O; docs/verify.md tells
 * the rules.
 */

#include "trust/evidence.h"
#include "trust/policy.h"
#include "trust/verify.h"

struct judge {
	const struct evidence *evidence;
	const struct keyring *keys;
	const struct policy *policy; /* NULL: none */
	const struct digest *expect; /* may be unset */
	ts now;
	struct arena *arena;
};

/*
 * art has its name, digests and anatomy; adds the reasons to art->verdict, sets the facts of the
 * accepted provenance, and concludes.
 */
void judge_artifact(const struct judge *j, struct verify_artifact *art);
