/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * unfreeze: how a freeze is lifted. A second person signs a DSSE envelope over canonical JSON
 *
 *   {"channel":…,"condition":…,"entry":"sha256:…","evidence":["sha256:…"],"freeze":SEQ,
 *    "met":"condition"|"statement","person":…,"policy":"sha256:…","time":RFC 3339}
 *
 * of type UNFREEZE_TYPE, where entry is the RFC 6962 leaf hash of the freeze's ledger entry (so a
 * signature is good for that freeze in that ledger only) and policy the one in force. The envelope is stored in
 * the release.unfreeze entry, and the fold checks it again each time.
 */

#include "crypto/key.h"
#include "release/fold.h"

#define UNFREEZE_TYPE "application/vnd.firebreak.unfreeze.v1+json"

/* What must hold for the release.unfreeze entry e. Results as fold_apply. */
FB_MUST int unfreeze_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f);

struct unfreeze_claim {
	const struct release_frozen *freeze;
	const char *met; /* "condition", "statement" */
	const char *person;
	const struct release_file *evidence;
	size_t nevidence;
	ts at;
};

/* May this person lift this freeze, and does the claim suit its condition? 0, RELEASE_NOT_ALLOWED,
 * RELEASE_NOT_MET. On success *ret_p (may be NULL) is the person. */
FB_MUST int unfreeze_may(const struct release_channel *c, const struct unfreeze_claim *u,
    const struct release_person **ret_p, struct fault *f);
/* The payload, appended. */
void unfreeze_payload(struct buf *out, const struct release_channel *c,
    const struct unfreeze_claim *u);
