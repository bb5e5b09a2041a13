/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* diff_calls: what a program can do, by what it imports. Private to diff. Pure. */

#include "anatomy/diff/priv.h"

enum call_kind {
	CALL_NONE = 0,
	CALL_MEMORY,
	CALL_INJECT,
	CALL_THREAD,
	CALL_LOAD,
	CALL_PROCESS,
	CALL_NET,
	CALL_CRYPTO,
	CALL_PERSIST,
	CALL_SPY,
	CALL_KINDS,
};

/* import as binary.h has it: "KERNEL32.dll!LoadLibraryW", "dlopen@GLIBC_2.34", "_popen". */
enum call_kind call_kind_of(const char *import);
struct span call_name(const char *import); /* "LoadLibraryW": part of import */
const char *call_what(enum call_kind k);   /* "load libraries by name" */
unsigned call_weight(enum call_kind k);
unsigned call_sign(enum call_kind k);
