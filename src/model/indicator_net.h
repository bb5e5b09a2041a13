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

/* Room of the text: normalising may make an address or a URL a few bytes longer. */
#define NET_TEXT_MAX (INDICATOR_VALUE_MAX + 64)

const char *net_domain(char *s);
/* IPV4, IPV6 or IP_PORT; *type is set to what it is. */
const char *net_address(char *s, enum indicator_type *type);
const char *net_url(char *s);
const char *net_email(char *s);
