/* SPDX-License-Identifier: Apache-2.0 */

/* The directory: entries and the trees that they form. MS-CFB 2.6. */

#include "wire/cfb_priv.h"

#include "base/cur.h"

#include <errno.h>

static bool name_char(uint16_t u)
{
	return u && u != '/' && u != '\\' && u != ':' && u != '!';
}

/* The name of an entry; its length counts the NUL, in bytes. */
static void read_name(struct cfb *c, struct cfb_entry *e, struct span raw, unsigned len, uint32_t i)
{
	unsigned units = len / 2;
	bool good = len % 2 == 0 && units >= 1 && units <= CFB_NAME_MAX + 1;

	if (!good)
		units = 1;
	for (unsigned k = 0; k + 1 < units; k++) {
		e->name[k] = (uint16_t)(raw.p[2 * k] | raw.p[2 * k + 1] << 8);
		good = good && name_char(e->name[k]);
	}
	e->nname = (uint8_t)(units - 1);
	if (e->type == CFB_UNUSED)
		return;
	good = good && units > 1 && cfb_zero(raw.p + 2 * (units - 1), 2);
	if (!good)
		cfb_odd(c, CFB_A_NAME, e->off, 66, i);
	else if (!cfb_zero(raw.p + 2 * units, raw.n - 2 * units))
		cfb_odd(c, CFB_A_NAME_SLACK, e->off + 2 * units, raw.n - 2 * units, i);
}

/* Entries that are not in use: all zero but for the links, which are NONE or zero. */
static bool unused_empty(const uint8_t *p)
{
	static const uint8_t none[12] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff };

	if (!cfb_zero(p, 68) || !cfb_zero(p + 80, 48))
		return false;
	return cfb_zero(p + 68, 12) || memcmp(p + 68, none, 12) == 0;
}

static void check_fields(struct cfb *c, const struct cfb_entry *e, unsigned color, uint32_t i)
{
	bool stream = e->type == CFB_STREAM;

	if (color > 1)
		cfb_odd(c, CFB_A_COLOR, e->off + 67, 1, i);
	if (stream && e->child != CFB_NONE)
		cfb_odd(c, CFB_A_ENTRY_FIELD, e->off + 76, 4, i);
	if (stream && !cfb_zero(e->clsid, 16))
		cfb_odd(c, CFB_A_ENTRY_FIELD, e->off + 80, 16, i);
	if (stream && e->state)
		cfb_odd(c, CFB_A_ENTRY_FIELD, e->off + 96, 4, i);
	if (stream && !(cfb_zero(e->created, 8) && cfb_zero(e->modified, 8)))
		cfb_odd(c, CFB_A_ENTRY_TIME, e->off + 100, 16, i);
	if (e->type == CFB_STORAGE && e->size)
		cfb_odd(c, CFB_A_ENTRY_FIELD, e->off + 120, 8, i);
	if (e->type == CFB_STORAGE && e->start && e->start != SECT_END && e->start != SECT_FREE)
		cfb_odd(c, CFB_A_ENTRY_FIELD, e->off + 116, 4, i);
	if (e->type != CFB_STORAGE && !stream && (e->type != CFB_ROOT || i))
		cfb_odd(c, CFB_A_ENTRY_TYPE, e->off + 66, 1, i);
}

static void read_entry(struct cfb *c, struct span raw, uint64_t off, uint32_t i)
{
	struct cfb_entry *e = &c->entry[i];
	struct cur k = cur_of(raw);

	e->off = off;
	e->parent = CFB_NONE;
	struct span name = cur_take(&k, 64);
	unsigned len = cur_le16(&k);
	e->type = (uint8_t)cur_take(&k, 1).p[0];
	unsigned color = cur_take(&k, 1).p[0];
	e->left = cur_le32(&k);
	e->right = cur_le32(&k);
	e->child = cur_le32(&k);
	memcpy(e->clsid, cur_take(&k, 16).p, 16);
	e->state = cur_le32(&k);
	memcpy(e->created, cur_take(&k, 8).p, 8);
	memcpy(e->modified, cur_take(&k, 8).p, 8);
	e->start = cur_le32(&k);
	e->size = cur_le64(&k);
	read_name(c, e, name, len, i);
	if (e->type == CFB_UNUSED) {
		if (!unused_empty(raw.p))
			cfb_odd(c, CFB_A_ENTRY_UNUSED, off, CFB_ENTRY, i);
		return;
	}
	if (c->version == 3 && e->size >> 32) {
		cfb_odd(c, CFB_A_SIZE_HIGH, off + 124, 4, i);
		e->size &= UINT32_MAX;
	}
	check_fields(c, e, color, i);
}

/* --- trees ----------------------------------------------------------------------------------- */

static uint16_t upper(uint16_t u)
{
	if ((u >= 'a' && u <= 'z') || (u >= 0xe0 && u <= 0xfe && u != 0xf7))
		return (uint16_t)(u - 32);
	return u;
}

/* Shorter first, then by unit: in upper case as the specification has it, or as they are, as some
 * writers (osslsigncode) do. */
