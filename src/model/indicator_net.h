/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator_net: the network half of indicator_normalise: names, addresses, URLs, e-mail. Private
 * to model/indicator*.c.
 *
 * Each function works in place on a NUL-terminated, printable, refanged text and returns NULL when
 * it is good and normalised, or the reason (static text) why it is not.
 */

#include "model/indicator.h"

/* Room of the text: normalising may percent-encode a path and write a host in A-labels. */
#define NET_TEXT_MAX (3 * INDICATOR_VALUE_MAX + 512)

/* benign: single labels and networks of any size are fine: lists of them say what is ordinary. */
const char *net_domain(char *s, bool benign);
/* IPV4, IPV6 or IP_PORT; *type is set to what it is. */
const char *net_address(char *s, enum indicator_type *type, bool benign);
const char *net_url(char *s);
const char *net_url_path(char *s, bool benign);
const char *net_email(char *s);

/*
 * The common case, without a copy: is s a normalised IPv4 address (with a port: IP_PORT), or domain,
 * that normalising would take as it is? NONE or false: perhaps. *ret_last is where the last label
 * starts.
 */
enum indicator_type net_plain_ipv4(struct span s);
bool net_is_plain_domain(struct span s, size_t *ret_last);
