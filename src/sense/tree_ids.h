/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_ids: a table from (device, inode) to a pointer, 24 bytes an entry at most 3/4 full. Private
 * to this room. Hashed with a random key: whoever makes the files cannot choose numbers that
 * collide.
 */

#include "base/util.h"

#include <stdint.h>

struct tree_ids_entry {
	uint64_t dev, ino;
	void *value; /* NULL: free */
};

struct tree_ids {
	struct tree_ids_entry *e;
	size_t n, cap;
	uint64_t key;
};

#define TREE_IDS_INIT ((struct tree_ids){ 0 })
#define TREE_IDS_GONE ((void *)-1) /* was removed: a value like any other, but counts as none */

void *tree_ids_get(const struct tree_ids *t, uint64_t dev, uint64_t ino); /* NULL: none */
/* Sets it, value not NULL. 0 or -ENOMEM. */
FB_MUST int tree_ids_put(struct tree_ids *t, uint64_t dev, uint64_t ino, void *value);
void tree_ids_remove(struct tree_ids *t, uint64_t dev, uint64_t ino);
void tree_ids_free(struct tree_ids *t); /* not the values */
