/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * options: what a command line demands, as a policy (policy.h), so that it is judged by the same
 * code as a policy file and joined with one by "and".
 *
 * Guarantees: an identity without an issuer, or the reverse, is an error, and so is a demand that
 * nothing could satisfy. A demand on provenance (source, builder, input, package …) makes provenance
 * required; one on a verification summary makes that required.
 *
 * Whom a builder id names as signer, when nothing else does (as slsa-verifier has it):
 *   a GitHub workflow      the workflow itself, certified by GitHub's issuer; and the delegators of
 *                          slsa-github-generator, which sign for builders whom they call
 *   GitHub's runner        any workflow of the source repository: --source-uri is needed then
 * Other builder ids name nobody.
 */

#include "trust/policy.h"

struct demand {
	const char *const *item;
	size_t n;
};

struct demands {
	const char *require; /* "provenance,signature" */
	const char *identity, *identity_regexp, *issuer, *issuer_regexp;
	bool has_keys; /* keys or a policy with signers are given: a builder id names no signer then */
	struct demand builders, tags, branches, versioned_tags, inputs /* NAME=VALUE */;
	const char *source_uri; /* with or without "https://", "git+" */
	const char *package_name, *package_version;
	const char *verifier_id, *resource_uri;
	struct demand levels;
};

/* *ret_any: was anything demanded? Strings are borrowed from d or in the arena. 0; -EINVAL with fault
 * that names the option; -ENOMEM. */
FB_MUST int options_policy(struct policy *ret_p, bool *ret_any, const struct demands *d,
    struct arena *a, struct fault *f);
