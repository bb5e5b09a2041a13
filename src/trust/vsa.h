/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * vsa: a SLSA verification summary: somebody's verdict about an artifact.
 * https://slsa.dev/verification_summary/v1 and https://slsa.dev/verification_summary/v0.2 (which
 * names its members with underscores). Making one is report.h.
 *
 * Guarantees: reads an authenticated predicate, touches no file; members that it does not know are
 * ignored (the specification's parsing rules). A result that is neither "PASSED" nor "FAILED", and a
 * missing member that the specification requires, make it malformed.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "wire/json.h"

#define VSA_V1 "https://slsa.dev/verification_summary/v1"
#define VSA_V02 "https://slsa.dev/verification_summary/v0.2"
#define VSA_LEVELS_MAX 64

enum vsa_result { VSA_FAILED = 0, VSA_PASSED };

struct vsa {
	const char *verifier; /* verifier.id */
	const char *resource; /* resourceUri */
	const char *policy;   /* policy.uri; NULL if it has only a digest */
	enum vsa_result result;
	ts time; /* timeVerified */
	const char *level[VSA_LEVELS_MAX]; /* verifiedLevels; v0.2: policy_level */
	size_t nlevels;
};

bool vsa_is(const char *predicate_type);

/* Strings are copied into keep. 0, -EBADMSG with fault (*ret_v zeroed), -ENOMEM. */
FB_MUST int vsa_read(struct vsa *ret_v, const char *predicate_type, struct json_val predicate,
    struct arena *keep, struct fault *f);
