/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/hfsplus.h"

#include "base/cur.h"
#include "base/utf8.h"

#define HEADER_LEN 512
#define DESCRIPTOR 14
#define DEPTH_MAX 16
#define KIND_LEAF 0xff
#define KIND_INDEX 0x00

bool hfs_is(struct span head)
{
	struct cur c = cur_of(span_from(head, HFS_HEADER_AT));
	uint16_t magic = cur_be16(&c), version = cur_be16(&c);

	return !c.err && ((magic == 0x482b && version == 4) || (magic == 0x4858 && version == 5));
}

static struct hfs_fork read_fork(struct cur *c, uint32_t file, uint8_t type)
{
	struct hfs_fork f = { .size = cur_be64(c), .file = file, .type = type };

	cur_skip(c, 4);
	f.blocks = cur_be32(c);
	for (size_t i = 0; i < ARRAY_LEN(f.extent); i++) {
		f.extent[i].start = cur_be32(c);
		f.extent[i].count = cur_be32(c);
	}
	return f;
}

/* ---- trees ---- */

static int load_node(struct hfs *h, struct hfs_tree *t, uint32_t node)
{
	if (node >= t->nodes)
		return HFS_DAMAGED;
	return hfs_fork_read(h, &t->fork, (uint64_t)node * t->node_size, t->node, t->node_size);
}

struct node_head {
	uint32_t next;
	uint8_t kind;
	uint16_t records;
};

static int node_head(const struct hfs_tree *t, struct node_head *ret_h)
{
	struct cur c = cur_of(span_of(t->node, t->node_size));

	ret_h->next = cur_be32(&c);
	cur_skip(&c, 4);
	ret_h->kind = cur_u8(&c);
	cur_skip(&c, 1);
	ret_h->records = cur_be16(&c);
	return ret_h->records > (t->node_size - DESCRIPTOR) / 2 - 1 ? HFS_DAMAGED : HFS_OK;
}

static uint32_t record_offset(const struct hfs_tree *t, uint32_t i)
{
	const uint8_t *p = t->node + t->node_size - 2 * (i + 1);
	return (uint32_t)p[0] << 8 | p[1];
}

/* Record i of the node at hand; n == 0: it lies outside. */
static struct span record(const struct hfs_tree *t, const struct node_head *head, uint32_t i)
{
	uint32_t from = record_offset(t, i), to = record_offset(t, i + 1);
	uint32_t end = t->node_size - 2 * (head->records + 1u);

	if (from < DESCRIPTOR || to <= from || to > end)
		return SPAN_NONE;
	return span_of(t->node + from, to - from);
}

/* A key and what is behind it. */
static bool split(struct span rec, struct span *ret_key, struct span *ret_data)
{
	struct cur c = cur_of(rec);
	size_t n = cur_be16(&c);

	*ret_key = cur_take(&c, n);
	cur_skip(&c, n & 1);
	*ret_data = cur_rest(&c);
	return !c.err && n;
}

static int open_tree(struct hfs *h, struct hfs_tree *t, struct cur *c, uint32_t file)
{
	uint8_t head[DESCRIPTOR + 106];

	t->fork = read_fork(c, file, 0);
	if (!t->fork.size)
		return HFS_ABSENT;
	int rc = hfs_fork_read(h, &t->fork, 0, head, sizeof(head));
	if (rc)
		return rc;
	struct cur r = cur_of(span_of(head, sizeof(head)));
	cur_skip(&r, DESCRIPTOR + 2);
	t->root = cur_be32(&r);
	cur_skip(&r, 4);
	t->first_leaf = cur_be32(&r);
	cur_skip(&r, 4);
	t->node_size = cur_be16(&r);
	cur_skip(&r, 2);
	t->nodes = cur_be32(&r);
	if (t->node_size < 512 || t->node_size > HFS_NODE_MAX || t->node_size & (t->node_size - 1) ||
	    (uint64_t)t->nodes * t->node_size > t->fork.size)
		return HFS_DAMAGED;
	return HFS_OK;
}

