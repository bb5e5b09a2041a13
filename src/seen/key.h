/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key: one record of an observation, and the 64-bit keys under which it is found. Private to this
 * room.
 *
 * A record is a file (type NONE) or another value at a place. Its texts and digests lie in a blob:
 *
 *   digests in the order of enum digest_alg, those whose bit is in set; value, value_len bytes;
 *   with SEEN_PROBED: the probe's key (8 bytes) and its report, found_len bytes
 *
 * Equal path, type and value (of a file: its SHA-256) is the same observation.
 */

#include "base/span.h"
#include "model/digest.h"
#include "seen/seen.h"

enum seen_flag {
	SEEN_HAS_ID = 1, /* dev, ino, size, ctime, mtime stand for the bytes */
	SEEN_PROBED = 2,
};

struct seen_rec {
	uint64_t ino, size;
	int64_t ctime, mtime;
	uint64_t path_key, blob;
	uint32_t dev;
	uint32_t first, last, count; /* seconds since 1970 */
	uint16_t set, value_len, found_len;
	uint8_t type, flags;
};
_Static_assert(sizeof(struct seen_rec) == 72, "as it is on disk");

enum seen_ix {
	SEEN_IX_MD5 = 0, /* the first 8 bytes of the digest, big-endian */
	SEEN_IX_SHA1,
	SEEN_IX_SHA256,
	SEEN_IX_SHA512,
	SEEN_IX_TEXT, /* type and value */
	SEEN_IX_NAME, /* base name of a file, ASCII lower case */
	SEEN_IX_FILE, /* device and inode */
	SEEN_IXS,
};

/* SEEN_IXS when it is none that is kept. */
enum seen_ix seen_ix_of(enum digest_alg a);
enum digest_alg seen_alg_of(enum seen_ix ix);

uint64_t seen_key_digest(const uint8_t *p);
uint64_t seen_key_text(enum indicator_type t, struct span value);
uint64_t seen_key_name(struct span path); /* of what follows the last slash */
uint64_t seen_key_file(uint32_t dev, uint64_t ino);
uint64_t seen_key_path(struct span path);
struct span seen_base_name(struct span path);

/* What of the blob belongs to the record. */
size_t seen_blob_len(const struct seen_rec *r);
/* The digest's bytes in the blob; NULL when it is not there. */
const uint8_t *seen_blob_digest(const struct seen_rec *r, const uint8_t *blob, enum digest_alg a);
struct span seen_blob_value(const struct seen_rec *r, const uint8_t *blob);
struct span seen_blob_found(const struct seen_rec *r, const uint8_t *blob, uint64_t *ret_key);
/* The bytes that tell two records of one path and type apart. */
struct span seen_blob_own(const struct seen_rec *r, const uint8_t *blob);
/* Is it a record that this program can have written? */
bool seen_rec_valid(const struct seen_rec *r);

/* One record with everything that it refers to. */
struct seen_item {
	struct seen_rec r;
	struct span path;
	const uint8_t *blob;
};
/* By path, type, own bytes. */
int seen_item_cmp(const struct seen_item *a, const struct seen_item *b);
/* The keys of the record: calls put for each index that it is in. */
void seen_item_keys(const struct seen_item *x, void (*put)(void *ctx, enum seen_ix ix, uint64_t key),
    void *ctx);
/* Two records of the same observation become one in *a, whose blob is then in room (64 KiB and
 * some: SEEN_BLOB_MAX). */
#define SEEN_BLOB_MAX (16u + 3 * UINT16_MAX)
void seen_item_combine(struct seen_item *a, const struct seen_item *b,
    uint8_t room[static SEEN_BLOB_MAX]);
