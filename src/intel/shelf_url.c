/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/shelf.h"
#include "intel/url.h"

/* Parts may find the same: a folder, with the query and without. */
static bool is_there(const struct shelf_hit *out, size_t n, const struct shelf_hit *h)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].entry == h->entry && out[i].over == h->over)
			return true;
	return false;
}

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
		for (size_t k = 0; k < more && n < SHELF_HITS_MAX; k++)
			if (!is_there(out, n, &hit[k]))
				out[n++] = hit[k];
	}
	return n;
}
