/* SPDX-License-Identifier: Apache-2.0 */

/* The header, the tables and the chains. MS-CFB 2.2 to 2.5. */

#include "wire/cfb.h"
#include "wire/cfb_priv.h"

#include "base/cur.h"

#include <errno.h>

#define DIFAT_HEAD 109

const char *cfb_strerror(int result)
{
	static const char *const t[] = {
		[CFB_OK] = "ok",
		[CFB_NOT] = "not a compound file",
		[CFB_TRUNCATED] = "the file is shorter than the header of a compound file",
		[CFB_VERSION] = "a compound file of another version than 3 and 4, or of other sectors",
		[CFB_FAT] = "the sector allocation table (FAT) cannot be read",
		[CFB_DIRECTORY] = "the directory cannot be read",
		[CFB_MINIFAT] = "the table of the mini stream cannot be read",
		[CFB_LIMIT] = "more directory entries or storages in storages than are read",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(t) ? t[result] : "unreadable";
}

const char *cfb_odd_name(enum cfb_odd_kind k)
{
	static const char *const t[CFB_A_KINDS] = {
		[CFB_A_NONE] = "none",
		[CFB_A_HEADER] = "header",
		[CFB_A_HEADER_COUNT] = "header-count",
		[CFB_A_HEADER_SLACK] = "header-slack",
		[CFB_A_TRANSACTION] = "transaction",
		[CFB_A_FAT_MARK] = "fat-mark",
		[CFB_A_FAT_SLACK] = "fat-slack",
		[CFB_A_DIFAT_SLACK] = "difat-slack",
		[CFB_A_MINIFAT_SLACK] = "minifat-slack",
		[CFB_A_AFTER_END] = "after-end",
		[CFB_A_SHORT_END] = "short-end",
		[CFB_A_CHAIN] = "chain",
		[CFB_A_CHAIN_SHORT] = "chain-short",
		[CFB_A_CHAIN_LONG] = "chain-long",
		[CFB_A_LOST] = "lost-sector",
		[CFB_A_FREE] = "free-sector",
		[CFB_A_MINI_LOST] = "lost-mini-sector",
		[CFB_A_MINI_FREE] = "free-mini-sector",
		[CFB_A_SLACK] = "slack",
		[CFB_A_MINI_SLACK] = "mini-slack",
		[CFB_A_ENTRY_UNLISTED] = "unlisted",
		[CFB_A_ENTRY_UNUSED] = "unused-entry",
		[CFB_A_ENTRY_TYPE] = "entry-type",
		[CFB_A_ENTRY_FIELD] = "entry-field",
		[CFB_A_ENTRY_TIME] = "entry-time",
		[CFB_A_SIZE_HIGH] = "size-high",
		[CFB_A_NAME] = "name",
		[CFB_A_NAME_SLACK] = "name-slack",
		[CFB_A_COLOR] = "color",
		[CFB_A_TREE_LINK] = "tree-link",
		[CFB_A_TREE_ORDER] = "tree-order",
		[CFB_A_TREE_TWICE] = "tree-twice",
	};
	return (unsigned)k < CFB_A_KINDS ? t[k] : "none";
}

void cfb_odd(struct cfb *c, enum cfb_odd_kind k, uint64_t off, uint64_t len, uint32_t entry)
{
	odd_add(&c->odd[k], off, len, entry);
}

/* --- sectors --------------------------------------------------------------------------------- */

uint64_t cfb_sector_off(const struct cfb *c, uint32_t sector)
{
	return ((uint64_t)sector + 1) * c->sector;
}

/* What is there of the sector: less than all only of the last. */
unsigned cfb_sector_len(const struct cfb *c, uint32_t sector)
{
	uint64_t left = c->size - cfb_sector_off(c, sector);

	return left < c->sector ? (unsigned)left : c->sector;
}

static bool claim(uint8_t *bits, uint32_t i)
{
	uint8_t bit = (uint8_t)(1u << (i & 7));

	if (bits[i >> 3] & bit)
		return false;
	bits[i >> 3] |= bit;
	return true;
}

/* A whole sector of a table. */
static int read_sector(struct cfb *c, uint32_t sector, uint8_t *p)
{
	if (cfb_sector_len(c, sector) < c->sector)
		return CFB_TRUNCATED;
	return c->fetch(c->ctx, cfb_sector_off(c, sector), p, c->sector);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/*
 * Claims up to want sectors of the chain from start; *ret_n: how many it has, *ret_next: what its
 * last entry holds (SECT_END: it ends there). False: it leads to a sector that is not there or that
 * something claimed before.
 */
static bool claim_chain(const uint32_t *fat, uint32_t nfat, uint8_t *owned, uint32_t start,
    uint32_t want, uint32_t *ret_n, uint32_t *ret_next)
{
	uint32_t n = 0, s = start;

	while (n < want && s != SECT_END) {
		if (s >= nfat || !claim(owned, s)) {
			*ret_n = n;
			*ret_next = s;
			return false;
		}
		n++;
		s = fat[s];
	}
	*ret_n = n;
	*ret_next = s;
	return true;
}

/* --- header ---------------------------------------------------------------------------------- */

struct head {
	uint32_t ndir, nfat, dir, minifat, nminifat, difat, ndifat;
	uint8_t bytes[CFB_HEAD];
};

static bool all(const uint8_t *p, size_t n, uint8_t v)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != v)
			return false;
	return true;
}

