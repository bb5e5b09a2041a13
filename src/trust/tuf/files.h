/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * files: a directory as the store of a client, and a directory as a repository (a copy of one, for
 * machines without a network): bodies for the functions of struct tuf_io.
 *
 * Guarantees: nothing outside the directory is opened, no symlink is followed; a file is replaced
 * atomically and synced (base/file.h).
 */

#include "trust/tuf/client.h"

FB_MUST int tuf_files_load(int dirfd, const char *name, size_t max, struct buf *out,
    struct fault *f);
FB_MUST int tuf_files_keep(int dirfd, const char *name, struct span bytes, struct fault *f);
FB_MUST int tuf_files_drop(int dirfd, const char *name, struct fault *f);
/* name is a URL path: tried as it is, then with its %XX decoded. */
FB_MUST int tuf_files_fetch(int dirfd, const char *name, size_t max, struct buf *out,
    struct fault *f);
