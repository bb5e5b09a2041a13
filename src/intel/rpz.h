/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rpz: zones in master file form (RFC 1035 section 5), record by record, as response policy zones
 * have them. Private to rpz.c and rpz_zone.c.
 *
 * Guarantees: no allocation, no I/O; linear time.
 */

#include "base/span.h"
#include "base/util.h"

#define ZONE_TOKENS_MAX 64
#define ZONE_NAME_MAX 1024 /* bytes of a name as it is written */

struct zone_record {
	uint64_t line;
	bool has_owner; /* token 0 is the owner; else it is the last record's */
	struct span token[ZONE_TOKENS_MAX];
	size_t n; /* tokens beyond the room are left out */
};

struct zone {
	struct span rest;
	uint64_t line; /* of rest, from 1 */
	const char *err; /* what is wrong with the text; the line is where */
};

void zone_open(struct zone *z, struct span text);
/* The next record or directive; false at the end, and with z->err at an error. */
bool zone_next(struct zone *z, struct zone_record *ret);
