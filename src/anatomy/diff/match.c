/* SPDX-License-Identifier: Apache-2.0 */

/*
 * match: which component of the old release is which of the new one. Within the same
 * container by path, then by path without version numbers and hashes; then anywhere by digest, and
 * last by a name that is the only one of its kind on both sides.
 *
 * Paths are compared by 64-bit keys (SipHash under the process's random key): two that collide are
 * paired wrongly, by a chance of 1 in 2^64.
 */

#include "anatomy/diff/priv.h"
#include "base/map.h"

#include <errno.h>

const char *diff_base(const char *path)
{
	const char *base = path;

	for (const char *s = path; *s; s++)
		if ((*s == '/' || *s == '\\') && s[1])
			base = s + 1;
	return base;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* A part of a name that looks like a hash: hex with digits and letters from 4 on, other letters and
 * digits mixed from 8 on. */
static bool is_hash(const char *s, size_t n)
{
	size_t digits = 0, hex = 0, turns = 0;

	for (size_t i = 0; i < n; i++) {
		digits += is_digit(s[i]);
		hex += is_digit(s[i]) || ((s[i] | 32) >= 'a' && (s[i] | 32) <= 'f');
		turns += i && is_digit(s[i]) != is_digit(s[i - 1]);
	}
	if (digits == 0)
		return false;
	return (n >= 4 && hex == n && (turns >= 2 || n >= 7)) || (n >= 8 && turns >= 3);
}

static bool is_number(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit(s[i]))
			return false;
	return n > 0;
}

/* Numbers and hashes go with the separator in front of them, so that x-1.2.dll and x.dll are the
 * same; numbers inside of words become "#". */
static size_t put_part(const char *s, size_t n, char *out, size_t at)
{
	if (is_number(s, n) || is_hash(s, n)) {
		if (at && strchr("-_.+~:", out[at - 1]))
			at--;
		else
			out[at++] = '#';
		return at;
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			out[at++] = s[i];
		else if (!at || out[at - 1] != '#')
			out[at++] = '#';
	}
	return at;
}

