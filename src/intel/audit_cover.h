/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * audit_cover: which categories of benign lists a value is on, or inside of. Private to
 * intel/audit*.c. Sets of categories are bits 1 << enum benign_category.
 */

#include "intel/weigh.h"

struct audit_cover_set;

struct audit_cover_set *audit_cover_new(void); /* NULL: no memory */
void audit_cover_free(struct audit_cover_set *s);
FB_MUST int audit_cover_add(struct audit_cover_set *s, enum indicator_type t, const char *value,
    enum benign_category c);
/* After the last one. */
FB_MUST int audit_cover_freeze(struct audit_cover_set *s);
void audit_cover_look(const struct audit_cover_set *s, enum indicator_type t, const char *value,
    uint32_t *ret_on, uint32_t *ret_below);
