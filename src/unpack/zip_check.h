/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * zip_check: do the parts of a zip file tell the same story? Private to this room, runs in the worker.
 *
 * Some unpackers go by the central directory and some by the headers in front of each entry, so a
 * file in which they differ is two archives in one. Refused: local name, method, flags, CRC or sizes
 * other than the central ones; an encrypted entry; entries that overlap each other or the directory;
 * bytes that belong to nothing, in front of the first entry (a self-extracting program), between
 * entries or behind the last (but for an APK signing block); an end record that does not fit the
 * directory, or a second one; another number of entries than libarchive saw. PKWARE APPNOTE 6.3.10,
 * sections 4.3 to 4.5.
 *
 * Memory: the central directory (ZIP_DIRECTORY_MAX) and 16 bytes an entry.
 */

#include "unpack/worker.h"

#define ZIP_DIRECTORY_MAX (64u << 20)

/* 0, UNPACK_REFUSED or UNPACK_DAMAGED (unpack_stop), -errno. */
FB_MUST int unpack_zip_check(struct unpack_work *w, uint64_t entries);