static size_t without_compression(const char *path, size_t n)
{
	static const char *const ends[] = { ".gz", ".xz", ".zst", ".bz2", ".lzma", ".lz4" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (span_ends(span_of(path, n), span_str(ends[i])))
			return n - strlen(ends[i]);
	return n;
}

size_t diff_general(const char *path, bool container, char out[static COMPONENT_PATH_MAX])
{
	size_t n = strnlen(path, COMPONENT_PATH_MAX - 1), at = 0;

	if (container)
		n = without_compression(path, n);
	for (size_t i = 0; i < n;) {
		size_t end = i;
		while (end < n && is_alnum(path[end]))
			end++;
		at = put_part(path + i, end - i, out, at);
		for (i = end; i < n && !is_alnum(path[i]); i++)
			out[at++] = path[i];
	}
	return at;
}

/* Components by key: the ones of equal key in their order. */
struct table {
	uint64_t *key;
	uint32_t *head, *next;
	uint32_t mask;
};

static int table_make(struct table *t, struct arena *a, uint32_t n)
{
	uint32_t slots = 16;

	while (slots < n)
		slots *= 2;
	*t = (struct table){ .mask = slots - 1 };
	t->key = arena_array(a, n, sizeof(*t->key));
	t->next = arena_array(a, n, sizeof(*t->next));
	t->head = arena_array(a, slots, sizeof(*t->head));
	return t->key && t->next && t->head ? 0 : -ENOMEM;
}

static void table_clear(struct table *t)
{
	memset(t->head, 0xff, (t->mask + (size_t)1) * sizeof(*t->head));
}

/* In front of the others: add from the last to the first. */
static void table_add(struct table *t, uint32_t i, uint64_t key)
{
	uint32_t *slot = &t->head[key & t->mask];

	t->key[i] = key;
	t->next[i] = *slot;
	*slot = i;
}

static uint32_t table_take(struct table *t, uint64_t key)
{
	for (uint32_t *p = &t->head[key & t->mask]; *p != COMPONENT_NONE; p = &t->next[*p])
		if (t->key[*p] == key) {
			uint32_t i = *p;
			*p = t->next[i];
			return i;
		}
	return COMPONENT_NONE;
}

static uint64_t mix(uint64_t h, uint64_t more)
{
	return (h ^ more * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;
}

static bool is_container(const struct component *c)
{
	return c->first != COMPONENT_NONE || format_is_container(c->format);
}

static uint64_t key_exact(const struct component *c)
{
	return siphash13(siphash_seed(), c->path, strlen(c->path));
}

static uint64_t key_general(const struct component *c)
{
	char g[COMPONENT_PATH_MAX];
	size_t n = diff_general(c->path, is_container(c), g);

	return siphash13(siphash_seed(), g, n);
}

static uint64_t key_digest(const struct component *c)
{
	return siphash13(siphash_seed(), &c->sha256, sizeof(c->sha256));
}

static uint64_t key_name(const struct component *c)
{
	char g[COMPONENT_PATH_MAX];
	size_t n = diff_general(diff_base(c->path), is_container(c), g);

	return mix(siphash13(siphash_seed(), g, n), c->format);
}

typedef uint64_t key_fn(const struct component *c);

static void pair(struct diff_run *r, uint32_t o, uint32_t n)
{
	r->mate[0][o] = n;
	r->mate[1][n] = o;
}

/* Children at this depth whose containers are paired. */
static void match_level(struct diff_run *r, struct table *t, unsigned depth, key_fn *key)
{
	const struct component_tree *old = r->side[0].tree, *new_ = r->side[1].tree;

	table_clear(t);
	for (uint32_t i = old->n; i-- > 1;) {
		const struct component *c = &old->c[i];
		if (c->depth == depth && r->mate[0][i] == COMPONENT_NONE &&
		    r->mate[0][c->parent] != COMPONENT_NONE)
			table_add(t, i, mix(key(c), c->parent));
	}
	for (uint32_t i = 1; i < new_->n; i++) {
		const struct component *c = &new_->c[i];
		if (c->depth != depth || r->mate[1][i] != COMPONENT_NONE ||
		    r->mate[1][c->parent] == COMPONENT_NONE)
			continue;
		uint32_t o = table_take(t, mix(key(c), r->mate[1][c->parent]));
		if (o != COMPONENT_NONE)
			pair(r, o, i);
	}
}

static void match_levels(struct diff_run *r, struct table *t)
{
	unsigned deepest = 0;

	for (uint32_t i = 0; i < r->side[1].tree->n; i++)
		if (r->side[1].tree->c[i].depth > deepest)
			deepest = r->side[1].tree->c[i].depth;
	for (unsigned d = 0; d <= deepest; d++) {
		match_level(r, t, d, key_exact);
		match_level(r, t, d, key_general);
	}
}

static bool left(const struct diff_run *r, int side, uint32_t i)
{
	const struct component *c = &r->side[side].tree->c[i];

	return r->mate[side][i] == COMPONENT_NONE && component_has_bytes(c) && c->size &&
	    digest_is_set(&c->sha256);
}

static void add_left(const struct diff_run *r, struct table *t, int side, key_fn *key)
{
	table_clear(t);
	for (uint32_t i = r->side[side].tree->n; i-- > 1;)
		if (left(r, side, i))
			table_add(t, i, key(&r->side[side].tree->c[i]));
}

/* The same bytes, wherever they are. */
static void match_digests(struct diff_run *r, struct table t[2])
{
	add_left(r, &t[0], 0, key_digest);
	for (uint32_t i = 1; i < r->side[1].tree->n; i++) {
		if (!left(r, 1, i))
			continue;
		uint32_t o = table_take(&t[0], key_digest(&r->side[1].tree->c[i]));
		if (o != COMPONENT_NONE)
			pair(r, o, i);
	}
}

/* Takes all of this key: the component when there was one only. */
static uint32_t take_single(struct table *t, uint64_t key)
{
	uint32_t i = table_take(t, key);

	if (i != COMPONENT_NONE && table_take(t, key) == COMPONENT_NONE)
		return i;
	while (table_take(t, key) != COMPONENT_NONE)
		;
	return COMPONENT_NONE;
}

/* A name that is left once on either side. */
static void match_names(struct diff_run *r, struct table t[2])
{
	uint32_t n = r->side[1].tree->n;

	add_left(r, &t[0], 0, key_name);
	add_left(r, &t[1], 1, key_name);
	for (uint32_t i = 1; i < n; i++) {
		if (!left(r, 1, i))
			continue;
		uint64_t k = t[1].key[i];
		uint32_t found = take_single(&t[1], k);
		uint32_t o = take_single(&t[0], k);
		if (found != COMPONENT_NONE && o != COMPONENT_NONE)
			pair(r, o, found);
	}
}

int diff_match(struct diff_run *r)
{
	struct table t[2];

	for (int s = 0; s < 2; s++) {
		uint32_t n = r->side[s].tree->n;
		int rc = table_make(&t[s], &r->arena, n);
		if (rc < 0)
			return rc;
		memset(r->mate[s], 0xff, n * sizeof(uint32_t));
	}
	pair(r, 0, 0);
	match_levels(r, &t[0]);
	match_digests(r, t);
	match_levels(r, &t[0]);
	match_names(r, t);
	match_levels(r, &t[0]);
	return 0;
}
