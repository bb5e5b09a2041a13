/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/component_link.h"

#include <errno.h>
#include <stdio.h>

#define KEYS_MAX (1u << 30)
#define KEY_MAX (sizeof(uint32_t) + COMPONENT_PATH_MAX)

void component_links_init(struct component_links *l, const struct component_tree *t)
{
	*l = (struct component_links){ .t = t, .arena = ARENA_INIT(KEYS_MAX) };
	map_init(&l->at, COMPONENTS_MAX);
}

void component_links_free(struct component_links *l)
{
	map_free(&l->at);
	arena_free(&l->arena);
}

static struct span key_of(uint8_t *key, uint32_t container, struct span path)
{
	memcpy(key, &container, sizeof(container));
	memcpy(key + sizeof(container), path.p, path.n);
	return span_of(key, sizeof(container) + path.n);
}

/* Without slashes at its ends. */
static struct span plain(const char *path)
{
	struct span s = span_str(path);

	while (s.n && s.p[0] == '/')
		s = span_from(s, 1);
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static int make(struct component_links *l)
{
	uint8_t key[KEY_MAX];
	int err = 0;

	for (uint32_t i = 1; i < l->t->n; i++) {
		const struct component *c = &l->t->c[i];
		struct span path = plain(c->path);
		if (path.n >= COMPONENT_PATH_MAX)
			continue;
		struct span k = arena_dup(&l->arena, key_of(key, c->parent, path), &err);
		int rc = err ? err : map_add(&l->at, k, (void *)(uintptr_t)(i + 1ul), NULL);
		if (rc < 0)
			return rc;
	}
	l->made = true;
	return 0;
}

static uint32_t find(const struct component_links *l, uint32_t container, struct span path)
{
	uint8_t key[KEY_MAX];
	uintptr_t at = (uintptr_t)map_get(&l->at, key_of(key, container, path));

	return at ? (uint32_t)(at - 1) : COMPONENT_NONE;
}

/* A path being walked: what is done has no links in it, what is left may. */
struct walk {
	char done[COMPONENT_PATH_MAX], left[COMPONENT_PATH_MAX];
	size_t n; /* of done */
	unsigned hops;
};

static void up(struct walk *w)
{
	while (w->n && w->done[--w->n] != '/')
		;
}

/* The next part of what is left goes to what is done. False: too long, or nothing is left. */
static bool step(struct walk *w)
{
	char *p = w->left;

	while (*p == '/')
		p++;
	size_t n = strcspn(p, "/");
	if (!n || w->n + n + 2 > sizeof(w->done))
		return false;
	if (n == 2 && memcmp(p, "..", 2) == 0) {
		up(w);
	} else if (n != 1 || *p != '.') {
		if (w->n)
			w->done[w->n++] = '/';
		memcpy(w->done + w->n, p, n);
		w->n += n;
	}
	memmove(w->left, p + n, strlen(p + n) + 1);
	return true;
}

/* The target, with what was left behind it, is what is left. */
static bool turn(struct walk *w, const struct component *c)
{
	char rest[COMPONENT_PATH_MAX];

	memcpy(rest, w->left, sizeof(rest));
	if (w->hops++ >= COMPONENT_LINK_HOPS)
		return false;
	if (c->type == COMPONENT_HARDLINK || c->target[0] == '/')
		w->n = 0;
	else
		up(w);
	int n = snprintf(w->left, sizeof(w->left), "%s/%s", c->target, rest);
	return n > 0 && (size_t)n < sizeof(w->left);
}

static bool is_link(const struct component *c)
{
	return c->type == COMPONENT_SYMLINK ||
	    (c->type == COMPONENT_HARDLINK && !component_has_bytes(c));
}

int component_link_follow(struct component_links *l, uint32_t i, uint32_t *ret_to)
{
	struct walk w = { .n = 0 };
	uint32_t container = l->t->c[i].parent, at = COMPONENT_NONE;
	struct span path = plain(l->t->c[i].path);

	int rc = l->made ? 0 : make(l);
	*ret_to = COMPONENT_NONE;
	if (rc < 0 || path.n >= sizeof(w.left))
		return rc;
	memcpy(w.left, path.p, path.n);
	while (step(&w)) {
		at = w.n ? find(l, container, span_of(w.done, w.n)) : COMPONENT_NONE;
		if (at == COMPONENT_NONE || !is_link(&l->t->c[at]))
			continue;
		if (!turn(&w, &l->t->c[at]))
			return 0;
	}
	if (at != COMPONENT_NONE && !is_link(&l->t->c[at]) && !w.left[strspn(w.left, "/")])
		*ret_to = at;
	return 0;
}
