/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator_idn: internationalised names. Private to model/indicator*.c.
 *
 * U-labels become A-labels by UTS 46, non-transitional (libidn2, loaded when the first such name
 * comes). A given A-label is on the wire as it is, even where IDNA 2008 would not allow it (emoji
 * names resolve), so it is only tested for being one: it decodes by RFC 3492, to more than ASCII,
 * and encodes back to the same. That needs no library.
 */

#include <stdbool.h>
#include <stddef.h>

/* A whole name with at least one character that is not ASCII, in place: NULL and s is ASCII of at
 * most cap - 1 bytes, or the reason why not. */
const char *idn_to_ascii(char *s, size_t cap);

/* label (n bytes, lower case) starts with "xn--": is what follows Punycode of a label? */
bool idn_is_a_label(const char *label, size_t n);
