/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* verify_session: what the files of verify share. Private to trust/verify*.c. */

#include "crypto/hash.h"
#include "anatomy/known/known.h"
#include "trust/anchors.h"
#include "trust/judge.h"

struct verify_session {
	struct arena arena, results;
	struct keyring keys;
	struct pgp_keys pgp;
	struct accept accept;
	struct evidence evidence;
	struct evidence_trust trust;
	struct evidence_root root;
	struct detached_ca *ca;
	struct anchors anchors;
	const struct signed_trust *signed_by; /* NULL: signers inside files are claims */
	struct policy policy;
	bool has_policy;
	const struct policy *options;
	struct digest expect;
	struct judge_sbom *sbom; /* NULL: none was given */
	struct arena sbom_arena;
	ts now;
	const struct known_judge_opts *known; /* NULL: no lists of known files */
	bool known_always;
	bool beside, shallow;
	const char *previous;
	size_t nartifacts;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	unsigned want, set; /* digests that are always computed; that the hasher computes */
	struct hasher *hasher;
};

FB_MUST int verify_load_signers(
    struct verify_session *v, const struct verify_request *r, struct fault *f);
/* By whom files may be signed inside. */
FB_MUST int verify_load_anchors(
    struct verify_session *v, const struct verify_request *r, struct fault *f);
/* For an OpenPGP certificate that was given: does the policy's list name it, if it has one? */
bool verify_may_sign(void *session, struct signer *s);
/* Digests, size and anatomy of an open file. 0; -EAGAIN: it changed meanwhile; -errno. */
FB_MUST int verify_examine(struct verify_session *v, int fd, unsigned set,
    struct verify_artifact *art);
/* What is in it, where it is a container: reasons are added to art->anatomy. 0 or -errno. */
FB_MUST int verify_inside(
    struct verify_session *v, int fd, struct verify_artifact *art, struct fault *why);
/* What changed since the release before, where one was given: the same. */
FB_MUST int verify_previous(struct verify_session *v, int fd, struct verify_artifact *art,
    struct fault *f);
/* Is it still the file that was examined? st is what fstat said before. */
struct stat;
bool verify_same_file(const struct stat *a, const struct stat *b);
