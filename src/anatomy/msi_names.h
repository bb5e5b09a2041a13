/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * msi_names: do the streams of an MSI and its database speak of each other? Private to anatomy/.
 *
 * A signature without MsiDigitalSignatureEx does not cover the names of streams, but what is in them:
 * the tables say which streams there are. A table's stream that _Tables does not list, a cabinet or
 * binary that a row names and that is not there: somebody renamed it. A stream that no row names is
 * told of, and fails where the signature does not cover names: it may have been a table, or
 * MsiDigitalSignatureEx itself, renamed to take it away.
 */

#include "anatomy/anatomy_format.h"
#include "wire/cfb.h"

/* Adds "msi.database", "msi.stream-…" reasons. 0, -ENOMEM, what reading gave. */
FB_MUST int msi_judge_names(struct anatomy *a, const struct cfb *c, struct arena *arena,
    bool is_signed);
