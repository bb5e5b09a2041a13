/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	return x ^ x >> 32;
}

/* Where it is, or the free place where it belongs. cap is not 0. */
static struct tree_ids_entry *find(const struct tree_ids *t, uint64_t dev, uint64_t ino)
{
	size_t i = mix(mix(dev ^ t->key) ^ ino);

	for (;; i++) {
		struct tree_ids_entry *e = &t->e[i & (t->cap - 1)];
		if (!e->value || (e->dev == dev && e->ino == ino))
			return e;
	}
}

void *tree_ids_get(const struct tree_ids *t, uint64_t dev, uint64_t ino)
{
	void *v = t->cap ? find(t, dev, ino)->value : NULL;
	return v == TREE_IDS_GONE ? NULL : v;
}

static size_t in_use(const struct tree_ids *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->cap; i++)
		n += t->e[i].value && t->e[i].value != TREE_IDS_GONE;
	return n;
}

/* A new table, twice as large unless most of the old one is of removed entries. */
static int grow(struct tree_ids *t)
{
	struct tree_ids old = *t;

	if (!t->key && getrandom(&t->key, sizeof(t->key), 0) != sizeof(t->key))
		return -errno;
	t->cap = !old.cap ? 256 : in_use(t) > old.cap / 4 ? 2 * old.cap : old.cap;
	t->e = calloc(t->cap, sizeof(*t->e));
	if (!t->e) {
		*t = old;
		return -ENOMEM;
	}
	t->n = 0;
	for (size_t i = 0; i < old.cap; i++) {
		if (!old.e[i].value || old.e[i].value == TREE_IDS_GONE)
			continue;
		*find(t, old.e[i].dev, old.e[i].ino) = old.e[i];
		t->n++;
	}
	free(old.e);
	return 0;
}

int tree_ids_put(struct tree_ids *t, uint64_t dev, uint64_t ino, void *value)
{
	int rc = 4 * (t->n + 1) > 3 * t->cap ? grow(t) : 0;

	if (rc < 0)
		return rc;
	struct tree_ids_entry *e = find(t, dev, ino);
	t->n += !e->value;
	*e = (struct tree_ids_entry){ dev, ino, value };
	return 0;
}

void tree_ids_remove(struct tree_ids *t, uint64_t dev, uint64_t ino)
{
	struct tree_ids_entry *e = t->cap ? find(t, dev, ino) : NULL;

	if (e && e->value)
		e->value = TREE_IDS_GONE;
}

void tree_ids_free(struct tree_ids *t)
{
	free(t->e);
	*t = TREE_IDS_INIT;
}
