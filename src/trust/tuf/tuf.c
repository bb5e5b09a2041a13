/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/tuf/tuf.h"

const char *tuf_result_name(int r)
{
	static const char *const names[] = {
		[TUF_OK] = "ok",
		[TUF_SAME] = "same",
		[TUF_MALFORMED] = "malformed",
		[TUF_UNSIGNED] = "unsigned",
		[TUF_ROLLBACK] = "rollback",
		[TUF_EXPIRED] = "expired",
		[TUF_MISMATCH] = "mismatch",
		[TUF_OVERSIZE] = "oversize",
		[TUF_UNLISTED] = "unlisted",
		[TUF_MISSING] = "missing",
		[TUF_NO_TARGET] = "no-target",
		[TUF_IO] = "io",
	};

	return r >= 0 && r < TUF_RESULTS ? names[r] : "io";
}

int tuf_say(struct tuf_report *w, int r, const char *step, const char *fmt, ...)
{
	va_list ap;

	w->step = step;
	va_start(ap, fmt);
	fault_vset(&w->f, r, fmt, ap);
	va_end(ap);
	return r;
}
