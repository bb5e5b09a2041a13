/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * policy: what an artifact must bring along to be trusted, as a strict YAML file (docs/policy.md).
 *
 * Guarantees: an unknown, repeated or mistyped member is an error with NAME:LINE:COL, and so is a
 * policy that would silently demand less than it seems to: no "require", an empty list, a limit on
 * provenance in a policy that does not require provenance.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"

#define POLICY_ITEMS_MAX 256 /* of each list */

enum policy_need {
	POLICY_ANATOMY = 1u << 0,    /* a signature inside the file covers all of it */
	POLICY_PROVENANCE = 1u << 1, /* a signed SLSA provenance about it */
	POLICY_SBOM = 1u << 2,       /* a signed SPDX or CycloneDX statement about it */
	POLICY_DIGEST = 1u << 3,     /* its digest was named beforehand: --expect or "digests" */
};

struct policy_list {
	const char **item;
	size_t n; /* 0: not limited */
};

struct policy_signer {
	const char *text; /* as the policy has it */
	const char *path; /* key file (relative: to the policy's folder); or NULL */
	struct digest id; /* key id, if path is NULL */
};

struct policy {
	const char *name;     /* the policy's own name, else its path */
	const char *path;
	struct digest digest; /* SHA-256 of its text */
	unsigned require;     /* enum policy_need; never 0 */
	struct policy_list builders, build_types, sources, refs;
	struct policy_list parameters; /* names of external parameters */
	bool has_parameters;           /* then n may be 0: none is allowed */
	struct policy_signer *signer;
	size_t nsigners;
	struct digest *digests;
	size_t ndigests;
	ts max_age; /* 0: any age */
};

/* path is for messages and for resolving key files. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int policy_parse(struct policy *ret_p, const char *path, struct span text, struct arena *a,
    struct fault *f);
/* Also the errors of file_read. */
FB_MUST int policy_load(struct policy *ret_p, const char *path, struct arena *a, struct fault *f);

/* Does text match pattern, in which "*" stands for any bytes but "/"? */
bool policy_glob(const char *pattern, const char *text);
/* Is text in the list (patterns allowed)? A list that is not set allows everything; NULL text is
 * in no list that is set. */
bool policy_allows(const struct policy_list *l, const char *text);
