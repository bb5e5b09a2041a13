/* SPDX-License-Identifier: Apache-2.0 */

/* find: questions. Runs are asked side by side, so that one observation in several runs is told
 * once. */

#include "seen/priv.h"

#include <errno.h>
#include <stdlib.h>

/* Which records of a run: all, or those under a key. */
struct cursor {
	struct seen_run *run;
	uint32_t at;
	bool left;
	struct seen_item item;
};

struct asked {
	struct seen *s;
	bool all;
	enum seen_ix ix;
	uint64_t key;
	bool (*is)(const struct asked *q, const struct seen_item *x); /* NULL: every one */
	const struct digest *digest;
	enum indicator_type type;
	struct span text;
	seen_fn *fn;
	void *ctx;
	struct cursor *cur;
	uint8_t *room;
};

/* To the next record that is asked for; a damaged run ends. */
static void next(const struct asked *q, struct cursor *c)
{
	for (c->left = false; !c->left; c->at++) {
		uint32_t rec = c->at;
		uint64_t key;
		if (q->all ? c->at >= c->run->n :
			     !seen_run_ix(c->run, q->ix, c->at, &key, &rec) || key != q->key)
			return;
		if (!seen_run_item(c->run, rec, &c->item))
			return;
		c->left = !q->is || q->is(q, &c->item);
	}
}

static int tell(const struct asked *q, const struct seen_item *x)
{
	struct digest d[DIGEST_ALGS];
	struct buf where = BUF_INIT(SEEN_PATH_MAX + 1);
	bool file = x->r.type == INDICATOR_NONE, id = x->r.flags & SEEN_HAS_ID;
	struct seen_observation o = { .type = x->r.type, .digest = file ? d : NULL,
		.size = id ? x->r.size : 0, .mtime = id ? x->r.mtime : TS_NONE,
		.value = seen_blob_value(&x->r, x->blob), .first = x->r.first * TS_SECOND,
		.last = x->r.last * TS_SECOND, .count = x->r.count };

	for (enum digest_alg a = DIGEST_NONE; a < DIGEST_ALGS; a++) {
		const uint8_t *b = seen_blob_digest(&x->r, x->blob, a);
		d[a] = b ? digest_of(a, b) : (struct digest){ 0 };
	}
	buf_put_span(&where, x->path);
	o.where = buf_str(&where);
	int rc = buf_err(&where) ? buf_err(&where) : q->fn(q->ctx, &o);
	buf_free(&where);
	return rc;
}

/* The least one, joined with its equals in other runs. */
static int tell_least(const struct asked *q, struct cursor *least)
{
	struct seen_item whole = least->item;
	unsigned turn = 0;

	for (size_t i = 0; i < q->s->nrun; i++) {
		struct cursor *c = &q->cur[i];
		if (c != least && c->left && seen_item_cmp(&c->item, &least->item) == 0)
			seen_item_combine(&whole, &c->item, q->room + (turn++ & 1) * SEEN_BLOB_MAX);
	}
	int rc = tell(q, &whole);
	for (size_t i = 0; i < q->s->nrun && rc == 0; i++) {
		struct cursor *c = &q->cur[i];
		if (c != least && c->left && seen_item_cmp(&c->item, &least->item) == 0)
			next(q, c);
	}
	if (rc == 0)
		next(q, least);
	return rc;
}

static int answer(struct asked *q)
{
	struct seen *s = q->s;
	int rc = 0;

	AUTO_FREE struct cursor *cur = calloc(s->nrun + 1, sizeof(*cur));
	AUTO_FREE uint8_t *room = malloc(2 * SEEN_BLOB_MAX);
	if (!cur || !room)
		return -ENOMEM;
	q->cur = cur;
	q->room = room;
	for (size_t i = 0; i < s->nrun; i++) {
		cur[i].run = &s->run[i];
		if (!q->all)
			cur[i].at = seen_run_lower(&s->run[i], q->ix, q->key, 0);
		next(q, &cur[i]);
	}
	while (rc == 0) {
		struct cursor *least = NULL;
		for (size_t i = 0; i < s->nrun; i++)
			if (cur[i].left && (!least || seen_item_cmp(&cur[i].item, &least->item) < 0))
				least = &cur[i];
		if (!least)
			break;
		rc = tell_least(q, least);
	}
	seen_dir_note_bad(s);
	return rc;
}

/* --- questions by value --- */

static bool is_digest(const struct asked *q, const struct seen_item *x)
{
	const uint8_t *d = seen_blob_digest(&x->r, x->blob, q->digest->alg);
	return d && memcmp(d, q->digest->b, q->digest->len) == 0;
}

int seen_find_digest(struct seen *s, const struct digest *d, seen_fn *fn, void *ctx)
{
	struct asked q = { .s = s, .ix = seen_ix_of(d->alg), .key = seen_key_digest(d->b),
		.is = is_digest, .digest = d, .fn = fn, .ctx = ctx };
	return q.ix == SEEN_IXS ? 0 : answer(&q);
}

static bool is_value(const struct asked *q, const struct seen_item *x)
{
	return x->r.type == q->type && span_eq(seen_blob_value(&x->r, x->blob), q->text);
}

int seen_find_value(struct seen *s, enum indicator_type t, struct span value, seen_fn *fn, void *ctx)
{
	struct asked q = { .s = s, .ix = SEEN_IX_TEXT, .key = seen_key_text(t, value),
		.is = is_value, .type = t, .text = value, .fn = fn, .ctx = ctx };
	return answer(&q);
}

static bool is_name(const struct asked *q, const struct seen_item *x)
{
	return x->r.type == INDICATOR_NONE && span_eq_nocase(seen_base_name(x->path), q->text);
}

