/* SPDX-License-Identifier: Apache-2.0 */

#include "base/fault.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <errno.h>

int fault_set(struct fault *f, int rc, const char *fmt, ...)
{
	va_list ap;

	if (!f)
		return rc;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return rc;
}

int fault_wrap(struct fault *f, int rc, const char *fmt, ...)
{
	va_list ap;
	char old[FAULT_MAX];

	if (!f)
		return rc;
	memcpy(old, f->text, sizeof(old));
	va_start(ap, fmt);
	int n = vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	if (old[0] && n >= 0 && (size_t)n + 3 < sizeof(f->text))
		snprintf(f->text + n, sizeof(f->text) - (size_t)n, ": %s", old);
	return rc;
}

/* Format and bidi controls that change how a line reads on a terminal. */
static bool is_trick(uint32_t c)
{
	return c == 0xad || (c >= 0x80 && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* The character at the start of s: its length (0: malformed), and whether it prints as it is. */
static size_t next_plain(struct span s, bool *ret_plain)
{
	uint32_t c;
	size_t k = utf8_next(s, &c);

	*ret_plain = k && c >= 0x20 && c != 0x7f && c != '\\' && !is_trick(c);
	return k;
}

bool quote_plain(struct span s)
{
	for (size_t i = 0; i < s.n;) {
		bool plain;
		size_t k = next_plain(span_from(s, i), &plain);
		if (!plain && s.p[i] != '\\')
			return false;
		i += k;
	}
	return true;
}

char *quote(struct span s, char out[static QUOTE_MAX + 8])
{
	size_t n = 0, i = 0;

	while (i < s.n) {
		bool plain;
		size_t k = next_plain(span_from(s, i), &plain);
		size_t step = k ? k : 1;
		if (n + (plain ? k : 4 * step) > QUOTE_MAX) {
			memcpy(out + n, "\xe2\x80\xa6", 3);
			n += 3;
			break;
		}
		if (plain) {
			memcpy(out + n, s.p + i, k);
			n += k;
		} else {
			for (size_t j = 0; j < step; j++)
				n += (size_t)snprintf(out + n, 5, "\\x%02x", s.p[i + j]);
		}
		i += step;
	}
	out[n] = 0;
	return out;
}

void fd_close_p(int *fd)
{
	if (*fd >= 0) {
		int e = errno;
		close(*fd);
		errno = e;
	}
}

void free_p(void *pp)
{
	free(*(void **)pp);
}

void fb_assert_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "firebreak: bug: %s at %s:%d\n", what, file, line);
	abort();
}
