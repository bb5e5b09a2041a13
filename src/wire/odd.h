/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * odd: one kind of oddity in the layout of a file: how often, how many bytes, and where the first few
 * are. A parser has an array of them, by kind; what they mean is the caller's matter.
 */

#include <stdint.h>

#define ODD_EACH 4 /* places that are kept; all are counted */
#define ODD_NO_ITEM UINT32_MAX

struct odd {
	uint32_t count;
	uint64_t bytes;
	struct odd_place {
		uint64_t off, len; /* in the file */
		uint32_t item;	   /* of the parser: an entry, a folder; ODD_NO_ITEM */
	} at[ODD_EACH];
};

static inline void odd_add(struct odd *o, uint64_t off, uint64_t len, uint32_t item)
{
	if (o->count < ODD_EACH)
		o->at[o->count] = (struct odd_place){ off, len, item };
	o->count++;
	o->bytes += len;
}
