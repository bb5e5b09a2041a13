/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/path.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* --- keys --- */

static uint8_t plain(uint8_t c)
{
	return c == '\\' ? '/' : lower(c);
}

/* Never 0. */
static uint32_t key_of(const struct intel_db *db, uint64_t v)
{
	uint64_t x = (v ^ db->start[INDICATOR_PATH].v[0]) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(x >> 32) | 1;
}

static uint32_t gram_key(const struct intel_db *db, const uint8_t *p)
{
	uint32_t g = 0;

	for (int i = 0; i < 4; i++)
		g = g << 8 | plain(p[i]);
	return key_of(db, g);
}

/* Of the part behind the last separator; 0 when there is none, or it is too long to be one. */
static uint32_t base_key(const struct intel_db *db, struct span s)
{
	uint8_t name[256];

	while (s.n > 0 && plain(s.p[s.n - 1]) == '/')
		s.n--;
	size_t from = s.n;
	while (from > 0 && plain(s.p[from - 1]) != '/')
		from--;
	if (from == s.n || s.n - from > sizeof(name))
		return 0;
	for (size_t i = from; i < s.n; i++)
		name[i - from] = plain(s.p[i]);
	return key_of(db, sip_bytes(db->start[INDICATOR_PATH], span_of(name, s.n - from)));
}

/* Where the wildcard at p ends; p itself when there is none. A slash beside "**" is a part of it: the
 * path may have none there. */
static size_t skip_wild(struct span pat, size_t p)
{
	bool slash = pat.p[p] == '/' && pat.n - p > 2 && pat.p[p + 1] == '*' && pat.p[p + 2] == '*';
	size_t end = p + slash;

	if (pat.p[end] == '?')
		return end + 1;
	if (pat.p[end] != '*')
		return p;
	while (end < pat.n && pat.p[end] == '*')
		end++;
	return end + (end - p > 1 && end < pat.n && pat.p[end] == '/');
}

/* Without "c:/", which a path need not have. */
static struct span without_drive(struct span pat)
{
	return pat.n > 2 && pat.p[1] == ':' && pat.p[2] == '/' ? span_from(pat, 3) : pat;
}

/* The next four literal bytes from *p on; *p is moved behind their first. */
static bool next_gram(struct span pat, size_t *p, const uint8_t **ret_gram)
{
	size_t run = *p, i = *p;

	while (i < pat.n) {
		size_t end = skip_wild(pat, i);
		if (end > i) {
			run = i = end;
			continue;
		}
		i++;
		if (i - run == 4) {
			*ret_gram = pat.p + run;
			*p = run + 1;
			return true;
		}
	}
	return false;
}

/* Is there no wildcard behind the last slash? */
static bool base_is_literal(struct span pat)
{
	size_t from = pat.n;

	while (from > 0 && plain(pat.p[from - 1]) != '/')
		from--;
	for (size_t i = from; i < pat.n; i++)
		if (pat.p[i] == '*' || pat.p[i] == '?')
			return false;
	return from < pat.n;
}

/* --- index --- */

#define COUNTS (1u << 16)

struct pair {
	uint32_t key, entry;
};

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* How often each four bytes come, roughly: by a part of their key. */
static int count_grams(const struct intel_db *db, const struct column *c, uint32_t *count)
{
	DB_NOT_CLEARED struct walk w;
	struct span v;
	int rc;

	walk_start(&w, c);
	while ((rc = walk_next(&w, &v)) == 1) {
		const uint8_t *g = NULL;
		v = without_drive(v);
		for (size_t p = 0; next_gram(v, &p, &g);)
			count[gram_key(db, g) >> 1 & (COUNTS - 1)]++;
	}
	return rc;
}

static uint32_t pattern_key(const struct intel_db *db, const uint32_t *count, struct span pat)
{
	uint32_t best = 0, least = UINT32_MAX;
	const uint8_t *g = NULL;

	pat = without_drive(pat);
	if (base_is_literal(pat))
		return base_key(db, pat);
	for (size_t p = 0; next_gram(pat, &p, &g);) {
		uint32_t key = gram_key(db, g), n = count[key >> 1 & (COUNTS - 1)];
		if (n < least) {
			least = n;
			best = key;
		}
	}
	return best;
}

static void put_index(struct buf *out, const struct pair *pair, uint32_t n)
{
	unsigned bits = 6;

	while (bits < 20 && ((uint32_t)1 << bits) < n * 4)
		bits++;
	buf_put_le32(out, n);
	buf_put_le32(out, bits);
	size_t at = out->n, bytes = ((size_t)1 << bits) / 8;
	for (size_t i = 0; i < bytes; i++)
		buf_putc(out, 0);
	for (uint32_t i = 0; i < n && !buf_err(out); i++) {
		uint32_t b = pair[i].key >> (32 - bits);
		out->p[at + b / 8] |= (uint8_t)(1 << b % 8);
		buf_put_le32(out, pair[i].key);
		buf_put_le32(out, pair[i].entry);
	}
}

