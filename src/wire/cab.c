/* SPDX-License-Identifier: Apache-2.0 */

/* Header, folders and files. MS-CAB 2.1 to 2.4. */

#include "wire/cab.h"
#include "wire/cab_priv.h"

#include "base/cur.h"

#include <errno.h>

#define FLAG_PREV 1u
#define FLAG_NEXT 2u
#define FLAG_RESERVE 4u
#define HEAD 36u

const char *cab_strerror(int result)
{
	static const char *const t[] = {
		[CAB_OK] = "ok",
		[CAB_NOT] = "not a cabinet",
		[CAB_TRUNCATED] = "the headers of the cabinet run past the end of the file",
		[CAB_VERSION] = "a cabinet of another version than 1.3",
		[CAB_NAMES] = "a name in the cabinet has no end or is longer than 256 bytes",
		[CAB_FILES] = "a file is in a folder that the cabinet does not have",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(t) ? t[result] : "unreadable";
}

const char *cab_odd_name(enum cab_odd_kind k)
{
	static const char *const t[CAB_A_KINDS] = {
		[CAB_A_NONE] = "none",
		[CAB_A_RESERVED] = "reserved",
		[CAB_A_FLAGS] = "flags",
		[CAB_A_INDEX] = "index",
		[CAB_A_SIZE] = "size",
		[CAB_A_RESERVE_HEADER] = "reserve-header",
		[CAB_A_RESERVE_FOLDER] = "reserve-folder",
		[CAB_A_RESERVE_DATA] = "reserve-data",
		[CAB_A_SIGNATURE] = "signature-place",
		[CAB_A_AFTER_END] = "after-end",
		[CAB_A_GAP] = "gap",
		[CAB_A_OVERLAP] = "overlap",
		[CAB_A_TRUNCATED] = "truncated",
		[CAB_A_BLOCK] = "block",
		[CAB_A_CHECKSUM] = "checksum",
		[CAB_A_NO_CHECKSUM] = "no-checksum",
		[CAB_A_FILE_BEYOND] = "file-beyond",
		[CAB_A_FILE_GAP] = "file-gap",
		[CAB_A_FILE_OVERLAP] = "file-overlap",
		[CAB_A_SPANNED] = "spanned",
		[CAB_A_METHOD] = "method",
	};
	return (unsigned)k < CAB_A_KINDS ? t[k] : "none";
}

const char *cab_method_name(enum cab_method m)
{
	static const char *const t[] = { "stored", "mszip", "quantum", "lzx" };

	return (unsigned)m < ARRAY_LEN(t) ? t[m] : "unknown";
}

void cab_odd(struct cab *c, enum cab_odd_kind k, uint64_t off, uint64_t len, uint32_t item)
{
	odd_add(&c->odd[k], off, len, item);
}

int cab_fetch(struct cab *c, uint64_t off, void *p, size_t n)
{
	if (off > c->size || n > c->size - off)
		return CAB_TRUNCATED;
	return c->fetch(c->ctx, off, p, n);
}

bool cab_zero(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return true;
}

/* --- the header ------------------------------------------------------------------------------ */

static int read_head(struct cab *c)
{
	uint8_t p[HEAD];

	int rc = c->size < 4 ? CAB_NOT : c->fetch(c->ctx, 0, p, 4);
	if (rc == CAB_OK && memcmp(p, "MSCF", 4) != 0)
		rc = CAB_NOT;
	if (rc == CAB_OK)
		rc = cab_fetch(c, 0, p, HEAD);
	if (rc)
		return rc;
	struct cur k = cur_of(span_of(p + 4, HEAD - 4));
	if (cur_le32(&k))
		cab_odd(c, CAB_A_RESERVED, 4, 4, ODD_NO_ITEM);
	c->cabinet_size = cur_le32(&k);
	if (cur_le32(&k))
		cab_odd(c, CAB_A_RESERVED, 12, 4, ODD_NO_ITEM);
	c->files_off = cur_le32(&k);
	if (cur_le32(&k))
		cab_odd(c, CAB_A_RESERVED, 20, 4, ODD_NO_ITEM);
	if (cur_le16(&k) != 0x0103)
		return CAB_VERSION;
	c->nfolders = cur_le16(&k);
	c->nfiles = cur_le16(&k);
	c->flags = cur_le16(&k);
	c->set = cur_le16(&k);
	c->index = cur_le16(&k);
	if (c->flags & ~(FLAG_PREV | FLAG_NEXT | FLAG_RESERVE))
		cab_odd(c, CAB_A_FLAGS, 30, 2, ODD_NO_ITEM);
	if (c->index && !(c->flags & FLAG_PREV))
		cab_odd(c, CAB_A_INDEX, 34, 2, ODD_NO_ITEM);
	return CAB_OK;
}

/*
 * A signed cabinet has 20 bytes reserved: 00 00 10 00, where the signature is, how long it is, and 8
 * zeros. It is one, too, when the place fits and the rest does not: others look at the place only.
 */
static void read_signature_place(struct cab *c, struct span reserve)
{
	struct cur k = cur_of(reserve);
	bool mark = cur_le32(&k) == 0x00100000;
	uint32_t off = cur_le32(&k), len = cur_le32(&k);
	bool rest = cab_zero(cur_rest(&k));

	if (reserve.n == 20 && (off || len) && (mark || off == c->cabinet_size)) {
		c->signature_off = off;
		c->signature_len = len;
		if (mark && rest)
			return;
	} else if (cab_zero(mark ? span_from(reserve, 4) : reserve)) {
		return;
	}
	cab_odd(c, CAB_A_RESERVE_HEADER, 40, reserve.n, ODD_NO_ITEM);
}

/* Skips a name: where it ends. */
static int skip_name(struct cab *c, uint64_t *at)
{
	uint8_t p[CAB_NAME_MAX];
	uint64_t left = *at < c->size ? c->size - *at : 0;
	size_t n = left < sizeof(p) ? (size_t)left : sizeof(p);

	int rc = cab_fetch(c, *at, p, n);
	if (rc)
		return rc;
	size_t end = span_find(span_of(p, n), 0);
	if (end == SIZE_MAX)
		return n < sizeof(p) ? CAB_TRUNCATED : CAB_NAMES;
	*at += end + 1;
	return CAB_OK;
}

static int read_optional(struct cab *c)
{
	uint64_t at = HEAD;
	uint8_t p[4];
	int rc = CAB_OK;

	if (c->flags & FLAG_RESERVE) {
		rc = cab_fetch(c, at, p, 4);
		if (rc)
			return rc;
		c->reserve_header = (uint16_t)(p[0] | p[1] << 8);
		c->reserve_folder = p[2];
		c->reserve_data = p[3];
		at += 4;
		uint8_t *reserve = arena_alloc(c->arena, (size_t)c->reserve_header + 1);
		if (!reserve)
			return -ENOMEM;
		rc = cab_fetch(c, at, reserve, c->reserve_header);
		if (rc)
			return rc;
		read_signature_place(c, span_of(reserve, c->reserve_header));
		at += c->reserve_header;
	}
	unsigned names = (c->flags & FLAG_PREV ? 2 : 0) + (c->flags & FLAG_NEXT ? 2 : 0);
	for (unsigned i = 0; rc == CAB_OK && i < names; i++)
		rc = skip_name(c, &at);
	c->folders_off = at;
	return rc;
}

/* --- folders and files ----------------------------------------------------------------------- */

static int read_folder(struct cab *c, uint32_t i, uint64_t *at)
{
	uint8_t p[8 + UINT8_MAX];

	int rc = cab_fetch(c, *at, p, 8 + (size_t)c->reserve_folder);
	if (rc)
		return rc;
	struct cur k = cur_of(span_of(p, sizeof(p)));
	struct cab_folder *f = &c->folder[i];
	f->off = cur_le32(&k);
	f->nblocks = cur_le16(&k);
	unsigned method = cur_le16(&k);
	f->method = method & 0x0f;
	f->window = (uint8_t)(method >> 8 & 0x1f);
	bool known = f->method == CAB_LZX     ? !(method & ~0x1f0fu) && f->window >= 15 && f->window <= 21 :
		     f->method == CAB_QUANTUM ? !(method & ~0x1fffu) :
						method <= CAB_MSZIP;
	if (!known)
		cab_odd(c, CAB_A_METHOD, *at + 6, 2, i);
	if (!cab_zero(span_of(p + 8, c->reserve_folder)))
		cab_odd(c, CAB_A_RESERVE_FOLDER, *at + 8, c->reserve_folder, i);
	*at += 8u + c->reserve_folder;
	return CAB_OK;
}

/* The folder's number, or one of three marks for files that are not wholly here. */
static int set_folder(struct cab *c, struct cab_file *f, unsigned folder)
{
	if (folder >= 0xfffd) {
		f->spans = folder == 0xfffd ? CAB_FROM_PREV :
			   folder == 0xfffe ? CAB_TO_NEXT :
					      CAB_FROM_PREV | CAB_TO_NEXT;
		cab_odd(c, CAB_A_SPANNED, f->off, 16, ODD_NO_ITEM);
		folder = f->spans & CAB_FROM_PREV ? 0 : c->nfolders - 1;
	}
	f->folder = folder;
	return folder < c->nfolders ? CAB_OK : CAB_FILES;
}

static int read_file(struct cab *c, uint32_t i, uint64_t *at)
{
	uint8_t p[16 + CAB_NAME_MAX];
	uint64_t left = *at < c->size ? c->size - *at : 0;
	size_t n = left < sizeof(p) ? (size_t)left : sizeof(p);
	struct cab_file *f = &c->file[i];

	int rc = n < 17 ? CAB_TRUNCATED : cab_fetch(c, *at, p, n);
	if (rc)
		return rc;
	struct cur k = cur_of(span_of(p, n));
	f->off = *at;
	f->size = cur_le32(&k);
	f->at = cur_le32(&k);
	unsigned folder = cur_le16(&k);
	f->date = cur_le16(&k);
	f->time = cur_le16(&k);
	f->attributes = cur_le16(&k);
	struct span name = cur_rest(&k);
	size_t end = span_find(name, 0);
	if (end == SIZE_MAX)
		return n < sizeof(p) ? CAB_TRUNCATED : CAB_NAMES;
	f->name = arena_str(c->arena, span_cut(name, 0, end));
	if (!f->name)
		return -ENOMEM;
	*at += 16 + end + 1;
	return set_folder(c, f, folder);
}

static int load(struct cab *c)
{
	int rc = read_head(c);

	if (rc == CAB_OK)
		rc = read_optional(c);
	if (rc)
		return rc;
	c->folder = arena_array(c->arena, (size_t)c->nfolders + 1, sizeof(*c->folder));
	c->file = arena_array(c->arena, (size_t)c->nfiles + 1, sizeof(*c->file));
	if (!c->folder || !c->file)
		return -ENOMEM;
	uint64_t at = c->folders_off;
	for (uint32_t i = 0; rc == CAB_OK && i < c->nfolders; i++)
		rc = read_folder(c, i, &at);
	if (rc == CAB_OK && c->files_off < at)
		cab_odd(c, CAB_A_OVERLAP, c->files_off, at - c->files_off, ODD_NO_ITEM);
	else if (rc == CAB_OK && c->files_off > at)
		cab_odd(c, CAB_A_GAP, at, c->files_off - at, ODD_NO_ITEM);
	at = c->files_off;
	for (uint32_t i = 0; rc == CAB_OK && i < c->nfiles; i++)
		rc = read_file(c, i, &at);
	c->files_end = at;
	return rc;
}

int cab_open(struct cab *ret_c, cab_read_fn *read, void *ctx, uint64_t size, struct arena *a)
{
	*ret_c = (struct cab){ .size = size, .fetch = read, .ctx = ctx, .arena = a };
	int rc = load(ret_c);
	if (rc)
		*ret_c = (struct cab){ 0 };
	return rc;
}

size_t cab_covered(const struct cab *c, struct cab_range out[static CAB_COVERED_MAX])
{
	if (!c->signature_off || c->signature_off < 60)
		return 0;
	out[0] = (struct cab_range){ 0, 4 };
	out[1] = (struct cab_range){ 8, 26 };
	out[2] = (struct cab_range){ 56, c->signature_off - 56 };
	return 3;
}
