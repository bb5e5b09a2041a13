/* SPDX-License-Identifier: Apache-2.0 */

#include "seen/run.h"

#include <errno.h>
#include <stdlib.h>

static bool shape_fits(struct seen_run *r)
{
	const struct seen_file *f = &r->file;
	uint64_t n = f->h->n, blocks = (n + SEEN_WAY_BLOCK - 1) / SEEN_WAY_BLOCK;

	if (n > SEEN_RUN_MAX || seen_section_len(f, SEEN_S_RECS) != n * sizeof(struct seen_rec) ||
	    seen_section_len(f, SEEN_S_WAY_AT) != 8 * blocks)
		return false;
	for (unsigned ix = 0; ix < SEEN_IXS; ix++) {
		uint64_t k = seen_section_len(f, SEEN_S_IX + 2 * ix) / 8;
		if (k > n || seen_section_len(f, SEEN_S_IX + 2 * ix) != 8 * k ||
		    seen_section_len(f, SEEN_S_IX + 2 * ix + 1) != 4 * k)
			return false;
		r->nix[ix] = (uint32_t)k;
	}
	r->n = (uint32_t)n;
	return true;
}

int seen_run_open(struct seen_run *r, int fd, const char *name, struct fault *f)
{
	*r = (struct seen_run){ .way = { .path = BUF_INIT(SEEN_PATH_MAX), .next = UINT32_MAX } };
	int rc = seen_file_open(&r->file, fd, name, SEEN_RUN_MAGIC, f);
	if (rc == 0 && !shape_fits(r)) {
		rc = fault_set(f, -EBADMSG, "%s: its sections do not belong together", r->file.name);
		seen_run_close(r);
	}
	return rc;
}

void seen_run_close(struct seen_run *r)
{
	seen_file_close(&r->file);
	seen_file_close(&r->times);
	buf_free(&r->way.path);
	free(r->again);
	r->again = NULL;
}

/* --- records --- */

const struct seen_rec *seen_run_rec(struct seen_run *r, uint32_t i)
{
	const struct seen_rec *rec =
	    seen_file_at(&r->file, SEEN_S_RECS, (uint64_t)i * sizeof(*rec), sizeof(*rec));

	if (rec && !seen_rec_valid(rec)) {
		r->file.bad = true;
		return NULL;
	}
	return rec;
}

bool seen_run_blob(struct seen_run *r, uint32_t i, struct seen_item *ret_x)
{
	const struct seen_rec *rec = seen_run_rec(r, i);
	const uint8_t *blob =
	    rec ? seen_file_at(&r->file, SEEN_S_BLOB, rec->blob, seen_blob_len(rec)) : NULL;

	if (!blob)
		return false;
	*ret_x = (struct seen_item){ .r = *rec, .blob = blob };
	return true;
}

void seen_run_times(struct seen_run *r, uint32_t i, struct seen_rec *rec)
{
	const struct seen_again *t = r->times.h && !r->times.bad ?
	    seen_file_at(&r->times, 0, (uint64_t)i * sizeof(*t), sizeof(*t)) :
	    NULL;

	if (t)
		seen_rec_again(rec, t);
}

/* --- paths --- */

/* A number of at most 3 bytes, 7 bits each; 0 bytes: there is none. */
static unsigned varint(const uint8_t *p, uint64_t n, uint32_t *ret_v)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 3 && i < n; i++) {
		v |= (uint32_t)(p[i] & 0x7f) << 7 * i;
		if (!(p[i] & 0x80)) {
			*ret_v = v;
			return i + 1;
		}
	}
	return 0;
}

