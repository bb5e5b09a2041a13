/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: artifacts + evidence + keys + policy -> one verdict per artifact.
 *
 * Guarantees: fails closed (model/verdict.h); reads files, writes nothing. Artifacts are streamed
 * with pread in blocks of 256 KiB, whatever their size; evidence files are read whole up to
 * EVIDENCE_FILE_MAX. Every reason that rests on evidence names it by digest.
 *
 * What it takes to PASS (docs/verify.md has the long form):
 *   without a policy: --expect matches, or a signed SLSA provenance about exactly these bytes
 *     verifies under a key that was given; and nothing contradicts.
 *   with a policy: everything that the policy requires is there; and nothing contradicts.
 * A PE file's anatomy is always checked: a tampered one FAILs whatever else was given.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/verdict.h"

#define VERIFY_EVIDENCE_FILES_MAX 64
#define VERIFY_KEYS_MAX 32 /* --key and the policy's together */

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
	/*
	 * A policy that was moved, as when it is kept by digest: the name to call it by (NULL: its path),
	 * and where the key files are that it lists as signers: name is what the policy says, every one
	 * of them must be here (-ENOENT). NULL: they are looked for beside the policy.
	 */
	const char *policy_name;
	const struct verify_file *signers;
	size_t nsigners;
	struct digest expect;    /* may be unset; sha256 or sha512 (weaker ones: -EINVAL) */
	ts now;
	/* Called while a file is read, every 64 MiB or so; NULL for none. */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};

struct verify_artifact {
	const char *name;
	uint64_t size;
	struct digest digest[DIGEST_ALGS]; /* sha1, sha256, sha512 set; the others not */
	struct verdict verdict;            /* the overall one; holds the anatomy's reasons too */
	struct verdict anatomy;            /* of the file itself; UNKNOWN if nothing to check */
	const char *format;                /* "pe", "unknown" */
	bool has_authenticode;
	struct digest authenticode; /* recomputed Authenticode digest, if a signed PE */
	/* facts claimed by the provenance that was accepted; NULL if none */
	const char *builder_id, *build_type, *source_uri, *source_ref, *source_digest;
	const char *signer; /* "sha256:…" key id that signed the accepted provenance */
	struct digest provenance; /* SHA-256 of the evidence file with the accepted provenance */
};

struct verify_session;

/*
 * Reads policy, keys and evidence once; then any number of artifacts. -EBADMSG: policy or key file
 * malformed (fault names file and place); -EINVAL: the request itself (too many files, a weak
 * expected digest); other -errno: a file could not be read. Malformed *evidence* is not an error
 * here: it becomes a FAIL reason of every artifact.
 */
FB_MUST int verify_begin(struct verify_session **ret_v, const struct verify_request *r,
    struct fault *f);
/* Accepts NULL; returns NULL. */
struct verify_session *verify_end(struct verify_session *v);
/* The policy's name and the SHA-256 of its text; NULL without a policy. */
const char *verify_policy(const struct verify_session *v, struct digest *ret_d);
/* Strings live in the session. -errno only when the artifact cannot be read. */
FB_MUST int verify_path(struct verify_session *v, const char *path, struct verify_artifact *ret_a,
    struct fault *f);
/* The same for a file that is kept under another name than the one evidence knows it by: a statement
 * about that name and other bytes means that the artifact was replaced. */
FB_MUST int verify_named(struct verify_session *v, const char *path, const char *name,
    struct verify_artifact *ret_a, struct fault *f);
/* JSON of one result: an object. */
void verify_json(struct jw *w, const struct verify_artifact *a);
