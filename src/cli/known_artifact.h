/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* known_artifact: what is in an artifact (or a directory), as records of a list. */

#include "model/known.h"

/*
 * Takes it apart to its last component (anatomy/tree.h) and adds SHA-256 and SHA-1 of each file
 * under its path inside the artifact. Sets list->info.source: the artifact's SHA-256; for a
 * directory, that of the sorted list of its files. 0; -EBADMSG when it cannot be taken apart whole:
 * what is known must be all of it.
 */
FB_MUST int known_artifact(struct known_list *l, const char *path, struct span version,
    uint64_t *ret_bytes, uint64_t *ret_records, struct fault *f);
