/* SPDX-License-Identifier: Apache-2.0 */

/* known_claim: which files claim to be whose, and what stands together. */

#include "anatomy/component_link.h"
#include "anatomy/known/judge.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <strings.h>

/* A file's path in its archive; of the artifact itself its name. */
static const char *path_of(const struct known_run *k, uint32_t i)
{
	const char *path = k->t->c[i].path, *slash = i ? NULL : strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- groups --- */

static int place_key(struct known_run *k, uint32_t product, uint32_t container, struct span root,
    struct span *ret)
{
	uint32_t head[2] = { product, container };
	uint8_t *p = arena_alloc(k->a, sizeof(head) + root.n);

	if (!p)
		return -ENOMEM;
	memcpy(p, head, sizeof(head));
	for (size_t i = 0; i < root.n; i++)
		p[sizeof(head) + i] = (uint8_t)tolower(root.p[i]);
	*ret = span_of(p, sizeof(head) + root.n);
	return 0;
}

static int group_at(struct known_run *k, uint32_t product, uint32_t container, struct span root,
    bool make, uint32_t *ret)
{
	struct span key;
	int rc = place_key(k, product, container, root, &key);

	if (rc < 0)
		return rc;
	uintptr_t at = (uintptr_t)map_get(&k->by_place, key);
	*ret = at ? (uint32_t)(at - 1) : KNOWN_NO_GROUP;
	if (at || !make)
		return 0;
	if (k->ngroups == k->group_cap) {
		uint32_t cap = k->group_cap ? 2 * k->group_cap : 16;
		struct known_group *g = arena_grow(k->a, k->group,
		    k->group_cap * sizeof(*g), cap * sizeof(*g));
		if (!g)
			return -ENOMEM;
		k->group = g;
		k->group_cap = cap;
	}
	*ret = k->ngroups++;
	k->group[*ret] = (struct known_group){ .product = product, .container = container,
		.root = arena_str(k->a, root) };
	if (!k->group[*ret].root)
		return -ENOMEM;
	return map_add(&k->by_place, key, (void *)(uintptr_t)k->ngroups, NULL);
}

static struct known_hits_of *known_as(const struct known_run *k, uint32_t i, uint32_t product)
{
	const struct known_found *x = k->found[i];

	for (uint32_t n = 0; x && n < x->n; n++)
		if (x->of[n].product == product)
			return &x->of[n];
	return NULL;
}

static int join(struct known_run *k, uint32_t group, struct known_member m)
{
	struct known_group *g = &k->group[group];

	if (g->n == g->cap) {
		uint32_t cap = g->cap ? 2 * g->cap : 8;
		struct known_member *p = arena_grow(k->a, g->m, g->cap * sizeof(m), cap * sizeof(m));
		if (!p)
			return -ENOMEM;
		g->m = p;
		g->cap = cap;
	}
	m.known = known_as(k, m.i, g->product);
	m.bare = m.known && k->found[m.i]->bare;
	g->m[g->n++] = m;
	if (!m.altered) {
		g->claims += m.claims;
		g->known += m.known != NULL;
		g->claims_known += m.claims && m.known;
	}
	return 0;
}

/* --- by the names that a product gives its files --- */

struct place {
	const struct known_pattern *p;
	size_t root; /* bytes of the path that are the folder */
};

/* Where the last n parts of path begin; SIZE_MAX: it has fewer. */
static size_t tail_at(const char *path, size_t n)
{
	size_t i = strlen(path);

	for (; i; i--)
		if (path[i - 1] == '/' && --n == 0)
			return i;
	return n == 1 ? 0 : SIZE_MAX;
}

static bool fits(const struct known_pattern *p, const char *path, size_t *ret_root)
{
	size_t at = tail_at(path, p->parts);

	if (at == SIZE_MAX ||
	    fnmatch(p->path, path + at, FNM_PATHNAME | FNM_NOESCAPE | FNM_CASEFOLD) != 0)
		return false;
	*ret_root = at ? at - 1 : 0;
	return true;
}

/* The last parts of a pattern and of a path: cheap, and seldom the same. */
static bool may_fit(const struct known_pattern *p, const char *base)
{
	const char *a = p->base;

	return *a == '*' ||
	    ((*a | 0x20) == (*base | 0x20) && (strchr(a, '*') || strcasecmp(a, base) == 0));
}

/* The pattern with the most parts: swiftshader/libEGL.dll before libEGL.dll. */
static struct place claim_of(const struct known_names *n, const char *path, bool marks)
{
	struct place best = { NULL, 0 };
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t root;

	for (uint32_t i = 0; i < n->npatterns; i++) {
		const struct known_pattern *p = &n->pattern[i];
		if ((marks ? p->mark : p->claim) && may_fit(p, base) && fits(p, path, &root) &&
		    (!best.p || root < best.root))
			best = (struct place){ p, root };
	}
	return best;
}

static bool listed_text(const char *const *list, const char *s)
{
	for (; s && *list; list++)
		if (strcasecmp(*list, s) == 0)
			return true;
	return false;
}

/* Does the program say of itself that it is the product's? */
static bool says_so(const struct known_names *n, const struct component *c)
{
	return c->binary &&
	    (listed_text(n->program_product, c->binary->product) ||
		listed_text(n->program_name, c->binary->original_name));
}

/* Files with marks and claims; those that are meant to be altered wait until groups are there. The
 * path is i's, the bytes are of's: another file where i is a link. */
static int claim_by_name(
    struct known_run *k, uint32_t product, uint32_t i, uint32_t of, bool altered)
{
	const struct known_names *n = k->product[product].names;
	const char *path = path_of(k, i);
	struct place mark = altered || i != of ? (struct place){ 0 } : claim_of(n, path, true);
	struct place x = claim_of(n, path, false);
	uint32_t g;
	int rc = 0;

	if (mark.p) {
		rc = group_at(k, product, k->t->c[i].parent, span_of(path, mark.root), true, &g);
		if (rc == 0)
			k->group[g].mark = true;
	}
	if (rc < 0 || !x.p || x.p->altered != altered)
		return rc;
	rc = group_at(k, product, k->t->c[i].parent, span_of(path, x.root),
	    !altered || known_as(k, of, product), &g);
	if (rc < 0 || g == KNOWN_NO_GROUP)
		return rc;
	return join(k, g, (struct known_member){ .i = of, .claims = true, .altered = altered });
}

/* --- by the paths that a list has --- */

struct seek {
	struct known_run *k;
	uint32_t product;  /* the first that is found */
	const char *path;  /* of the file */
	size_t root;
	bool hit;
};

/* Lists with paths that do not go through known_names. */
static bool plain_list(const struct known_run *k, const struct known_info *x)
{
	return !k->product[k->list_product[x->id]].names;
}

static int on_named(void *ctx, const struct known_info *list, const char *path,
    const struct digest *d)
{
	struct seek *s = ctx;

	(void)path;
	(void)d;
	if (!plain_list(s->k, list))
		return 0;
	s->product = s->k->list_product[list->id];
	s->hit = true;
	return 1;
}

/* Is the path, or an end of it, one that a list has? The longest counts. */
static int claim_by_list(struct known_run *k, uint32_t i)
{
	struct seek s = { .k = k, .path = path_of(k, i) };
	const char *tail = s.path;
	uint32_t g;

	while (tail && !s.hit && strlen(tail) <= KNOWN_PATH_MAX) {
		int rc = k->o->source->named(k->o->source->ctx, tail, on_named, &s, k->f);
		if (rc < 0)
			return rc;
		if (!s.hit) {
			tail = strchr(tail, '/');
			tail = tail ? tail + 1 : NULL;
		}
	}
	if (!s.hit)
		return 0;
	k->by_list[i] = s.product + 1;
	s.root = tail == s.path ? 0 : (size_t)(tail - s.path) - 1;
	int rc = group_at(k, s.product, k->t->c[i].parent, span_of(s.path, s.root), true, &g);
	return rc < 0 ? rc :
			join(k, g, (struct known_member){ .i = i, .claims = true, .by_list = true });
}

/* --- what is known without a claim --- */

static size_t parent_len(const char *path, size_t n)
{
	while (n && path[n - 1] != '/')
		n--;
	return n ? n - 1 : 0;
}

/* With the nearest group above it, else with its folder. */
static int stand_by(struct known_run *k, uint32_t product, uint32_t i)
{
	const char *path = path_of(k, i);
	size_t own = parent_len(path, strlen(path)), n = own;
	uint32_t g = KNOWN_NO_GROUP;
	int rc;

	for (;; n = parent_len(path, n)) {
		rc = group_at(k, product, k->t->c[i].parent, span_of(path, n), false, &g);
		if (rc < 0 || g != KNOWN_NO_GROUP || !n)
			break;
	}
	if (rc == 0 && g == KNOWN_NO_GROUP)
		rc = group_at(k, product, k->t->c[i].parent, span_of(path, own), true, &g);
	return rc < 0 ? rc : join(k, g, (struct known_member){ .i = i });
}

static bool is_member(const struct known_run *k, uint32_t product, uint32_t i)
{
	const struct known_names *n = k->product[product].names;

	return n && claim_of(n, path_of(k, i), false).p;
}

static bool any_paths(const struct known_run *k)
{
	for (uint32_t i = 0; i < k->o->source->nlists; i++)
		if (k->o->source->list[i]->paths && plain_list(k, k->o->source->list[i]))
			return true;
	return false;
}

static bool is_file(const struct known_run *k, uint32_t i)
{
	return component_has_bytes(&k->t->c[i]) && k->t->c[i].size;
}

/* A link with the name of a product's file stands for the file that it leads to, if that has none. */
static int claim_by_link(struct known_run *k, struct component_links *links, uint32_t product,
    uint32_t i, bool altered)
{
	const struct known_names *n = k->product[product].names;
	uint32_t of;

	if (!claim_of(n, path_of(k, i), false).p)
		return 0;
	int rc = component_link_follow(links, i, &of);
	if (rc < 0 || of == COMPONENT_NONE || !is_file(k, of) || is_member(k, product, of))
		return rc;
	return claim_by_name(k, product, i, of, altered);
}

static bool is_link(const struct component *c)
{
	return c->type == COMPONENT_SYMLINK ||
	    (c->type == COMPONENT_HARDLINK && !component_has_bytes(c));
}

static int claim_all_names(struct known_run *k, bool altered)
{
	struct component_links links;
	int rc = 0;

	component_links_init(&links, k->t);
	for (uint32_t p = 0; p < k->nproducts; p++)
		for (uint32_t i = 0; rc >= 0 && k->product[p].names && i < k->t->n; i++)
			rc = is_file(k, i)	    ? claim_by_name(k, p, i, i, altered) :
			    is_link(&k->t->c[i]) ? claim_by_link(k, &links, p, i, altered) :
						   0;
	component_links_free(&links);
	return rc;
}

/* The application's own program, under whatever name. */
static int claim_programs(struct known_run *k)
{
	for (uint32_t p = 0; p < k->nproducts; p++)
		for (uint32_t i = 0; k->product[p].names && i < k->t->n; i++) {
			uint32_t g;
			const char *path = path_of(k, i);
			if (!is_file(k, i) || !says_so(k->product[p].names, &k->t->c[i]) ||
			    is_member(k, p, i))
				continue;
			int rc = group_at(k, p, k->t->c[i].parent,
			    span_of(path, parent_len(path, strlen(path))), true, &g);
			if (rc == 0) {
				k->group[g].mark = true;
				rc = join(k, g, (struct known_member){ .i = i, .claims = true,
						    .altered = true });
			}
			if (rc < 0)
				return rc;
		}
	return 0;
}

static int stand_all(struct known_run *k)
{
	for (uint32_t i = 0; i < k->t->n; i++) {
		const struct known_found *x = k->found[i];
		for (uint32_t n = 0; x && n < x->n; n++) {
			uint32_t p = x->of[n].product;
			const struct known_names *names = k->product[p].names;
			if (k->by_list[i] == p + 1 || is_member(k, p, i) ||
			    (names && says_so(names, &k->t->c[i])))
				continue;
			int rc = stand_by(k, p, i);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

int known_claim_all(struct known_run *k)
{
	int rc = claim_all_names(k, false);

	for (uint32_t i = 0; i < k->t->n && rc == 0 && any_paths(k); i++)
		rc = is_file(k, i) ? claim_by_list(k, i) : 0;
	if (rc == 0)
		rc = claim_programs(k);
	if (rc == 0)
		rc = claim_all_names(k, true);
	return rc < 0 ? rc : stand_all(k);
}
