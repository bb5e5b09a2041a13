/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* known_rows: how a list of known files lies in its rows. Private to store/known_good*.c. */

#include "base/buf.h"
#include "crypto/hash.h"
#include "model/known.h"

/* The versions of one row: the first index, then the distances, as LEB128. */
void known_rows_put(struct buf *out, const uint32_t *v, uint32_t n);
/* At most max indexes, each below max and greater than the one before. -EUCLEAN. */
FB_MUST int known_rows_get(struct span blob, uint32_t *v, uint32_t max, uint32_t *ret_n);

/* Content digest, row by row: the number of versions and their names, entries by key, paths by base
 * name, path, key. Every text with its length in front. */
FB_MUST int known_rows_hash_text(struct hasher *h, struct span s);
FB_MUST int known_rows_hash_versions(struct hasher *h, const char *const *name, uint32_t n);
