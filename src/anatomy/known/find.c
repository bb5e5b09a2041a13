/* SPDX-License-Identifier: Apache-2.0 */

/* known_find: which files are in the lists. */

#include "anatomy/known/judge.h"

#include <errno.h>
#include <stdlib.h>

struct finding {
	struct known_run *k;
	struct known_found *found;
	const struct digest *d;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static struct known_hits_of *of_product(struct known_found *x, uint32_t product)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (x->of[i].product == product)
			return &x->of[i];
	return NULL;
}

static uint32_t unique(uint32_t *v, uint32_t n)
{
	uint32_t kept = 0;

	qsort(v, n, sizeof(*v), by_number);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static int on_hit(void *ctx, const struct known_hit *h)
{
	struct finding *x = ctx;
	struct known_run *k = x->k;
	uint32_t id = h->list->id, n = h->nversions ? h->nversions : 1;
	struct known_hits_of *of = of_product(x->found, k->list_product[id]);

	if (!of) {
		of = &x->found->of[x->found->n++];
		*of = (struct known_hits_of){ .product = k->list_product[id], .list = id,
			.digest = *x->d };
	}
	uint32_t *rel = arena_array(k->a, of->nrel + n, sizeof(*rel));
	if (!rel)
		return -ENOMEM;
	if (of->nrel)
		memcpy(rel, of->rel, of->nrel * sizeof(*rel));
	for (uint32_t i = 0; i < h->nversions; i++)
		rel[of->nrel + i] = k->rel_base[id] + h->version[i];
	if (!h->nversions)
		rel[of->nrel] = k->rel_base[id] + h->list->nversions;
	of->nrel = unique(rel, of->nrel + n);
	of->rel = rel;
	return 0;
}

static int ask(struct known_run *k, struct known_found *found, const struct digest *d)
{
	struct finding x = { k, found, d };

	if (!digest_is_set(d) || known_is_empty_file(d))
		return 0;
	return k->o->source->find(k->o->source->ctx, d, on_hit, &x, k->f);
}

static int ask_bare(struct known_run *k, struct known_found *found, const struct component_bare *b)
{
	int rc = 0;

	for (uint32_t i = 0; b && i < b->n && !found->n && rc == 0; i++) {
		rc = ask(k, found, &b->as[i].sha256);
		if (rc == 0)
			rc = ask(k, found, &b->as[i].sha1);
	}
	found->bare = found->n > 0;
	return rc;
}

static int find_one(struct known_run *k, uint32_t i)
{
	const struct component *c = &k->t->c[i];
	struct span key = span_of(c->sha256.b, c->sha256.len);

	k->found[i] = map_get(&k->by_content, key);
	if (k->found[i])
		return 0;
	struct known_found *x = ARENA_NEW(k->a, struct known_found);
	if (!x || !(x->of = arena_array(k->a, k->nproducts, sizeof(*x->of))))
		return -ENOMEM;
	k->found[i] = x;
	int rc = ask(k, x, &c->sha256);
	if (rc == 0)
		rc = ask(k, x, &c->sha1);
	if (rc == 0 && !x->n)
		rc = ask_bare(k, x, c->bare);
	return rc < 0 ? rc : map_add(&k->by_content, key, x, NULL);
}

int known_find_all(struct known_run *k)
{
	int rc = 0;

	for (uint32_t i = 0; i < k->t->n && rc == 0; i++)
		if (component_has_bytes(&k->t->c[i]) && k->t->c[i].size &&
		    digest_is_set(&k->t->c[i].sha256))
			rc = find_one(k, i);
	return rc;
}

const struct known_info *known_release(
    const struct known_run *k, uint32_t rel, const char **ret_version)
{
	const struct known_source *s = k->o->source;
	uint32_t i = 0;

	while (rel >= k->rel_base[i + 1])
		i++;
	rel -= k->rel_base[i];
	*ret_version = rel < s->list[i]->nversions ? s->list[i]->version[rel] : NULL;
	return s->list[i];
}

static const char *one(const struct known_run *k, uint32_t rel)
{
	const char *version;
	const struct known_info *x = known_release(k, rel, &version);

	return version ? version : x->name;
}

static int by_version(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return known_version_cmp(*x, *y);
}

/* The same version in several lists (platforms) is told once. */
const char *known_releases_text(const struct known_run *k, const uint32_t *rel, uint32_t n)
{
	const char **name = calloc(n + 1u, sizeof(*name)), *text;
	uint32_t kept = 0;

	if (!name)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		name[i] = one(k, rel[i]);
	qsort(name, n, sizeof(*name), by_version);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || strcmp(name[kept - 1], name[i]) != 0)
			name[kept++] = name[i];
	const char *first = n ? QUOTE(span_str(name[0])) : "";
	const char *last = n ? QUOTE(span_str(name[kept - 1])) : "";
	if (kept < 2)
		text = arena_str(k->a, span_str(first));
	else if (kept == 2)
		text = arena_printf(k->a, "%s and %s", first, last);
	else
		text = arena_printf(k->a, "%u releases, %s to %s", kept, first, last);
	free(name);
	return text;
}

const char *known_hits_text(const struct known_run *k, struct known_hits_of *h)
{
	if (!h->text)
		h->text = known_releases_text(k, h->rel, h->nrel);
	return h->text;
}
