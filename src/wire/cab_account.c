/* SPDX-License-Identifier: Apache-2.0 */

/* The data blocks, what is between the parts, and which unpacked bytes belong to which file. */

#include "wire/cab_priv.h"

#include "base/cur.h"

#include <errno.h>
#include <stdlib.h>

#define PACKED_MAX (CAB_BLOCK_MAX + 6144u) /* LZX may grow a block by so much */
#define BLOCK_HEAD 8u

/* --- blocks ---------------------------------------------------------------------------------- */

/* MS-CAB 3.1: the exclusive or of the words; of what is left at the end the first byte is highest. */
static uint32_t checksum(uint32_t sum, struct span s)
{
	struct cur k = cur_of(s);
	uint32_t rest = 0;

	while (cur_left(&k) >= 4)
		sum ^= cur_le32(&k);
	s = cur_rest(&k);
	for (size_t i = 0; i < s.n; i++)
		rest = rest << 8 | s.p[i];
	return sum ^ rest;
}

/* Over the data, then sizes and reserved area: some (libmspack) leave the latter out. */
static bool sum_fits(uint32_t want, struct span head, struct span reserve, struct span data)
{
	uint8_t p[4 + UINT8_MAX];
	uint32_t sum = checksum(0, data);

	if (checksum(sum, head) == want)
		return true;
	memcpy(p, head.p, 4);
	if (reserve.n)
		memcpy(p + 4, reserve.p, reserve.n);
	return checksum(sum, span_of(p, 4 + reserve.n)) == want;
}

/* The block at *at: moves behind it. CAB_TRUNCATED: it runs past the end. */
static int check_block(struct cab *c, struct cab_folder *f, uint32_t folder, bool last,
    uint64_t *at, uint8_t *buf)
{
	size_t head_len = BLOCK_HEAD + c->reserve_data;

	int rc = cab_fetch(c, *at, buf, head_len);
	if (rc)
		return rc;
	struct cur k = cur_of(span_of(buf, head_len));
	uint32_t want = cur_le32(&k);
	struct span sizes = span_of(buf + 4, 4);
	unsigned packed = cur_le16(&k), size = cur_le16(&k);
	struct span reserve = cur_rest(&k);
	rc = cab_fetch(c, *at + head_len, buf + head_len, packed);
	if (rc)
		return rc;
	bool goes_on = last && size == 0; /* the rest of it is in the next cabinet */
	if (!packed || packed > PACKED_MAX || size > CAB_BLOCK_MAX ||
	    (size != CAB_BLOCK_MAX && !last) || (goes_on && !(c->flags & 2)))
		cab_odd(c, CAB_A_BLOCK, *at, head_len + packed, folder);
	if (!want)
		cab_odd(c, CAB_A_NO_CHECKSUM, *at, 4, folder);
	else if (!sum_fits(want, sizes, reserve, span_of(buf + head_len, packed)))
		cab_odd(c, CAB_A_CHECKSUM, *at, head_len + packed, folder);
	if (!cab_zero(reserve))
		cab_odd(c, CAB_A_RESERVE_DATA, *at + BLOCK_HEAD, reserve.n, folder);
	f->packed += packed;
	f->size += size;
	*at += head_len + packed;
	c->walked += head_len + packed;
	return CAB_OK;
}

static int check_folder(struct cab *c, uint32_t i, uint8_t *buf, uint64_t *ret_end)
{
	struct cab_folder *f = &c->folder[i];
	uint64_t at = f->off;
	int rc = CAB_OK;

	f->packed = f->size = 0;
	/* more than the file holds: folders share blocks, and there is no end to reading them */
	for (unsigned b = 0; rc == CAB_OK && b < f->nblocks && c->walked <= c->size; b++)
		rc = check_block(c, f, i, b + 1u == f->nblocks, &at, buf);
	if (rc == CAB_TRUNCATED) {
		cab_odd(c, CAB_A_TRUNCATED, at, at < c->size ? c->size - at : 0, i);
		rc = 0;
	}
	*ret_end = at;
	return rc;
}

/* --- what is between the parts --------------------------------------------------------------- */

struct part {
	uint64_t from, to;
};

