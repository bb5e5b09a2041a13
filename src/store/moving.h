/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * moving: the indicators that a state of schema 3 held in a table. Schema 4 keeps the table, under
 * another name, until intel/shelf_migrate.h has made a compiled database of its rows.
 */

#include "model/indicator.h"
#include "store/store.h"

/* Are there rows to be moved? *ret_n, 0 when the table is not there (any more). */
FB_MUST int moving_count(struct store *s, uint64_t *ret_n, struct fault *f);
/* Every row; texts are valid during the call. A non-zero return of cb ends it and is returned. */
FB_MUST int moving_each(struct store *s, int (*cb)(void *ctx, const struct indicator *i), void *ctx,
    struct fault *f);
/* Drops the table, inside a transaction. */
FB_MUST int moving_done(struct store *s, struct fault *f);