static int name_cmp(const struct cfb_entry *a, const struct cfb_entry *b, bool fold)
{
	if (a->nname != b->nname)
		return a->nname < b->nname ? -1 : 1;
	for (unsigned i = 0; i < a->nname; i++) {
		uint16_t x = fold ? upper(a->name[i]) : a->name[i];
		uint16_t y = fold ? upper(b->name[i]) : b->name[i];
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* One storage's tree being gone through, in order. */
struct tree {
	struct cfb *c;
	uint32_t parent, previous;
	uint32_t *stack; /* nodes whose left side is being gone through */
	uint32_t n;
};

/* May the link be followed? */
static bool good_link(struct tree *t, uint32_t from, uint32_t to)
{
	struct cfb *c = t->c;
	struct cfb_entry *e = &c->entry[to < c->nentries ? to : 0];

	if (to < c->nentries && (e->type == CFB_STREAM || e->type == CFB_STORAGE) && !e->listed) {
		e->listed = true;
		e->parent = t->parent;
		e->depth = (uint8_t)(c->entry[t->parent].depth + 1);
		return true;
	}
	cfb_odd(c, CFB_A_TREE_LINK, c->entry[from].off + 68, 12, from);
	return false;
}

static void go_left(struct tree *t, uint32_t from, uint32_t to)
{
	while (to != CFB_NONE && good_link(t, from, to)) {
		t->stack[t->n++] = to;
		from = to;
		to = t->c->entry[to].left;
	}
}

static void visit(struct tree *t, uint32_t i)
{
	struct cfb *c = t->c;
	const struct cfb_entry *e = &c->entry[i];

	if (t->previous != CFB_NONE) {
		const struct cfb_entry *p = &c->entry[t->previous];
		int fold = name_cmp(p, e, true);
		if (fold == 0)
			cfb_odd(c, CFB_A_TREE_TWICE, e->off, 64, i);
		else if (fold > 0 && name_cmp(p, e, false) > 0)
			cfb_odd(c, CFB_A_TREE_ORDER, e->off, CFB_ENTRY, i);
	}
	t->previous = i;
	c->listed[c->nlisted++] = i;
}

static void read_tree(struct tree *t)
{
	const struct cfb *c = t->c;

	t->previous = CFB_NONE;
	go_left(t, t->parent, c->entry[t->parent].child);
	while (t->n) {
		uint32_t i = t->stack[--t->n];
		visit(t, i);
		go_left(t, i, c->entry[i].right);
	}
}

static int read_trees(struct cfb *c)
{
	struct tree t = { .c = c };

	t.stack = arena_array(c->arena, c->nentries, sizeof(*t.stack));
	c->listed = arena_array(c->arena, c->nentries, sizeof(*c->listed));
	if (!t.stack || !c->listed)
		return -ENOMEM;
	c->entry[0].listed = true;
	c->listed[c->nlisted++] = 0;
	for (uint32_t i = 0; i < c->nlisted; i++) {
		t.parent = c->listed[i];
		if (c->entry[t.parent].type == CFB_STREAM)
			continue;
		if (c->entry[t.parent].depth >= CFB_DEPTH_MAX)
			return CFB_LIMIT;
		read_tree(&t);
	}
	for (uint32_t i = 0; i < c->nentries; i++)
		if (c->entry[i].type != CFB_UNUSED && !c->entry[i].listed)
			cfb_odd(c, CFB_A_ENTRY_UNLISTED, c->entry[i].off, CFB_ENTRY, i);
	return CFB_OK;
}

static bool name_is(const struct cfb_entry *e, const char *ascii)
{
	size_t n = strlen(ascii);

	if (e->nname != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (e->name[i] != (uint8_t)ascii[i])
			return false;
	return true;
}

static int check_root(struct cfb *c)
{
	const struct cfb_entry *root = &c->entry[0];

	if (root->type != CFB_ROOT)
		return CFB_DIRECTORY;
	if (!name_is(root, "Root Entry"))
		cfb_odd(c, CFB_A_NAME, root->off, 66, 0);
	if (root->left != CFB_NONE || root->right != CFB_NONE)
		cfb_odd(c, CFB_A_TREE_LINK, root->off + 68, 8, 0);
	return read_trees(c);
}

int cfb_read_directory(struct cfb *c, const uint32_t *sector, uint32_t n)
{
	uint32_t each = c->sector / CFB_ENTRY;
	uint8_t p[4096];

	if (n == 0)
		return CFB_DIRECTORY;
	if (n > CFB_ENTRIES_MAX / each)
		return CFB_LIMIT;
	c->nentries = n * each;
	c->entry = arena_array(c->arena, c->nentries, sizeof(*c->entry));
	if (!c->entry)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (cfb_sector_len(c, sector[i]) < c->sector)
			return CFB_DIRECTORY;
		uint64_t off = cfb_sector_off(c, sector[i]);
		int rc = c->fetch(c->ctx, off, p, c->sector);
		if (rc)
			return rc;
		for (uint32_t k = 0; k < each; k++)
			read_entry(c, span_of(p + k * CFB_ENTRY, CFB_ENTRY), off + k * CFB_ENTRY,
			    i * each + k);
	}
	return check_root(c);
}

uint32_t cfb_find(const struct cfb *c, uint32_t storage, const char *ascii)
{
	for (uint32_t i = 1; i < c->nlisted; i++) {
		const struct cfb_entry *e = &c->entry[c->listed[i]];
		if (e->parent == storage && e->type == CFB_STREAM && name_is(e, ascii))
			return c->listed[i];
	}
	return CFB_NONE;
}
