/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dictionary: how much memory does what a file is compressed with want? Private to this room, runs in
 * the parent, on a few bytes of the file.
 *
 * xz, lzma and zstd keep the last part of their output, up to the size that the start of the stream
 * names (xz format 1.2.1, section 5.3.1; RFC 8878, section 3.1.1.1). Told is the largest of the file
 * itself, of the members of an ar (deb), and of an rpm's payload.
 */

#include "base/util.h"

#include <stdint.h>

/* 0 when none is named there, or the file cannot be read. */
uint64_t dictionary_of(int fd, uint64_t file_size);
