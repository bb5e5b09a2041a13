/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: artifacts + evidence + keys + policy -> one verdict per artifact.
 *
 * Guarantees: fails closed (model/verdict.h); reads files, writes nothing; artifacts are streamed
 * or mapped, evidence files are read whole up to EVIDENCE_MAX. Every reason names the evidence it
 * rests on by digest.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/verdict.h"

#define EVIDENCE_MAX (16u << 20)
#define VERIFY_EVIDENCE_FILES_MAX 64
#define VERIFY_KEYS_MAX 32

struct verify_file {
	const char *name; /* for people */
	const char *path;
};

struct verify_request {
	const struct verify_file *evidence;
	size_t nevidence;
	const struct verify_file *keys;
	size_t nkeys;
	const char *policy_path; /* NULL: no policy */
	struct digest expect;    /* may be unset */
	ts now;
};

struct verify_artifact {
	const char *name;
	uint64_t size;
	struct digest digest[DIGEST_ALGS]; /* MD5 left out; sha1, sha256, sha512 set */
	struct verdict verdict;
	const char *format; /* "pe", "unknown" */
	bool has_authenticode;
	struct digest authenticode; /* recomputed Authenticode digest, if a PE */
	/* facts claimed by provenance that verified; NULL if none */
	const char *builder_id, *build_type, *source_uri, *source_ref, *source_digest;
	const char *signer; /* key id or certificate subject that signed the accepted provenance */
};

struct verify_session;

/* Reads policy, keys and evidence once; then any number of artifacts. -EBADMSG: policy or key file
 * malformed (fault names file and place). Malformed *evidence* is not an error here: it becomes a
 * FAIL reason of every artifact. */
FB_MUST int verify_begin(struct verify_session **ret_v, const struct verify_request *r,
    struct fault *f);
struct verify_session *verify_end(struct verify_session *v);
/* Strings live in the session. -errno only when the artifact cannot be read. */
FB_MUST int verify_path(struct verify_session *v, const char *path, struct verify_artifact *ret_a,
    struct fault *f);
/* JSON of one result: an object. */
void verify_json(struct jw *w, const struct verify_artifact *a);
