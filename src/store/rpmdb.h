/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rpmdb: the package headers of an rpm database (rpmdb.sqlite, rpm 4.16 and later). Here because it is
 * SQLite; what the headers say is wire/rpm.h's.
 *
 * The file is an outside one: it is opened read-only and immutable (nothing is created beside it, no
 * lock is taken), its schema is not trusted, rows over RPMDB_ROW_MAX are an error. What a writer left
 * in a write-ahead log beside it is not seen: the caller looks whether there is one.
 */

#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

#define RPMDB_ROW_MAX (64u << 20)

/*
 * Calls fn with each header as it is stored. fd stays the caller's. 0; -EBADMSG (not such a database,
 * damaged; with fault), -ENOMEM, -errno; what fn returned when that was negative.
 */
FB_MUST int rpmdb_each(
    int fd, int (*fn)(void *ctx, struct span header, struct fault *f), void *ctx, struct fault *f);
