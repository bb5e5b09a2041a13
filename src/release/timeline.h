/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * timeline: one ledger entry of a channel as one line for people. It only words what is there; it
 * judges nothing, and copes with entries that the fold would refuse.
 */

#include "release/release.h"

/* In the arena; NULL when that is full. Text from the entry is escaped. */
const char *timeline_line(const struct ledger_entry *e, struct arena *a);
