/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara_lib: libyara, loaded when rules are given (base/dlib.h says why). Its functions are called as
 * yara_lib.NAME. Private to detect/yara*.c.
 *
 * The headers of 4.2 describe structures that change between minor versions, so the soname that
 * belongs to them is the only one that is loaded.
 */

#include "base/fault.h"
#include "base/util.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include <yara.h>
#pragma GCC diagnostic pop

#if YR_MAJOR_VERSION != 4 || YR_MINOR_VERSION > 2
#error "libyara.so.9 is 4.0 to 4.2"
#endif

/* 0; -ENOTSUP with fault. */
FB_MUST int yara_lib_load(struct fault *f);

#define YARA_LIB(X)                                                                                \
	X(yr_compiler_add_string)                                                     \
	X(yr_compiler_create)                                                         \
	X(yr_compiler_define_string_variable)                                         \
	X(yr_compiler_destroy)                                                        \
	X(yr_compiler_get_rules)                                                      \
	X(yr_compiler_set_callback)                                                   \
	X(yr_compiler_set_include_callback)                                           \
	X(yr_initialize)                                                              \
	X(yr_rules_destroy)                                                           \
	X(yr_rules_load_stream)                                                       \
	X(yr_rules_save_stream)                                                       \
	X(yr_scanner_create)                                                          \
	X(yr_scanner_define_string_variable)                                          \
	X(yr_scanner_destroy)                                                         \
	X(yr_scanner_scan_mem)                                                        \
	X(yr_scanner_set_callback)                                                    \
	X(yr_scanner_set_flags)                                                       \
	X(yr_scanner_set_timeout)                                                     \
	X(yr_set_configuration)

#define MEMBER(name) __typeof__(&name) name;
struct yara_lib {
	YARA_LIB(MEMBER)
};
#undef MEMBER
extern struct yara_lib yara_lib;
