/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* dns_priv: what the files of dns_message.h share. */

#include "wire/dns_message.h"

/* Where reading is. Everything that is wanted stays on the stack; offsets are of the message. */
struct dns_parse {
	const uint8_t *p;
	size_t n, off;
	struct dns_room *room;
	struct dns_message *m;
	uint32_t skip; /* records of this one that the part before gave */
	uint32_t gave; /* records of this one so far */
	bool full;
};

static inline uint16_t dns_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t dns_be32(const uint8_t *p)
{
	return (uint32_t)dns_be16(p) << 16 | dns_be16(p + 2);
}

static inline void dns_wrong(struct dns_parse *ps, int err)
{
	if (!ps->m->err)
		ps->m->err = err;
}

/* Reads the name at ps->off, which ends before end, and moves behind it, that is behind its first
 * pointer. There is room for it. */
FB_MUST int dns_read_name(struct dns_parse *ps, size_t end, struct span *ret_name, uint8_t *ret_suffix);

/* Reads the data of rr at ps->off, as its type says, and moves to end. *ret_second: the second name of
 * SOA, RP, MINFO. What does not fit is told by rr->bad. */
void dns_read_data(struct dns_parse *ps, size_t end, struct dns_rr *rr, struct span *ret_second);
