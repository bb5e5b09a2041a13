/* SPDX-License-Identifier: Apache-2.0 */

#include "seen/key.h"

#include "base/map.h"

#define KEPT                                                                                       \
	(1u << DIGEST_MD5 | 1u << DIGEST_SHA1 | 1u << DIGEST_SHA256 | 1u << DIGEST_SHA512)

enum seen_ix seen_ix_of(enum digest_alg a)
{
	switch (a) {
	case DIGEST_MD5:
		return SEEN_IX_MD5;
	case DIGEST_SHA1:
		return SEEN_IX_SHA1;
	case DIGEST_SHA256:
		return SEEN_IX_SHA256;
	case DIGEST_SHA512:
		return SEEN_IX_SHA512;
	default:
		return SEEN_IXS;
	}
}

enum digest_alg seen_alg_of(enum seen_ix ix)
{
	static const enum digest_alg alg[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };
	return ix < ARRAY_LEN(alg) ? alg[ix] : DIGEST_NONE;
}

/* --- keys --- */

/* The same in every run, so that runs are merged without making keys again. Whoever finds names that
 * collide gains nothing: what a key finds is compared. */
static const uint64_t seed[2] = { 0x66697265627265ull, 0x6b7365656e2e6b31ull };

uint64_t seen_key_digest(const uint8_t *p)
{
	uint64_t k;
	memcpy(&k, p, sizeof(k));
	return __builtin_bswap64(k);
}

uint64_t seen_key_text(enum indicator_type t, struct span value)
{
	uint64_t mine[2] = { seed[0] ^ (uint64_t)t << 56, seed[1] };
	return siphash13(mine, value.p, value.n);
}

struct span seen_base_name(struct span path)
{
	const uint8_t *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	return slash ? span_from(path, (size_t)(slash - path.p) + 1) : path;
}

uint64_t seen_key_name(struct span path)
{
	struct span name = seen_base_name(path);
	uint8_t low[256];
	size_t n = name.n < sizeof(low) ? name.n : sizeof(low);

	for (size_t i = 0; i < n; i++)
		low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i];
	return siphash13(seed, low, n);
}

/* In the order of the numbers, as a walk asks; another device's are far away. */
uint64_t seen_key_file(uint32_t dev, uint64_t ino)
{
	uint64_t far = (dev * 0x9e3779b1u) >> 16;
	return (far << 48) ^ ino;
}

uint64_t seen_key_path(struct span path)
{
	return siphash13(seed, path.p, path.n);
}

/* --- the blob --- */

static size_t digests_len(const struct seen_rec *r, enum digest_alg before)
{
	size_t n = 0;

	for (enum digest_alg a = DIGEST_MD5; a < before; a++)
		if (r->set >> a & 1)
			n += digest_len(a);
	return n;
}

size_t seen_blob_len(const struct seen_rec *r)
{
	return digests_len(r, DIGEST_ALGS) + r->value_len +
	    (r->flags & SEEN_PROBED ? 8u + r->found_len : 0);
}

const uint8_t *seen_blob_digest(const struct seen_rec *r, const uint8_t *blob, enum digest_alg a)
{
	return r->set >> a & 1 ? blob + digests_len(r, a) : NULL;
}

struct span seen_blob_value(const struct seen_rec *r, const uint8_t *blob)
{
	return span_of(blob + digests_len(r, DIGEST_ALGS), r->value_len);
}

struct span seen_blob_found(const struct seen_rec *r, const uint8_t *blob, uint64_t *ret_key)
{
	*ret_key = 0;
	if (!(r->flags & SEEN_PROBED))
		return SPAN_NONE;
	blob += digests_len(r, DIGEST_ALGS) + r->value_len;
	memcpy(ret_key, blob, 8);
	return span_of(blob + 8, r->found_len);
}

struct span seen_blob_own(const struct seen_rec *r, const uint8_t *blob)
{
	if (r->type != INDICATOR_NONE)
		return seen_blob_value(r, blob);
	return span_of(seen_blob_digest(r, blob, DIGEST_SHA256), digest_len(DIGEST_SHA256));
}

