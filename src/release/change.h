/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * change: everything that changes a channel, but freezing (release.h). Each call reads the channel,
 * builds one entry, lets the fold judge it, and appends it: *ret_seq is its number. On anything but
 * success (and RELEASE_HELD) nothing was appended. Call between store_begin and store_commit.
 */

#include "crypto/key.h"
#include "release/gate.h"
#include "release/release.h"

/* What the gate judges by; all of it blobs. */
struct release_rules {
	struct release_file policy;
	const struct release_file *signer; /* key files that the policy lists */
	size_t nsigners;
	const struct release_file *key;
	size_t nkeys;
};

struct release_init {
	const char *channel, *owner, *risk;
	struct release_who who;
	ts valid;
	struct release_rules rules;
	const struct release_person *person; /* id is computed from key here */
	size_t npeople;
};

/* Everything that can be wrong with x by itself, before there is a store: 0, -EINVAL, -EBADMSG. */
FB_MUST int release_init_check(const struct release_init *x, struct fault *f);
/* RELEASE_EXISTS; -EINVAL for a malformed name, a key that is none, or two people that are one. */
FB_MUST int release_init(struct store *s, const struct release_init *x, uint64_t *ret_seq,
    struct fault *f);

struct release_policy {
	const char *channel;
	struct release_who who;
	struct release_rules rules;
};

FB_MUST int release_policy(struct store *s, const struct release_policy *x, uint64_t *ret_seq,
    struct fault *f);

struct release_publish {
	const char *channel, *version;
	struct release_who who;
	const struct release_artifact *artifact;
	size_t nartifacts;
	struct release_gate gate; /* judged is parallel to artifact; its evidence is the release's */
};

/* The exception by which it gets through the open freezes, the one that ends first. */
struct fold_exception release_exception_of(const struct release_channel *c, const char *version,
    const struct release_artifact *art, size_t nart, ts at);
/* 0 published; RELEASE_HELD recorded but not published; RELEASE_ALREADY, RELEASE_CONFLICT,
 * RELEASE_IS_FROZEN, RELEASE_NO_CHANNEL. */
FB_MUST int release_publish(struct store *s, const struct release_publish *x, uint64_t *ret_seq,
    struct fault *f);

struct release_rollback {
	const char *channel, *to, *reason;
	struct release_who who;
	struct release_gate gate; /* of the target, verified again now from what is stored */
};

/* RELEASE_NO_SUCH, RELEASE_CONFLICT, RELEASE_IN_SCOPE, RELEASE_NOT_VERIFIED. */
FB_MUST int release_rollback(struct store *s, const struct release_rollback *x, uint64_t *ret_seq,
    struct fault *f);
/*
 * Walks the possible targets, newest first: prev NULL gives the first, then the one before it. Only
 * releases older than the current one, not withdrawn, outside every open freeze's scope. NULL: none.
 */
const struct release_version *release_rollback_next(const struct release_channel *c,
    const struct release_version *prev);

struct release_recheck {
	const char *channel, *version;
	struct release_who who;
	struct release_gate gate;
};

/* Records that a release was verified again, whatever came out. */
FB_MUST int release_recheck(struct store *s, const struct release_recheck *x, uint64_t *ret_seq,
    struct fault *f);

struct release_allow {
	const char *channel;
	struct release_who who;
	uint64_t freeze;
	const char *person, *reason;
	const struct key *key; /* that person's private key */
	const char *const *allow; /* versions, or digests as text */
	size_t nallow;
	ts expires;
};

/* Lets named versions or bytes through one freeze: an exception window. RELEASE_NO_SUCH,
 * RELEASE_NOT_ALLOWED, -EINVAL. */
FB_MUST int release_allow(struct store *s, const struct release_allow *x, uint64_t *ret_seq,
    struct fault *f);

struct release_unfreeze {
	const char *channel;
	struct release_who who;  /* at is what is signed */
	uint64_t freeze;         /* its id */
	const char *person;      /* enrolled name */
	const struct key *key;   /* that person's private key */
	const struct release_file *evidence;
	size_t nevidence;
};

/*
 * Lifts one freeze. Its condition is looked at now: case-closed in the ledger's entries of that
 * case; verified:V by V's newest recheck, which the caller records just before; a statement by the
 * evidence. Past the freeze's expiry, evidence stands for any condition.
 * RELEASE_NO_SUCH, RELEASE_NOT_MET, RELEASE_NOT_ALLOWED.
 */
FB_MUST int release_unfreeze(struct store *s, const struct release_unfreeze *x, uint64_t *ret_seq,
    struct fault *f);