bool cfb_zero(const uint8_t *p, size_t n)
{
	return all(p, n, 0);
}

/* 0x3e is what the specification names; 0x3b is what libgsf, hence msitools, writes; 0x21 older
 * ones. */
static bool minor_known(unsigned minor)
{
	return minor == 0x3e || minor == 0x3b || minor == 0x21;
}

static int parse_head(struct cfb *c, struct head *h)
{
	static const uint8_t magic[8] = { 0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1 };
	struct cur k = cur_of(span_of(h->bytes, CFB_HEAD));

	if (memcmp(cur_take(&k, 8).p, magic, 8) != 0)
		return CFB_NOT;
	bool clsid = cfb_zero(cur_take(&k, 16).p, 16);
	unsigned minor = cur_le16(&k), major = cur_le16(&k), order = cur_le16(&k);
	unsigned shift = cur_le16(&k), mini_shift = cur_le16(&k);
	bool reserved = cfb_zero(cur_take(&k, 6).p, 6);
	if ((major != 3 || shift != 9) && (major != 4 || shift != 12))
		return CFB_VERSION;
	if (order != 0xfffe || mini_shift != 6)
		return CFB_VERSION;
	c->version = major;
	c->sector = 1u << shift;
	h->ndir = cur_le32(&k);
	h->nfat = cur_le32(&k);
	h->dir = cur_le32(&k);
	uint32_t transaction = cur_le32(&k), cutoff = cur_le32(&k);
	h->minifat = cur_le32(&k);
	h->nminifat = cur_le32(&k);
	h->difat = cur_le32(&k);
	h->ndifat = cur_le32(&k);
	if (cutoff != CFB_MINI_CUTOFF)
		return CFB_VERSION;
	if (!clsid)
		cfb_odd(c, CFB_A_HEADER, 8, 16, CFB_NONE);
	if (!minor_known(minor))
		cfb_odd(c, CFB_A_HEADER, 24, 2, CFB_NONE);
	if (!reserved)
		cfb_odd(c, CFB_A_HEADER, 34, 6, CFB_NONE);
	if (c->version == 3 && h->ndir)
		cfb_odd(c, CFB_A_HEADER_COUNT, 40, 4, CFB_NONE);
	if (transaction)
		cfb_odd(c, CFB_A_TRANSACTION, 52, 4, CFB_NONE);
	return CFB_OK;
}

/* --- FAT ------------------------------------------------------------------------------------- */

/* FAT entries for sectors that are not there must say that they are free. */
static void check_beyond(struct cfb *c, const uint8_t *p, uint32_t n, uint64_t off)
{
	uint32_t first = 0, last = 0;

	for (uint32_t i = 0; i < n; i++)
		if (le32(p + i * 4) != SECT_FREE) {
			first = last ? first : i;
			last = i + 1;
		}
	if (last)
		cfb_odd(c, CFB_A_FAT_SLACK, off + first * 4, (last - first) * 4, CFB_NONE);
}

/* The index-th sector of the FAT. */
static int take_fat_sector(struct cfb *c, uint32_t index, uint32_t sector)
{
	uint8_t p[4096];
	uint32_t each = c->sector / 4;
	uint64_t base = (uint64_t)index * each;

	if (sector >= c->nsectors || !claim(c->owned, sector))
		return CFB_FAT;
	int rc = read_sector(c, sector, p);
	if (rc)
		return rc;
	uint32_t n = base >= c->nsectors       ? 0 :
		     c->nsectors - base > each ? each :
						 (uint32_t)(c->nsectors - base);
	for (uint32_t i = 0; i < n; i++)
		c->fat[base + i] = le32(p + i * 4);
	if (n)
		c->nfat = (uint32_t)base + n;
	check_beyond(c, p + n * 4, each - n, cfb_sector_off(c, sector) + n * 4);
	return CFB_OK;
}

