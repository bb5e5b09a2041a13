/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * decision_sig: a person's signature on a decision: a DSSE envelope over the decision's canonical
 * JSON (incident/record.h), kept as a blob that the ledger entry names.
 */

#include "crypto/key.h"
#include "incident/record.h"

enum decision_sig {
	DECISION_SIG_BAD = 0, /* by none of the keys, or over something else than the ledger says */
	DECISION_SIG_NONE,    /* not signed */
	DECISION_SIG_GOOD,
};

/* Signs d for the case being written; puts envelope and key into d. */
FB_MUST int decision_sign(struct incident_write *w, struct incident_decision *d,
    const struct key *k, struct fault *f);
/* Checks with the keys given. -errno when the envelope cannot be read. */
FB_MUST int decision_check(struct store *s, const struct incident *c,
    const struct incident_decision *d, const struct key *const *keys, size_t nkeys,
    enum decision_sig *ret, struct fault *f);
