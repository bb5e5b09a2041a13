/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/codesign.h"

#include <inttypes.h>
#include <stdio.h>

#define INDEX_AT 12

const char *codesign_strerror(int result)
{
	static const char *const text[] = {
		[CODESIGN_OK] = "ok",
		[CODESIGN_NOT] = "no embedded code signature",
		[CODESIGN_TRUNCATED] = "a blob of the signature runs past its end",
		[CODESIGN_COUNT] = "a signature with more or larger parts than are read",
		[CODESIGN_OVERLAP] = "two blobs of the signature share bytes",
		[CODESIGN_TWICE] = "one slot of the signature is there twice",
		[CODESIGN_VERSION] = "a CodeDirectory of a version that is not known",
		[CODESIGN_ALGORITHM] = "a CodeDirectory with a digest that is not known",
		[CODESIGN_FIELD] = "a CodeDirectory whose fields contradict each other",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(text) ? text[result] : "unknown error";
}

const char *codesign_slot_name(uint32_t slot, char out[static 24])
{
	static const char *const special[] = { "CodeDirectory", "Info.plist", "requirements",
		"CodeResources", "application", "entitlements", "trailer", "DER entitlements",
		"launch constraint", "parent launch constraint", "responsible launch constraint",
		"library constraint" };

	if (slot < ARRAY_LEN(special))
		return special[slot];
	if (codesign_is_directory(slot))
		return "alternate CodeDirectory";
	if (slot == CODESIGN_CMS)
		return "CMS signature";
	if (slot == CODESIGN_TICKET)
		return "notarization ticket";
	snprintf(out, 24, "slot %" PRIu32, slot);
	return out;
}

static int read_blob(const struct codesign *s, struct cur *c, struct codesign_blob *ret_b)
{
	struct codesign_blob b = { .slot = cur_be32(c), .off = cur_be32(c) };
	struct cur at = cur_of(s->bytes);

	cur_seek(&at, b.off);
	b.magic = cur_be32(&at);
	size_t len = cur_be32(&at);
	if (c->err || at.err || len < 8 || len > s->bytes.n - b.off)
		return CODESIGN_TRUNCATED;
	b.bytes = span_of(s->bytes.p + b.off, len);
	for (uint32_t i = 0; i < s->n; i++)
		if (s->blob[i].slot == b.slot)
			return CODESIGN_TWICE;
	*ret_b = b;
	return CODESIGN_OK;
}

/* Index and blobs must not share bytes; what lies between them is a gap. */
static int find_gaps(struct codesign *s)
{
	const struct codesign_blob *order[CODESIGN_BLOBS_MAX];
	size_t end = INDEX_AT + 8 * (size_t)s->n;

	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t at = i;
		for (; at && order[at - 1]->off > s->blob[i].off; at--)
			order[at] = order[at - 1];
		order[at] = &s->blob[i];
	}
	for (uint32_t i = 0; i < s->n; i++) {
		if (order[i]->off < end)
			return CODESIGN_OVERLAP;
		if (order[i]->off > end)
			s->gap[s->ngaps++] = (struct codesign_range){ end, order[i]->off - end };
		end = order[i]->off + order[i]->bytes.n;
	}
	if (end < s->bytes.n)
		s->gap[s->ngaps++] = (struct codesign_range){ end, s->bytes.n - end };
	return CODESIGN_OK;
}

int codesign_read(struct codesign *ret_s, struct span room)
{
	struct cur c = cur_of(room);
	struct codesign s = { 0 };

	*ret_s = s;
	uint32_t magic = cur_be32(&c), len = cur_be32(&c), n = cur_be32(&c);
	if (c.err || magic != CODESIGN_M_EMBEDDED)
		return CODESIGN_NOT;
	if (len > room.n || len < INDEX_AT || n > (len - INDEX_AT) / 8)
		return CODESIGN_TRUNCATED;
	if (n > CODESIGN_BLOBS_MAX || room.n > CODESIGN_ROOM_MAX)
		return CODESIGN_COUNT;
	s.bytes = span_of(room.p, len);
	s.rest = span_from(room, len);
	for (uint32_t i = 0; i < n; i++) {
		int rc = read_blob(&s, &c, &s.blob[i]);
		if (rc)
			return rc;
		s.n++;
	}
	int rc = find_gaps(&s);
	if (rc == CODESIGN_OK)
		*ret_s = s;
	return rc;
}

const struct codesign_blob *codesign_find(const struct codesign *s, uint32_t slot)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->blob[i].slot == slot)
			return &s->blob[i];
	return NULL;
}

