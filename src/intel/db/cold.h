/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* cold, hot: the writers of a database file's two halves. Private to intel/db. */

#include "intel/db/file.h"
#include "intel/db/tuple.h"

struct cold {
	int fd;
	struct db_header h;
	struct section values, blocks, claims, lists;
	struct tuples tuples;
	uint64_t values_at; /* where the current column starts in VALUES */
	unsigned side, type;
	uint32_t entries;
	uint8_t last[KEY_MAX];
	size_t last_n;
};

/* fd is emptied. */
FB_MUST int cold_init(struct cold *c, int fd, int tmp_dir);
void cold_free(struct cold *c);
#define AUTO_COLD FB_CLEANUP(cold_free)
/* The next entry in canonical order, with its tuples. */
FB_MUST int cold_put(struct cold *c, unsigned side, unsigned type, struct span value,
    const uint32_t *ids, size_t n, struct fault *f);
/* Writes what is left of the cold half and c->h for it: places, columns, content, salt. */
FB_MUST int cold_end(struct cold *c, struct fault *f);

/* Where the next section goes: behind the last one. */
void db_place_next(struct db_header *h, enum db_section s);
/* Writes the hot half behind a cold one, and the header. */
FB_MUST int hot_write(int fd, struct db_header *h, struct fault *f);
