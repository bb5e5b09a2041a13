/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * url: what of an observed URL can be an indicator.
 *
 *   itself; itself without query and fragment
 *   its path on any host (url-path): with the query, with the query's values taken out ("/x?id="),
 *     without the query, its folder, and its last segment alone. Trails name all of these
 *   its host: a name (and its parents), or an address and, if the scheme or the URL says it, a port
 *
 * Guarantees: no I/O; memory from the arena; every value is normalised, and none is there twice.
 */

#include "model/indicator.h"

#define URL_PARTS_MAX 8

struct url_part {
	enum indicator_type type;
	const char *value;
};

/* url is a normalised INDICATOR_URL. The most specific first. Returns the count; 0 also when the
 * arena is full. */
size_t url_parts(const char *url, struct arena *a, struct url_part out[static URL_PARTS_MAX]);