/* n entries of the DIFAT at p (file offset off); done FAT sectors of total were read before. */
static int take_difat(struct cfb *c, const uint8_t *p, uint32_t n, uint64_t off, uint32_t total,
    uint32_t *done)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t s = le32(p + i * 4);
		if (*done < total) {
			int rc = take_fat_sector(c, (*done)++, s);
			if (rc)
				return rc;
		} else if (s != SECT_FREE) {
			cfb_odd(c, CFB_A_DIFAT_SLACK, off + i * 4, 4, CFB_NONE);
		}
	}
	return CFB_OK;
}

static int read_difat_chain(struct cfb *c, const struct head *h, uint32_t *done)
{
	uint8_t p[4096];
	uint32_t each = c->sector / 4 - 1, s = h->difat, n = 0;

	for (; n < h->ndifat; n++) {
		if (s >= c->nsectors || !claim(c->owned, s))
			return CFB_FAT;
		int rc = read_sector(c, s, p);
		if (rc == CFB_OK)
			rc = take_difat(c, p, each, cfb_sector_off(c, s), h->nfat, done);
		if (rc)
			return rc;
		s = le32(p + each * 4);
	}
	/* libgsf ends it with FREE, the specification with END */
	if (s != SECT_END && s != SECT_FREE)
		cfb_odd(c, CFB_A_HEADER_COUNT, n ? 72 : 68, 4, CFB_NONE);
	return CFB_OK;
}

/* The FAT must mark its own sectors and those of the DIFAT: else they could be given away. */
static int check_marks(struct cfb *c, const struct head *h)
{
	uint8_t p[4096];
	uint32_t each = c->sector / 4 - 1, s = h->difat, done = 0;
	const uint8_t *list = h->bytes + 76;
	uint32_t n = DIFAT_HEAD;

	for (uint32_t k = 0;; k++) {
		for (uint32_t i = 0; i < n && done < h->nfat; i++, done++) {
			uint32_t f = le32(list + i * 4);
			if (f >= c->nfat || c->fat[f] != SECT_FAT)
				cfb_odd(c, CFB_A_FAT_MARK, cfb_sector_off(c, f), c->sector, CFB_NONE);
		}
		if (k == h->ndifat)
			return CFB_OK;
		if (s >= c->nfat || c->fat[s] != SECT_DIFAT)
			cfb_odd(c, CFB_A_FAT_MARK, cfb_sector_off(c, s), c->sector, CFB_NONE);
		int rc = read_sector(c, s, p);
		if (rc)
			return rc;
		s = le32(p + each * 4);
		list = p;
		n = each;
	}
}

static int read_fat(struct cfb *c, const struct head *h)
{
	uint32_t done = 0;

	if (h->nfat > c->nsectors || h->ndifat > c->nsectors)
		return CFB_FAT;
	c->fat = arena_array(c->arena, (size_t)c->nsectors + 1, sizeof(*c->fat));
	c->owned = arena_alloc(c->arena, c->nsectors / 8 + 1);
	if (!c->fat || !c->owned)
		return -ENOMEM;
	int rc = take_difat(c, h->bytes + 76, DIFAT_HEAD, 76, h->nfat, &done);
	if (rc == CFB_OK)
		rc = read_difat_chain(c, h, &done);
	if (rc == CFB_OK && done != h->nfat)
		rc = CFB_FAT;
	return rc ? rc : check_marks(c, h);
}

/* --- mini stream ----------------------------------------------------------------------------- */

/*
 * A table's or the directory's chain, all of it, as an array of sectors. `broken` is what the
 * caller's result is when the chain is.
 */
static int read_chain(struct cfb *c, uint32_t start, int broken, uint32_t **ret_v, uint32_t *ret_n)
{
	uint32_t n, next, s = start;

	if (!claim_chain(c->fat, c->nfat, c->owned, start, UINT32_MAX, &n, &next))
		return broken;
	uint32_t *v = arena_array(c->arena, (size_t)n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++, s = c->fat[s])
		v[i] = s;
	*ret_v = v;
	*ret_n = n;
	return CFB_OK;
}

/* Entries behind the last mini sector must be free. osslsigncode (seen: 2.9) writes one end mark
 * too many, just behind it. */
