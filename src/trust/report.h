/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * report: our verdict about one artifact as an in-toto statement for others to consume.
 *
 *   VSA  https://slsa.dev/verification_summary/v1
 *   SVR  https://in-toto.io/attestation/svr/v0.1
 *
 * Guarantees: only PASS is written as PASSED, and only then are levels or properties claimed; FAIL
 * and UNKNOWN are FAILED (a VSA knows no third result) and an empty list of properties.
 *
 * What a VSA claims: the levels that the policy names ("levels": what passing it is worth), and
 * nothing if it names none. Its inputAttestations are all files of evidence that were weighed, by
 * digest. Properties of an SVR: those levels, and FIREBREAK_PROVENANCE, _SIGNATURE, _ANATOMY, _SBOM,
 * _DIGEST, _VSA for what was proven.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "trust/policy.h"
#include "trust/verify.h"

struct report {
	const char *verifier; /* URI: who we are */
	const char *resource; /* URI of the artifact; NULL: pkg:generic/NAME?checksum=sha256:… */
	const char *policy_uri; /* NULL: file:NAME */
	const char *policy_name;
	struct digest policy; /* unset: no policy (SVR only) */
	const struct policy_list *levels;
	ts now;
};

/* Appends the statement as JSON. */
void report_vsa(struct buf *out, const struct report *r, const struct verify_artifact *a);
void report_svr(struct buf *out, const struct report *r, const struct verify_artifact *a);
