/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * statement: an in-toto Statement (in-toto/attestation spec/v1/statement.md, and v0.1): which
 * artifacts a predicate is about.
 *
 * Guarantees: reads bytes that were already authenticated (envelope.h), touches no file. Fields
 * that the specification does not name are ignored, as its parsing rules demand. Digests under the
 * names md5, sha1, sha256, sha384 and sha512 must be hex of the right length; other algorithm
 * names (gitCommit, dirHash, a registry's own) are ignored.
 *
 * An artifact is matched by SHA-256, SHA-384 or SHA-512 only. A digest set that agrees in one and
 * differs in another algorithm matches nothing: in-toto lets any one field match, but a set that
 * disagrees with itself about the same bytes is not evidence. What is no file but has an identifier
 * of its own ("gce_image_id:…", "gitCommit:…") is matched when a digest set has exactly that.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "model/digest.h"
#include "wire/json.h"

#define STATEMENT_SUBJECTS_MAX 65536
#define STATEMENT_PAYLOAD_TYPE "application/vnd.in-toto+json"

struct subject {
	const char *name; /* "" if none */
	struct digest sha1, sha256, sha384, sha512; /* unset if not given */
	const char **other; /* "NAME:VALUE" of every algorithm that is not one of the five */
	size_t nother;
};

struct statement {
	const char *type;           /* "https://in-toto.io/Statement/v1" or v0.1 */
	const char *predicate_type; /* a URI, not empty */
	struct subject *subject;
	size_t nsubjects; /* at least 1 */
	struct json_val predicate; /* an object, or absent; lives in the scratch arena */
};

/*
 * Strings and subjects are copied into keep; the JSON document of the predicate is in scratch.
 * 0, -EBADMSG with fault (*ret_s zeroed), -ENOMEM.
 */
FB_MUST int statement_read(struct statement *ret_s, struct span payload, struct arena *keep,
    struct arena *scratch, struct fault *f);

enum subject_match {
	SUBJECT_NONE = 0,  /* no subject is about these bytes or this name */
	SUBJECT_WEAK,      /* only SHA-1 agrees: not enough to say that it is the artifact */
	SUBJECT_REPLACED,  /* a subject of the artifact's name has other bytes */
	SUBJECT_MATCH,
	SUBJECT_CONFLICT,  /* agrees in one algorithm, differs in another */
};

/* What is matched. */
struct statement_target {
	const char *name;            /* the artifact's path or name; base names are compared */
	const struct digest *digest; /* [DIGEST_ALGS]; those that are not known are unset */
	const char *other;           /* "NAME:VALUE"; NULL for files */
};

/* The last of the enum that any subject gives. *ret_s is NULL for NONE. */
enum subject_match statement_match(const struct statement *s, const struct statement_target *t,
    const struct subject **ret_s);
/* HASH_SET bits of the artifact's digests that are needed to match it. */
unsigned statement_needs(const struct statement *s);
