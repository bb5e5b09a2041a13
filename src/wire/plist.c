/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/plist_priv.h"

#include <errno.h>
#include <stdlib.h>

bool plist_is(struct span text)
{
	return span_starts(text, SPAN_LIT("bplist00")) || span_starts(text, SPAN_LIT("<?xml")) ||
	       span_starts(text, SPAN_LIT("<!DOCTYPE plist")) ||
	       span_starts(text, SPAN_LIT("<plist"));
}

int plist_bad(struct plist_maker *m, size_t off, const char *why)
{
	return fault_set(m->f, -EBADMSG, "property list: offset %zu: %s", off, why);
}

uint32_t plist_add(struct plist_maker *m, enum plist_type type, int *ret_rc)
{
	if (m->p.n == PLIST_NODES_MAX) {
		*ret_rc = fault_set(m->f, -EBADMSG, "property list: more than %u values",
		    PLIST_NODES_MAX);
		return PLIST_NONE;
	}
	if (m->p.n == m->cap) {
		uint32_t cap = m->cap ? 2 * m->cap : 32;
		struct plist_node *node = arena_grow(
		    m->arena, m->p.node, m->cap * sizeof(*node), cap * sizeof(*node));
		if (!node) {
			*ret_rc = -ENOMEM;
			return PLIST_NONE;
		}
		m->p.node = node;
		m->cap = cap;
	}
	m->p.node[m->p.n] = (struct plist_node){ .type = (uint8_t)type, .first = PLIST_NONE,
		.next = PLIST_NONE };
	return m->p.n++;
}

void plist_link(struct plist_maker *m, uint32_t parent, uint32_t last, uint32_t child)
{
	m->p.node[parent].n++;
	if (last == PLIST_NONE)
		m->p.node[parent].first = child;
	else
		m->p.node[last].next = child;
}

static int by_key(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return span_cmp(*x, *y);
}

int plist_check_keys(struct plist_maker *m, uint32_t dict)
{
	const struct plist_node *d = &m->p.node[dict];

	if (d->n < 2)
		return 0;
	struct span *key = arena_array(m->arena, d->n, sizeof(*key));
	if (!key)
		return -ENOMEM;
	size_t n = 0;
	for (const struct plist_node *x = plist_first(&m->p, d); x; x = plist_next(&m->p, x))
		key[n++] = x->key;
	qsort(key, n, sizeof(*key), by_key);
	for (size_t i = 1; i < n; i++)
		if (span_eq(key[i - 1], key[i]))
			return fault_set(m->f, -EBADMSG,
			    "property list: the key %s is there twice", QUOTE(key[i]));
	return 0;
}

int plist_read(struct plist *ret_p, struct span text, struct arena *a, struct fault *f)
{
	struct plist_maker m = { .arena = a, .f = f };

	*ret_p = (struct plist){ 0 };
	if (text.n > PLIST_TEXT_MAX)
		return plist_bad(&m, 0, "too large");
	int rc = span_starts(text, SPAN_LIT("bplist00")) ? plist_read_binary(&m, text) :
							   plist_read_xml(&m, text);
	if (rc == 0)
		*ret_p = m.p;
	return rc;
}

const struct plist_node *plist_get(
    const struct plist *p, const struct plist_node *dict, const char *key, enum plist_type type)
{
	if (!dict || dict->type != PLIST_DICT)
		return NULL;
	for (const struct plist_node *x = plist_first(p, dict); x; x = plist_next(p, x))
		if (span_eq_str(x->key, key))
			return x->type == type ? x : NULL;
	return NULL;
}
