/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* addr: an IP address, perhaps with a port. */

#include "base/span.h"

struct sense_addr {
	uint8_t family; /* 4, 6, or 0 for none */
	uint8_t b[16];	/* network order; the first 4 for IPv4, the rest 0 */
	uint16_t port;
};

/* From 4 or 16 bytes as they stand in packets; none from any other number. */
static inline struct sense_addr sense_addr_of(struct span s)
{
	struct sense_addr a = { .family = s.n == 4 ? 4 : s.n == 16 ? 6 : 0 };

	if (a.family)
		memcpy(a.b, s.p, s.n);
	return a;
}

#define SENSE_ADDR_TEXT_MAX 64
/* "192.0.2.1" or "2001:db8::1" (RFC 5952), without the port; "" for none. Returns out. */
char *sense_addr_text(const struct sense_addr *a, char out[static SENSE_ADDR_TEXT_MAX]);
