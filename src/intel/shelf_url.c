/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/shelf.h"
#include "intel/url.h"

size_t shelf_url(const struct shelf *s, enum indicator_side side, const char *url, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 10);
	struct shelf_hit hit[SHELF_HITS_MAX];
	struct url_part part[URL_PARTS_MAX];
	size_t parts = url_parts(url, &a, part), n = 0;

	for (size_t i = 0; i < parts; i++) {
		if (part[i].type == INDICATOR_URL_PATH && !shelf_has(s, side, INDICATOR_URL_PATH))
			continue;
		size_t more = shelf_value(s, side, part[i].type, part[i].value, at, hit);
		if (more > SHELF_HITS_MAX - n)
			more = SHELF_HITS_MAX - n;
		memcpy(out + n, hit, more * sizeof(*out));
		n += more;
	}
	return n;
}
