/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slsa: what a SLSA provenance predicate claims: who built it, how, from which source, when.
 * https://slsa.dev/provenance/v1 and https://slsa.dev/provenance/v0.2.
 *
 * Guarantees: reads an authenticated predicate, touches no file; fields it does not know are
 * ignored (the specification's parsing rules), except that the names of all external parameters
 * are kept, because a policy may refuse the ones it does not know.
 *
 * Where the source is taken from:
 *   v1    buildDefinition.externalParameters, the part that the requester of the build controls:
 *         "workflow" or "buildConfigSource" {repository, ref}, or "source" (a URI, or {uri,
 *         digest}); if none of these is there, the only git+ URI of resolvedDependencies. Its
 *         digest: from the source itself, else from the resolved dependency with the same URI.
 *   v0.2  predicate.invocation.configSource {uri, digest}; if there is none, the only git+ URI of
 *         materials.
 * A dependency or material with the source's URI and ref but another digest is a contradiction
 * inside the statement and refused.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "wire/json.h"

#define SLSA_V1 "https://slsa.dev/provenance/v1"
#define SLSA_V02 "https://slsa.dev/provenance/v0.2"
#define SLSA_PARAMETERS_MAX 256

struct slsa {
	const char *builder_id; /* never NULL or empty */
	const char *build_type; /* never NULL or empty */
	const char *source_uri; /* "https://github.com/o/r", no "git+", no "@ref"; NULL if none */
	const char *source_ref; /* "refs/tags/v1"; NULL if none */
	const char *source_digest; /* "sha1:…", "gitCommit:…"; NULL if none */
	ts finished; /* TS_NONE if not said */
	const char **parameter; /* names of externalParameters (v0.2: invocation.parameters) */
	size_t nparameters;
};

bool slsa_is(const char *predicate_type);

/* Strings are copied into keep. 0, -EBADMSG with fault (*ret_s zeroed), -ENOMEM. */
FB_MUST int slsa_read(struct slsa *ret_s, const char *predicate_type, struct json_val predicate,
    struct arena *keep, struct fault *f);

/* "git+https://h/o/r@refs/heads/main" -> uri "https://h/o/r", ref "refs/heads/main" (NULL if
 * none). An "@" in front of the last "/" of the path (user@host) is no ref. 0 or -ENOMEM. */
FB_MUST int slsa_split_uri(const char **ret_uri, const char **ret_ref, struct span text,
    struct arena *keep);
