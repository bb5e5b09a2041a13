/* SPDX-License-Identifier: Apache-2.0 */

/* diff_package: an npm package inside the artifact (node_modules/x) whose files changed although its
 * package.json, and so its version, did not. */

#include "anatomy/diff/priv.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

struct package {
	uint64_t key; /* container and folder */
	uint32_t manifest;
	uint32_t changed, example;
};

static uint64_t key_of(const struct component *c, size_t folder)
{
	return siphash13(siphash_seed(), c->path, folder) + c->parent * 0x9e3779b97f4a7c15ull;
}

static int by_key(const void *a, const void *b)
{
	const struct package *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* The end of "…/node_modules/name/" or "…/node_modules/@scope/name/", the last one; 0. */
static size_t package_folder(const char *path)
{
	static const char in[] = "node_modules/";
	const char *at = NULL;

	for (const char *p = path; (p = strstr(p, in)); p++)
		at = p + sizeof(in) - 1;
	const char *end = at ? strchr(at, '/') : NULL;
	if (end && *at == '@')
		end = strchr(end + 1, '/');
	return end ? (size_t)(end + 1 - path) : 0;
}

static bool unchanged(const struct diff_run *r, uint32_t n)
{
	uint32_t o = r->mate[1][n];

	return o != COMPONENT_NONE && digest_is_set(&diff_new(r, n)->sha256) &&
	    digest_eq(&diff_new(r, n)->sha256, &diff_old(r, o)->sha256);
}

static uint32_t find_all(const struct diff_run *r, struct package *v)
{
	const struct component_tree *t = r->side[1].tree;
	uint32_t n = 0;

	for (uint32_t i = 1; i < t->n; i++) {
		size_t folder = diff_is_manifest(&t->c[i]) ? package_folder(t->c[i].path) : 0;
		if (folder && t->c[i].path + folder == diff_base(t->c[i].path) && unchanged(r, i))
			v[n++] = (struct package){ key_of(&t->c[i], folder), i, 0, COMPONENT_NONE };
	}
	qsort(v, n, sizeof(*v), by_key);
	return n;
}

int diff_packages(struct diff_run *r)
{
	const struct component_tree *t = r->side[1].tree;
	uint32_t n = 0;

	for (uint32_t i = 1; i < t->n; i++)
		n += diff_is_manifest(&t->c[i]);
	struct package *v = arena_array(&r->arena, n ? n : 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	n = find_all(r, v);
	for (uint32_t i = 1; n && i < t->n; i++) {
		size_t folder = t->c[i].type == COMPONENT_FILE && !unchanged(r, i) ?
		    package_folder(t->c[i].path) : 0;
		struct package want = { .key = folder ? key_of(&t->c[i], folder) : 0 };
		struct package *p = folder ? bsearch(&want, v, n, sizeof(*v), by_key) : NULL;
		if (!p)
			continue;
		if (!p->changed++)
			p->example = i;
		if (r->version[i] == DIFF_VERSION_NONE)
			r->version[i] = DIFF_VERSION_SAME;
	}
	for (uint32_t i = 0; i < n; i++)
		if (v[i].changed)
			diff_same(diff_add(r, DIFF_PACKAGE_VERSION, r->mate[1][v[i].example],
				      v[i].example, "%u file%s of this package changed or came, its "
				      "package.json did not", v[i].changed,
				      v[i].changed == 1 ? "" : "s"), SPAN_LIT("package"));
	return 0;
}
