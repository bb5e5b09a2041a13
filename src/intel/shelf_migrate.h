/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shelf_migrate: the indicators that a state of schema 3 held in a table become claims of the
 * shelf; the table goes in the same transaction, so that at any moment exactly one of both has them.
 */

#include "base/clock.h"
#include "store/store.h"

struct shelf_migrate_opts {
	ts now;
	bool clock_injected;
	const char *actor;
};

/* *ret_n claims were moved; 0: there was nothing to move. Not inside a transaction. */
FB_MUST int shelf_migrate(struct store *s, const struct shelf_migrate_opts *o, uint64_t *ret_n,
    struct fault *f);
