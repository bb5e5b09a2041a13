/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tar_check: does a tar have headers by which some rename its entries? Private to this room, runs
 * in the worker.
 *
 * libarchive passes over global headers (typeflag g); GNU tar and Python apply them to every entry
 * that follows, so that a file is unpacked under another name than is listed here. Refused: a
 * global header with anything but a comment (git archive), times and owners, or a malformed one.
 * POSIX pax, "pax Header Block" and "pax Extended Header". Refused, too: an entry with two extended
 * headers of one kind, or a pax one beside GNU's long names (L, K): which counts is not agreed.
 *
 * The stream is read a second time, block by block, whoever a block belongs to: so a tar inside,
 * not compressed, that has such a header is refused, too. Done only where an entry had more than
 * one header.
 */

#include "unpack/worker.h"

#define TAR_GLOBAL_MAX (1u << 20) /* bytes of one global header */

/* 0, UNPACK_REFUSED or UNPACK_DAMAGED (unpack_stop), -errno. */
FB_MUST int unpack_tar_check(struct unpack_work *w);