bool seen_rec_valid(const struct seen_rec *r)
{
	if (r->set & ~KEPT || r->type >= INDICATOR_TYPES)
		return false;
	if (r->type != INDICATOR_NONE)
		return !r->set && r->value_len;
	return r->set >> DIGEST_SHA256 & 1 && !r->value_len;
}

/* --- items --- */

int seen_item_cmp(const struct seen_item *a, const struct seen_item *b)
{
	int c = span_cmp(a->path, b->path);

	if (c == 0)
		c = (int)a->r.type - (int)b->r.type;
	return c ? c : span_cmp(seen_blob_own(&a->r, a->blob), seen_blob_own(&b->r, b->blob));
}

void seen_item_keys(const struct seen_item *x, void (*put)(void *ctx, enum seen_ix ix, uint64_t key),
    void *ctx)
{
	for (enum seen_ix ix = SEEN_IX_MD5; ix <= SEEN_IX_SHA512; ix++) {
		const uint8_t *d = seen_blob_digest(&x->r, x->blob, seen_alg_of(ix));
		if (d)
			put(ctx, ix, seen_key_digest(d));
	}
	if (x->r.type != INDICATOR_NONE)
		put(ctx, SEEN_IX_TEXT, seen_key_text(x->r.type, seen_blob_value(&x->r, x->blob)));
	else
		put(ctx, SEEN_IX_NAME, seen_key_name(x->path));
	if (x->r.flags & SEEN_HAS_ID)
		put(ctx, SEEN_IX_FILE, seen_key_file(x->r.dev, x->r.ino));
}

static void take_id(struct seen_rec *to, const struct seen_rec *from)
{
	to->dev = from->dev;
	to->ino = from->ino;
	to->size = from->size;
	to->ctime = from->ctime;
	to->mtime = from->mtime;
	to->flags |= from->flags & SEEN_HAS_ID;
}

/* Digests of either, the newer one's report. */
static void combine_blob(struct seen_item *a, const struct seen_item *newer,
    const struct seen_item *older, uint8_t *out)
{
	uint8_t *at = out;
	struct span value = seen_blob_value(&newer->r, newer->blob);
	const struct seen_item *probed = newer->r.flags & SEEN_PROBED ? newer : older;
	uint64_t key;
	struct span found = seen_blob_found(&probed->r, probed->blob, &key);

	for (enum digest_alg d = DIGEST_MD5; d < DIGEST_ALGS; d++) {
		const uint8_t *p = seen_blob_digest(&newer->r, newer->blob, d);
		if (!p)
			p = seen_blob_digest(&older->r, older->blob, d);
		if (p)
			at = (uint8_t *)memcpy(at, p, digest_len(d)) + digest_len(d);
	}
	if (value.n)
		at = (uint8_t *)memcpy(at, value.p, value.n) + value.n;
	if (probed->r.flags & SEEN_PROBED) {
		memcpy(at, &key, 8);
		if (found.n)
			memcpy(at + 8, found.p, found.n);
	}
	a->r.found_len = probed->r.found_len;
	a->r.flags |= probed->r.flags & SEEN_PROBED;
}

void seen_item_combine(struct seen_item *a, const struct seen_item *b,
    uint8_t room[static SEEN_BLOB_MAX])
{
	const struct seen_item old = *a;
	const struct seen_item *newer = b->r.last >= old.r.last ? b : &old;
	const struct seen_item *older = newer == b ? &old : b;
	uint64_t count = (uint64_t)old.r.count + b->r.count;

	a->r = newer->r;
	a->r.set = old.r.set | b->r.set;
	a->r.first = old.r.first < b->r.first ? old.r.first : b->r.first;
	a->r.count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
	if (!(newer->r.flags & SEEN_HAS_ID) && older->r.flags & SEEN_HAS_ID)
		take_id(&a->r, &older->r);
	combine_blob(a, newer, older, room);
	a->blob = room;
}
