/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * zip_check: do the parts of a zip file tell the same story? Private to this room, runs in the worker.
 *
 * Some unpackers go by the central directory and some by the headers in front of each entry, so a
 * file in which they differ is two archives in one. Refused: local name, method, CRC or sizes other
 * than the central ones; entries that overlap each other or the directory; bytes between them that
 * belong to no entry; an encrypted entry; an end record that does not fit the directory, or more
 * than one that does; another number of entries than libarchive saw. A prefix (a self-extracting
 * program) is allowed. PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4.
 *
 * Memory: 16 bytes an entry and two blocks.
 */

#include "unpack/worker.h"

/* 0, UNPACK_REFUSED or UNPACK_DAMAGED (unpack_stop), -errno. */
FB_MUST int unpack_zip_check(struct unpack_work *w, uint64_t entries);
