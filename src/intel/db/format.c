/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/format.h"

#include "base/buf.h"
#include "base/cur.h"
#include "crypto/hash.h"

#include <errno.h>

#define DIGEST_AT (DB_HEADER - 32)

/* The types' numbers are in files: new ones go to the end, and change DB_VERSION. */
_Static_assert(INDICATOR_SHA512 == 4 && INDICATOR_EMAIL == 11 && INDICATOR_PATTERN == 21 &&
	INDICATOR_URL_PATH == 22 && INDICATOR_TYPES == 23 && INDICATOR_BENIGN == 1,
    "these numbers are stored in database files");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are used where they are mapped");

const char *db_section_name(enum db_section s)
{
	static const char *const cold[] = { "values", "blocks", "claims", "lists", "tuples",
		"strings", "sources" };
	static const char *const hot[DB_SIDES][DB_HOT_N] = {
		{ "filter", "index", "rest", "entry", "pattern" },
		{ "benign filter", "benign index", "benign rest", "benign entry", "benign pattern" },
	};

	if (s < DB_HOT)
		return cold[s];
	return s < DB_SECTIONS ? hot[(s - DB_HOT) / DB_HOT_N][(s - DB_HOT) % DB_HOT_N] : "";
}

size_t db_width(enum indicator_type t)
{
	switch (t) {
	case INDICATOR_MD5:
	case INDICATOR_IMPHASH:
	case INDICATOR_JA3:
		return 16;
	case INDICATOR_SHA1:
		return 20;
	case INDICATOR_SHA256:
		return 32;
	case INDICATOR_SHA512:
		return 64;
	case INDICATOR_IPV4:
		return 4 + 1;
	case INDICATOR_IPV6:
		return 16 + 1;
	case INDICATOR_IP_PORT:
		return 16 + 2;
	default:
		return 0;
	}
}

uint64_t db_entries(const struct db_header *h, enum indicator_side side)
{
	uint64_t n = 0;

	for (unsigned t = 0; t < DB_TYPES; t++)
		n += h->column[side][t].n;
	return n;
}

void db_salt(const uint8_t content[static 32], uint8_t salt[static 16])
{
	struct span part[] = { SPAN_LIT("firebreak intel db hash key\n"), span_of(content, 32) };
	uint8_t all[32];

	sha256_parts(part, ARRAY_LEN(part), all);
	memcpy(salt, all, 16);
}

static void put_le64(struct buf *b, uint64_t v)
{
	buf_put_le32(b, (uint32_t)v);
	buf_put_le32(b, (uint32_t)(v >> 32));
}

static void put_side(struct buf *b, const struct db_side *s)
{
	buf_put_le32(b, s->bucket_bits);
	put_le64(b, s->nets4[0]);
	for (int i = 0; i < 3; i++)
		put_le64(b, s->nets6[i]);
}

static void put_places(struct buf *b, const struct db_header *h)
{
	for (unsigned s = 0; s < DB_SIDES; s++)
		for (unsigned t = 0; t < DB_TYPES; t++) {
			buf_put_le32(b, h->column[s][t].n);
			put_le64(b, h->column[s][t].bytes);
		}
	for (unsigned i = 0; i < DB_SECTIONS; i++) {
		put_le64(b, h->place[i].off);
		put_le64(b, h->place[i].len);
		buf_put(b, h->place[i].sha256, 32);
	}
}

void db_header_put(const struct db_header *h, uint8_t out[static DB_HEADER])
{
	AUTO_BUF struct buf b = BUF_INIT(DIGEST_AT);

	buf_puts(&b, DB_MAGIC);
	buf_put_le32(&b, DB_VERSION);
	buf_put_le32(&b, DB_TYPES);
	put_le64(&b, h->generation);
	put_le64(&b, (uint64_t)h->built);
	buf_put(&b, h->content, sizeof(h->content));
	buf_put(&b, h->salt, sizeof(h->salt));
	put_le64(&b, h->claims);
	for (unsigned s = 0; s < DB_SIDES; s++)
		put_side(&b, &h->side[s]);
	put_places(&b, h);
	FB_ASSERT(buf_err(&b) == 0); /* a fixed size, less than the cap */
	memset(out, 0, DB_HEADER);
	memcpy(out, b.p, b.n);
	struct digest d = sha256_of(span_of(out, DIGEST_AT));
	memcpy(out + DIGEST_AT, d.b, 32);
}

static void get_side(struct cur *c, struct db_side *s)
{
	s->bucket_bits = cur_le32(c);
	s->nets4[0] = cur_le64(c);
	for (int i = 0; i < 3; i++)
		s->nets6[i] = cur_le64(c);
}

static void get_bytes(struct cur *c, uint8_t *out, size_t n)
{
	const uint8_t *p = cur_need(c, n);

	if (p)
		memcpy(out, p, n);
}

static void get_places(struct cur *c, struct db_header *h)
{
	for (unsigned s = 0; s < DB_SIDES; s++)
		for (unsigned t = 0; t < DB_TYPES; t++) {
			h->column[s][t].n = cur_le32(c);
			h->column[s][t].bytes = cur_le64(c);
		}
	for (unsigned i = 0; i < DB_SECTIONS; i++) {
		h->place[i].off = cur_le64(c);
		h->place[i].len = cur_le64(c);
		get_bytes(c, h->place[i].sha256, 32);
	}
}

