/* SPDX-License-Identifier: Apache-2.0 */

/* batch: observations in memory, until they become a run. */

#include "base/map.h"
#include "seen/priv.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS (SEEN_BATCH_ITEMS * 2)

void seen_batch_free(struct seen_batch *b)
{
	free(b->item);
	free(b->slot);
	free(b->room);
	buf_free(&b->bytes);
	*b = (struct seen_batch){ .bytes = BUF_INIT(SEEN_BATCH_BYTES + 2 * SEEN_BLOB_MAX) };
}

/* The bytes may move as they grow, so items hold offsets; this makes one that can be looked at. */
static struct seen_item resolved(const struct seen_batch *b, uint32_t i)
{
	struct seen_item x = b->item[i];

	x.path.p = b->bytes.p + (uintptr_t)x.path.p;
	x.blob = b->bytes.p + (uintptr_t)x.blob;
	return x;
}

static const uint8_t *append(struct seen_batch *b, const void *p, size_t n)
{
	size_t at = b->bytes.n;

	buf_put(&b->bytes, p, n);
	return (const uint8_t *)at;
}

static int prepare(struct seen_batch *b)
{
	if (b->room)
		return 0;
	seen_batch_free(b);
	b->bytes = BUF_INIT(SEEN_BATCH_BYTES + 2 * SEEN_BLOB_MAX);
	b->item = calloc(SEEN_BATCH_ITEMS, sizeof(*b->item));
	b->slot = calloc(SLOTS, sizeof(*b->slot));
	b->room = malloc(SEEN_BLOB_MAX);
	return b->item && b->slot && b->room ? 0 : -ENOMEM;
}

/* Where the same observation is, or where it would go. */
static uint32_t *slot_of(struct seen_batch *b, const struct seen_item *x)
{
	struct span own = seen_blob_own(&x->r, x->blob);
	const uint64_t key[2] = { x->r.path_key, x->r.type };
	uint64_t at = siphash13(key, own.p, own.n) % SLOTS;

	for (;; at = (at + 1) % SLOTS) {
		if (!b->slot[at])
			return &b->slot[at];
		struct seen_item have = resolved(b, b->slot[at] - 1);
		if (have.r.path_key == x->r.path_key && seen_item_cmp(&have, x) == 0)
			return &b->slot[at];
	}
}

int seen_batch_add(struct seen_batch *b, const struct seen_item *x)
{
	int rc = prepare(b);

	if (rc < 0)
		return rc;
	uint32_t *slot = slot_of(b, x);
	struct seen_item *own = &b->item[*slot ? *slot - 1 : b->n];
	struct seen_item y = *x;
	if (*slot) {
		y = resolved(b, *slot - 1);
		size_t had = seen_blob_len(&y.r);
		const uint8_t *old = y.blob;
		seen_item_combine(&y, x, b->room);
		own->r = y.r;
		if (seen_blob_len(&y.r) == had && memcmp(old, b->room, had) == 0)
			return 0;
	} else {
		*own = y;
		own->path.p = append(b, y.path.p, y.path.n);
	}
	own->blob = append(b, y.blob, seen_blob_len(&y.r));
	if (buf_err(&b->bytes))
		return buf_err(&b->bytes);
	if (!*slot)
		*slot = ++b->n;
	return 0;
}

/* --- becoming a run --- */

struct pair {
	uint64_t key;
	uint32_t rec;
};

static int pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->rec < y->rec ? -1 : x->rec > y->rec;
}

static int item_cmp(const void *a, const void *b)
{
	return seen_item_cmp(a, b);
}

struct keys {
	struct seen_run_bound bound;
	enum seen_ix ix;
	uint32_t rec;
	struct pair *pair;
	uint32_t n;
};

static void count_key(void *ctx, enum seen_ix ix, uint64_t key)
{
	struct keys *k = ctx;

	(void)key;
	k->bound.nix[ix]++;
}

static void take_key(void *ctx, enum seen_ix ix, uint64_t key)
{
	struct keys *k = ctx;

	if (ix == k->ix)
		k->pair[k->n++] = (struct pair){ key, k->rec };
}

static void write_records(struct seen_batch *b, struct seen_run_out *o)
{
	for (uint32_t i = 0; i < b->n; i++)
		seen_run_out_add(o, &b->item[i]);
}

static void write_index(struct seen_batch *b, struct seen_run_out *o, struct keys *k)
{
	k->n = 0;
	for (k->rec = 0; k->rec < b->n; k->rec++)
		seen_item_keys(&b->item[k->rec], take_key, k);
	if (k->n)
		qsort(k->pair, k->n, sizeof(*k->pair), pair_cmp);
	for (uint32_t i = 0; i < k->n; i++)
		seen_run_out_ix(o, k->ix, k->pair[i].key, k->pair[i].rec);
}

int seen_batch_write(struct seen_batch *b, int dirfd, struct fault *f)
{
	struct keys k = { .bound.n = b->n };
	struct seen_run_out o;
	struct clock clock = clock_system();

	if (!b->n)
		return 0;
	AUTO_FREE struct pair *pair = calloc(b->n, sizeof(*pair));
	if (!pair)
		return -ENOMEM;
	k.pair = pair;
	for (uint32_t i = 0; i < b->n; i++) {
		b->item[i] = resolved(b, i);
		k.bound.blob += seen_blob_len(&b->item[i].r);
		seen_item_keys(&b->item[i], count_key, &k);
	}
	qsort(b->item, b->n, sizeof(*b->item), item_cmp);
	int rc = seen_run_out_new(&o, dirfd, &k.bound);
	if (rc == 0) {
		write_records(b, &o);
		for (k.ix = 0; k.ix < SEEN_IXS; k.ix++)
			write_index(b, &o, &k);
		rc = seen_run_out_commit(&o, clock_now(&clock), f);
	} else {
		seen_run_out_drop(&o);
		fault_set(f, rc, "observations: %s", strerror(-rc));
	}
	b->n = 0;
	memset(b->slot, 0, SLOTS * sizeof(*b->slot));
	buf_reset(&b->bytes);
	return rc;
}