/* ---- CodeDirectory ---- */

static bool read_algorithm(struct codesign_directory *d, unsigned type, unsigned size)
{
	static const uint8_t len[] = { 0, [CODESIGN_H_SHA1] = 20, [CODESIGN_H_SHA256] = 32,
		[CODESIGN_H_SHA256_CUT] = 20, [CODESIGN_H_SHA384] = 48, [CODESIGN_H_SHA512] = 64 };

	if (type >= ARRAY_LEN(len) || !len[type] || len[type] != size)
		return false;
	d->hash = (uint8_t)type;
	d->hash_len = len[type];
	return true;
}

/* A text at off, which must end inside the blob; n == 0 where off is 0. */
static bool read_text(struct span blob, uint32_t off, struct span *ret_s)
{
	struct span s = span_cut(blob, off, CODESIGN_IDENT_MAX + 1);
	size_t n = span_find(s, 0);

	if (off && n == SIZE_MAX)
		return false;
	*ret_s = off ? span_cut(s, 0, n) : SPAN_NONE;
	return true;
}

/* The digests in front of hash_off and behind it. */
static bool read_tables(struct codesign_directory *d, uint32_t hash_off, size_t head_len)
{
	uint64_t before = (uint64_t)d->nspecial * d->hash_len;
	uint64_t behind = (uint64_t)d->ncode * d->hash_len;

	if (hash_off < head_len || hash_off > d->bytes.n || before > hash_off - head_len ||
	    behind > d->bytes.n - hash_off)
		return false;
	d->special = span_cut(d->bytes, hash_off - (size_t)before, (size_t)before);
	d->code = span_cut(d->bytes, hash_off, (size_t)behind);
	return true;
}

/* One slot for each page, the last may be a part of one. */
static bool slots_fit(const struct codesign_directory *d)
{
	if (!d->page)
		return d->ncode == (d->limit ? 1 : 0);
	return d->ncode == d->limit / d->page + (d->limit % d->page ? 1 : 0);
}

int codesign_directory_read(struct codesign_directory *ret_d, struct span blob)
{
	struct codesign_directory d = { .bytes = blob };
	struct cur c = cur_of(blob);
	uint32_t scatter = 0, team = 0;

	*ret_d = (struct codesign_directory){ 0 };
	uint32_t magic = cur_be32(&c), len = cur_be32(&c);
	d.version = cur_be32(&c);
	d.flags = cur_be32(&c);
	uint32_t hash_off = cur_be32(&c), ident = cur_be32(&c);
	d.nspecial = cur_be32(&c);
	d.ncode = cur_be32(&c);
	d.limit = cur_be32(&c);
	unsigned hash_size = cur_u8(&c), hash_type = cur_u8(&c);
	d.platform = cur_u8(&c);
	unsigned page = cur_u8(&c);
	cur_skip(&c, 4);
	if (d.version >= 0x20100)
		scatter = cur_be32(&c);
	if (d.version >= 0x20200)
		team = cur_be32(&c);
	if (d.version >= 0x20300) {
		cur_skip(&c, 4);
		uint64_t wide = cur_be64(&c);
		d.limit = wide ? wide : d.limit;
	}
	if (d.version >= 0x20400) {
		d.exec_base = cur_be64(&c);
		d.exec_limit = cur_be64(&c);
		d.exec_flags = cur_be64(&c);
	}
	if (d.version >= 0x20500) {
		d.runtime = cur_be32(&c);
		cur_skip(&c, 4);
	}
	if (c.err)
		return CODESIGN_TRUNCATED;
	if (d.version < 0x20000 || d.version > 0x2ffff || scatter)
		return CODESIGN_VERSION;
	if (!read_algorithm(&d, hash_type, hash_size))
		return CODESIGN_ALGORITHM;
	d.page = page ? 1ull << (page & 31) : 0;
	if (magic != CODESIGN_M_DIRECTORY || len != blob.n || page > 31 || !ident ||
	    !read_text(blob, ident, &d.ident) || !read_text(blob, team, &d.team) ||
	    !read_tables(&d, hash_off, c.off) || !slots_fit(&d))
		return CODESIGN_FIELD;
	*ret_d = d;
	return CODESIGN_OK;
}

struct span codesign_special(const struct codesign_directory *d, uint32_t slot)
{
	if (!slot || slot > d->nspecial)
		return SPAN_NONE;
	return span_cut(d->special, d->special.n - (size_t)slot * d->hash_len, d->hash_len);
}
