/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * path: which of many path patterns may match a path; indicator_path_match decides. Private to
 * intel/db.
 *
 * The index (the PATTERN section) has one key for each pattern, so that a path is matched only with
 * patterns that have something of it: its last part, if that is literal, or else the four literal
 * bytes in a row that fewest other patterns have; patterns with neither are matched with every path.
 * Keys are of lower-case letters and slashes, hashed under the file's salt.
 *
 *   u32 n, u32 bits; a bitmap of 2^bits bits, one for the first bits of each key; n times u32 key,
 *   u32 entry, by both. Key 0 goes with every path.
 */

#include "base/buf.h"
#include "intel/db/file.h"

size_t path_find(const struct intel_db *db, const struct column *c, struct span path,
    struct intel_found *out, size_t hits);
/* The index of a column of paths. 0, -ENOMEM, -EBADMSG. */
FB_MUST int path_index(const struct intel_db *db, const struct column *c, struct buf *out);
/* Is it one? 0, -EBADMSG. */
FB_MUST int path_index_check(const struct column *c, struct span index);