int seen_find_name(struct seen *s, struct span name, seen_fn *fn, void *ctx)
{
	struct asked q = { .s = s, .ix = SEEN_IX_NAME, .key = seen_key_name(name), .is = is_name,
		.text = name, .fn = fn, .ctx = ctx };
	return answer(&q);
}

static bool is_path(const struct asked *q, const struct seen_item *x)
{
	return span_eq(x->path, q->text);
}

int seen_find_path(struct seen *s, const char *path, seen_fn *fn, void *ctx)
{
	struct span text = span_str(path);
	struct asked q = { .s = s, .ix = SEEN_IX_NAME, .key = seen_key_name(text), .is = is_path,
		.text = text, .fn = fn, .ctx = ctx };
	return answer(&q);
}

int seen_each(struct seen *s, seen_fn *fn, void *ctx)
{
	struct asked q = { .s = s, .all = true, .fn = fn, .ctx = ctx };
	return answer(&q);
}

/* --- whole indexes --- */

static int value_at(const struct asked *q, struct seen_run *r, uint32_t at)
{
	struct seen_item x;
	uint64_t key;
	uint32_t rec;

	if (!seen_run_ix(r, SEEN_IX_TEXT, at, &key, &rec) || !seen_run_item(r, rec, &x))
		return 1;
	return x.r.type == INDICATOR_NONE ? 0 : tell(q, &x);
}

int seen_each_value(struct seen *s, seen_fn *fn, void *ctx)
{
	const struct asked q = { .s = s, .fn = fn, .ctx = ctx };
	int rc = 0;

	for (size_t i = 0; i < s->nrun && rc == 0; i++)
		for (uint32_t at = 0; at < s->run[i].nix[SEEN_IX_TEXT] && rc == 0; at++) {
			rc = value_at(&q, &s->run[i], at);
			if (rc == 1) { /* damaged: the next run */
				rc = 0;
				break;
			}
		}
	seen_dir_note_bad(s);
	return rc;
}

/* Keys that are here, too: appended to out. */
static void common(struct seen_run *r, enum seen_ix ix, const uint64_t *key, size_t n, uint64_t *out,
    size_t *nout)
{
	uint32_t at = 0;

	seen_file_ahead(&r->file, SEEN_S_IX + 2 * (unsigned)ix);
	for (size_t i = 0; i < n && at < r->nix[ix]; i++) {
		if (i && key[i] == key[i - 1])
			continue;
		at = seen_run_lower(r, ix, key[i], at);
		if (at < r->nix[ix] && seen_run_key(r, ix, at) == key[i])
			out[(*nout)++] = key[i];
	}
}

static int key_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

int seen_join(struct seen *s, enum digest_alg alg, const uint64_t *key, size_t n, seen_fn *fn,
    void *ctx)
{
	enum seen_ix ix = seen_ix_of(alg);
	size_t k = 0;
	int rc = 0;

	if (ix == SEEN_IXS || !n)
		return 0;
	AUTO_FREE uint64_t *hit = NULL;
	for (size_t i = 0; i < s->nrun; i++) {
		/* At most all of them once more; those of the runs before are few. */
		uint64_t *more = reallocarray(hit, k + n, sizeof(*hit));
		if (!more)
			return -ENOMEM;
		hit = more;
		common(&s->run[i], ix, key, n, hit, &k);
	}
	if (k)
		qsort(hit, k, sizeof(*hit), key_cmp);
	for (size_t i = 0; i < k && rc == 0; i++) {
		struct asked q = { .s = s, .ix = ix, .key = hit[i], .fn = fn, .ctx = ctx };
		if (i == 0 || hit[i] != hit[i - 1])
			rc = answer(&q);
	}
	seen_dir_note_bad(s);
	return rc;
}

/* --- upkeep --- */

void seen_counts(struct seen *s, struct seen_stats *ret_st)
{
	*ret_st = (struct seen_stats){ .first = TS_NONE, .last = TS_NONE };
	for (size_t i = 0; i < s->nrun; i++) {
		const struct seen_run *r = &s->run[i];
		ret_st->runs++;
		ret_st->values += r->nix[SEEN_IX_TEXT];
		ret_st->files += r->nix[SEEN_IX_NAME];
		ret_st->bytes += r->file.size + (r->times.h ? r->times.size : 0);
	}
	seen_dir_note_bad(s);
	ret_st->damaged = s->ndamaged;
}

void seen_stats(struct seen *s, struct seen_stats *ret_st)
{
	uint32_t first = UINT32_MAX, last = 0;

	for (size_t i = 0; i < s->nrun; i++)
		for (uint32_t k = 0; k < s->run[i].n; k++) {
			const struct seen_rec *p = seen_run_rec(&s->run[i], k);
			if (!p)
				break;
			struct seen_rec rec = *p;
			seen_run_times(&s->run[i], k, &rec);
			first = rec.first < first ? rec.first : first;
			last = rec.last > last ? rec.last : last;
		}
	seen_counts(s, ret_st);
	if (first <= last) {
		ret_st->first = first * TS_SECOND;
		ret_st->last = last * TS_SECOND;
	}
}

const char *seen_damaged(struct seen *s, size_t i)
{
	seen_dir_note_bad(s);
	return i < s->ndamaged ? s->damaged[i] : NULL;
}

int seen_check(struct seen *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->nrun; i++) {
		struct seen_item x;
		struct seen_run *r = &s->run[i];
		if (seen_file_check(&r->file) < 0 || (r->times.h && seen_file_check(&r->times) < 0))
			rc = -EBADMSG;
		for (uint32_t k = 0; k < r->n && !r->file.bad; k++)
			if (!seen_run_item(r, k, &x))
				rc = -EBADMSG;
	}
	seen_dir_note_bad(s);
	return s->ndamaged ? -EBADMSG : rc;
}
