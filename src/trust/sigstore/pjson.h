/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pjson: reading protobuf messages from their JSON form (proto3 JSON mapping), strictly. Private to
 * sigstore/.
 *
 * null is the same as absent. Every getter takes the parent object and the member's name; what is
 * absent gives the type's default (empty, 0, TS_NONE), as proto3 has it.
 *
 * Result codes: 0; -EBADMSG with fault; -ENOMEM.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "wire/json.h"

/* The member, JSON_ABSENT if it is null. */
struct json_val pj_get(struct json_val parent, const char *name);
/* v is an object with no other members than these (NULL-terminated). */
FB_MUST int pj_only(struct json_val v, const char *const *names, struct fault *f);
/* As pj_get, and what is there is an object with these members only; absent is absent. */
FB_MUST int pj_obj(struct json_val *ret_v, struct json_val parent, const char *name,
    const char *const *members, struct fault *f);
/* As pj_get for a list of at most max elements. */
FB_MUST int pj_list(struct json_val *ret_v, struct json_val parent, const char *name, uint32_t max,
    struct fault *f);
FB_MUST int pj_bytes(struct span *ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f);
/* The same for a value itself, as in a list; it must be there. */
FB_MUST int pj_bytes_of(struct span *ret_s, struct json_val v, const char *name, struct arena *a,
    struct fault *f);
FB_MUST int pj_str(struct span *ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f);
/* With a NUL behind it. */
FB_MUST int pj_cstr(const char **ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f);
/* int64 as a decimal string or an integer number, not negative. */
FB_MUST int pj_count(int64_t *ret_n, struct json_val parent, const char *name, struct fault *f);
/* A bound: what lies before 1970 is 1970 (Go writes "0001-01-01T00:00:00Z" for a time that is not set),
 * what does not fit is TS_FOREVER. */
FB_MUST int pj_time(ts *ret_t, struct json_val parent, const char *name, struct fault *f);

struct pj_enum {
	const char *name;
	int number;
};
/* The number, from the name or the number; 0 if absent. table ends with a NULL name. */
FB_MUST int pj_enum(int *ret_e, struct json_val parent, const char *name,
    const struct pj_enum *table, struct fault *f);
