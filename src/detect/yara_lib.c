/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_lib.h"

#include "base/dlib.h"

#include <errno.h>

/* Of each match libyara would keep a copy, and the next match behind it, aligned or not. Hits are told
 * by offset. */
#define MATCH_DATA 0u

struct yara_lib yara_lib;

int yara_lib_load(struct fault *f)
{
#define SYMBOL(name) { #name, &yara_lib.name },
	const struct dlib_symbol want[] = { YARA_LIB(SYMBOL) };
#undef SYMBOL
	static bool ready;
	uint32_t data = MATCH_DATA;

	if (ready)
		return 0;
	int rc = dlib_load("libyara.so.9", "libyara9", want, ARRAY_LEN(want), f);
	if (rc < 0)
		return rc;
	if (yara_lib.yr_initialize() != ERROR_SUCCESS ||
	    yara_lib.yr_set_configuration(YR_CONFIG_MAX_MATCH_DATA, &data) != ERROR_SUCCESS)
		return fault_set(f, -ENOTSUP, "libyara.so.9 cannot be used");
	ready = true;
	return 0;
}