/* Reads the entry at way->off: the path of record way->next. */
static bool way_step(struct seen_run *r)
{
	struct seen_way *w = &r->way;
	uint64_t left = seen_section_len(&r->file, SEEN_S_WAY);
	uint32_t shared, rest;

	left = w->off < left ? left - w->off : 0;
	const uint8_t *p = seen_file_at(&r->file, SEEN_S_WAY, w->off, left < 6 ? left : 6);
	unsigned a = p ? varint(p, left, &shared) : 0;
	unsigned b = a ? varint(p + a, (left < 6 ? left : 6) - a, &rest) : 0;
	if (!b || shared > w->path.n || shared + rest > SEEN_PATH_MAX ||
	    (w->next % SEEN_WAY_BLOCK == 0 && shared))
		return false;
	w->off += a + b;
	p = seen_file_at(&r->file, SEEN_S_WAY, w->off, rest);
	if (!p)
		return false;
	w->path.n = shared;
	buf_put(&w->path, p, rest);
	w->off += rest;
	w->next++;
	return buf_err(&w->path) == 0;
}

static bool way_to(struct seen_run *r, uint32_t i)
{
	struct seen_way *w = &r->way;
	uint32_t block = i / SEEN_WAY_BLOCK;

	if (w->next == i + 1)
		return true;
	if (w->next > i || w->next / SEEN_WAY_BLOCK != block) {
		const uint64_t *at = seen_file_at(&r->file, SEEN_S_WAY_AT, 8ull * block, 8);
		if (!at)
			return false;
		w->off = *at;
		w->next = block * SEEN_WAY_BLOCK;
		buf_reset(&w->path);
	}
	while (w->next <= i)
		if (!way_step(r)) {
			w->next = UINT32_MAX;
			r->file.bad = true;
			return false;
		}
	return true;
}

bool seen_run_item(struct seen_run *r, uint32_t i, struct seen_item *ret_x)
{
	if (!seen_run_blob(r, i, ret_x) || !way_to(r, i))
		return false;
	ret_x->path = buf_span(&r->way.path);
	seen_run_times(r, i, &ret_x->r);
	return true;
}

/* --- indexes --- */

uint64_t seen_run_key(struct seen_run *r, enum seen_ix ix, uint32_t at)
{
	const uint64_t *k = seen_file_at(&r->file, SEEN_S_IX + 2 * (unsigned)ix, 8ull * at, 8);
	return k ? *k : UINT64_MAX;
}

/* Keys of digests and texts are spread evenly, and files are asked for in their order, so the first
 * guess is near; from there in growing steps. */
uint32_t seen_run_lower(struct seen_run *r, enum seen_ix ix, uint64_t key, uint32_t from)
{
	uint32_t n = r->nix[ix], lo = from, hi = n, step = 1;

	if (lo >= n)
		return n;
	uint32_t at = from;
	if (from == 0)
		at = ix == SEEN_IX_FILE ? r->hint % n : (uint32_t)((unsigned __int128)key * n >> 64);
	if (seen_run_key(r, ix, at) < key) {
		for (lo = at + 1; lo < n && seen_run_key(r, ix, lo) < key; step *= 2) {
			lo++;
			uint32_t next = n - lo > step ? lo + step : n;
			if (next == n || seen_run_key(r, ix, next) >= key) {
				hi = next;
				break;
			}
			lo = next;
		}
	} else {
		for (hi = at; hi > lo; step *= 2) {
			uint32_t next = hi - lo > step ? hi - step : lo;
			if (seen_run_key(r, ix, next) < key) {
				lo = next + 1;
				break;
			}
			hi = next;
		}
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (seen_run_key(r, ix, mid) < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool seen_run_ix(struct seen_run *r, enum seen_ix ix, uint32_t at, uint64_t *ret_key,
    uint32_t *ret_rec)
{
	if (at >= r->nix[ix])
		return false;
	const uint64_t *k = seen_file_at(&r->file, SEEN_S_IX + 2 * (unsigned)ix, 8ull * at, 8);
	const uint32_t *v = seen_file_at(&r->file, SEEN_S_IX + 2 * (unsigned)ix + 1, 4ull * at, 4);
	if (!k || !v)
		return false;
	if (*v >= r->n) {
		r->file.bad = true;
		return false;
	}
	*ret_key = *k;
	*ret_rec = *v;
	return true;
}
