/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* watch_answer: what a DNS record says, as one JSON value: an address, a name, or text in the form
 * of Zeek's dns.log; of types that have none there, and of data that does not fit its type, "TYPE
 * 12 bytes". Private to the watch_ files. */

#include "cli/watch_line.h"
#include "wire/dns_message.h"

void watch_answer(struct line *l, const struct dns_rr *rr);
