/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * store: the state directory: one SQLite database (WAL, synchronous=FULL, defensive), a
 * content-addressed blob folder, and the ledger key.
 *
 *   DIR/firebreak.db       the record (user_version = STORE_SCHEMA)
 *   DIR/blobs/sha256/ab/…  evidence, artifacts, policies, by digest; never changed once there
 *   DIR/keys/ledger.key    Ed25519, mode 0600;   DIR/keys/ledger.vkey  its public half
 *   DIR/keys/ledger.head   the newest checkpoint again: a database that was put back is noticed
 *
 * Guarantees: a write that returned 0 survives kill -9 and power loss; opening needs no repair.
 * Two writers: the second waits up to STORE_BUSY_MS, then -EBUSY with a clear fault.
 *
 * Result codes: 0, -errno; faults say the path and what to do (newer schema, read-only, full disk,
 * not a state directory, damaged).
 */

#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"

#define STORE_SCHEMA 4
#define STORE_BUSY_MS 5000

enum store_flags {
	STORE_RDWR = 0,    /* open; created with its key when the directory is new or empty */
	STORE_RDONLY = 1,  /* -ENOENT when there is none */
	STORE_EXISTING = 2 /* read-write, but never create */
};

struct store;

FB_MUST int store_open(struct store **ret_s, const char *dir, unsigned flags, struct fault *f);
struct store *store_close(struct store *s);
void store_close_p(struct store **s);
#define AUTO_STORE FB_CLEANUP(store_close_p)
const char *store_dir(const struct store *s);

/*
 * A write transaction (BEGIN IMMEDIATE): everything appended and put in it becomes durable at
 * commit, with one fsync, or not at all. Transactions do not nest. Calls that write outside one
 * make their own.
 */
FB_MUST int store_begin(struct store *s, struct fault *f);
FB_MUST int store_commit(struct store *s, struct fault *f);
void store_abort(struct store *s);

/* Copies fd (from offset 0) into the blob folder and syncs it; *ret_d is its SHA-256. */
FB_MUST int store_blob_put_fd(struct store *s, int fd, struct digest *ret_d, struct fault *f);
FB_MUST int store_blob_put(struct store *s, struct span bytes, struct digest *ret_d,
    struct fault *f);
/* A descriptor for reading, -ENOENT. Content is *not* checked again here: callers that decide
 * something from it hash it. */
FB_MUST int store_blob_open(struct store *s, const struct digest *d, struct fault *f);
/* Path below store_dir, for messages and for handing to our own commands. */
FB_MUST int store_blob_path(struct store *s, const struct digest *d, char *out, size_t n);
/*
 * Hashes every blob again. cb gets the path below store_dir and one sentence for each that is not
 * what its name says. 0 all are; 1 cb was called; -errno when it could not look.
 */
FB_MUST int store_blobs_verify(struct store *s, void (*cb)(void *ctx, const char *path,
    const char *text), void *ctx, uint64_t *ret_n, struct fault *f);
