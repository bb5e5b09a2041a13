/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * release: channels, the releases in them, and the decisions about them: publish, hold, freeze,
 * unfreeze, roll back. docs/release.md explains the model. Here: the nouns, reading, freezing;
 * change.h has the other changes, state.h the signed state document, timeline.h the log.
 *
 * The ledger is the state. Every change is one entry with subject "channel:NAME" (kinds
 * release.init, .policy, .publish, .hold, .freeze, .allow, .unfreeze, .rollback, .recheck) and a channel is
 * the fold over them; nothing else is stored but blobs (artifacts, evidence, policy, keys by
 * SHA-256), so that any release can be verified again from what was kept.
 *
 * This room decides from plain values: verdicts come from the caller (trust/ is not known here).
 * The rules exist once: a change is built as an entry, and the fold decides whether it may follow
 * what is there; reading the ledger later asks the same question of the same bytes.
 *
 * Guarantees: every function reads the channel again, checks, then appends at most one entry; on a
 * refusal or an error nothing is appended. Called between store_begin and store_commit (as every
 * writer should) what was read is still true when it is written. An unfreeze entry is accepted by
 * the fold only if the enrolled person's signature in it is good, so a ledger that was written to
 * by other means does not thaw a channel. Entries that make no sense in their order are -EBADMSG
 * with a fault naming the entry: the channel then cannot be used, which is the safe side.
 *
 * Expiry of a freeze is a deadline, not a thaw: past it the channel stays frozen and is reported as
 * overdue, its allowlist no longer counts, and a second person may lift it with a statement instead
 * of the condition.
 *
 * Result codes: 0, -errno (fault says what), or enum release_result (fault says why, in one line).
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/verdict.h"
#include "store/ledger.h"
#include "store/store.h"

#define RELEASE_NAME_MAX 64        /* channel: [a-z0-9][a-z0-9._-]* */
#define RELEASE_VERSION_MAX 128    /* [A-Za-z0-9][A-Za-z0-9._+~-]* */
#define RELEASE_TEXT_MAX 1024      /* reason, statement: UTF-8 without control characters */
#define RELEASE_PERSON_MAX 128     /* bytes of a person's or owner's name */
#define RELEASE_ARTIFACTS_MAX 256  /* of one release */
#define RELEASE_EVIDENCE_MAX 64
#define RELEASE_KEYS_MAX 32
#define RELEASE_PEOPLE_MAX 32
#define RELEASE_LIST_MAX 256       /* versions or digests in a freeze's scope or allowlist */
#define RELEASE_RELEASES_MAX 16384 /* of one channel */
#define RELEASE_FREEZES_MAX 4096   /* of one channel */
#define RELEASE_VALID_MIN TS_MINUTE /* how long a state document may be valid */
#define RELEASE_VALID_MAX (366 * TS_DAY)

enum release_result {
	RELEASE_ALREADY_FROZEN = 1, /* this freeze is in force already; nothing was recorded */
	RELEASE_ALREADY,            /* idempotent repetition; nothing was recorded */
	RELEASE_NO_CHANNEL,         /* never initialised */
	RELEASE_EXISTS,             /* init of a channel that is there */
	RELEASE_NO_SUCH,            /* no such version or freeze */
	RELEASE_IS_FROZEN,          /* publish refused */
	RELEASE_CONFLICT,           /* same version with other bytes */
	RELEASE_NOT_MET,            /* the condition of the freeze does not hold */
	RELEASE_NOT_ALLOWED,        /* this person or key may not */
	RELEASE_NOT_VERIFIED,       /* the release does not verify now */
	RELEASE_IN_SCOPE,           /* rollback target lies in the scope of a freeze */
	RELEASE_HELD,               /* publish: the gate said no; the hold is recorded */
};

/* Who does it and when; in every change. */
struct release_who {
	const char *actor;
	ts at;
	bool clock_injected;
};

/* A file kept as a blob under its SHA-256. */
struct release_file {
	const char *name; /* base name, for people */
	struct digest sha256;
};

struct release_artifact {
	const char *name; /* base name */
	uint64_t size;
	const char *format; /* "pe", "unknown" */
	/* md5, sha1, sha256, sha512 set; so that reports by any of them find it */
	struct digest digest[DIGEST_ALGS];
	struct digest authenticode; /* may be unset */
};

struct release_person {
	const char *name;
	struct digest id; /* key_id of the key */
	const char *key;  /* public key, PEM */
};

enum release_status {
	RELEASE_CURRENT,
	RELEASE_SUPERSEDED, /* a later release was published */
	RELEASE_WITHDRAWN,  /* rolled back from */
};

struct release_version {
	const char *version;
	uint64_t seq; /* of its release.publish */
	ts at;
	const char *actor;
	enum release_status status;
	struct release_artifact *artifact;
	size_t nartifacts;
	struct release_file *evidence;
	size_t nevidence;
	struct span gate;            /* the gate record it was published with: canonical JSON */
	uint64_t checked_seq;        /* its last verification (publish, rollback, recheck) */
	ts checked_at;
	enum verdict_status checked; /* and what that said */
};

