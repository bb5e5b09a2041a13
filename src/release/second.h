/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * second: what a second person signs. Lifting a freeze, and letting something through one, take an
 * enrolled person who neither owns the freeze nor made it. That person signs a DSSE envelope over
 * canonical JSON that names the channel, the RFC 6962 leaf hash of the freeze's ledger entry (so a
 * signature is good for that freeze in that ledger only), what is decided, and the time. The
 * envelope is stored in the entry, and the fold checks it again each time.
 *
 *   UNFREEZE_TYPE {"channel","condition","entry","evidence":["sha256:…"],"freeze":SEQ,
 *                  "met":"condition"|"statement","person","policy":"sha256:…","time"}
 *   ALLOW_TYPE    {"allow":[…],"channel","entry","expires","freeze":SEQ,"person","reason","time"}
 */

#include "crypto/key.h"
#include "release/fold.h"

#define UNFREEZE_TYPE "application/vnd.firebreak.unfreeze.v1+json"
#define ALLOW_TYPE "application/vnd.firebreak.allow.v1+json"

/* The open freeze with that id, or NULL. */
struct release_frozen *second_freeze(struct release_channel *c, uint64_t id);
/* 0 and who it is, or RELEASE_NOT_ALLOWED. */
FB_MUST int second_may(const struct release_channel *c, const struct release_frozen *z,
    const char *person, const struct release_person **ret_p, struct fault *f);
/* Is the envelope this person's signature over exactly want? 0, RELEASE_NOT_ALLOWED, -EBADMSG. */
FB_MUST int second_check(const struct release_person *p, struct json_val envelope, const char *type,
    struct span want, struct arena *a, struct fault *f);
/* Writes the envelope as one value. RELEASE_NOT_ALLOWED when k is not the key of p. */
FB_MUST int second_sign(struct jw *w, const struct release_person *p, const struct key *k,
    const char *type, struct span payload, struct arena *a, struct fault *f);

struct unfreeze_claim {
	const struct release_frozen *freeze;
	const char *met; /* "condition", "statement" */
	const char *person;
	const struct release_file *evidence;
	size_t nevidence;
	ts at;
	bool clock_injected;
};

/* Is the freeze past its expiry, by a clock that may say so? One that was injected (--clock) says
 * nothing about a freeze that was made by the system's. */
bool unfreeze_is_late(const struct unfreeze_claim *u);

/* May this person lift this freeze, and does the claim suit its condition? 0, RELEASE_NOT_ALLOWED,
 * RELEASE_NOT_MET. */
FB_MUST int unfreeze_may(const struct release_channel *c, const struct unfreeze_claim *u,
    const struct release_person **ret_p, struct fault *f);
void unfreeze_payload(struct buf *out, const struct release_channel *c,
    const struct unfreeze_claim *u);
/* What must hold for a release.unfreeze entry. Results as fold_apply. */
FB_MUST int unfreeze_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f);

struct allow_claim {
	const struct release_frozen *freeze;
	const char *person, *reason;
	const char *const *allow;
	size_t nallow;
	ts expires, at;
};

/* 0, RELEASE_NOT_ALLOWED, -EINVAL. */
FB_MUST int allow_may(const struct release_channel *c, const struct allow_claim *u,
    const struct release_person **ret_p, struct fault *f);
void allow_payload(struct buf *out, const struct release_channel *c, const struct allow_claim *u);
/* What must hold for a release.allow entry. */
FB_MUST int allow_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f);
