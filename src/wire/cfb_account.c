/* SPDX-License-Identifier: Apache-2.0 */

/* The bytes that hold no content: slack, free sectors, what follows the last one. */

#include "wire/cfb_priv.h"

#define BLOCK 16384u

static bool has(const uint8_t *bits, uint32_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

/* Where from off to end the first and last bytes that are not zero are: [*ret_from, *ret_to). */
static int find_bytes(struct cfb *c, uint64_t off, uint64_t end, struct cfb_range *ret_r)
{
	uint8_t p[BLOCK];
	uint64_t from = end, to = off;

	end = end < c->size ? end : c->size;
	while (off < end) {
		size_t n = end - off < BLOCK ? (size_t)(end - off) : BLOCK;
		int rc = c->fetch(c->ctx, off, p, n);
		if (rc)
			return rc;
		for (size_t i = 0; i < n; i++)
			if (p[i]) {
				from = off + i < from ? off + i : from;
				to = off + i + 1;
			}
		off += n;
	}
	*ret_r = from < to ? (struct cfb_range){ from, to - from } : (struct cfb_range){ 0 };
	return 0;
}

static int check_zero(struct cfb *c, enum cfb_odd_kind k, uint64_t off, uint64_t end,
    uint32_t entry)
{
	struct cfb_range r;
	int rc = off < end ? find_bytes(c, off, end, &r) : 0;

	if (rc == 0 && off < end && r.len)
		cfb_odd(c, k, r.off, r.len, entry);
	return rc;
}

/* From the end of a stream to that of its sector. */
static int check_slack(struct cfb *c, uint32_t entry)
{
	struct cfb_walk w = cfb_walk(c, entry);
	bool mini = w.mini;
	unsigned unit = mini ? CFB_MINI : c->sector;
	uint64_t over = c->entry[entry].size % unit;
	struct cfb_range r, last = { 0 };

	while (cfb_next(c, &w, &r))
		last = r;
	uint64_t end = last.off + last.len;
	return last.len && over ?
	    check_zero(c, mini ? CFB_A_MINI_SLACK : CFB_A_SLACK, end, end + unit - over, entry) :
	    0;
}

/* In a file over 2 GiB the sector at 0x7fffff00 is set aside, for locks: MS-CFB 2.8. */
static bool range_lock(const struct cfb *c, uint32_t sector)
{
	return cfb_sector_off(c, sector) == (0x7fffff00u / c->sector) * (uint64_t)c->sector &&
	       c->fat[sector] == SECT_END;
}

/* A run of sectors that nobody claimed; last: the file ends with it. */
static int check_run(struct cfb *c, uint32_t from, uint32_t to, bool last)
{
	uint64_t off = cfb_sector_off(c, from), end = cfb_sector_off(c, to);

	end = end < c->size ? end : c->size;
	if (c->fat[from] == SECT_FREE || range_lock(c, from))
		return check_zero(c, last ? CFB_A_AFTER_END : CFB_A_FREE, off, end, CFB_NONE);
	cfb_odd(c, CFB_A_LOST, off, end - off, CFB_NONE);
	return 0;
}

static bool same_run(const struct cfb *c, uint32_t a, uint32_t b)
{
	return !has(c->owned, b) && (c->fat[a] == SECT_FREE) == (c->fat[b] == SECT_FREE) &&
	       !range_lock(c, b);
}

static int check_sectors(struct cfb *c)
{
	uint32_t n = c->nfat < c->nsectors ? c->nfat : c->nsectors;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < n;) {
		uint32_t from = i++;
		if (has(c->owned, from))
			continue;
		while (i < n && same_run(c, from, i))
			i++;
		rc = check_run(c, from, i, i == c->nsectors);
	}
	uint64_t end = cfb_sector_off(c, n);
	if (rc == 0 && end < c->size)
		cfb_odd(c, CFB_A_AFTER_END, end, c->size - end, CFB_NONE);
	/* a piece of a sector that is free */
	else if (rc == 0 && end > c->size && n && c->fat[n - 1] == SECT_FREE &&
	    !c->odd[CFB_A_AFTER_END].count)
		cfb_odd(c, CFB_A_AFTER_END, cfb_sector_off(c, n - 1), cfb_sector_len(c, n - 1),
		    CFB_NONE);
	return rc;
}

static int check_mini_sectors(struct cfb *c)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < c->nmini; i++) {
		if (has(c->mini_owned, i))
			continue;
		uint64_t off = cfb_mini_off(c, i);
		if (c->minifat[i] == SECT_FREE)
			rc = check_zero(c, CFB_A_MINI_FREE, off, off + CFB_MINI, CFB_NONE);
		else
			cfb_odd(c, CFB_A_MINI_LOST, off, CFB_MINI, CFB_NONE);
	}
	uint64_t over = c->mini_size % c->sector;
	if (rc || !over)
		return rc;
	uint64_t off = cfb_sector_off(c, c->mini_at[c->mini_size / c->sector]);
	return check_zero(c, CFB_A_SLACK, off + over, off + c->sector, 0);
}

int cfb_account(struct cfb *c)
{
	int rc = check_zero(c, CFB_A_HEADER_SLACK, CFB_HEAD, c->sector, CFB_NONE);

	if (rc == 0)
		rc = check_sectors(c);
	if (rc == 0)
		rc = check_mini_sectors(c);
	for (uint32_t i = 1; rc == 0 && i < c->nlisted; i++)
		rc = check_slack(c, c->listed[i]);
	return rc;
}