static void check_mini_beyond(struct cfb *c, const uint8_t *p, uint32_t from, uint64_t base,
    uint64_t off)
{
	uint32_t each = c->sector / 4;

	for (uint32_t i = from; i < each; i++) {
		uint32_t v = le32(p + i * 4);
		if (v != SECT_FREE && !(v == SECT_END && base + i == c->nmini))
			cfb_odd(c, CFB_A_MINIFAT_SLACK, off + i * 4, 4, CFB_NONE);
	}
}

static int read_minifat(struct cfb *c, const uint32_t *v, uint32_t n)
{
	uint32_t each = c->sector / 4;
	uint8_t p[4096];

	c->minifat = arena_array(c->arena, (size_t)c->nmini + 1, sizeof(*c->minifat));
	c->mini_owned = arena_alloc(c->arena, c->nmini / 8 + 1);
	if (!c->minifat || !c->mini_owned)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t base = (uint64_t)i * each;
		int rc = read_sector(c, v[i], p);
		if (rc)
			return rc;
		uint32_t k = 0;
		for (; k < each && base + k < c->nmini; k++)
			c->minifat[base + k] = le32(p + k * 4);
		check_mini_beyond(c, p, k, base, cfb_sector_off(c, v[i]));
	}
	return CFB_OK;
}

static int read_mini(struct cfb *c, const struct head *h)
{
	const struct cfb_entry *root = &c->entry[0];
	uint32_t *v, n;

	int rc = read_chain(c, h->minifat == SECT_FREE ? SECT_END : h->minifat, CFB_MINIFAT, &v, &n);
	if (rc)
		return rc;
	if (n != h->nminifat)
		cfb_odd(c, CFB_A_HEADER_COUNT, 64, 4, CFB_NONE);
	uint32_t start = root->size || root->start < SECT_DIFAT ? root->start : SECT_END;
	if (!root->size && start == 0)
		start = SECT_END;
	rc = read_chain(c, start, CFB_MINIFAT, &c->mini_at, &c->nmini_at);
	if (rc)
		return rc;
	uint64_t have = (uint64_t)c->nmini_at * c->sector;
	if (root->size > have)
		return CFB_MINIFAT;
	uint64_t need = (root->size + c->sector - 1) / c->sector;
	if (c->nmini_at > need)
		cfb_odd(c, CFB_A_CHAIN_LONG, cfb_sector_off(c, c->mini_at[need]),
		    (c->nmini_at - need) * c->sector, 0);
	c->mini_size = root->size;
	if (root->size % CFB_MINI)
		cfb_odd(c, CFB_A_ENTRY_FIELD, root->off + 120, 8, 0);
	c->nmini = (uint32_t)(root->size / CFB_MINI);
	if (c->nmini > (uint64_t)n * (c->sector / 4))
		return CFB_MINIFAT;
	return read_minifat(c, v, n);
}

/* --- streams --------------------------------------------------------------------------------- */

/* How many bytes the rest of a chain has; it is claimed. */
static uint64_t claim_rest(const uint32_t *fat, uint32_t nfat, uint8_t *owned, uint32_t next,
    unsigned unit)
{
	uint32_t n, end;

	(void)claim_chain(fat, nfat, owned, next, UINT32_MAX, &n, &end);
	return (uint64_t)n * unit;
}

uint64_t cfb_mini_off(const struct cfb *c, uint32_t mini)
{
	uint64_t off = (uint64_t)mini * CFB_MINI;

	return cfb_sector_off(c, c->mini_at[off / c->sector]) + off % c->sector;
}

static void check_stream(struct cfb *c, uint32_t index)
{
	struct cfb_entry *e = &c->entry[index];
	bool mini = e->size < CFB_MINI_CUTOFF;
	unsigned unit = mini ? CFB_MINI : c->sector;
	const uint32_t *fat = mini ? c->minifat : c->fat;
	uint32_t nfat = mini ? c->nmini : c->nfat, n = 0, next = SECT_END;
	uint8_t *owned = mini ? c->mini_owned : c->owned;
	uint64_t want = e->size / unit + (e->size % unit != 0);

	if (!want) {
		if (e->start != SECT_END && e->start != SECT_FREE && e->start != 0)
			cfb_odd(c, CFB_A_ENTRY_FIELD, e->off + 116, 4, index);
		return;
	}
	e->broken = true;
	if (want > nfat)
		cfb_odd(c, CFB_A_CHAIN_SHORT, e->off + 120, 8, index);
	else if (!claim_chain(fat, nfat, owned, e->start, (uint32_t)want, &n, &next))
		cfb_odd(c, CFB_A_CHAIN, e->off + 116, 4, index);
	else if (n < want)
		cfb_odd(c, CFB_A_CHAIN_SHORT, e->off + 120, 8, index);
	else
		e->broken = false;
	if (e->broken || next == SECT_END)
		return;
	if (next >= nfat) {
		e->broken = true;
		cfb_odd(c, CFB_A_CHAIN, e->off + 116, 4, index);
		return;
	}
	uint64_t off = mini ? cfb_mini_off(c, next) : cfb_sector_off(c, next);
	cfb_odd(c, CFB_A_CHAIN_LONG, off, claim_rest(fat, nfat, owned, next, unit), index);
}

