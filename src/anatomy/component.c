/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/component.h"

#include <errno.h>
#include <stdlib.h>

static const char *const types[] = { "none", "file", "dir", "symlink", "hardlink", "special" };
static const char *const states[] = { "whole", "opened", "refused", "damaged", "closed" };

const char *component_type_name(enum component_type t)
{
	return (size_t)t < ARRAY_LEN(types) ? types[t] : types[0];
}

const char *component_state_name(enum component_state s)
{
	return (size_t)s < ARRAY_LEN(states) ? states[s] : states[COMPONENT_CLOSED];
}

void component_tree_init(struct component_tree *t)
{
	*t = (struct component_tree){ .arena = ARENA_INIT(COMPONENT_ARENA_MAX) };
}

void component_tree_free(struct component_tree *t)
{
	free(t->c);
	arena_free(&t->arena);
	*t = (struct component_tree){ 0 };
}

/* The array is not in the arena: growing it there would keep every size it once had. */
static int make_room(struct component_tree *t)
{
	if (t->n < t->cap)
		return 0;
	uint32_t cap = t->cap ? t->cap * 2 : 16;
	if (t->n >= COMPONENTS_MAX)
		return -E2BIG;
	struct component *c = reallocarray(t->c, cap, sizeof(*c));
	if (!c)
		return -ENOMEM;
	t->c = c;
	t->cap = cap;
	return 0;
}

int component_add(struct component_tree *t, uint32_t parent, uint32_t *last, struct span path,
    struct span target, uint32_t *ret_i)
{
	int rc = make_room(t);
	if (rc < 0)
		return rc;
	const char *name = arena_str(&t->arena, path);
	const char *to = target.n ? arena_str(&t->arena, target) : "";
	if (!name || !to)
		return -ENOMEM;
	uint32_t i = t->n++;
	t->c[i] = (struct component){ .parent = parent,
		.first = COMPONENT_NONE,
		.next = COMPONENT_NONE,
		.path = name,
		.target = to };
	if (parent != COMPONENT_NONE)
		t->c[i].depth = (uint16_t)(t->c[parent].depth + 1);
	if (*last != COMPONENT_NONE)
		t->c[*last].next = i;
	else if (parent != COMPONENT_NONE)
		t->c[parent].first = i;
	*last = i;
	*ret_i = i;
	return 0;
}

const char *component_path(
    const struct component_tree *t, uint32_t i, char out[static COMPONENT_PATH_MAX])
{
	static const char cut[] = "…";
	size_t at = COMPONENT_PATH_MAX - 1;

	/* From the last name to the first, at the end of the buffer; the front is what gives way. */
	out[at] = 0;
	for (; i != COMPONENT_NONE && i < t->n; i = t->c[i].parent) {
		size_t n = strlen(t->c[i].path), bang = out[at] ? 1 : 0;
		if (n + bang + sizeof(cut) > at) {
			at -= sizeof(cut) - 1;
			memcpy(out + at, cut, sizeof(cut) - 1);
			break;
		}
		if (bang)
			out[--at] = '!';
		at -= n;
		memcpy(out + at, t->c[i].path, n);
	}
	memmove(out, out + at, COMPONENT_PATH_MAX - at);
	return out;
}

const char *component_front(const struct component *c)
{
	for (size_t i = 0; c->verdict && i < c->verdict->n; i++)
		if (strcmp(c->verdict->reason[i].code, "archive.front") == 0)
			return c->verdict->reason[i].text;
	return NULL;
}

struct verdict *component_verdict(struct component_tree *t, uint32_t i)
{
	struct component *c = &t->c[i];

	if (!c->verdict) {
		struct verdict *v = ARENA_NEW(&t->arena, struct verdict);
		if (!v)
			return NULL;
		verdict_init(v, &t->arena);
		c->verdict = v;
	}
	/* It is const for the readers of the tree only: all of them are made here. */
	return (struct verdict *)(uintptr_t)c->verdict;
}

int component_tell(struct component_tree *t, uint32_t i, struct verdict *v, enum reason_kind kind,
    const char *code, const char *text)
{
	char buf[COMPONENT_PATH_MAX];

	if (!text)
		return -ENOMEM;
	if (i == 0) {
		verdict_add(v, kind, code, "%s", text);
		return 0;
	}
	const char *path = arena_str(v->arena, span_str(component_path(t, i, buf)));
	struct verdict *own = component_verdict(t, i);
	if (!path || !own)
		return -ENOMEM;
	verdict_add(own, kind, code, "%s", text);
	verdict_conclude(own);
	verdict_add(v, kind, code, "%s: %s", QUOTE(span_str(path)), text)->file = path;
	return 0;
}

bool component_same_attributes(const struct component *a, const struct component *b)
{
	if (!a->attributes || !b->attributes)
		return a->attributes == b->attributes;
	return digest_eq(a->attributes, b->attributes);
}
