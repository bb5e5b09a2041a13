/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/udif.h"

#define TABLE_HEAD 204
#define CHUNK_LEN 40

const char *udif_strerror(int result)
{
	static const char *const text[] = {
		[UDIF_OK] = "ok",
		[UDIF_NOT] = "no disk image",
		[UDIF_VERSION] = "a disk image of another version, or a part of one",
		[UDIF_RANGE] = "the parts of the disk image overlap or lie outside of the file",
		[UDIF_CHUNK] = "the chunks of a partition are out of order, too large, or leave it",
		[UDIF_COUNT] = "more chunks than are read",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(text) ? text[result] : "unknown error";
}

static struct span trailer_of(struct span tail)
{
	return tail.n < UDIF_TRAILER ? SPAN_NONE : span_from(tail, tail.n - UDIF_TRAILER);
}

bool udif_is(struct span tail)
{
	struct cur c = cur_of(trailer_of(tail));
	return cur_be32(&c) == 0x6b6f6c79; /* "koly" */
}

static struct udif_sum read_sum(struct cur *c)
{
	struct udif_sum s = { .type = cur_be32(c) };
	uint32_t bits = cur_be32(c);

	s.crc = cur_be32(c);
	cur_skip(c, 124);
	if (s.type == 2 && bits != 32)
		s.type = 0;
	return s;
}

static struct udif_range read_range(struct cur *c)
{
	struct udif_range r = { .off = cur_be64(c) };

	r.len = cur_be64(c);
	if (!r.len)
		r.off = 0;
	return r;
}

/* Ranges in the file, without overlap; what lies between them is noted. */
static bool find_gaps(struct udif *u, uint64_t end)
{
	const struct udif_range *all[] = { &u->data, &u->resource, &u->plist, &u->signature };
	const struct udif_range *order[ARRAY_LEN(all)];
	uint64_t at = 0;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		size_t k = n;
		if (!all[i]->len)
			continue;
		if (all[i]->off > end || all[i]->len > end - all[i]->off)
			return false;
		for (n++; k && order[k - 1]->off > all[i]->off; k--)
			order[k] = order[k - 1];
		order[k] = all[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (order[i]->off < at)
			return false;
		if (order[i]->off > at)
			u->gap[u->ngaps++] = (struct udif_range){ at, order[i]->off - at };
		at = order[i]->off + order[i]->len;
	}
	if (at < end)
		u->gap[u->ngaps++] = (struct udif_range){ at, end - at };
	return true;
}

int udif_read(struct udif *ret_u, struct span tail, uint64_t file_size)
{
	struct cur c = cur_of(trailer_of(tail));
	struct udif u = { 0 };

	*ret_u = u;
	if (!udif_is(tail) || file_size < UDIF_TRAILER)
		return UDIF_NOT;
	cur_skip(&c, 4);
	uint32_t version = cur_be32(&c), head = cur_be32(&c);
	u.flags = cur_be32(&c);
	cur_skip(&c, 8); /* RunningDataForkOffset */
	u.data = read_range(&c);
	u.resource = read_range(&c);
	uint32_t segment = cur_be32(&c), segments = cur_be32(&c);
	cur_skip(&c, 16); /* SegmentID */
	u.data_sum = read_sum(&c);
	u.plist = read_range(&c);
	cur_seek(&c, 296);
	u.signature = read_range(&c);
	cur_seek(&c, 352);
	u.master_sum = read_sum(&c);
	u.variant = cur_be32(&c);
	u.sectors = cur_be64(&c);
	if (c.err)
		return UDIF_NOT;
	if (version != 4 || head != UDIF_TRAILER || segment > 1 || segments > 1)
		return UDIF_VERSION;
	if (!find_gaps(&u, file_size - UDIF_TRAILER) || u.sectors > UDIF_SECTORS_MAX)
		return UDIF_RANGE;
	*ret_u = u;
	return UDIF_OK;
}

int udif_table_read(struct udif_table *ret_t, struct span bytes)
{
	struct cur c = cur_of(bytes);
	struct udif_table t = { 0 };

	*ret_t = t;
	uint32_t magic = cur_be32(&c), version = cur_be32(&c);
	t.first = cur_be64(&c);
	t.sectors = cur_be64(&c);
	uint64_t data_off = cur_be64(&c);
	cur_skip(&c, 8 + 24);
	t.sum = read_sum(&c);
	t.n = cur_be32(&c);
	t.chunks = cur_rest(&c);
	if (c.err || magic != 0x6d697368) /* "mish" */
		return UDIF_NOT;
	if (version != 1 || data_off)
		return UDIF_VERSION;
	if (t.n > UDIF_CHUNKS_MAX || t.chunks.n / CHUNK_LEN < t.n)
		return UDIF_COUNT;
	if (t.first > UDIF_SECTORS_MAX || t.sectors > UDIF_SECTORS_MAX)
		return UDIF_CHUNK;
	*ret_t = t;
	return UDIF_OK;
}

int udif_chunk(const struct udif_table *t, uint32_t i, uint64_t data_len, struct udif_chunk *ret_c)
{
	struct cur c = cur_of(span_cut(t->chunks, (size_t)i * CHUNK_LEN, CHUNK_LEN));
	struct udif_chunk x = { .kind = (enum udif_kind)cur_be32(&c) };

	cur_skip(&c, 4);
	x.sector = cur_be64(&c);
	x.sectors = cur_be64(&c);
	x.off = cur_be64(&c);
	x.len = cur_be64(&c);
	*ret_c = (struct udif_chunk){ 0 };
	if (c.err || i >= t->n)
		return UDIF_CHUNK;
	if (x.kind != UDIF_END && x.kind != UDIF_COMMENT) {
		if (x.sector > t->sectors || x.sectors > t->sectors - x.sector ||
		    (udif_is_packed(x.kind) && (x.sectors > UDIF_CHUNK_MAX / UDIF_SECTOR ||
						   x.len > 2 * UDIF_CHUNK_MAX)) ||
		    (x.kind == UDIF_RAW && x.len > x.sectors * UDIF_SECTOR))
			return UDIF_CHUNK;
		if ((udif_is_packed(x.kind) || x.kind == UDIF_RAW) &&
		    (x.off > data_len || x.len > data_len - x.off))
			return UDIF_RANGE;
		x.sector += t->first;
	}
	*ret_c = x;
	return UDIF_OK;
}

bool udif_adc(uint8_t *out, size_t n, struct span in)
{
	struct cur c = cur_of(in);
	size_t at = 0;

	while (at < n && cur_left(&c)) {
		uint8_t op = cur_u8(&c);
		size_t len, back;
		if (op & 0x80) { /* bytes as they are */
			struct span s = cur_take(&c, (op & 0x7f) + 1u);
			if (c.err || s.n > n - at)
				return false;
			memcpy(out + at, s.p, s.n);
			at += s.n;
			continue;
		}
		if (op & 0x40) {
			len = (op & 0x3f) + 4u;
			back = cur_be16(&c);
		} else {
			len = (op >> 2 & 0x0f) + 3u;
			back = (size_t)(op & 3) << 8;
			back |= cur_u8(&c);
		}
		if (c.err || back >= at || len > n - at)
			return false;
		for (; len; len--, at++)
			out[at] = out[at - back - 1];
	}
	return at == n && !c.err;
}
