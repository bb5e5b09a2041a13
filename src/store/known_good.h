/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * known_good: lists of files that somebody is known to have shipped (model/known.h), in the state
 * directory. A list has a name; putting it again replaces all of it, in the caller's transaction.
 *
 * Like indicators, lists are not the record: they come and go. Each import is in the record (kind
 * "known-good.import", with the digest of the file and of the list's content), so that
 * known_good_check can tell that the tables still hold what was imported.
 *
 * Guarantees: the same list gives the same rows, whatever was there before; a lookup is one search
 * by key and holds one row. Memory of an open source: names of lists and versions.
 *
 * Result codes: 0; KNOWN_GOOD_ABSENT; -errno from the store with its fault.
 */

#include "model/known.h"
#include "store/store.h"

enum known_good_result { KNOWN_GOOD_ABSENT = 1 };

/* SHA-256 over what is in a sealed list: entries, versions, paths; not its names. */
FB_MUST int known_good_content(const struct known_list *l, struct digest *ret_d);

/* Puts a sealed list, with its info but id, digests and paths, in place of the one of that name.
 * Inside a transaction of the caller (store_begin). */
FB_MUST int known_good_put(struct store *s, const struct known_list *l, struct fault *f);
/* 0 or KNOWN_GOOD_ABSENT. */
FB_MUST int known_good_remove(struct store *s, const char *name, struct fault *f);

/* All lists, in the order of their names. */
struct known_good;
FB_MUST int known_good_open(struct known_good **ret_k, struct store *s, struct fault *f);
struct known_good *known_good_close(struct known_good *k);
void known_good_close_p(struct known_good **k);
#define AUTO_KNOWN_GOOD FB_CLEANUP(known_good_close_p)
struct known_source known_good_source(struct known_good *k);
/* NULL: no list of that name. */
const struct known_info *known_good_info(const struct known_good *k, const char *name);
/* Reads all rows of a list again: 0, or -EUCLEAN when they are not what was imported. */
FB_MUST int known_good_check(struct known_good *k, const struct known_info *list, struct fault *f);
/* The whole list in memory, sealed; texts of its info are k's. *ret_l is to be freed in every case. */
FB_MUST int known_good_load(struct known_good *k, const struct known_info *list,
    struct known_list *ret_l, struct fault *f);