/* Sections follow each other without holes, and the last one ends the file. */
static bool places_ok(const struct db_header *h, uint64_t size)
{
	uint64_t at = DB_HEADER;

	for (unsigned i = 0; i < DB_SECTIONS; i++) {
		at = (at + DB_ALIGN - 1) / DB_ALIGN * DB_ALIGN;
		if (h->place[i].off != at || h->place[i].len > size || at > size - h->place[i].len)
			return false;
		at += h->place[i].len;
	}
	return at == size;
}

static bool columns_ok(const struct db_header *h)
{
	uint64_t bytes = 0, blocks = 0, entries = 0;

	for (unsigned s = 0; s < DB_SIDES; s++)
		for (unsigned t = 0; t < DB_TYPES; t++) {
			const struct db_column *c = &h->column[s][t];
			size_t width = db_width((enum indicator_type)t);
			if (t == INDICATOR_NONE && c->n)
				return false;
			if (width ? c->bytes != (uint64_t)c->n * width : c->bytes / 2 < c->n)
				return false;
			if (c->bytes > h->place[DB_VALUES].len - bytes)
				return false;
			bytes += c->bytes;
			blocks += width ? 0 : ((uint64_t)c->n + DB_BLOCK - 1) / DB_BLOCK;
			entries += c->n;
		}
	return bytes == h->place[DB_VALUES].len && h->place[DB_BLOCKS].len == 8 * blocks &&
	    entries < UINT32_MAX && h->place[DB_CLAIMS].len == 4 * entries &&
	    h->claims >= entries;
}

static bool side_ok(const struct db_header *h, enum indicator_side s)
{
	const struct db_side *d = &h->side[s];
	uint64_t n = db_entries(h, s);

	return d->bucket_bits <= DB_BUCKET_BITS &&
	    h->place[db_hot(DB_FILTER, s)].len == BLOOM_BLOCK * bloom_blocks(n) &&
	    h->place[db_hot(DB_INDEX, s)].len ==
	    (n ? 4 * (((uint64_t)1 << d->bucket_bits) + 1) : 0) &&
	    h->place[db_hot(DB_REST, s)].len == 4 * n &&
	    h->place[db_hot(DB_ENTRY, s)].len == 4 * n;
}

static bool header_ok(const struct db_header *h, uint64_t size)
{
	return places_ok(h, size) && columns_ok(h) && side_ok(h, INDICATOR_BAD) &&
	    side_ok(h, INDICATOR_BENIGN) && h->place[DB_LISTS].len % 4 == 0 &&
	    h->place[DB_TUPLES].len % sizeof(struct db_tuple) == 0 &&
	    h->place[DB_TUPLES].len / sizeof(struct db_tuple) < DB_LIST &&
	    h->place[DB_STRINGS].len > 0 && h->place[DB_STRINGS].len <= UINT32_MAX &&
	    h->place[DB_SOURCES].len % sizeof(struct db_source) == 0;
}

int db_header_get(struct span file, struct db_header *ret_h, struct fault *f)
{
	struct cur c = cur_of(span_cut(file, 0, DIGEST_AT));
	struct db_header h = { 0 };

	if (file.n < sizeof(DB_MAGIC) - 1 || memcmp(file.p, DB_MAGIC, sizeof(DB_MAGIC) - 1) != 0)
		return fault_set(f, -EBADMSG, "not an indicator database");
	if (file.n < DB_HEADER)
		return fault_set(f, -EBADMSG, "cut off: %zu bytes are less than a header", file.n);
	cur_skip(&c, sizeof(DB_MAGIC) - 1);
	uint32_t version = cur_le32(&c), types = cur_le32(&c);
	struct digest d = sha256_of(span_cut(file, 0, DIGEST_AT));
	bool whole = memcmp(d.b, file.p + DIGEST_AT, 32) == 0;
	if (whole && (version != DB_VERSION || types != DB_TYPES))
		return fault_set(f, -EPROTONOSUPPORT,
		    "format %u of another version of this program: import the feeds again",
		    version);
	if (!whole)
		return fault_set(f, -EBADMSG, "damaged: the header's digest does not fit");
	h.generation = cur_le64(&c);
	h.built = (ts)cur_le64(&c);
	get_bytes(&c, h.content, sizeof(h.content));
	get_bytes(&c, h.salt, sizeof(h.salt));
	h.claims = cur_le64(&c);
	for (unsigned s = 0; s < DB_SIDES; s++)
		get_side(&c, &h.side[s]);
	get_places(&c, &h);
	if (c.err || !header_ok(&h, file.n))
		return fault_set(f, -EBADMSG, "cut off or damaged: %zu bytes are not what the "
		    "header says", file.n);
	while (cur_left(&c))
		if (cur_u8(&c))
			return fault_set(f, -EBADMSG, "damaged: bytes behind the header's end");
	*ret_h = h;
	return 0;
}
