/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * field: reading members of an object, strictly, for the documents of this room (route file,
 * ledger entries, publisher file). Every error is -EBADMSG with the place and the member's name
 * (json_fault), or -ENOMEM. Strings are copied into the arena and hold no control character but
 * line feed and tab; at most FIELD_TEXT_MAX bytes.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "wire/json.h"

#define FIELD_TEXT_MAX 16384
#define FIELD_NAME_MAX 128

enum field_need { FIELD_OPTIONAL, FIELD_REQUIRED };

/* *out stays as it is when an optional member is absent. */
FB_MUST int field_str(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f);
/* One line of at most 128 bytes: a person, a role, a file. */
FB_MUST int field_name(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f);
/* A string of 1..64 [a-z0-9-], starting with a letter. */
FB_MUST int field_id(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f);
FB_MUST int field_int(struct json_val v, const char *key, enum field_need need, int64_t min,
    int64_t max, int64_t *out, struct fault *f);
FB_MUST int field_ts(struct json_val v, const char *key, enum field_need need, struct arena *a,
    ts *out, struct fault *f);
FB_MUST int field_duration(struct json_val v, const char *key, enum field_need need,
    struct arena *a, ts *out, struct fault *f);
FB_MUST int field_digest(struct json_val v, const char *key, enum field_need need,
    struct arena *a, struct digest *out, struct fault *f);
/* The array's element count goes to *ret_n (0 when absent); more than max is an error. */
FB_MUST int field_array(struct json_val v, const char *key, enum field_need need, uint32_t max,
    struct json_val *ret_arr, uint32_t *ret_n, struct fault *f);
/* An array of strings. */
FB_MUST int field_strs(struct json_val v, const char *key, enum field_need need, uint32_t max,
    struct arena *a, const char *const **ret_s, size_t *ret_n, struct fault *f);
