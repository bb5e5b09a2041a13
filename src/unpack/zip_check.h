/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * zip_check: do the parts of a zip file tell the same story? Private to this room, runs in the worker.
 *
 * Some unpackers go by the central directory and some by the headers in front of each entry, so a
 * file in which they differ is two archives in one. Refused: local name, method, flags, time, CRC or
 * sizes other than the central ones; entries that overlap each other or the directory; an end record
 * that does not fit the directory, or a second one. PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5.
 *
 * Told (unpack_note): bytes in front of the first entry (a self-extracting program: offsets may count
 * it or not), between entries, behind the end record; an APK signing block.
 *
 * Memory: the central directory (ZIP_DIRECTORY_MAX) and about 120 bytes an entry.
 */

#include "unpack/backend.h"

#define ZIP_DIRECTORY_MAX (64u << 20)

struct zip_entry {
	uint16_t flags, method;
	uint8_t host; /* that made it: what attributes mean */
	uint32_t attributes;
	uint32_t time; /* and date, as MS-DOS has them */
	uint32_t crc;
	uint64_t packed, size;
	uint64_t offset, data; /* in the file: of its header, of its bytes */
	struct span name;
};

#define ZIP_ENCRYPTED 0x0001u /* in flags */
#define ZIP_UTF8 0x0800u

struct zip_list {
	struct zip_entry *v; /* in the order of the directory */
	size_t n;
	uint8_t *bytes; /* that the names point into */
};

/* All that is said above, and the entries. Results as below. */
FB_MUST int unpack_zip_list(struct unpack_work *w, struct zip_list *ret_l);
void zip_list_free(struct zip_list *l);
/* 0 with the number of entries, UNPACK_REFUSED or UNPACK_DAMAGED (unpack_stop), -errno. */
FB_MUST int unpack_zip_check(struct unpack_work *w, uint64_t *ret_entries);