static int part_cmp(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

/* Parts in order must follow each other without gap or overlap, up to the end of the cabinet. */
static void check_parts(struct cab *c, struct part *part, size_t n)
{
	uint64_t at = c->files_end;

	qsort(part, n, sizeof(*part), part_cmp);
	for (size_t i = 0; i < n; i++) {
		if (part[i].from > at)
			cab_odd(c, CAB_A_GAP, at, part[i].from - at, ODD_NO_ITEM);
		else if (part[i].from < at && part[i].to > part[i].from)
			cab_odd(c, CAB_A_OVERLAP, part[i].from, at - part[i].from, ODD_NO_ITEM);
		at = part[i].to > at ? part[i].to : at;
	}
	if (at != c->cabinet_size)
		cab_odd(c, CAB_A_SIZE, 8, 4, ODD_NO_ITEM);
	uint64_t end = at > c->cabinet_size ? at : c->cabinet_size;
	if (at < c->cabinet_size)
		cab_odd(c, CAB_A_GAP, at, c->cabinet_size - at, ODD_NO_ITEM);
	if (c->signature_off || c->signature_len) {
		uint64_t to = (uint64_t)c->signature_off + c->signature_len;
		if (c->signature_off != end || to > c->size || !c->signature_len)
			cab_odd(c, CAB_A_SIGNATURE, 44, 8, ODD_NO_ITEM);
		end = to > end ? to : end;
	}
	if (end < c->size)
		cab_odd(c, CAB_A_AFTER_END, end, c->size - end, ODD_NO_ITEM);
	else if (end > c->size && !c->odd[CAB_A_SIGNATURE].count)
		cab_odd(c, CAB_A_TRUNCATED, c->size, 0, ODD_NO_ITEM);
}

/* --- unpacked bytes -------------------------------------------------------------------------- */

static int file_cmp(const void *pa, const void *pb)
{
	const struct cab_file *a = *(const struct cab_file *const *)pa;
	const struct cab_file *b = *(const struct cab_file *const *)pb;

	if (a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->size < b->size ? -1 : a->size > b->size;
}

static void check_rest(struct cab *c, uint32_t folder, uint64_t at)
{
	const struct cab_folder *f = &c->folder[folder];

	if (at < f->size)
		cab_odd(c, CAB_A_FILE_GAP, f->off, f->size - at, folder);
	else if (at > f->size)
		cab_odd(c, CAB_A_FILE_BEYOND, f->off, at - f->size, folder);
}

/* Each unpacked byte of a folder must belong to one file. Not so where files span cabinets. */
static int check_files(struct cab *c)
{
	const struct cab_file **v = arena_array(c->arena, (size_t)c->nfiles + 1, sizeof(*v));
	uint32_t folder = 0;
	uint64_t at = 0;

	if (!v)
		return -ENOMEM;
	if (c->odd[CAB_A_SPANNED].count)
		return 0;
	for (uint32_t i = 0; i < c->nfiles; i++)
		v[i] = &c->file[i];
	qsort(v, c->nfiles, sizeof(*v), file_cmp);
	for (uint32_t i = 0; i < c->nfiles; i++) {
		for (; folder < v[i]->folder; folder++, at = 0)
			check_rest(c, folder, at);
		if (v[i]->at > at)
			cab_odd(c, CAB_A_FILE_GAP, v[i]->off, v[i]->at - at, folder);
		else if (v[i]->at < at && v[i]->size)
			cab_odd(c, CAB_A_FILE_OVERLAP, v[i]->off, at - v[i]->at, folder);
		uint64_t end = (uint64_t)v[i]->at + v[i]->size;
		at = end > at ? end : at;
	}
	for (; folder < c->nfolders; folder++, at = 0)
		check_rest(c, folder, at);
	return 0;
}

int cab_account(struct cab *c)
{
	uint8_t *buf = arena_alloc(c->arena, BLOCK_HEAD + UINT8_MAX + UINT16_MAX);
	struct part *part = arena_array(c->arena, (size_t)c->nfolders + 1, sizeof(*part));
	int rc = buf && part ? 0 : -ENOMEM;

	for (uint32_t i = 0; rc == 0 && i < c->nfolders; i++) {
		part[i].from = c->folder[i].off;
		rc = check_folder(c, i, buf, &part[i].to);
	}
	if (rc)
		return rc;
	check_parts(c, part, c->nfolders);
	if (c->walked > c->size)
		cab_odd(c, CAB_A_OVERLAP, c->files_end, 0, ODD_NO_ITEM);
	return check_files(c);
}
