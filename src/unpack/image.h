/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * image: disk images: partitions (MBR, GPT) and file systems (ext2 to 4, FAT, exFAT, NTFS, HFS+, ISO
 * 9660) through libtsk, in the sandboxed worker. Private to unpack/.
 *
 * What is allocated is given, in partition N below "pN/"; nothing deleted, no journal, no slack. NTFS
 * streams besides the main one are "FILE:STREAM". What cannot be read, a directory or a file, makes the
 * image CLOSED behind everything that can. Image formats of virtual machines, other file systems and
 * encrypted volumes are CLOSED with their name as the reason.
 */

#include "unpack/backend.h"
#include "wire/disk.h"

#define IMAGE_DEPTH_MAX 64
#define IMAGE_PARTS_MAX 128

/* In the parent: what the file is; DISK_NONE: no image, or it cannot be read. */
enum disk_kind image_probe(int fd, uint64_t size);
/* Likewise, before the fork, if it is one that is open: loads the library. Where that is not installed
 * the image is CLOSED. */
void image_prepare(enum disk_kind k);

/* Not in the table: it is run when the caller asks for it (unpack_opts.image). */
extern const struct unpack_backend unpack_backend_image;
