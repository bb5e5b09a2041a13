/* SPDX-License-Identifier: Apache-2.0 */

/* dmg: the tables of an image, and its sectors. */

#include "unpack/dmg.h"

#include "base/arena.h"
#include "base/cur.h"
#include "unpack/inflate_lib.h"
#include "wire/plist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define PLIST_ARENA (24u << 20)
#define COPY 65536u

static int damaged(struct dmg *d, int udif_rc)
{
	return unpack_stop(d->w, UNPACK_DAMAGED, "%s", udif_strerror(udif_rc));
}

/* ---- tables ---- */

static int keep_chunk(struct dmg *d, const struct udif_chunk *c)
{
	if (d->nchunks == UDIF_CHUNKS_MAX)
		return damaged(d, UDIF_COUNT);
	if (d->nchunks == d->cap) {
		uint32_t cap = d->cap ? 2 * d->cap : 1024;
		struct dmg_chunk *p = realloc(d->chunk, cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		d->chunk = p;
		d->cap = cap;
	}
	/* A run of zeros may be long; sectors and len are 32 bits. */
	if (c->sectors > UINT32_MAX || c->len > UINT32_MAX)
		return damaged(d, UDIF_CHUNK);
	d->chunk[d->nchunks++] = (struct dmg_chunk){
		.sector = c->sector,
		.off = d->u.data.off + c->off,
		.sectors = (uint32_t)c->sectors,
		.len = (uint32_t)c->len,
		.kind = (uint8_t)((unsigned)c->kind | (udif_is_packed(c->kind) ? 0x80u : 0)),
	};
	return 0;
}

static int read_table(struct dmg *d, struct span bytes)
{
	struct udif_table t;
	struct udif_chunk c;

	int rc = udif_table_read(&t, bytes);
	if (rc)
		return damaged(d, rc);
	for (uint32_t i = 0; i < t.n; i++) {
		rc = udif_chunk(&t, i, d->u.data.len, &c);
		if (rc)
			return damaged(d, rc);
		if (c.kind == UDIF_END)
			break;
		if (c.kind == UDIF_COMMENT || !c.sectors)
			continue;
		if (c.kind != UDIF_ZERO && c.kind != UDIF_IGNORE && c.kind != UDIF_RAW &&
		    !udif_is_packed(c.kind))
			return unpack_stop(d->w, UNPACK_DAMAGED, "a chunk of unknown kind %#x",
			    (unsigned)c.kind);
		rc = keep_chunk(d, &c);
		if (rc)
			return rc;
	}
	if (t.first + t.sectors > d->sectors)
		d->sectors = t.first + t.sectors;
	if (d->nparts < DMG_VOLUMES_MAX && t.sectors) {
		d->part[d->nparts].sector = t.first;
		d->part[d->nparts++].sectors = t.sectors;
	}
	return 0;
}

static int by_sector(const void *a, const void *b)
{
	const struct dmg_chunk *x = a, *y = b;
	return x->sector < y->sector ? -1 : x->sector > y->sector;
}

static int sort_chunks(struct dmg *d)
{
	if (d->nchunks)
		qsort(d->chunk, d->nchunks, sizeof(*d->chunk), by_sector);
	for (uint32_t i = 1; i < d->nchunks; i++)
		if (d->chunk[i - 1].sector + d->chunk[i - 1].sectors > d->chunk[i].sector)
			return unpack_stop(d->w, UNPACK_REFUSED,
			    "two chunks of the image are about the same sectors");
	return 0;
}

/* The master checksum is over those of the tables. */
static int check_master(struct dmg *d, const struct plist *p, const struct plist_node *list)
{
	uint32_t crc = 0;

	if (d->u.master_sum.type != 2)
		return 0;
	for (const struct plist_node *x = plist_first(p, list); x; x = plist_next(p, x)) {
		const struct plist_node *data = plist_get(p, x, "Data", PLIST_DATA);
		struct udif_table t;
		if (!data || udif_table_read(&t, data->bytes) || t.sum.type != 2)
			return 0;
		uint8_t be[4] = { (uint8_t)(t.sum.crc >> 24), (uint8_t)(t.sum.crc >> 16),
			(uint8_t)(t.sum.crc >> 8), (uint8_t)t.sum.crc };
		crc = inflate_crc32(crc, span_of(be, 4));
	}
	return crc == d->u.master_sum.crc ?
		   0 :
		   unpack_stop(d->w, UNPACK_DAMAGED, "the image's checksum over its tables does not fit");
}

static int check_data(struct dmg *d)
{
	static uint8_t block[COPY];
	uint64_t at = d->u.data.off, end = at + d->u.data.len;
	uint32_t crc = 0;

	if (d->u.data_sum.type != 2)
		return 0;
	while (at < end) {
		size_t n = end - at < COPY ? (size_t)(end - at) : COPY;
		int rc = unpack_pread(d->w, at, block, n);
		if (rc)
			return rc;
		crc = inflate_crc32(crc, span_of(block, n));
		at += n;
	}
	return crc == d->u.data_sum.crc ?
		   0 :
		   unpack_stop(d->w, UNPACK_DAMAGED, "the checksum of the image's data does not fit");
}

static int read_plist(struct dmg *d)
{
	static struct arena arena;
	struct fault f = FAULT_INIT;
	struct plist p;

	if (!d->u.plist.len)
		return unpack_stop(d->w, UNPACK_CLOSED,
		    "a disk image without property list: of a kind that is not read");
	if (d->u.plist.len > UDIF_PLIST_MAX)
		return damaged(d, UDIF_COUNT);
	uint8_t *text = malloc((size_t)d->u.plist.len);
	if (!text)
		return -ENOMEM;
	int rc = unpack_pread(d->w, d->u.plist.off, text, (size_t)d->u.plist.len);
	if (rc)
		return rc;
	arena = ARENA_INIT(PLIST_ARENA);
	rc = plist_read(&p, span_of(text, (size_t)d->u.plist.len), &arena, &f);
	if (rc < 0)
		return rc == -ENOMEM ? rc : unpack_stop(d->w, UNPACK_DAMAGED, "%s", f.text);
	const struct plist_node *fork = plist_get(&p, plist_top(&p), "resource-fork", PLIST_DICT);
	const struct plist_node *list = plist_get(&p, fork, "blkx", PLIST_ARRAY);
	if (!list)
		return unpack_stop(d->w, UNPACK_DAMAGED, "a disk image without partitions");
	for (const struct plist_node *x = plist_first(&p, list); x && rc == 0; x = plist_next(&p, x)) {
		const struct plist_node *data = plist_get(&p, x, "Data", PLIST_DATA);
		rc = data ? read_table(d, data->bytes) :
			    unpack_stop(d->w, UNPACK_DAMAGED, "a partition without table");
	}
	if (rc == 0)
		rc = check_master(d, &p, list);
	arena_free(&arena);
	free(text);
	return rc;
}

/* ---- what belongs to nothing ---- */

static int note_gap(struct dmg *d, uint64_t off, uint64_t len)
{
	return unpack_note(d->w, &(struct unpack_note){ .kind = UNPACK_NOTE_GAP, .off = off,
				     .len = len, .text = "" });
}

struct used {
	uint64_t off, len;
};

static int by_offset(const void *a, const void *b)
{
	const struct used *x = a, *y = b;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* Bytes of the data fork that no chunk uses. */
static int note_unused(struct dmg *d)
{
	struct used *u = malloc((d->nchunks + 1) * sizeof(*u));
	uint64_t at = d->u.data.off, end = at + d->u.data.len;
	uint32_t n = 0;
	int rc = 0;

	if (!u)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->nchunks; i++)
		if (d->chunk[i].kind & 0x80 || d->chunk[i].kind == UDIF_RAW)
			u[n++] = (struct used){ d->chunk[i].off, d->chunk[i].len };
	if (n)
		qsort(u, n, sizeof(*u), by_offset);
	u[n] = (struct used){ end, 0 };
	for (uint32_t i = 0; rc == 0 && i <= n; i++) {
		if (u[i].off > at)
			rc = note_gap(d, at, u[i].off - at);
		if (u[i].off + u[i].len > at)
			at = u[i].off + u[i].len;
	}
	free(u);
	return rc;
}

int dmg_open(struct dmg *d, struct unpack_work *w)
{
	uint8_t tail[UDIF_TRAILER];

	d->w = w;
	int rc = unpack_pread(w, w->file_size - UDIF_TRAILER, tail, sizeof(tail));
	if (rc)
		return rc;
	rc = udif_read(&d->u, span_of(tail, sizeof(tail)), w->file_size);
	if (rc)
		return damaged(d, rc);
	for (uint32_t i = 0; rc == 0 && i < d->u.ngaps; i++)
		rc = note_gap(d, d->u.gap[i].off, d->u.gap[i].len);
	if (rc == 0)
		rc = read_plist(d);
	if (rc == 0)
		rc = sort_chunks(d);
	if (rc == 0)
		rc = note_unused(d);
	return rc ? rc : check_data(d);
}

/* ---- sectors ---- */

static int unpack_chunk(struct dmg *d, const struct dmg_chunk *c, uint8_t *out, size_t n)
{
	size_t got = 0;
	int rc;

	if (c->len > d->packed_cap) {
		free(d->packed);
		d->packed = malloc(c->len);
		d->packed_cap = d->packed ? c->len : 0;
		if (!d->packed)
			return -ENOMEM;
	}
	rc = unpack_pread(d->w, c->off, d->packed, c->len);
	if (rc)
		return rc;
	struct span in = span_of(d->packed, c->len);
	switch (c->kind & 0x7f) {
	case UDIF_ADC & 0xff:
		rc = udif_adc(out, n, in) ? 0 : -EBADMSG;
		got = n;
		break;
	case UDIF_ZLIB & 0xff:
		rc = inflate_zlib(out, n, in, &got);
		break;
	case UDIF_BZIP2 & 0xff:
		rc = inflate_bzip2(out, n, in, &got);
		break;
	case UDIF_LZMA & 0xff:
		rc = inflate_xz(out, n, in, &got);
		break;
	default:
		return unpack_stop(
		    d->w, UNPACK_CLOSED, "compressed with LZFSE, which is not read");
	}
	if (rc == -ENOTSUP)
		return unpack_stop(d->w, UNPACK_CLOSED,
		    "compressed in a way whose library is not installed");
	if (rc == -EBADMSG || (rc == 0 && got != n))
		return unpack_stop(d->w, UNPACK_DAMAGED,
		    "the chunk at offset %" PRIu64 " does not unpack to its size", c->off);
	return rc;
}

/* Makes room for n bytes more, and gives the entry to use. */
static struct dmg_cached *make_room(struct dmg *d, size_t n)
{
	for (;;) {
		struct dmg_cached *oldest = NULL, *empty = NULL;
		for (size_t i = 0; i < DMG_CACHE; i++) {
			struct dmg_cached *x = &d->cache[i];
			if (!x->p)
				empty = x;
			else if (!oldest || x->used < oldest->used)
				oldest = x;
		}
		if (empty && (!oldest || d->cached + n <= UDIF_CHUNK_MAX))
			return empty;
		d->cached -= oldest->n;
		free(oldest->p);
		*oldest = (struct dmg_cached){ 0 };
	}
}

static int cached(struct dmg *d, uint32_t chunk, const uint8_t **ret_p)
{
	size_t n = (size_t)d->chunk[chunk].sectors * UDIF_SECTOR;
	struct dmg_cached *e;

	d->clock++;
	for (size_t i = 0; i < DMG_CACHE; i++) {
		e = &d->cache[i];
		if (!e->p || e->chunk != chunk)
			continue;
		e->used = d->clock;
		*ret_p = e->p;
		return 0;
	}
	e = make_room(d, n);
	uint8_t *p = malloc(n);
	if (!p)
		return -ENOMEM;
	int rc = unpack_chunk(d, &d->chunk[chunk], p, n);
	if (rc)
		return rc;
	*e = (struct dmg_cached){ chunk, d->clock, p, n };
	d->cached += n;
	*ret_p = p;
	return 0;
}

/* The last chunk that begins at or in front of the sector; UINT32_MAX: none. */
static uint32_t find_chunk(const struct dmg *d, uint64_t sector)
{
	uint32_t lo = 0, hi = d->nchunks;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (d->chunk[mid].sector <= sector)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

static int read_in_chunk(struct dmg *d, uint32_t i, uint64_t inside, uint8_t *p, size_t n)
{
	const struct dmg_chunk *c = &d->chunk[i];
	const uint8_t *from;

	if (c->kind == UDIF_RAW) {
		size_t have = inside < c->len ? (size_t)(c->len - inside) : 0;
		have = have < n ? have : n;
		memset(p + have, 0, n - have);
		return have ? unpack_pread(d->w, c->off + inside, p, have) : 0;
	}
	if (!(c->kind & 0x80)) {
		memset(p, 0, n);
		return 0;
	}
	int rc = cached(d, i, &from);
	if (rc == 0)
		memcpy(p, from + inside, n);
	return rc;
}

int dmg_read(struct dmg *d, uint64_t off, void *p, size_t n)
{
	uint8_t *to = p;

	if (off > d->sectors * UDIF_SECTOR || n > d->sectors * UDIF_SECTOR - off)
		return unpack_stop(d->w, UNPACK_DAMAGED, "a record beyond the end of the image");
	while (n) {
		uint32_t i = find_chunk(d, off / UDIF_SECTOR);
		uint64_t from = i == UINT32_MAX ? 0 : d->chunk[i].sector * UDIF_SECTOR;
		uint64_t end = i == UINT32_MAX ? 0 : from + (uint64_t)d->chunk[i].sectors * UDIF_SECTOR;
		if (off >= end)
			return unpack_stop(d->w, UNPACK_DAMAGED,
			    "sector %" PRIu64 " of the image is in no chunk", off / UDIF_SECTOR);
		size_t part = n < end - off ? n : (size_t)(end - off);
		int rc = read_in_chunk(d, i, off - from, to, part);
		if (rc)
			return rc;
		to += part;
		off += part;
		n -= part;
	}
	return 0;
}

/* ---- partition maps inside the image ---- */

static void add_part(struct dmg *d, uint64_t sector, uint64_t sectors)
{
	if (d->nparts == DMG_VOLUMES_MAX || sector >= d->sectors || !sectors)
		return;
	for (uint32_t i = 0; i < d->nparts; i++)
		if (d->part[i].sector == sector)
			return;
	d->part[d->nparts].sector = sector;
	d->part[d->nparts++].sectors =
	    sectors < d->sectors - sector ? sectors : d->sectors - sector;
}

static int read_gpt(struct dmg *d)
{
	uint8_t head[92], entry[56];

	int rc = dmg_read(d, UDIF_SECTOR, head, sizeof(head));
	struct cur c = cur_of(span_of(head, sizeof(head)));
	if (rc || cur_be64(&c) != 0x4546492050415254ull) /* "EFI PART" */
		return rc;
	cur_seek(&c, 72);
	uint64_t table = cur_le64(&c);
	uint32_t n = cur_le32(&c), size = cur_le32(&c);
	if (size < 128 || size > 4096 || n > 256 || table > d->sectors)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = table * UDIF_SECTOR + (uint64_t)i * size;
		if (at + sizeof(entry) > d->sectors * UDIF_SECTOR)
			return 0;
		rc = dmg_read(d, at, entry, sizeof(entry));
		if (rc)
			return rc;
		c = cur_of(span_of(entry, sizeof(entry)));
		cur_skip(&c, 32);
		uint64_t first = cur_le64(&c), last = cur_le64(&c);
		if (first && last >= first)
			add_part(d, first, last - first + 1);
	}
	return 0;
}

/* Apple's own map: block size in sector 0, entries "PM" behind it. */
static int read_apm(struct dmg *d)
{
	uint8_t b[16];

	int rc = dmg_read(d, 0, b, sizeof(b));
	struct cur c = cur_of(span_of(b, sizeof(b)));
	if (rc || cur_be16(&c) != 0x4552) /* "ER" */
		return rc;
	uint64_t block = cur_be16(&c), n = 1;
	if (block < UDIF_SECTOR || block % UDIF_SECTOR)
		return 0;
	for (uint64_t i = 1; i <= n && i <= 64 && (i + 1) * block <= d->sectors * UDIF_SECTOR; i++) {
		rc = dmg_read(d, i * block, b, sizeof(b));
		if (rc)
			return rc;
		c = cur_of(span_of(b, sizeof(b)));
		if (cur_be16(&c) != 0x504d) /* "PM" */
			return 0;
		cur_skip(&c, 2);
		n = cur_be32(&c);
		uint64_t first = cur_be32(&c), count = cur_be32(&c);
		add_part(d, first * (block / UDIF_SECTOR), count * (block / UDIF_SECTOR));
	}
	return 0;
}

int dmg_find_parts(struct dmg *d)
{
	if (d->sectors < 2 || !d->nchunks || d->chunk[0].sector)
		return 0;
	int rc = read_gpt(d);
	return rc ? rc : read_apm(d);
}
