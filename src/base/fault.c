/* SPDX-License-Identifier: Apache-2.0 */

#include "base/fault.h"

#include "base/utf8.h"

#include <stdio.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* A text that was cut to fit ends in a whole character and "…". */
static void mark_cut(struct fault *f)
{
	size_t n = FAULT_MAX - 1 - strlen(ELLIPSIS);

	while (n && (f->text[n] & 0xc0) == 0x80)
		n--;
	memcpy(f->text + n, ELLIPSIS, sizeof(ELLIPSIS));
}

int fault_vset(struct fault *f, int rc, const char *fmt, va_list ap)
{
	struct fault made; /* an argument may point into f */

	if (!f)
		return rc;
	int n = vsnprintf(made.text, sizeof(made.text), fmt, ap);
	if (n < 0)
		made.text[0] = 0;
	if (n >= FAULT_MAX)
		mark_cut(&made);
	*f = made;
	return rc;
}

int fault_set(struct fault *f, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_vset(f, rc, fmt, ap);
	va_end(ap);
	return rc;
}

int fault_wrap(struct fault *f, int rc, const char *fmt, ...)
{
	struct fault head;
	va_list ap;

	if (!f)
		return rc;
	va_start(ap, fmt);
	fault_vset(&head, 0, fmt, ap);
	va_end(ap);
	if (!f->text[0])
		*f = head;
	else
		fault_set(f, 0, "%s: %s", head.text, f->text);
	return rc;
}

/* Format and bidi controls, and invisible ones, that change how a line reads on a terminal. */
static bool is_trick(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} t[] = { { 0x80, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (c >= t[i].from && c <= t[i].to)
			return true;
	return false;
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
			memcpy(out + n, ELLIPSIS, 3);
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
