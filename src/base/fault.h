/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fault: what went wrong, for a person: one line with what, where (file, offset or line, field)
 * and what to do. It travels beside the return code, never instead of it.
 *
 * Guarantees: fixed size, no allocation; bytes from outside are escaped (fault_quote) so that the
 * line is always printable ASCII/UTF-8 without control characters. A line that does not fit is cut
 * between characters and ends in "…". Arguments may point into f.
 */

#include "base/span.h"
#include "base/util.h"

#include <stdarg.h>

#define FAULT_MAX 640

struct fault {
	char text[FAULT_MAX]; /* "" = nothing said */
};

#define FAULT_INIT ((struct fault){ { 0 } })

/* Writes the line (f may be NULL) and returns rc, so that "return fault_set(f, -EINVAL, …)". */
int fault_set(struct fault *f, int rc, const char *fmt, ...) FB_PRINTF(3, 4);
int fault_vset(struct fault *f, int rc, const char *fmt, va_list ap) FB_PRINTF(3, 0);
/* Puts "prefix: " in front of what is there; returns rc. */
int fault_wrap(struct fault *f, int rc, const char *fmt, ...) FB_PRINTF(3, 4);

#define QUOTE_MAX 200
/*
 * s made safe to print: control bytes, DEL, bytes that are not UTF-8, backslash and Unicode's bidi
 * and invisible format characters become \xNN; cut at about QUOTE_MAX with "…". Returns out.
 */
char *quote(struct span s, char out[static QUOTE_MAX + 8]);
/* Is s text that needs no escaping but for backslashes: UTF-8, no control or bidi characters? */
bool quote_plain(struct span s);
#define QUOTE(s) quote((s), (char[QUOTE_MAX + 8]){ 0 })
