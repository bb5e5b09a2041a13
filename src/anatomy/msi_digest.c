/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/msi_digest.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK (256u << 10)

struct walk {
	const struct cfb *c;
	struct hasher *h;
	uint32_t *by_name; /* the listed entries by storage, then in the order of the digest */
	uint8_t *block;
	uint32_t skip[2]; /* the signature streams */
	bool metadata;
};

/* By the bytes of UTF-16LE with the NUL, as far as both have some: not the order of the units. */
static int name_cmp(const struct cfb_entry *a, const struct cfb_entry *b)
{
	size_t n = a->nname < b->nname ? a->nname : b->nname;

	for (size_t i = 0; i <= n; i++) {
		uint16_t x = a->name[i], y = b->name[i];
		if ((x & 0xff) != (y & 0xff))
			return (x & 0xff) < (y & 0xff) ? -1 : 1;
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static int entry_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct cfb_entry *entry = ctx;
	const struct cfb_entry *a = &entry[*(const uint32_t *)pa], *b = &entry[*(const uint32_t *)pb];

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return name_cmp(a, b);
}

/* Where the children of a storage begin. */
static uint32_t first_child(const struct walk *w, uint32_t storage)
{
	uint32_t lo = 0, hi = w->c->nlisted - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (w->c->entry[w->by_name[mid]].parent < storage)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int hash_range(struct walk *w, struct cfb_range r)
{
	int rc = 0;

	while (rc == 0 && r.len) {
		size_t n = r.len < BLOCK ? (size_t)r.len : BLOCK;
		rc = w->c->fetch(w->c->ctx, r.off, w->block, n);
		if (rc == 0)
			rc = hasher_update(w->h, w->block, n);
		r.off += n;
		r.len -= n;
	}
	return rc;
}

static int hash_stream(struct walk *w, uint32_t i)
{
	struct cfb_walk s = cfb_walk(w->c, i);
	struct cfb_range r;
	int rc = 0;

	while (rc == 0 && cfb_next(w->c, &s, &r))
		rc = hash_range(w, r);
	return rc;
}

static size_t put_le(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
	return n;
}

static int hash_entry(struct walk *w, const struct cfb_entry *e)
{
	uint8_t p[2 * CFB_NAME_MAX + 64];
	size_t n = 0;

	for (size_t i = 0; e->type != CFB_ROOT && i < e->nname; i++)
		n += put_le(p + n, e->name[i], 2);
	if (e->type == CFB_STREAM) {
		n += put_le(p + n, e->size, 4);
	} else {
		memcpy(p + n, e->clsid, 16);
		n += 16;
	}
	n += put_le(p + n, e->state, 4);
	if (e->type != CFB_ROOT) {
		memcpy(p + n, e->created, 8);
		memcpy(p + n + 8, e->modified, 8);
		n += 16;
	}
	return hasher_update(w->h, p, n);
}

static int hash_storage(struct walk *w, uint32_t storage);

static int hash_child(struct walk *w, uint32_t i)
{
	const struct cfb_entry *e = &w->c->entry[i];

	if (i == w->skip[0] || i == w->skip[1])
		return 0;
	if (e->type == CFB_STORAGE)
		return hash_storage(w, i);
	return w->metadata ? hash_entry(w, e) : hash_stream(w, i);
}

/* At most CFB_DEPTH_MAX deep. */
static int hash_storage(struct walk *w, uint32_t storage)
{
	const struct cfb_entry *e = &w->c->entry[storage];
	uint32_t n = w->c->nlisted - 1; /* the root is no child */
	int rc = w->metadata ? hash_entry(w, e) : 0;

	for (uint32_t i = first_child(w, storage); rc == 0 && i < n; i++) {
		if (w->c->entry[w->by_name[i]].parent != storage)
			break;
		rc = hash_child(w, w->by_name[i]);
	}
	if (rc == 0 && !w->metadata)
		rc = hasher_update(w->h, e->clsid, sizeof(e->clsid));
	return rc;
}

static int hash(const struct cfb *c, struct arena *a, struct hasher *h, bool metadata)
{
	struct walk w = { .c = c, .h = h, .metadata = metadata };

	w.skip[0] = cfb_find(c, 0, MSI_SIGNATURE);
	w.skip[1] = cfb_find(c, 0, MSI_SIGNATURE_EX);
	size_t n = c->nlisted - 1;

	w.by_name = arena_array(a, c->nlisted, sizeof(*w.by_name));
	w.block = arena_alloc(a, BLOCK);
	if (!w.by_name || !w.block)
		return -ENOMEM;
	memcpy(w.by_name, c->listed + 1, n * sizeof(*w.by_name));
	qsort_r(w.by_name, n, sizeof(*w.by_name), entry_cmp, c->entry);
	return hash_storage(&w, 0);
}

int msi_hash_content(const struct cfb *c, struct arena *a, struct hasher *h)
{
	return hash(c, a, h, false);
}

int msi_hash_metadata(const struct cfb *c, struct arena *a, struct hasher *h)
{
	return hash(c, a, h, true);
}
