/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* image_lib: libtsk (The Sleuth Kit), loaded when a disk image is read: it drags in libcurl, libewf and
 * libstdc++. Private to unpack/image*.c. */

#include "base/fault.h"
#include "base/util.h"

#include <tsk/libtsk.h>

#define IMAGE_LIB(X)                                                                               \
	X(tsk_error_get)                                                                           \
	X(tsk_error_reset)                                                                         \
	X(tsk_fs_attr_read)                                                                        \
	X(tsk_fs_close)                                                                            \
	X(tsk_fs_dir_close)                                                                        \
	X(tsk_fs_dir_get)                                                                          \
	X(tsk_fs_dir_getsize)                                                                      \
	X(tsk_fs_dir_open_meta)                                                                    \
	X(tsk_fs_file_attr_get_idx)                                                                \
	X(tsk_fs_file_attr_getsize)                                                                \
	X(tsk_fs_file_close)                                                                       \
	X(tsk_fs_file_read)                                                                        \
	X(tsk_fs_open_img)                                                                         \
	X(tsk_img_open_external)                                                                   \
	X(tsk_vs_open)                                                                             \
	X(tsk_vs_part_get)

struct image_lib {
#define SLOT(name) __typeof__(&name) name##_;
	IMAGE_LIB(SLOT)
#undef SLOT
};
extern struct image_lib image_lib;
