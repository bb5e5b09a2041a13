/* SPDX-License-Identifier: Apache-2.0 */

/* diff_names: the names of the files in the new release, for "names the file beside it". Letters are
 * compared without case, as Windows and macOS do. */

#include "anatomy/diff/priv.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#define BASE_MAX 255

struct name {
	uint64_t key;
	uint32_t component;
};

struct diff_names {
	struct name *v;
	uint32_t n;
};

/* 0 for what is no name. */
static uint64_t key_of(struct span base)
{
	char low[BASE_MAX];

	if (base.n < 3 || base.n > sizeof(low))
		return 0;
	for (size_t i = 0; i < base.n; i++) {
		uint8_t c = base.p[i];
		low[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
	}
	return siphash13(siphash_seed(), low, base.n);
}

static int by_key(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->component < y->component ? -1 : x->component > y->component;
}

int diff_names_read(struct diff_run *r)
{
	const struct component_tree *t = r->side[1].tree;
	struct diff_names *names = ARENA_NEW(&r->arena, struct diff_names);

	if (!names || !(names->v = arena_array(&r->arena, t->n, sizeof(*names->v))))
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t key = t->c[i].type == COMPONENT_FILE && t->c[i].size ?
		    key_of(span_str(diff_base(t->c[i].path))) :
		    0;
		if (key)
			names->v[names->n++] = (struct name){ key, i };
	}
	qsort(names->v, names->n, sizeof(*names->v), by_key);
	r->names = names;
	return 0;
}

uint32_t diff_names_find(const struct diff_run *r, struct span base, uint32_t not_this)
{
	const struct diff_names *names = r->names;
	uint64_t key = key_of(base);
	uint32_t lo = 0, hi = names->n;

	if (!key)
		return COMPONENT_NONE;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (names->v[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < names->n && names->v[lo].key == key; lo++)
		if (names->v[lo].component != not_this)
			return names->v[lo].component;
	return COMPONENT_NONE;
}
