/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * text_run: the printable texts in bytes, as strings(1) sees them: runs of at least TEXT_RUN_MIN
 * characters 0x20 … 0x7e, one byte each, or two (UTF-16LE, at either alignment).
 *
 * Guarantees: pure, linear; 64 bytes are looked at at once, with plain 64-bit arithmetic.
 */

#include "base/span.h"

#define TEXT_RUN_MIN 6

struct text_runs {
	struct span s;
	bool wide;
	size_t at; /* everything in front of it is done */
};

static inline struct text_runs text_runs_of(struct span s, bool wide)
{
	return (struct text_runs){ s, wide, 0 };
}

/* The next run, borrowed: of a wide one both bytes of each character. False at the end. */
bool text_runs_next(struct text_runs *it, struct span *ret_run);