/* The last sector of a stream may end early only behind the stream's end. */
static void check_short(struct cfb *c)
{
	uint32_t last = c->nsectors - 1;
	unsigned len = c->nsectors ? cfb_sector_len(c, last) : c->sector;

	if (len == c->sector || last >= c->nfat || c->fat[last] == SECT_FREE)
		return;
	cfb_odd(c, CFB_A_SHORT_END, cfb_sector_off(c, last), len, CFB_NONE);
	for (uint32_t i = 0; i < c->nlisted; i++) {
		struct cfb_walk w = cfb_walk(c, c->listed[i]);
		struct cfb_range r;
		while (cfb_next(c, &w, &r))
			if (r.off + r.len > c->size)
				c->entry[c->listed[i]].broken = true;
	}
}

static int load(struct cfb *c)
{
	struct head h;
	uint32_t *v, n;

	int rc = c->size < CFB_HEAD ? CFB_TRUNCATED : c->fetch(c->ctx, 0, h.bytes, CFB_HEAD);
	if (rc == CFB_OK)
		rc = parse_head(c, &h);
	if (rc)
		return rc;
	if (c->size < c->sector)
		return CFB_TRUNCATED;
	uint64_t sectors = (c->size - c->sector + c->sector - 1) / c->sector;
	if (sectors >= SECT_MAX)
		return CFB_LIMIT;
	c->nsectors = (uint32_t)sectors;
	rc = read_fat(c, &h);
	if (rc == CFB_OK)
		rc = read_chain(c, h.dir, CFB_DIRECTORY, &v, &n);
	if (rc == CFB_OK && c->version == 4 && n != h.ndir)
		cfb_odd(c, CFB_A_HEADER_COUNT, 40, 4, CFB_NONE);
	if (rc == CFB_OK)
		rc = cfb_read_directory(c, v, n);
	if (rc == CFB_OK)
		rc = read_mini(c, &h);
	if (rc)
		return rc;
	for (uint32_t i = 1; i < c->nlisted; i++)
		if (c->entry[c->listed[i]].type == CFB_STREAM)
			check_stream(c, c->listed[i]);
	check_short(c);
	return CFB_OK;
}

int cfb_open(struct cfb *ret_c, cfb_read_fn *read, void *ctx, uint64_t size, struct arena *a)
{
	*ret_c = (struct cfb){ .size = size, .fetch = read, .ctx = ctx, .arena = a };
	int rc = load(ret_c);
	if (rc)
		*ret_c = (struct cfb){ 0 };
	return rc;
}

/* --- reading --------------------------------------------------------------------------------- */

struct cfb_walk cfb_walk(const struct cfb *c, uint32_t entry)
{
	const struct cfb_entry *e = &c->entry[entry];

	if (e->type != CFB_STREAM || e->broken || !e->listed)
		return (struct cfb_walk){ 0 };
	return (struct cfb_walk){ e->size, e->start, e->size < CFB_MINI_CUTOFF };
}

bool cfb_next(const struct cfb *c, struct cfb_walk *w, struct cfb_range *ret_r)
{
	unsigned unit = w->mini ? CFB_MINI : c->sector;
	struct cfb_range r = { 0 };

	while (w->left) {
		uint64_t off = w->mini ? cfb_mini_off(c, w->sector) : cfb_sector_off(c, w->sector);
		if (r.len && off != r.off + r.len)
			break;
		uint64_t n = w->left < unit ? w->left : unit;
		r.off = r.len ? r.off : off;
		r.len += n;
		w->left -= n;
		w->sector = w->mini ? c->minifat[w->sector] : c->fat[w->sector];
	}
	*ret_r = r;
	return r.len != 0;
}
