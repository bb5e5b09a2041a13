/* SPDX-License-Identifier: Apache-2.0 */

#include "seen/run.h"

#include <stdio.h>

int seen_run_out_new(struct seen_run_out *o, int dirfd, const struct seen_run_bound *b)
{
	uint64_t bound[SEEN_SECTIONS] = { 0 };

	*o = (struct seen_run_out){ .last = BUF_INIT(SEEN_PATH_MAX) };
	bound[SEEN_S_RECS] = b->n * sizeof(struct seen_rec);
	bound[SEEN_S_BLOB] = b->blob;
	bound[SEEN_S_WAY_AT] = 8 * ((b->n + SEEN_WAY_BLOCK - 1) / SEEN_WAY_BLOCK);
	for (unsigned ix = 0; ix < SEEN_IXS; ix++) {
		bound[SEEN_S_IX + 2 * ix] = 8 * b->nix[ix];
		bound[SEEN_S_IX + 2 * ix + 1] = 4 * b->nix[ix];
	}
	bound[SEEN_S_WAY] = UINT64_MAX;
	return seen_out_new(&o->out, dirfd, SEEN_RUN_MAGIC, bound);
}

static size_t varint(uint8_t *p, size_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

static void put_way(struct seen_run_out *o, struct span path)
{
	uint64_t at = seen_out_len(&o->out, SEEN_S_WAY);
	uint8_t head[8];
	size_t shared = 0;

	if (o->n % SEEN_WAY_BLOCK == 0)
		seen_out_put(&o->out, SEEN_S_WAY_AT, &at, sizeof(at));
	else
		while (shared < path.n && shared < o->last.n && path.p[shared] == o->last.p[shared])
			shared++;
	size_t n = varint(head, shared);
	n += varint(head + n, path.n - shared);
	seen_out_put(&o->out, SEEN_S_WAY, head, n);
	seen_out_put(&o->out, SEEN_S_WAY, path.p + shared, path.n - shared);
	o->last.n = shared;
	buf_put(&o->last, path.p + shared, path.n - shared);
}

void seen_run_out_add(struct seen_run_out *o, const struct seen_item *x)
{
	struct seen_rec r = x->r;

	put_way(o, x->path);
	r.blob = seen_out_len(&o->out, SEEN_S_BLOB);
	seen_out_put(&o->out, SEEN_S_RECS, &r, sizeof(r));
	seen_out_put(&o->out, SEEN_S_BLOB, x->blob, seen_blob_len(&r));
	o->n++;
}

void seen_run_out_ix(struct seen_run_out *o, enum seen_ix ix, uint64_t key, uint32_t rec)
{
	seen_out_put(&o->out, SEEN_S_IX + 2 * (unsigned)ix, &key, sizeof(key));
	seen_out_put(&o->out, SEEN_S_IX + 2 * (unsigned)ix + 1, &rec, sizeof(rec));
}

int seen_run_out_commit(struct seen_run_out *o, ts made, struct fault *f)
{
	char name[32];

	o->out.h.made = made;
	o->out.h.n = o->n;
	snprintf(name, sizeof(name), "%016llx.run", (unsigned long long)o->out.h.id);
	if (o->out.err == 0 && buf_err(&o->last))
		o->out.err = buf_err(&o->last);
	buf_free(&o->last);
	return seen_out_commit(&o->out, name, f);
}

void seen_run_out_drop(struct seen_run_out *o)
{
	buf_free(&o->last);
	seen_out_drop(&o->out);
}
