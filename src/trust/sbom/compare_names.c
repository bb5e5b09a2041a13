/* SPDX-License-Identifier: Apache-2.0 */

/* compare_names: which shipped file an item speaks of. */

#include "trust/sbom/compare_parts.h"

#include "trust/sbom/build.h"

#include <stdio.h>

const char *compare_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t compare_index(const struct compare *c, const struct delivered_file *f)
{
	return (size_t)(f - c->d->file);
}

/* The name of the file that a component comes as; NULL when it is only the name of a package. */
const char *compare_own_file(const struct sbom_item *it)
{
	bool generic = !it->purl || strncmp(it->purl, "pkg:generic/", 12) == 0;

	return it->file_name ? compare_base(it->file_name) : generic ? compare_base(it->name) : NULL;
}

/* Bytes of the top folder and its slash; 0 if there is none. */
static size_t top_of(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The same of the top folder that all paths share. */
static size_t top_of_delivery(const struct delivery *d)
{
	size_t n = d->n ? top_of(d->file[0].path) : 0;

	for (size_t i = 1; n && i < d->n; i++)
		if (strncmp(d->file[i].path, d->file[0].path, n) != 0)
			return 0;
	return n;
}

static size_t top_of_sbom(const struct sbom *s)
{
	const char *first = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (s->item[i].kind != SBOM_FILE)
			continue;
		first = first ? first : s->item[i].path;
		if (strncmp(s->item[i].path, first, top_of(first)) != 0)
			return 0;
	}
	return first ? top_of(first) : 0;
}

bool compare_in_scope(const struct compare *c, const struct sbom_item *it)
{
	return it->kind == SBOM_FILE &&
	    (!c->root[0] || strncmp(it->path, c->root, strlen(c->root)) == 0);
}

/* The shipped file that a named one speaks of, by the folders that are left out. */
const struct delivered_file *compare_find(const struct compare *c, const struct sbom_item *it)
{
	char path[2 * SBOM_PATH_MAX];
	const char *rest = it->path + c->skip_s;

	if (!c->skip_d)
		return delivery_find(c->d, span_str(rest));
	int n = snprintf(path, sizeof(path), "%.*s%s", (int)c->skip_d, c->d->file[0].path, rest);
	return n > 0 && (size_t)n < sizeof(path) ? delivery_find(c->d, span_of(path, (size_t)n)) :
	                                           NULL;
}

static size_t agreeing(const struct compare *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->s->n; i++)
		n += compare_in_scope(c, &c->s->item[i]) && compare_find(c, &c->s->item[i]);
	return n;
}

/*
 * The rule for folders: the top folder of what is shipped, and that of the SBOM's names, are left out
 * or kept, whichever lets most names agree; kept when it makes no difference. A root that was given
 * is left out of the names in any case.
 */
void compare_align(struct compare *c)
{
	size_t given = strlen(c->root), tops[2] = { given ? 0 : top_of_sbom(c->s),
		top_of_delivery(c->d) };
	size_t best = 0, best_s = given, best_d = 0;

	for (int i = 0; i < 4; i++) {
		if ((i & 1 && !tops[0]) || (i & 2 && !tops[1]))
			continue;
		c->skip_s = given + (i & 1 ? tops[0] : 0);
		c->skip_d = i & 2 ? tops[1] : 0;
		size_t n = agreeing(c);
		if (n > best) {
			best = n;
			best_s = c->skip_s;
			best_d = c->skip_d;
		}
	}
	c->skip_s = best_s;
	c->skip_d = best_d;
}