/* What a freeze says. Text is borrowed. */
struct release_freeze {
	const char *channel;
	struct release_who who;
	const char *reason;
	const char *owner;        /* who answers for lifting it; may not be who lifts it */
	ts expires;               /* must lie after who.at */
	const char *const *scope; /* versions that are affected: no target of a rollback */
	size_t nscope;            /* 0: every release of the channel */
	const char *const *allow; /* versions, or digests as text, that may still be published */
	size_t nallow;
	/* "case-closed:ID", "verified:VERSION" or "statement:TEXT". NULL: case-closed for the case,
	 * else a statement that the reason is gone. */
	const char *condition;
	const char *case_id;      /* NULL if none */
};

/* What a second person let through a freeze, until when. */
struct release_exception {
	uint64_t id; /* its seq */
	const char *person, *reason;
	ts expires; /* never after the freeze's */
	const char *const *allow;
	size_t nallow;
};

/* A freeze as the channel holds it. */
struct release_frozen {
	struct release_freeze order; /* condition never NULL */
	uint64_t id;                 /* its seq: the name of this freeze */
	struct digest entry;         /* its leaf hash (RFC 6962), which a second person signs */
	struct release_exception *exception;
	size_t nexceptions;
	bool lifted;
	uint64_t lifted_seq;
	ts lifted_at;
	const char *lifted_by;
};

struct release_hold {
	uint64_t seq;
	ts at;
	const char *actor, *version;
	enum verdict_status verdict;
	struct span gate; /* canonical JSON, with all its reasons */
};

enum release_state {
	RELEASE_STATE_FROZEN = 0,  /* a freeze is open, and no rollback came after it */
	RELEASE_STATE_ROLLED_BACK, /* the current release was rolled back to; a freeze may be open */
	RELEASE_STATE_ACTIVE,
};

struct release_channel {
	const char *name;
	const char *owner;
	const char *risk; /* "low", "normal", "high" */
	ts created;
	ts valid; /* how long a state document is valid: nanoseconds */
	struct release_file policy;
	uint64_t policy_seq;
	struct release_file *signer; /* key files that the policy lists, by the name it gives them */
	size_t nsigners;
	struct release_file *key; /* public keys given beside the policy */
	size_t nkeys;
	struct release_person *person;
	size_t npeople;
	struct release_version *release; /* in the order of publishing */
	size_t nreleases;
	struct release_version *current; /* NULL before the first */
	uint64_t rolled_back_seq;        /* the rollback that made it current; 0 if published */
	struct release_frozen *freeze;   /* all of them, in order */
	size_t nfreezes, nopen;          /* open: not lifted */
	struct release_hold *hold;       /* newest last */
	size_t nholds;
	uint64_t last_seq;
	ts last;
};

/* The fold. Everything lives in the arena. 0, RELEASE_NO_CHANNEL, -EBADMSG, -errno. */
FB_MUST int release_load(struct store *s, const char *channel, struct arena *a,
    struct release_channel *ret_c, struct fault *f);
/* Calls cb with each channel's name, in the order of their making. */
FB_MUST int release_each_channel(struct store *s, int (*cb)(void *ctx, const char *name),
    void *ctx, struct fault *f);

enum release_state release_state_of(const struct release_channel *c);
const char *release_state_name(enum release_state s); /* "frozen" "rolled-back" "active" */
const char *release_status_name(enum release_status s);
/* NULL if there is none. */
struct release_version *release_find(const struct release_channel *c, const char *version);
/* The first open freeze in whose scope the version lies, or NULL. */
const struct release_frozen *release_scope_of(const struct release_channel *c,
    const char *version);

/* Where an artifact with this digest (any algorithm) is or was shipped; holds were not shipped. */
struct release_hit {
	const char *channel, *version, *artifact;
	struct digest sha256; /* of that artifact, whatever it was looked for by */
	enum release_status status;
	uint64_t seq;
	ts at;
};

/* 0 also when there is none (*ret_n 0). Hits live in the arena. */
FB_MUST int release_find_digest(struct store *s, const struct digest *d, struct arena *a,
    struct release_hit **ret_hits, size_t *ret_n, struct fault *f);

/*
 * Freezes, by a person or by a route. Each freeze stands until it is lifted; a channel with any open
 * freeze is frozen. *ret_seq names it. RELEASE_ALREADY_FROZEN (and *ret_seq of that one) when an
 * open, unexpired freeze of the same case covers the same scope, lets nothing more through and is
 * lifted by the same condition; a freeze for another case, or
 * without a case, or with a wider scope is recorded as a further one.
 * RELEASE_NO_CHANNEL; -EINVAL when a field is missing or malformed (fault says which).
 */
FB_MUST int release_freeze(struct store *s, const struct release_freeze *z, uint64_t *ret_seq,
    struct fault *f);
