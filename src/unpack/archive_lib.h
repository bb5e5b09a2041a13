/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * archive_lib: libarchive, loaded when an archive is read (base/dlib.h says why): it drags in libxml2,
 * ICU and libstdc++. Included behind <archive.h> and <archive_entry.h>; its functions are then called
 * by their own names. Private to unpack/.
 */

#include "base/fault.h"
#include "base/util.h"

#include <archive.h>
#include <archive_entry.h>

/* Before the worker is confined. 0; -ENOTSUP with fault. */
FB_MUST int archive_lib_load(struct fault *f);

/* What is called of it, in the alphabet's order. */
#define ARCHIVE_LIB(X)                                                                             \
	X(archive_entry_acl_to_text)                                                  \
	X(archive_entry_acl_types)                                                    \
	X(archive_entry_fflags_text)                                                  \
	X(archive_entry_filetype)                                                     \
	X(archive_entry_gid)                                                          \
	X(archive_entry_hardlink)                                                     \
	X(archive_entry_is_encrypted)                                                 \
	X(archive_entry_pathname)                                                     \
	X(archive_entry_perm)                                                         \
	X(archive_entry_rdev)                                                         \
	X(archive_entry_size)                                                         \
	X(archive_entry_size_is_set)                                                  \
	X(archive_entry_symlink)                                                      \
	X(archive_entry_uid)                                                          \
	X(archive_entry_xattr_next)                                                   \
	X(archive_entry_xattr_reset)                                                  \
	X(archive_errno)                                                              \
	X(archive_error_string)                                                       \
	X(archive_filter_bytes)                                                       \
	X(archive_filter_code)                                                        \
	X(archive_filter_count)                                                       \
	X(archive_filter_name)                                                        \
	X(archive_format)                                                             \
	X(archive_format_name)                                                        \
	X(archive_read_data_block)                                                    \
	X(archive_read_has_encrypted_entries)                                         \
	X(archive_read_header_position)                                               \
	X(archive_read_new)                                                           \
	X(archive_read_next_header)                                                   \
	X(archive_read_open)                                                          \
	X(archive_read_open1)                                                         \
	X(archive_read_set_callback_data)                                             \
	X(archive_read_set_format_option)                                             \
	X(archive_read_set_read_callback)                                             \
	X(archive_read_set_seek_callback)                                             \
	X(archive_read_set_skip_callback)                                             \
	X(archive_read_support_filter_bzip2)                                          \
	X(archive_read_support_filter_compress)                                       \
	X(archive_read_support_filter_gzip)                                           \
	X(archive_read_support_filter_lz4)                                            \
	X(archive_read_support_filter_lzma)                                           \
	X(archive_read_support_filter_rpm)                                            \
	X(archive_read_support_filter_xz)                                             \
	X(archive_read_support_filter_zstd)                                           \
	X(archive_read_support_format_7zip)                                           \
	X(archive_read_support_format_ar)                                             \
	X(archive_read_support_format_cab)                                            \
	X(archive_read_support_format_cpio)                                           \
	X(archive_read_support_format_raw)                                            \
	X(archive_read_support_format_tar)                                            \
	X(archive_read_support_format_zip_seekable)                                   \
	X(archive_set_error)

#define ARCHIVE_LIB_SLOT(name) __typeof__(&(name)) name##_;
extern struct archive_lib {
	ARCHIVE_LIB(ARCHIVE_LIB_SLOT)
} archive_lib;
#undef ARCHIVE_LIB_SLOT

#ifndef ARCHIVE_LIB_PLAIN_NAMES
#define archive_entry_acl_to_text archive_lib.archive_entry_acl_to_text_
#define archive_entry_acl_types archive_lib.archive_entry_acl_types_
#define archive_entry_fflags_text archive_lib.archive_entry_fflags_text_
#define archive_entry_filetype archive_lib.archive_entry_filetype_
#define archive_entry_gid archive_lib.archive_entry_gid_
#define archive_entry_hardlink archive_lib.archive_entry_hardlink_
#define archive_entry_is_encrypted archive_lib.archive_entry_is_encrypted_
#define archive_entry_pathname archive_lib.archive_entry_pathname_
#define archive_entry_perm archive_lib.archive_entry_perm_
#define archive_entry_rdev archive_lib.archive_entry_rdev_
#define archive_entry_size archive_lib.archive_entry_size_
#define archive_entry_size_is_set archive_lib.archive_entry_size_is_set_
#define archive_entry_symlink archive_lib.archive_entry_symlink_
#define archive_entry_uid archive_lib.archive_entry_uid_
#define archive_entry_xattr_next archive_lib.archive_entry_xattr_next_
#define archive_entry_xattr_reset archive_lib.archive_entry_xattr_reset_
#define archive_errno archive_lib.archive_errno_
#define archive_error_string archive_lib.archive_error_string_
#define archive_filter_bytes archive_lib.archive_filter_bytes_
#define archive_filter_code archive_lib.archive_filter_code_
#define archive_filter_count archive_lib.archive_filter_count_
#define archive_filter_name archive_lib.archive_filter_name_
#define archive_format archive_lib.archive_format_
#define archive_format_name archive_lib.archive_format_name_
#define archive_read_data_block archive_lib.archive_read_data_block_
#define archive_read_has_encrypted_entries archive_lib.archive_read_has_encrypted_entries_
#define archive_read_header_position archive_lib.archive_read_header_position_
#define archive_read_new archive_lib.archive_read_new_
#define archive_read_next_header archive_lib.archive_read_next_header_
#define archive_read_open archive_lib.archive_read_open_
#define archive_read_open1 archive_lib.archive_read_open1_
#define archive_read_set_callback_data archive_lib.archive_read_set_callback_data_
#define archive_read_set_format_option archive_lib.archive_read_set_format_option_
#define archive_read_set_read_callback archive_lib.archive_read_set_read_callback_
#define archive_read_set_seek_callback archive_lib.archive_read_set_seek_callback_
#define archive_read_set_skip_callback archive_lib.archive_read_set_skip_callback_
#define archive_read_support_filter_bzip2 archive_lib.archive_read_support_filter_bzip2_
#define archive_read_support_filter_compress archive_lib.archive_read_support_filter_compress_
#define archive_read_support_filter_gzip archive_lib.archive_read_support_filter_gzip_
#define archive_read_support_filter_lz4 archive_lib.archive_read_support_filter_lz4_
#define archive_read_support_filter_lzma archive_lib.archive_read_support_filter_lzma_
#define archive_read_support_filter_rpm archive_lib.archive_read_support_filter_rpm_
#define archive_read_support_filter_xz archive_lib.archive_read_support_filter_xz_
#define archive_read_support_filter_zstd archive_lib.archive_read_support_filter_zstd_
#define archive_read_support_format_7zip archive_lib.archive_read_support_format_7zip_
#define archive_read_support_format_ar archive_lib.archive_read_support_format_ar_
#define archive_read_support_format_cab archive_lib.archive_read_support_format_cab_
#define archive_read_support_format_cpio archive_lib.archive_read_support_format_cpio_
#define archive_read_support_format_raw archive_lib.archive_read_support_format_raw_
#define archive_read_support_format_tar archive_lib.archive_read_support_format_tar_
#define archive_read_support_format_zip_seekable archive_lib.archive_read_support_format_zip_seekable_
#define archive_set_error archive_lib.archive_set_error_
#endif
