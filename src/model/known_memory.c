/* SPDX-License-Identifier: Apache-2.0 */

/* known_memory: asking lists that are in memory. */

#include "model/known.h"

#include <errno.h>
#include <stdlib.h>

static int cmp_key(const void *key, const void *entry)
{
	return span_cmp(*(const struct span *)key, ((const struct known_entry *)entry)->key);
}

static const struct known_entry *entry_of(const struct known_list *l, const struct digest *d)
{
	uint8_t buf[KNOWN_KEY_MAX];
	struct span key = known_key(d, buf);

	return bsearch(&key, l->entry, l->nentries, sizeof(*l->entry), cmp_key);
}

static int find(void *ctx, const struct digest *d, known_hit_fn *cb, void *cb_ctx, struct fault *f)
{
	const struct known_memory *m = ctx;
	int rc = 0;

	(void)f;
	for (uint32_t i = 0; i < m->n && rc == 0; i++) {
		const struct known_entry *e = entry_of(m->list[i], d);
		if (!e)
			continue;
		struct known_hit h = { m->info[i], e->version, e->nversions };
		rc = cb(cb_ctx, &h);
	}
	return rc;
}

static int tell(const struct known_list *l, const struct known_path *p, known_path_fn *cb, void *ctx)
{
	struct digest d;
	int rc = known_key_digest(l->entry[p->entry].key, &d);

	return rc < 0 ? rc : cb(ctx, &l->info, p->path, &d);
}

/* The first path that is not before this one. */
static uint32_t lower(const struct known_list *l, struct span base, const char *path)
{
	uint32_t lo = 0, hi = l->npaths;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = span_cmp(l->path[mid].base, base);
		if (c < 0 || (c == 0 && strcmp(l->path[mid].path, path) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int named(void *ctx, const char *path, known_path_fn *cb, void *cb_ctx, struct fault *f)
{
	const struct known_memory *m = ctx;
	char buf[KNOWN_PATH_MAX + 1];
	struct span base = known_base_name(path, buf);
	int rc = 0;

	(void)f;
	for (uint32_t i = 0; i < m->n && rc == 0; i++) {
		const struct known_list *l = m->list[i];
		for (uint32_t k = lower(l, base, path);
		     k < l->npaths && strcmp(l->path[k].path, path) == 0 && rc == 0; k++)
			rc = tell(l, &l->path[k], cb, cb_ctx);
	}
	return rc;
}

static int paths(void *ctx, uint32_t id, const struct digest *d, known_path_fn *cb, void *cb_ctx,
    struct fault *f)
{
	const struct known_memory *m = ctx;
	const struct known_list *l = m->list[id];
	const struct known_entry *e = entry_of(l, d);
	int rc = 0;

	(void)f;
	for (uint32_t k = 0; e && k < l->npaths && rc == 0; k++)
		if (l->path[k].entry == (uint32_t)(e - l->entry))
			rc = tell(l, &l->path[k], cb, cb_ctx);
	return rc;
}

int known_memory_add(struct known_memory *m, struct known_list *l)
{
	if (m->n == KNOWN_LISTS_MAX)
		return -ENOSPC;
	l->info.id = m->n;
	m->list[m->n] = l;
	m->info[m->n++] = &l->info;
	return 0;
}

struct known_source known_memory_source(struct known_memory *m)
{
	return (struct known_source){ m->info, m->n, m, find, named, paths };
}
