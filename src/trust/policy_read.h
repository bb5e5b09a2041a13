/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* policy_read: what the files that read a policy share. Private to trust/policy*.c. */

#include "trust/policy.h"
#include "wire/json.h"

/* The array under name: 0 with JSON_ABSENT when there is none. */
FB_MUST int policy_get_list(struct json_val *ret_v, struct json_val doc, const char *name,
    bool may_be_empty, struct fault *f);
/* A text that is not empty. */
FB_MUST int policy_get_text(const char **ret_s, struct json_val v, const char *name, struct arena *a,
    struct fault *f);
/* A scalar as text: numbers, true and false as they are written. */
FB_MUST int policy_get_scalar(const char **ret_s, struct json_val v, const char *name,
    struct arena *a, struct fault *f);

typedef int policy_check(struct json_val v, const char **item, struct fault *f);
/* The list of texts under name in doc; check may be NULL. */
FB_MUST int policy_read_list(struct policy_list *l, struct json_val doc, const char *name,
    policy_check *check, struct arena *a, struct fault *f);
/* A duration under name; 0 if there is none. */
FB_MUST int policy_read_age(ts *ret_d, struct json_val doc, const char *name, struct arena *a,
    struct fault *f);

/* Relative to the folder of the policy file; NULL: no memory. */
const char *policy_beside(const char *policy_path, const char *path, struct arena *a);
FB_MUST int policy_read_authenticode(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_signers(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_values(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_dependencies(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_package(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_vsa(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_diff(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
FB_MUST int policy_read_components(struct policy *p, struct json_val doc, struct arena *a,
    struct fault *f);