/* <0, 0, >0: the key against what is looked for. */
typedef int compare_fn(struct span key, const void *wanted);

/* Loads the node, from the root down, for the child that may hold the wanted key; leaves it in t. */
static int find_leaf(struct hfs *h, struct hfs_tree *t, compare_fn *compare, const void *wanted,
    struct node_head *ret_head)
{
	uint32_t node = t->root;

	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		int rc = load_node(h, t, node);
		if (rc == 0)
			rc = node_head(t, ret_head);
		if (rc)
			return rc;
		if (ret_head->kind == KIND_LEAF)
			return HFS_OK;
		if (ret_head->kind != KIND_INDEX)
			return HFS_DAMAGED;
		uint32_t child = 0;
		for (uint32_t i = 0; i < ret_head->records; i++) {
			struct span key, data;
			if (!split(record(t, ret_head, i), &key, &data) || data.n < 4)
				return HFS_DAMAGED;
			if (i && compare(key, wanted) > 0)
				break;
			struct cur c = cur_of(data);
			child = cur_be32(&c);
		}
		if (!child)
			return HFS_DAMAGED;
		node = child;
	}
	return HFS_DAMAGED;
}

/* The last record of the leaf whose key is not behind the wanted one; n == 0: none. */
static int find_record(struct hfs *h, struct hfs_tree *t, compare_fn *compare, const void *wanted,
    struct span *ret_key, struct span *ret_data)
{
	struct node_head head;
	bool found = false;

	if (!t->root)
		return HFS_ABSENT;
	int rc = find_leaf(h, t, compare, wanted, &head);
	for (uint32_t i = 0; rc == 0 && i < head.records; i++) {
		struct span key, data;
		if (!split(record(t, &head, i), &key, &data))
			return HFS_DAMAGED;
		if (compare(key, wanted) > 0)
			break;
		*ret_key = key;
		*ret_data = data;
		found = true;
	}
	return rc ? rc : found ? HFS_OK : HFS_ABSENT;
}

/* ---- forks ---- */

struct extent_key {
	uint32_t file, block;
	uint8_t type;
};

static struct extent_key extent_key(struct span key)
{
	struct cur c = cur_of(key);
	struct extent_key k = { .type = cur_u8(&c) };

	cur_skip(&c, 1);
	k.file = cur_be32(&c);
	k.block = cur_be32(&c);
	return k;
}

