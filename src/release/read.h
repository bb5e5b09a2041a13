/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * read: takes the members of a JSON object that a ledger entry or a state document holds, strictly.
 * The first error latches with its fault, later reads give empty values, the caller checks r.rc
 * once. Everything that is given out lives in the arena.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "release/release.h"
#include "wire/json.h"

struct rd {
	struct json_val v;
	struct arena *a;
	struct fault *f;
	int rc; /* 0, -EBADMSG, -EINVAL, -ENOMEM */
};

/* names: every member that may be there, ended by NULL; another one is an error. */
struct rd rd_object(struct json_val v, const char *const *names, struct arena *a, struct fault *f);
int rd_fail(struct rd *r, int rc, const char *fmt, ...) FB_PRINTF(3, 4);

/* Required, one line of text up to max bytes. */
const char *rd_text(struct rd *r, const char *key, size_t max);
/* NULL when it is absent. */
const char *rd_text_opt(struct rd *r, const char *key, size_t max);
const char *rd_version(struct rd *r, const char *key);
int64_t rd_int(struct rd *r, const char *key, int64_t min, int64_t max);
ts rd_time(struct rd *r, const char *key);
/* DIGEST_NONE: of any algorithm. */
struct digest rd_digest(struct rd *r, const char *key, enum digest_alg alg);
/* An array of at most max elements; *ret_n counts. JSON_ABSENT after an error. */
struct json_val rd_array(struct rd *r, const char *key, size_t max, size_t *ret_n);
/* The elements as strings. */
const char *const *rd_strings(struct rd *r, const char *key, size_t max, size_t *ret_n);
/* A copy of the member's JSON text. */
struct span rd_raw(struct rd *r, const char *key);

/* [{"digest","name"}…] and [{"authenticode"?,"format","md5","name","sha1","sha256","sha512","size"}…] */
struct release_file *rd_files(struct rd *r, const char *key, size_t max, size_t *ret_n);
struct release_file rd_file(struct rd *r, const char *key);
struct release_artifact *rd_artifacts(struct rd *r, const char *key, size_t *ret_n);
