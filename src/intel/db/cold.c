/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/cold.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int cold_init(struct cold *c, int fd, int tmp_dir)
{
	*c = (struct cold){ .fd = fd };
	c->values.fd = c->blocks.fd = c->claims.fd = c->lists.fd = -1;
	if (ftruncate(fd, 0) < 0)
		return -errno;
	int rc = tuples_init(&c->tuples, tmp_dir);
	if (rc == 0)
		rc = section_to(&c->values, fd, DB_HEADER);
	if (rc == 0)
		rc = section_new(&c->blocks, tmp_dir);
	if (rc == 0)
		rc = section_new(&c->claims, tmp_dir);
	if (rc == 0)
		rc = section_new(&c->lists, tmp_dir);
	return rc;
}

void cold_free(struct cold *c)
{
	section_free(&c->values);
	section_free(&c->blocks);
	section_free(&c->claims);
	section_free(&c->lists);
	tuples_free(&c->tuples);
}

static void put_length(struct section *s, size_t n)
{
	uint8_t b[2] = { (uint8_t)(n < 0x80 ? n : 0x80 | (n & 0x7f)), (uint8_t)(n >> 7) };

	section_put(s, b, n < 0x80 ? 1 : 2);
}

static void put_block(struct cold *c)
{
	uint64_t at = htole64(section_len(&c->values) - c->values_at);

	section_put(&c->blocks, &at, 8);
}

static void put_value(struct cold *c, struct span v, bool first)
{
	size_t shared = 0, max = first ? 0 : v.n < c->last_n ? v.n : c->last_n;

	while (shared < max && v.p[shared] == c->last[shared])
		shared++;
	put_length(&c->values, shared);
	put_length(&c->values, v.n - shared);
	section_put(&c->values, v.p + shared, v.n - shared);
	memcpy(c->last, v.p, v.n);
	c->last_n = v.n;
}

/* One tuple stands for itself, more are a list. */
static int put_claims(struct cold *c, const uint32_t *ids, size_t n, struct fault *f)
{
	uint64_t at = section_len(&c->lists) / 4;

	c->h.claims += n;
	if (n == 1) {
		section_u32(&c->claims, ids[0]);
		return 0;
	}
	if (at + n + 1 >= DB_LIST)
		return fault_set(f, -EMSGSIZE, "too many entries with several sources");
	section_u32(&c->claims, DB_LIST | (uint32_t)at);
	section_u32(&c->lists, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		section_u32(&c->lists, ids[i]);
	return 0;
}

int cold_put(struct cold *c, unsigned side, unsigned type, struct span value, const uint32_t *ids,
    size_t n, struct fault *f)
{
	struct db_column *col = &c->h.column[side][type];

	if (side != c->side || type != c->type) {
		c->side = side;
		c->type = type;
		c->values_at = section_len(&c->values);
	}
	if (++c->entries == UINT32_MAX)
		return fault_set(f, -EMSGSIZE, "more than %u entries", UINT32_MAX - 1);
	bool first = col->n++ % DB_BLOCK == 0;
	if (db_width((enum indicator_type)type)) {
		section_put(&c->values, value.p, value.n);
	} else {
		if (first)
			put_block(c);
		put_value(c, value, first);
	}
	col->bytes = section_len(&c->values) - c->values_at;
	return put_claims(c, ids, n, f);
}

void db_place_next(struct db_header *h, enum db_section s)
{
	uint64_t end = s ? h->place[s - 1].off + h->place[s - 1].len : DB_HEADER;

	h->place[s].off = (end + DB_ALIGN - 1) / DB_ALIGN * DB_ALIGN;
}

static int end_spool(struct cold *c, struct section *s, enum db_section to, struct fault *f)
{
	int rc = section_end(s, &c->h.place[to], f);

	db_place_next(&c->h, to);
	if (rc == 0 && to != DB_VALUES)
		rc = section_copy(s, c->fd, c->h.place[to].off, f);
	return rc;
}

/* What the claims are: a digest over the digests of all that is made from them alone. */
static void set_content(struct db_header *h)
{
	struct span part[DB_HOT];

	for (unsigned s = 0; s < DB_HOT; s++)
		part[s] = span_of(h->place[s].sha256, 32);
	sha256_parts(part, DB_HOT, h->content);
	db_salt(h->content, h->salt);
}

/* SOURCES is made from the sections before it. */
static int put_sources(struct cold *c, struct fault *f)
{
	struct intel_db db = { .map = FILE_MAP_NONE, .h = c->h };
	AUTO_BUF struct buf out = BUF_INIT(256u << 20);
	AUTO_SECTION struct section s = { .fd = -1 };
	int fd = dup(c->fd), rc = fd < 0 ? -errno : file_map_fd(&db.map, fd);

	if (rc < 0)
		return fault_set(f, rc, "the database cannot be mapped: %s", strerror(-rc));
	db_attach(&db);
	rc = sources_make(&db, &out, f);
	file_map_close(&db.map);
	if (rc < 0)
		return rc;
	db_place_next(&c->h, DB_SOURCES);
	rc = section_to(&s, c->fd, c->h.place[DB_SOURCES].off);
	if (rc < 0)
		return rc;
	section_put(&s, out.p, out.n);
	return section_end(&s, &c->h.place[DB_SOURCES], f);
}

int cold_end(struct cold *c, struct fault *f)
{
	struct section *const section[] = { &c->values, &c->blocks, &c->claims, &c->lists,
		&c->tuples.tuple, &c->tuples.string };
	int rc = 0;

	for (unsigned s = 0; s < ARRAY_LEN(section) && rc == 0; s++)
		rc = end_spool(c, section[s], (enum db_section)s, f);
	if (rc == 0)
		rc = put_sources(c, f);
	if (rc == 0)
		set_content(&c->h);
	return rc;
}
