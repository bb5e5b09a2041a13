/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slsa: what a SLSA provenance predicate claims: who built it, how, from which source, when.
 * https://slsa.dev/provenance/v1 and https://slsa.dev/provenance/v0.2.
 *
 * Guarantees: reads an authenticated predicate, touches no file; fields it does not know are
 * ignored (the specification's parsing rules), except that all external parameters are kept, because
 * a policy may refuse the ones it does not know.
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
 *
 * Parameters are kept as leaves: an object or list with something in it is taken apart, everything
 * else is a value with its JSON pointer (RFC 6901), such as "/workflow/ref".
 *
 * The branch of a build of a tag is what the event says that the tag was pushed from (base_ref of
 * the event payload, which slsa-github-generator records); GitHub does not check it against the tag.
 * The inputs are those of a manual start (workflow_dispatch): of the event payload, where there is
 * one (v1 internalParameters.GITHUB_EVENT_PAYLOAD, v0.2 invocation.environment.github_event_payload),
 * else v0.2 invocation.parameters.event_inputs, else v1 externalParameters.inputs beside "workflow".
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "wire/json.h"

#define SLSA_V1 "https://slsa.dev/provenance/v1"
#define SLSA_V02 "https://slsa.dev/provenance/v0.2"
#define SLSA_PARAMETERS_MAX 4096    /* leaves */
#define SLSA_DEPENDENCIES_MAX 65536

/* One leaf: value is the text of a string, of anything else its JSON. */
struct slsa_value {
	const char *path; /* JSON pointer */
	const char *value;
};

struct slsa_values {
	struct slsa_value *item;
	size_t n;
};

struct slsa_dependency {
	const char *uri; /* "" if none */
	const char **digest; /* "sha256:…", "gitCommit:…", as they are there */
	size_t ndigests;
};

struct slsa {
	const char *builder_id; /* never NULL or empty */
	const char *build_type; /* never NULL or empty */
	const char *source_uri; /* "https://github.com/o/r", no "git+", no "@ref"; NULL if none */
	const char *source_ref; /* "refs/tags/v1"; NULL if none */
	bool source_unlisted; /* there are repositories (git+) among the dependencies, and it is none of them */
	const char *source_digest; /* "sha1:…", "gitCommit:…"; NULL if none */
	const char *branch;        /* "refs/heads/main": the ref, or what a tag was pushed from; NULL */
	ts finished; /* TS_NONE if not said */
	struct slsa_values parameters; /* externalParameters (v0.2: invocation.parameters) */
	struct slsa_values inputs;     /* of a manual start */
	struct slsa_dependency *dependency; /* resolvedDependencies, materials */
	size_t ndependencies;
};

bool slsa_is(const char *predicate_type);

/* Strings are copied into keep. 0, -EBADMSG with fault (*ret_s zeroed), -ENOMEM. */
FB_MUST int slsa_read(struct slsa *ret_s, const char *predicate_type, struct json_val predicate,
    struct arena *keep, struct fault *f);

/* "git+https://h/o/r@refs/heads/main" -> uri "https://h/o/r", ref "refs/heads/main" (NULL if
 * none). An "@" in front of the last "/" of the path (user@host) is no ref. 0 or -ENOMEM. */
FB_MUST int slsa_split_uri(const char **ret_uri, const char **ret_ref, struct span text,
    struct arena *keep);

/* The leaves of v, an object (anything else: none). 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int slsa_values_read(struct slsa_values *ret_v, struct json_val v, struct arena *keep,
    struct fault *f);
/* The list under resolvedDependencies or materials. */
FB_MUST int slsa_dependencies_read(struct slsa *s, struct json_val list, struct arena *keep,
    struct fault *f);
