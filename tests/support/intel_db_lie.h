/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* intel_db_lie: makes the digests of a changed database file right again, for what lies behind them. */

#include "crypto/hash.h"
#include "intel/db/format.h"

/* Where db_header_put puts what is needed here. */
#define LIE_CONTENT_AT (8 + 4 + 4 + 8 + 8)
#define LIE_SALT_AT (LIE_CONTENT_AT + 32)
#define LIE_PLACES_AT (LIE_SALT_AT + 16 + 8 + DB_SIDES * 36 + DB_SIDES * DB_TYPES * 12)
#define LIE_PLACE 48

static inline void relabel_sections(uint8_t *p, size_t n)
{
	struct span part[DB_HOT];
	uint8_t content[32];

	for (unsigned s = 0; s < DB_SECTIONS && n >= DB_HEADER; s++) {
		uint8_t *place = p + LIE_PLACES_AT + LIE_PLACE * s;
		uint64_t off, len;
		memcpy(&off, place, 8);
		memcpy(&len, place + 8, 8);
		struct digest d = sha256_of(span_cut(span_of(p, n), off < n ? off : n, len));
		memcpy(place + 16, d.b, 32);
		if (s < DB_HOT)
			part[s] = span_of(place + 16, 32);
	}
	if (n < DB_HEADER)
		return;
	sha256_parts(part, DB_HOT, content);
	memcpy(p + LIE_CONTENT_AT, content, 32);
	db_salt(content, p + LIE_SALT_AT);
}

static inline void relabel_header(uint8_t *p, size_t n)
{
	if (n < DB_HEADER)
		return;
	struct digest d = sha256_of(span_of(p, DB_HEADER - 32));
	memcpy(p + DB_HEADER - 32, d.b, 32);
}

static inline void relabel(uint8_t *p, size_t n)
{
	relabel_sections(p, n);
	relabel_header(p, n);
}