static int order(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int by_extent(struct span key, const void *wanted)
{
	struct extent_key k = extent_key(key);
	const struct extent_key *w = wanted;

	if (k.file != w->file)
		return order(k.file, w->file);
	if (k.type != w->type)
		return order(k.type, w->type);
	return order(k.block, w->block);
}

/* Among extents that begin at block `first` of the fork: where block is. */
static bool in_extents(const struct hfs_extent *e, uint32_t first, uint32_t block,
    uint32_t *ret_start, uint32_t *ret_left)
{
	for (size_t i = 0; i < 8; i++) {
		if (block - first < e[i].count) {
			*ret_start = e[i].start + (block - first);
			*ret_left = e[i].count - (block - first);
			return true;
		}
		first += e[i].count;
	}
	return false;
}

/* The block of the volume where this block of the fork is, and how many follow it there. */
static int locate(struct hfs *h, const struct hfs_fork *f, uint32_t block, uint32_t *ret_start,
    uint32_t *ret_left)
{
	struct extent_key wanted = { f->file, block, f->type };
	struct hfs_extent e[8];
	struct span key, data;

	if (in_extents(f->extent, 0, block, ret_start, ret_left))
		return HFS_OK;
	if (f == &h->extents.fork)
		return HFS_DAMAGED;
	int rc = find_record(h, &h->extents, by_extent, &wanted, &key, &data);
	if (rc)
		return rc == HFS_ABSENT ? HFS_DAMAGED : rc;
	struct extent_key k = extent_key(key);
	struct cur c = cur_of(data);
	for (size_t i = 0; i < ARRAY_LEN(e); i++) {
		e[i].start = cur_be32(&c);
		e[i].count = cur_be32(&c);
	}
	if (c.err || k.file != f->file || k.type != f->type ||
	    !in_extents(e, k.block, block, ret_start, ret_left))
		return HFS_DAMAGED;
	return HFS_OK;
}

int hfs_fork_read(struct hfs *h, const struct hfs_fork *f, uint64_t off, void *p, size_t n)
{
	uint8_t *to = p;

	if (off > f->size || n > f->size - off)
		return HFS_DAMAGED;
	while (n) {
		uint64_t block = off / h->block, inside = off % h->block;
		uint32_t start, left;
		if (block > UINT32_MAX)
			return HFS_DAMAGED;
		int rc = locate(h, f, (uint32_t)block, &start, &left);
		if (rc)
			return rc;
		if (start >= h->blocks || left > h->blocks - start)
			return HFS_DAMAGED;
		uint64_t room = (uint64_t)left * h->block - inside;
		size_t part = n < room ? n : (size_t)room;
		rc = h->read_at(h->ctx, (uint64_t)start * h->block + inside, to, part);
		if (rc)
			return rc;
		to += part;
		off += part;
		n -= part;
	}
	return HFS_OK;
}

/* ---- volume ---- */

int hfs_open(struct hfs *h, hfs_read_fn *read_at, void *ctx, uint64_t size)
{
	uint8_t head[HFS_HEADER_AT + HEADER_LEN];

	memset(h, 0, sizeof(*h));
	h->read_at = read_at;
	h->ctx = ctx;
	h->size = size;
	if (size < sizeof(head))
		return HFS_NOT;
	int rc = read_at(ctx, 0, head, sizeof(head));
	if (rc)
		return rc;
	if (head[HFS_HEADER_AT] == 'B' && head[HFS_HEADER_AT + 1] == 'D')
		return HFS_WRAPPED;
	if (!hfs_is(span_of(head, sizeof(head))))
		return HFS_NOT;
	struct cur c = cur_of(span_of(head + HFS_HEADER_AT, HEADER_LEN));
	cur_skip(&c, 40);
	h->block = cur_be32(&c);
	h->blocks = cur_be32(&c);
	if (h->block < 512 || h->block > (1u << 26) || h->block & (h->block - 1) ||
	    (uint64_t)h->blocks * h->block > size)
		return HFS_DAMAGED;
	cur_seek(&c, 192);
	rc = open_tree(h, &h->extents, &c, 3);
	if (rc == HFS_OK || rc == HFS_ABSENT)
		rc = open_tree(h, &h->catalog, &c, 4);
	if (rc == HFS_ABSENT)
		return HFS_DAMAGED;
	if (rc == HFS_OK)
		rc = open_tree(h, &h->attributes, &c, 8);
	return rc == HFS_ABSENT ? HFS_OK : rc;
}

/* ---- catalog ---- */

/* Units to UTF-8, as Apple's systems show them. */
static void put_name(char out[static HFS_NAME_MAX], struct span units)
{
	size_t n = 0;

	for (size_t i = 0; i + 2 <= units.n && i < 2 * 255; i += 2) {
		uint32_t u = (uint32_t)units.p[i] << 8 | units.p[i + 1];
		uint32_t low = i + 4 <= units.n ?
				   (uint32_t)units.p[i + 2] << 8 | units.p[i + 3] :
				   0;
		if (u >= 0xd800 && u < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			u = 0x10000 + ((u & 0x3ff) << 10) + (low & 0x3ff);
			i += 2;
		} else if (u >= 0xd800 && u < 0xe000) {
			u = 0xfffd;
		}
		u = u == 0 ? 0x2400 : u == '/' ? ':' : u;
		n += utf8_put((uint8_t *)out + n, u);
	}
	out[n] = 0;
}

static int read_entry(struct span rec, struct hfs_entry *e)
{
	struct span key, data;

	memset(e, 0, sizeof(*e));
	if (!split(rec, &key, &data))
		return HFS_DAMAGED;
	struct cur k = cur_of(key), c = cur_of(data);
	e->parent = cur_be32(&k);
	size_t units = cur_be16(&k);
	put_name(e->name, cur_take(&k, 2 * units));
	uint16_t type = cur_be16(&c);
	if (k.err || c.err || units > 255 || type < HFS_FOLDER || type > HFS_FILE_THREAD)
		return HFS_DAMAGED;
	e->type = (enum hfs_type)type;
	if (e->type > HFS_FILE)
		return HFS_OK;
	cur_seek(&c, 8);
	e->id = cur_be32(&c);
	cur_seek(&c, 41);
	e->owner_flags = cur_u8(&c);
	e->mode = cur_be16(&c);
	e->special = cur_be32(&c);
	e->kind = cur_be32(&c);
	e->creator = cur_be32(&c);
	if (e->type == HFS_FILE) {
		cur_seek(&c, 88);
		e->data = read_fork(&c, e->id, 0);
		e->resource = read_fork(&c, e->id, 0xff);
	}
	return c.err ? HFS_DAMAGED : HFS_OK;
}

int hfs_next(struct hfs *h, struct hfs_walk *w, struct hfs_entry *ret_e)
{
	struct node_head head;

	if (!w->visited) {
		w->node = h->catalog.first_leaf;
		w->visited = 1;
		w->record = UINT32_MAX;
	}
	for (;;) {
		if (!w->node)
			return HFS_END;
		int rc = w->record == UINT32_MAX ? load_node(h, &h->catalog, w->node) : HFS_OK;
		if (rc == 0)
			rc = node_head(&h->catalog, &head);
		if (rc)
			return rc;
		if (head.kind != KIND_LEAF)
			return HFS_DAMAGED;
		w->record = w->record == UINT32_MAX ? 0 : w->record;
		if (w->record < head.records)
			return read_entry(record(&h->catalog, &head, w->record++), ret_e);
		w->node = head.next;
		w->record = UINT32_MAX;
		if (++w->visited > h->catalog.nodes + 1)
			return HFS_DAMAGED;
	}
}

/* ---- attributes ---- */

struct attribute_key {
	uint32_t file;
	const char *name;
};

static int by_attribute(struct span key, const void *wanted)
{
	const struct attribute_key *w = wanted;
	struct cur c = cur_of(key);
	size_t n = strlen(w->name);

	cur_skip(&c, 2);
	uint32_t file = cur_be32(&c), block = cur_be32(&c);
	size_t units = cur_be16(&c);
	if (file != w->file)
		return order(file, w->file);
	for (size_t i = 0; i < units && i < n; i++) {
		int d = order(cur_be16(&c), (uint8_t)w->name[i]);
		if (d)
			return d;
	}
	return units == n ? order(block, 0) : order((uint32_t)units, (uint32_t)n);
}

int hfs_attribute(
    struct hfs *h, uint32_t file, const char *name, void *p, size_t max, size_t *ret_n)
{
	struct attribute_key wanted = { file, name };
	struct span key, data;

	int rc = find_record(h, &h->attributes, by_attribute, &wanted, &key, &data);
	if (rc)
		return rc;
	if (by_attribute(key, &wanted) != 0)
		return HFS_ABSENT;
	struct cur c = cur_of(data);
	uint32_t type = cur_be32(&c);
	cur_skip(&c, 8);
	uint32_t n = cur_be32(&c);
	struct span s = cur_take(&c, n);
	if (type != 0x10)
		return HFS_ABSENT;
	if (c.err || n > max)
		return HFS_DAMAGED;
	memcpy(p, s.p, n);
	*ret_n = n;
	return HFS_OK;
}
