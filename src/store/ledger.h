/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ledger: the append-only Merkle log that *is* the record. Releases, cases, decisions and
 * advisories have no tables of their own: their state is a fold over ledger entries of one
 * subject, so there is nothing that could disagree with the log.
 *
 * An entry is canonical JSON (RFC 8785):
 *   {"actor":"…","at":"RFC 3339","data":{…},"kind":"release.publish","seq":5,"subject":"channel:x",
 *    "v":1}
 * with "batch":N when it was committed together with the entries from seq N on (so that where
 * commits begin is part of what is hashed), and "clock":"injected" when time did not come from the
 * system clock. Leaf hash = RFC 6962 leaf over those bytes. Each commit signs a checkpoint
 * (crypto/note.h) over the tree after it, kept beside the entries; so does making the empty log.
 *
 * Guarantees: appended entries are durable when the call (or the transaction) returns; seq starts
 * at 0 without gaps; the first query after opening reads every entry once (one hash each), a later
 * one the entries of its subject; proofs are O(log n) reads. Nothing is
 * appended to a ledger whose end is not what was signed last (-EUCLEAN): a signature never covers
 * what somebody else put there.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/merkle.h"
#include "crypto/note.h"
#include "store/store.h"
#include "wire/json.h"

#define LEDGER_ENTRY_MAX (1u << 20)
#define LEDGER_KIND_MAX 64
#define LEDGER_SUBJECT_MAX 256
#define LEDGER_ACTOR_MAX 256

struct ledger_new {
	const char *kind;    /* [a-z0-9.-]{1,64}: "release.freeze" */
	const char *subject; /* printable, 1..256: "channel:stable", "case:2026-0001" */
	const char *actor;   /* who: "alice", "firebreak" */
	ts at;
	bool clock_injected;
	struct span data;    /* canonical JSON object */
};

struct ledger_entry {
	uint64_t seq;
	ts at;
	uint64_t batch; /* seq of the first entry of its commit; its own when it is that */
	bool clock_injected;
	const char *kind, *subject, *actor;
	struct span body; /* the whole canonical entry */
	struct json_val data;
	/* all valid only during the callback */
};

FB_MUST int ledger_append(struct store *s, const struct ledger_new *e, uint64_t *ret_seq,
    struct fault *f);

struct ledger_query {
	const char *kind_prefix; /* "release." or NULL */
	const char *subject;     /* exact, or NULL */
	const char *subject_prefix; /* "case:" or NULL */
	uint64_t from;           /* first seq */
	uint64_t limit;          /* 0: no limit */
	bool unproven;           /* also what is not what was signed: for looking, never for deciding */
};

/*
 * Calls cb for each entry in order; a non-zero return stops and is returned. What cb gets was
 * signed: the newest checkpoint's signature and each entry's hash up to it are checked on the way.
 * An entry that is not what was signed is -EBADMSG with a fault naming the seq; a ledger whose end
 * does not match its newest checkpoint -EUCLEAN. Nothing is hidden from a query either: before the
 * first, every entry's columns and the indexes are checked against what was signed (-EBADMSG).
 */
FB_MUST int ledger_each(struct store *s, const struct ledger_query *q,
    int (*cb)(void *ctx, const struct ledger_entry *e), void *ctx, struct fault *f);
/* The same for one body, appended. -ENOENT. */
FB_MUST int ledger_get(struct store *s, uint64_t seq, struct buf *ret_body, struct fault *f);

FB_MUST int ledger_size(struct store *s, uint64_t *ret_n, struct fault *f);
/* The newest signed checkpoint's text. Its signature was checked: -EUCLEAN when it is not good. */
FB_MUST int ledger_checkpoint(struct store *s, struct buf *out, struct fault *f);
/* The checkpoint as it was at size (there is one per commit), -ENOENT if none at that size. */
FB_MUST int ledger_checkpoint_at(struct store *s, uint64_t size, struct buf *out, struct fault *f);

/* Opens a signed note as a checkpoint of this very ledger. 0, KEY_BAD_SIGNATURE, -EBADMSG. */
FB_MUST int ledger_checkpoint_open(struct store *s, struct span note, struct checkpoint *ret_c,
    struct fault *f);
/* The key that checkpoints are checked with, in its vkey form (crypto/note.h), appended. */
FB_MUST int ledger_vkey(struct store *s, struct buf *out);

/* A statement of the ledger's owner about the record, such as a channel's state: a DSSE envelope of
 * that payload type signed with the ledger key, appended. -EROFS when opened read-only. */
FB_MUST int ledger_sign(struct store *s, struct span type, struct span payload, struct buf *out,
    struct fault *f);

/* proof has MERKLE_PROOF_MAX elements. */
FB_MUST int ledger_prove_inclusion(struct store *s, uint64_t seq, uint64_t size,
    struct mhash *proof, size_t *ret_n, struct fault *f);
FB_MUST int ledger_prove_consistency(struct store *s, uint64_t size1, uint64_t size2,
    struct mhash *proof, size_t *ret_n, struct fault *f);

struct ledger_finding {
	uint64_t seq;     /* of the entry; for a checkpoint its size */
	const char *what; /* "flipped", "dropped", "reordered", "inserted", "duplicated", "column",
			   * "node", "checkpoint", "rewritten", "unproven", "key", "database", "clock" */
	const char *text; /* one sentence */
	bool note;        /* worth knowing; does not make the log unsound */
};

/*
 * Recomputes everything from the entries' bytes: each leaf, the tree, every checkpoint's signature
 * and root, the columns against the bodies, seq without gaps. trusted (may be NULL) is a signed
 * checkpoint kept elsewhere: the log must extend it. 0 = sound; 1 = findings were reported;
 * -errno when it could not look.
 */
FB_MUST int ledger_verify(struct store *s, struct span trusted,
    void (*cb)(void *ctx, const struct ledger_finding *x), void *ctx, struct fault *f);
