/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fold: the rules. One entry applied to a channel: allowed and then true, or refused with the
 * reason. Writers ask it before they append, release_load asks it again while reading.
 *
 * Result codes: 0 (the channel is changed), enum release_result (a rule says no), -EBADMSG or
 * -EINVAL (the entry is malformed), -ENOMEM. On anything but 0 the channel must not be used further.
 */

#include "release/release.h"

struct release_step {
	uint64_t seq;
	ts at;
	bool clock_injected;
	const char *kind, *actor;
	struct digest entry; /* RFC 6962 leaf hash of the whole entry; set for a freeze */
	struct json_val data;
};

FB_MUST int fold_apply(struct release_channel *c, const struct release_step *e, struct arena *a,
    struct fault *f);

/* The rules that a writer wants to know before it goes to any trouble. Fault says why not. */
/* 0 or RELEASE_NO_CHANNEL. */
FB_MUST int fold_known(const struct release_channel *c, struct fault *f);
/* 0, RELEASE_ALREADY (same version, same bytes), RELEASE_CONFLICT, RELEASE_IS_FROZEN. */
FB_MUST int fold_may_publish(const struct release_channel *c, const char *version,
    const struct release_artifact *art, size_t nart, ts at, struct fault *f);
/* 0, RELEASE_NO_SUCH, RELEASE_IN_SCOPE, RELEASE_CONFLICT. */
FB_MUST int fold_may_roll_back(const struct release_channel *c, const char *to, struct fault *f);
/* By which list a freeze lets something through, and until when. */
struct fold_exception {
	const char *kind; /* "freeze": its own allowlist; "allow": an exception made later; NULL: none */
	uint64_t id;      /* seq of that entry */
	ts expires;
};

/* Does the freeze let this be published at that time? *ret_x says how. */
bool fold_allows(const struct release_frozen *z, const char *version,
    const struct release_artifact *art, size_t nart, ts at, struct fold_exception *ret_x);
bool fold_covers(const struct release_frozen *z, const char *version);
