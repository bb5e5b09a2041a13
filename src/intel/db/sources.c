/* SPDX-License-Identifier: Apache-2.0 */

/* The SOURCES section: for the builder, which writes it, and the check, which makes it again. */

#include "intel/db/file.h"
#include "intel/db/tuple.h"

#include <errno.h>
#include <stdlib.h>

struct source {
	const char *text;
	uint32_t name; /* where it first comes */
	uint64_t claims[DB_SIDES][DB_TYPES];
};

struct counting {
	const struct intel_db *db;
	struct map *map;
	struct arena *arena;
	struct source *last;
	uint32_t last_name;
};

static int find_source(struct counting *c, uint32_t tuple, struct fault *f)
{
	struct span tuples = db_section(c->db, DB_TUPLES), strings = db_section(c->db, DB_STRINGS);
	struct db_tuple t;

	if (tuple >= tuples.n / sizeof(t))
		return -EBADMSG;
	memcpy(&t, tuples.p + tuple * sizeof(t), sizeof(t));
	if (c->last && t.source == c->last_name)
		return 0;
	if (t.source >= strings.n || strings.p[strings.n - 1])
		return -EBADMSG;
	const char *text = (const char *)strings.p + t.source;
	struct source *s = map_get(c->map, span_str(text));
	if (!s) {
		s = ARENA_NEW(c->arena, struct source);
		int rc = s ? map_add(c->map, span_str(text), s, NULL) : -ENOMEM;
		if (rc == -ENOSPC)
			return fault_set(f, -EMSGSIZE, "more than %u sources", TUPLE_SOURCES_MAX);
		if (rc < 0)
			return rc;
		s->text = text;
		s->name = t.source;
	}
	c->last = s;
	c->last_name = t.source;
	return 0;
}

static int count_column(struct counting *c, const struct column *col, struct fault *f)
{
	for (uint32_t e = col->first; e < col->first + col->n; e++) {
		const uint32_t *ids = NULL;
		uint32_t n = db_tuples(c->db, e, &ids);
		if (n == 0)
			return -EBADMSG;
		for (uint32_t k = 0; k < n; k++) {
			int rc = find_source(c, ids[k], f);
			if (rc < 0)
				return rc;
			c->last->claims[col->side][col->type]++;
		}
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	return span_cmp(x->key, y->key);
}

static void put_source(struct buf *out, const struct source *s)
{
	for (unsigned side = 0; side < DB_SIDES; side++)
		for (unsigned t = 0; t < DB_TYPES; t++) {
			struct db_source d = { .name = s->name, .side = (uint8_t)side,
				.type = (uint8_t)t, .claims = s->claims[side][t] };
			if (d.claims)
				buf_put(out, &d, sizeof(d));
		}
}

int sources_make(const struct intel_db *db, struct buf *out, struct fault *f)
{
	AUTO_MAP struct map map;
	AUTO_ARENA struct arena arena = ARENA_INIT(512u << 20);
	struct counting c = { .db = db, .map = &map, .arena = &arena };
	int rc = 0;

	map_init(&map, TUPLE_SOURCES_MAX);
	for (unsigned s = 0; s < DB_SIDES && rc == 0; s++)
		for (unsigned t = 0; t < DB_TYPES && rc == 0; t++)
			rc = count_column(&c, &db->column[s][t], f);
	if (rc < 0)
		return rc;
	if (map.n)
		qsort(map.e, map.n, sizeof(*map.e), by_text);
	for (size_t i = 0; i < map.n; i++)
		put_source(out, map.e[i].val);
	return buf_err(out);
}
