/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * poison: bad claims that would be hits everywhere, known without any list. What is worse (digests of
 * empty files, 0.0.0.0/0, "com", loopback) indicator_normalise refuses. Here is what is stored but
 * held (weigh.h): it may be meant, but not as evidence.
 *
 *   addresses  private use (RFC 1918, 6598, 4193), link-local (3927, 4291), multicast, class E: the
 *              address of somebody else's network is another machine here
 *   names      of special use (RFC 6761, 6762, 7686 is not among them): localhost, local, internal,
 *              arpa, invalid, home, corp, lan; example.com, example.net, example.org themselves (names
 *              below them, example and test are documentation, harmless, and are left alone)
 *   suffixes   co.uk, com.br and their like: two labels, a country and one of com, co, net …
 *
 * Pure.
 */

#include "model/indicator.h"

enum poison {
	POISON_NONE = 0,
	POISON_PRIVATE, /* an address of private use: held in a feed, but one's own case may mean it */
	POISON_HELD,
};

/* Is a bad claim on a normalised value one to hold? *ret_why: static text; NULL for NONE. */
enum poison poison_of(enum indicator_type t, const char *value, const char **ret_why);

/* The host of a URL or e-mail address, as part of value: a name, an address, "[2001:db8::1]". */
struct span poison_host(enum indicator_type t, const char *value);

/*
 * The longest hosting name that is name or a parent of it, as part of name: "github.io" of
 * "a.b.github.io"; SPAN_NONE. A short list of well-known names; the benign lists know thousands more.
 */
struct span poison_hosting(struct span name);
