/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator_text: what people and mail gateways do to an indicator so that nobody clicks it, undone.
 * Private to model/indicator*.c. In place, on NUL-terminated UTF-8; nothing gets longer.
 */

#include "base/span.h"

/* What is no part of any value and comes with copied text: white space of Unicode at the ends. */
struct span text_trim(struct span s);

/*
 * In the part that names a host (up to the first single slash): full-width ASCII and ideographic
 * dots become ASCII, what IDNA ignores (soft hyphen, zero-width space, word joiner, BOM) goes away.
 */
void text_fold(char *s);

/*
 * hxxp, hxxps, h**p, meow, fxp; [.] (.) {.} [dot] (dot) " dot " [d] [. .] \.; [:] [://] [/] [at] [@].
 * Half marks and backslashes only in the part that names a host. Until nothing is left to undo.
 */
void text_refang(char *s);

/* Ends of what names a host: the first slash with no other slash beside it, or the end. */
size_t text_host_end(const char *s);

/* Takes head off the start, if it is there. */
bool text_drop(char *s, const char *head);

static inline bool is_ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool text_starts(const char *s, const char *head)
{
	while (*head && *s && ((*s ^ *head) == 0 || (is_ascii_letter(*s) && (*s ^ *head) == 0x20))) {
		s++;
		head++;
	}
	return !*head;
}

static inline bool is_hex_digit(char c)
{
	return is_ascii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline void text_lower(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] |= 0x20;
}