int path_index(const struct intel_db *db, const struct column *c, struct buf *out)
{
	AUTO_FREE uint32_t *count = calloc(COUNTS, sizeof(*count));
	AUTO_FREE struct pair *pair = calloc((size_t)c->n + 1, sizeof(*pair));
	DB_NOT_CLEARED struct walk w;
	struct span v;

	if (!count || !pair)
		return -ENOMEM;
	if (!c->n)
		return 0;
	int rc = count_grams(db, c, count);
	walk_start(&w, c);
	while (rc == 0 && (rc = walk_next(&w, &v)) == 1) {
		pair[w.i - 1] = (struct pair){ pattern_key(db, count, v), c->first + w.i - 1 };
		rc = 0;
	}
	if (rc < 0)
		return rc;
	qsort(pair, c->n, sizeof(*pair), by_key);
	put_index(out, pair, c->n);
	return buf_err(out);
}

struct index {
	uint32_t n;
	unsigned bits;
	const uint8_t *bitmap, *pair;
};

static uint32_t word_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

static bool index_read(struct span s, struct index *x)
{
	if (s.n < 8)
		return false;
	x->n = word_at(s.p);
	x->bits = word_at(s.p + 4);
	if (x->bits < 6 || x->bits > 20 ||
	    s.n != 8 + ((size_t)1 << x->bits) / 8 + 8 * (uint64_t)x->n)
		return false;
	x->bitmap = s.p + 8;
	x->pair = x->bitmap + ((size_t)1 << x->bits) / 8;
	return true;
}

int path_index_check(const struct column *c, struct span index)
{
	struct index x;

	if (!c->n)
		return index.n ? -EBADMSG : 0;
	if (!index_read(index, &x) || x.n != c->n)
		return -EBADMSG;
	for (uint32_t i = 0; i < x.n; i++) {
		struct pair p = { word_at(x.pair + 8 * (size_t)i), word_at(x.pair + 8 * (size_t)i + 4) };
		struct pair q = i ? (struct pair){ word_at(x.pair + 8 * (size_t)i - 8),
			word_at(x.pair + 8 * (size_t)i - 4) } : p;
		uint32_t b = p.key >> (32 - x.bits);
		if (p.entry < c->first || p.entry - c->first >= c->n ||
		    (i && by_key(&q, &p) >= 0) || !(x.bitmap[b / 8] >> b % 8 & 1))
			return -EBADMSG;
	}
	return 0;
}

/* --- finding --- */

static inline bool may_have(const struct index *x, uint32_t key)
{
	uint32_t b = key >> (32 - x->bits);
	return x->bitmap[b / 8] >> b % 8 & 1;
}

static __attribute__((noinline)) size_t find_key(const struct index *x, const struct column *c, uint32_t key,
    struct span path, struct intel_found *out, size_t hits)
{
	DB_NOT_CLEARED uint8_t room[KEY_MAX + 1];
	uint32_t lo = 0, hi = x->n;
	struct span pat;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (word_at(x->pair + 8 * (size_t)mid) < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < x->n && word_at(x->pair + 8 * (size_t)lo) == key; lo++) {
		uint32_t entry = word_at(x->pair + 8 * (size_t)lo + 4);
		bool known = false;
		for (size_t i = 0; i < hits && !known; i++)
			known = out[i].entry == entry;
		if (known || hits == INTEL_FOUND_MAX || entry < c->first)
			continue;
		if (column_value(c, entry, room, &pat) < 0)
			continue;
		room[pat.n] = 0; /* texts are decoded into it */
		if (indicator_path_match((const char *)room, path))
			out[hits++] = (struct intel_found){ entry, INTEL_PATTERN };
	}
	return hits;
}

size_t path_find(const struct intel_db *db, const struct column *c, struct span path,
    struct intel_found *out, size_t hits)
{
	struct index x;

	if (path.n == 0 ||
	    !index_read(db->table[c->side].pattern, &x))
		return hits;
	if (may_have(&x, 0))
		hits = find_key(&x, c, 0, path, out, hits);
	uint32_t base = base_key(db, path), gram = 0;
	if (base && may_have(&x, base))
		hits = find_key(&x, c, base, path, out, hits);
	for (size_t i = 0; i < path.n; i++) {
		gram = gram << 8 | plain(path.p[i]); /* as gram_key has it */
		uint32_t key = key_of(db, gram);
		if (i >= 3 && may_have(&x, key))
			hits = find_key(&x, c, key, path, out, hits);
	}
	return hits;
}
