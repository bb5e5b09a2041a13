/* SPDX-License-Identifier: Apache-2.0 */

#define ARCHIVE_LIB_PLAIN_NAMES
#include "unpack/archive_lib.h"

#include "base/dlib.h"

struct archive_lib archive_lib;

int archive_lib_load(struct fault *f)
{
#define SYMBOL(name) { #name, &archive_lib.name##_ },
	const struct dlib_symbol want[] = { ARCHIVE_LIB(SYMBOL) };
#undef SYMBOL

	return archive_lib.archive_read_new_ ?
		   0 :
		   dlib_load("libarchive.so.13", "libarchive13", want, ARRAY_LEN(want), f);
}
