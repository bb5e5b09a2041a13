/* SPDX-License-Identifier: Apache-2.0 */

/* pe_facts.h: resources and the version resource. */

#include "wire/pe_facts.h"

#include "base/cur.h"

#define ENTRY 8

static uint32_t le32(struct span s, size_t off)
{
	struct cur c = cur_of(s);
	cur_seek(&c, off);
	return cur_le32(&c);
}

static uint16_t le16(struct span s, size_t off)
{
	struct cur c = cur_of(s);
	cur_seek(&c, off);
	return cur_le16(&c);
}

/* IMAGE_RESOURCE_DIRECTORY at off: its entries become the current level. */
static bool enter(struct pe_resources *it, uint32_t off, unsigned depth)
{
	struct span d = span_from(it->dir, off);

	if (d.n < 16) {
		it->bad = "resource directory runs out of the image";
		return false;
	}
	uint32_t n = (uint32_t)le16(d, 12) + le16(d, 14);
	if (n > (d.n - 16) / ENTRY) {
		it->bad = "resource directory runs out of the image";
		n = (uint32_t)((d.n - 16) / ENTRY);
	}
	it->level[depth].at = off + 16;
	it->level[depth].left = n;
	it->depth = depth + 1;
	return true;
}

struct pe_resources pe_resources_of(const struct pe_image *im)
{
	struct pe_dir d = PE_DIR_RESOURCE < im->pe.ndirs ? im->pe.dir[PE_DIR_RESOURCE] :
							   (struct pe_dir){ 0 };
	struct pe_resources it = { .im = im, .rva = d.addr };

	if (d.addr) {
		it.dir = pe_at(im, d.addr);
		(void)enter(&it, 0, 0);
	}
	return it;
}

static struct pe_res_name res_name(struct pe_resources *it, uint32_t id)
{
	struct pe_res_name name = { .id = (uint16_t)id };

	if (!(id & 0x80000000u))
		return name;
	struct cur c = cur_of(span_from(it->dir, id & 0x7fffffff));
	size_t chars = cur_le16(&c);
	name.text = cur_take(&c, 2 * chars);
	if (c.err || !name.text.p) {
		it->bad = "name of a resource lies outside of the image";
		name.text = SPAN_LIT("");
	}
	return name;
}

/* IMAGE_RESOURCE_DATA_ENTRY. */
static bool leaf(struct pe_resources *it, uint32_t off, struct pe_resource *r)
{
	struct span e = span_from(it->dir, off);

	if (e.n < 16) {
		it->bad = "resource data entry lies outside of the image";
		return false;
	}
	r->type = it->path[0];
	r->name = it->path[1];
	r->lang = it->path[2].id;
	r->rva = le32(e, 0);
	r->len = le32(e, 4);
	r->data = pe_bytes(it->im, r->rva, r->len);
	if (r->len && !r->data.n)
		it->bad = "data of a resource lies outside of the image";
	return true;
}

bool pe_resources_next(struct pe_resources *it, struct pe_resource *ret_r)
{
	while (it->depth) {
		unsigned d = it->depth - 1;
		if (!it->level[d].left) {
			it->depth = d;
			continue;
		}
		if (it->n++ == PE_RESOURCES_MAX) {
			it->bad = "more than 65536 resource entries";
			return false;
		}
		uint32_t at = it->level[d].at;
		uint32_t id = le32(it->dir, at), to = le32(it->dir, at + 4ull);
		it->level[d].at += ENTRY;
		it->level[d].left--;
		it->path[d] = res_name(it, id);
		if (to & 0x80000000u) {
			if (d == 2)
				it->bad = "resource directories are more than three levels deep";
			else
				(void)enter(it, to & 0x7fffffff, d + 1);
			continue;
		}
		for (unsigned i = d + 1; i < 3; i++)
			it->path[i] = (struct pe_res_name){ 0 };
		struct pe_resource r = { 0 };
		if (!leaf(it, to, &r))
			continue;
		*ret_r = r;
		return true;
	}
	return false;
}

/* ---- VS_VERSIONINFO: blocks of { wLength, wValueLength, wType, szKey, padding, value, children } */

struct block {
	struct span key; /* UTF-16LE without NUL */
	struct span value, children;
};

static void align4(struct cur *c)
{
	size_t n = -c->off & 3;
	cur_skip(c, n < cur_left(c) ? n : cur_left(c));
}

/* The block at the cursor, which is at a multiple of 4 of the resource. */
static bool next_block(struct cur *c, struct block *b)
{
	align4(c);
	size_t start = c->off, len = cur_le16(c), value = cur_le16(c), type = cur_le16(c);

	if (c->err || len < 6 || len - 6 > cur_left(c))
		return false;
	struct cur in = { c->p, start + len, c->off, 0 };
	size_t key = in.off;
	while (!in.err && cur_le16(&in))
		;
	if (in.err)
		return false;
	b->key = span_of(in.p + key, in.off - 2 - key);
	align4(&in);
	value *= type == 1 ? 2 : 1;
	b->value = cur_take(&in, value < cur_left(&in) ? value : cur_left(&in));
	/* children start at a multiple of 4 of the whole, which is what align4 counts from */
	align4(&in);
	b->children = span_of(in.p + in.off, cur_left(&in));
	c->off = start + len;
	return true;
}

static bool key_is(struct span key, const char *name)
{
	size_t n = strlen(name);

	if (key.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (key.p[2 * i] != (uint8_t)name[i] || key.p[2 * i + 1])
			return false;
	return true;
}

/* Up to its NUL. */
static struct span utf16_text(struct span s)
{
	size_t n = 0;

	while (n + 2 <= s.n && (s.p[n] || s.p[n + 1]))
		n += 2;
	return span_of(s.p, n);
}

static void read_string(struct pe_version *v, const struct block *b)
{
	const struct {
		const char *key;
		struct span *to;
	} known[] = {
		{ "FileVersion", &v->file_version },
		{ "ProductVersion", &v->product_version },
		{ "ProductName", &v->product },
		{ "CompanyName", &v->company },
		{ "OriginalFilename", &v->original_name },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!known[i].to->p && key_is(b->key, known[i].key))
			*known[i].to = utf16_text(b->value);
}

/* Every block below, depth first: StringFileInfo, its tables, their strings. The strings of the
 * first table win. */
static void read_children(struct pe_version *v, struct span whole, struct span s, unsigned depth)
{
	struct cur c = { whole.p, (size_t)(s.p - whole.p) + s.n, (size_t)(s.p - whole.p), 0 };
	struct block b;

	while (cur_left(&c) && next_block(&c, &b)) {
		if (depth == 0 && !key_is(b.key, "StringFileInfo"))
			continue;
		if (depth == 2)
			read_string(v, &b);
		else
			read_children(v, whole, b.children, depth + 1);
	}
}

void pe_version(struct pe_version *ret_v, struct span data)
{
	struct cur c = cur_of(data);
	struct block root;

	*ret_v = (struct pe_version){ 0 };
	if (!next_block(&c, &root) || !key_is(root.key, "VS_VERSION_INFO"))
		return;
	if (root.value.n >= 52 && le32(root.value, 0) == 0xfeef04bd) {
		ret_v->fixed = true;
		for (size_t i = 0; i < 4; i++)
			ret_v->file[i] = le16(root.value, 8 + 2 * (i ^ 1));
	}
	read_children(ret_v, data, root.children, 0);
}
