/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void attach_columns(struct intel_db *db)
{
	struct span values = db_section(db, DB_VALUES), blocks = db_section(db, DB_BLOCKS);
	uint32_t first = 0;

	for (unsigned s = 0; s < DB_SIDES; s++)
		for (unsigned t = 0; t < DB_TYPES; t++) {
			const struct db_column *d = &db->h.column[s][t];
			size_t width = db_width((enum indicator_type)t);
			size_t n = width ? 0 : 8 * (((size_t)d->n + DB_BLOCK - 1) / DB_BLOCK);
			db->column[s][t] = (struct column){ .side = (enum indicator_side)s,
				.type = (enum indicator_type)t, .first = first, .n = d->n,
				.width = width, .values = span_cut(values, 0, d->bytes),
				.blocks = span_cut(blocks, 0, n) };
			values = span_from(values, d->bytes);
			blocks = span_from(blocks, n);
			first += d->n;
		}
	db->entries = first;
}

static const uint32_t *words(const struct intel_db *db, enum db_section s)
{
	return (const uint32_t *)(const void *)db_section(db, s).p;
}

static void attach_table(struct intel_db *db, enum indicator_side s)
{
	const struct db_side *d = &db->h.side[s];
	struct table *t = &db->table[s];

	*t = (struct table){ .n = (uint32_t)db_entries(&db->h, s),
		.bucket_bits = d->bucket_bits, .nets4 = { d->nets4[0] } };
	memcpy(t->nets6, d->nets6, sizeof(t->nets6));
	t->filter = (const void *)db_section(db, db_hot(DB_FILTER, s)).p;
	t->blocks = db_section(db, db_hot(DB_FILTER, s)).n / BLOOM_BLOCK;
	t->index = words(db, db_hot(DB_INDEX, s));
	t->rest = words(db, db_hot(DB_REST, s));
	t->entry = words(db, db_hot(DB_ENTRY, s));
	t->pattern = db_section(db, db_hot(DB_PATTERN, s));
}

void db_attach(struct intel_db *db)
{
	attach_columns(db);
	for (unsigned s = 0; s < DB_SIDES; s++)
		attach_table(db, (enum indicator_side)s);
	for (unsigned t = 0; t < DB_TYPES; t++)
		db->start[t] = sip_start(db->h.salt, (enum indicator_type)t);
}

int intel_db_open_fd(struct intel_db **ret_db, int fd, const char *name, struct fault *f)
{
	struct intel_db *db = calloc(1, sizeof(*db));

	if (!db || !(db->name = strdup(name))) {
		close(fd);
		free(db);
		return -ENOMEM;
	}
	db->map = FILE_MAP_NONE;
	int rc = file_map_fd(&db->map, fd);
	if (rc < 0)
		fault_set(f, rc, "cannot be mapped: %s", strerror(-rc));
	else
		rc = db_header_get(db->map.s, &db->h, f);
	if (rc < 0) {
		intel_db_close(db);
		return fault_wrap(f, rc, "%s", QUOTE(span_str(name)));
	}
	db_attach(db);
	*ret_db = db;
	return 0;
}

int intel_db_open(struct intel_db **ret_db, const char *path, struct fault *f)
{
	int fd = file_open_user(path, f);

	return fd < 0 ? fd : intel_db_open_fd(ret_db, fd, path, f);
}

struct intel_db *intel_db_close(struct intel_db *db)
{
	if (db) {
		file_map_close(&db->map);
		free(db->name);
		free(db);
	}
	return NULL;
}

void intel_db_close_p(struct intel_db **db)
{
	*db = intel_db_close(*db);
}

void intel_db_info(const struct intel_db *db, struct intel_db_info *ret_i)
{
	struct intel_db_info i = { .generation = db->h.generation, .built = db->h.built,
		.claims = db->h.claims, .file_bytes = db->map.s.n,
		.content = digest_of(DIGEST_SHA256, db->h.content) };

	for (unsigned s = 0; s < DB_SIDES; s++)
		for (unsigned t = 0; t < DB_TYPES; t++)
			i.entries[s][t] = db->h.column[s][t].n;
	for (unsigned s = 0; s < DB_SECTIONS; s++)
		*(s < DB_HOT ? &i.cold_bytes : &i.hot_bytes) += db->h.place[s].len;
	const struct db_source *source = (const void *)db_section(db, DB_SOURCES).p;
	size_t n = db_section(db, DB_SOURCES).n / sizeof(*source);
	for (size_t k = 0; k < n; k++)
		i.sources += k == 0 || source[k].name != source[k - 1].name;
	*ret_i = i;
}

/* --- values --- */

const struct column *db_column_of(const struct intel_db *db, uint32_t entry)
{
	for (unsigned s = 0; s < DB_SIDES; s++)
		for (unsigned t = 0; t < DB_TYPES; t++) {
			const struct column *c = &db->column[s][t];
			if (entry - c->first < c->n && entry >= c->first)
				return c;
		}
	return NULL;
}

/* A number of one or two bytes: seven bits, more if the highest is set. */
static bool take_length(struct span v, size_t *at, size_t *ret_n)
{
	if (*at >= v.n)
		return false;
	size_t n = v.p[(*at)++];
	if (n & 0x80) {
		if (*at >= v.n)
			return false;
		n = (n & 0x7f) | (size_t)v.p[(*at)++] << 7;
	}
	*ret_n = n;
	return n <= KEY_MAX;
}

/* The value at *at, in value, where the one before it is: *n bytes of it. */
static int take_value(struct span values, size_t *at, bool first, uint8_t value[static KEY_MAX],
    size_t *n)
{
	size_t shared = 0, more;

	if (!take_length(values, at, &shared) || !take_length(values, at, &more) ||
	    shared > (first ? 0 : *n) || more == 0 || more > KEY_MAX - shared ||
	    more > values.n - *at)
		return -EBADMSG;
	memcpy(value + shared, values.p + *at, more);
	*at += more;
	*n = shared + more;
	return 0;
}

static uint64_t block_at(const struct column *c, size_t block)
{
	uint64_t at;

	memcpy(&at, c->blocks.p + 8 * block, 8);
	return at;
}

int column_value(const struct column *c, uint32_t entry, uint8_t room[static KEY_MAX],
    struct span *ret_v)
{
	uint32_t i = entry - c->first;
	size_t n = 0;

	if (i >= c->n)
		return -EBADMSG;
	if (c->width) {
		*ret_v = span_of(c->values.p + (size_t)i * c->width, c->width);
		return 0;
	}
	size_t at = block_at(c, i / DB_BLOCK);
	for (uint32_t k = 0; k <= i % DB_BLOCK; k++)
		if (take_value(c->values, &at, k == 0, room, &n) < 0)
			return -EBADMSG;
	*ret_v = span_of(room, n);
	return 0;
}

void walk_start(struct walk *w, const struct column *c)
{
	w->c = c;
	w->i = 0;
	w->at = w->n = 0;
}

int walk_next(struct walk *w, struct span *ret_v)
{
	const struct column *c = w->c;

	if (w->i == c->n)
		return w->at == c->values.n ? 0 : -EBADMSG;
	if (c->width) {
		*ret_v = span_of(c->values.p + w->at, c->width);
		w->at += c->width;
	} else {
		bool first = w->i % DB_BLOCK == 0;
		if (first && block_at(c, w->i / DB_BLOCK) != w->at)
			return -EBADMSG;
		if (take_value(c->values, &w->at, first, w->value, &w->n) < 0)
			return -EBADMSG;
		*ret_v = span_of(w->value, w->n);
	}
	w->i++;
	return 1;
}

/* --- claims --- */

uint32_t db_tuples(const struct intel_db *db, uint32_t entry, const uint32_t **ret_ids)
{
	struct span lists = db_section(db, DB_LISTS);
	const uint32_t *claims = words(db, DB_CLAIMS), *list = (const void *)lists.p;
	uint64_t n = lists.n / 4;

	if (entry >= db->entries)
		return 0;
	uint32_t word = claims[entry];
	if (!(word & DB_LIST)) {
		*ret_ids = &claims[entry];
		return 1;
	}
	word &= ~DB_LIST;
	if (word >= n || list[word] > n - word - 1)
		return 0;
	*ret_ids = &list[word + 1];
	return list[word];
}

/* NULL: none, or damaged. */
static const char *text_at(const struct intel_db *db, uint32_t at)
{
	struct span s = db_section(db, DB_STRINGS);

	return at && at < s.n && s.p[s.n - 1] == 0 ? (const char *)s.p + at : NULL;
}

bool db_tuple(const struct intel_db *db, uint32_t id, struct indicator *ret_i)
{
	struct span tuples = db_section(db, DB_TUPLES);
	struct db_tuple t;

	if (id >= tuples.n / sizeof(t))
		return false;
	memcpy(&t, tuples.p + id * sizeof(t), sizeof(t));
	const char *source = text_at(db, t.source);
	*ret_i = (struct indicator){ .source = source ? source : "",
		.category = text_at(db, t.category), .campaign = text_at(db, t.campaign),
		.note = text_at(db, t.note), .licence = text_at(db, t.licence),
		.confidence = t.confidence > 100 ? 100 : t.confidence, .exact = t.exact & 1,
		.tlp = t.tlp < TLPS ? (enum tlp)t.tlp : TLP_NONE, .valid_from = t.valid_from,
		.valid_until = t.valid_until, .first_seen = t.first_seen,
		.last_seen = t.last_seen, .first_import = t.first_import,
		.last_import = t.last_import };
	return true;
}

/* --- entries --- */

int intel_db_entry(const struct intel_db *db, uint32_t entry, char room[static INTEL_TEXT_MAX],
    struct intel_entry *ret_e)
{
	DB_NOT_CLEARED uint8_t value[KEY_MAX];
	const struct column *c = db_column_of(db, entry);
	struct span v;

	if (!c || column_value(c, entry, value, &v) < 0 || key_decode(c->type, v, room) < 0)
		return -EBADMSG;
	*ret_e = (struct intel_entry){ .side = c->side, .type = c->type, .value = room };
	return 0;
}

bool intel_db_claim(const struct intel_db *db, uint32_t entry, uint32_t *pos,
    struct indicator *ret_i)
{
	const struct column *c = db_column_of(db, entry);
	const uint32_t *id = NULL;
	struct indicator i;

	if (!c || *pos >= db_tuples(db, entry, &id) || !db_tuple(db, id[*pos], &i))
		return false;
	i.side = c->side;
	i.type = c->type;
	*ret_i = i;
	++*pos;
	return true;
}

static int each_of(const struct intel_db *db, const struct column *c,
    int (*cb)(void *ctx, uint32_t entry, const struct intel_entry *e), void *ctx)
{
	struct intel_entry e = { .side = c->side, .type = c->type };
	DB_NOT_CLEARED struct walk w;
	char text[INTEL_TEXT_MAX];
	struct span v;
	int rc;

	walk_start(&w, c);
	e.value = text;
	while ((rc = walk_next(&w, &v)) == 1) {
		if (key_decode(c->type, v, text) < 0)
			return -EBADMSG;
		rc = cb(ctx, c->first + w.i - 1, &e);
		if (rc)
			return rc;
	}
	return rc;
}

int intel_db_each_bytes(const struct intel_db *db, enum indicator_side side,
    enum indicator_type t, int (*cb)(void *ctx, uint32_t entry, struct span stored), void *ctx)
{
	DB_NOT_CLEARED struct walk w;
	struct span v;
	int rc;

	walk_start(&w, &db->column[side][t]);
	while ((rc = walk_next(&w, &v)) == 1) {
		rc = cb(ctx, w.c->first + w.i - 1, v);
		if (rc)
			return rc;
	}
	return rc;
}

int intel_db_each(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    int (*cb)(void *ctx, uint32_t entry, const struct intel_entry *e), void *ctx)
{
	for (unsigned k = 0; k < DB_TYPES; k++) {
		int rc = t == INDICATOR_NONE || t == k ?
		    each_of(db, &db->column[side][k], cb, ctx) :
		    0;
		if (rc)
			return rc;
	}
	return 0;
}

int intel_db_sources(const struct intel_db *db,
    int (*cb)(void *ctx, const char *source, enum indicator_side side, enum indicator_type t,
	uint64_t claims),
    void *ctx)
{
	struct span all = db_section(db, DB_SOURCES);

	for (; all.n >= sizeof(struct db_source); all = span_from(all, sizeof(struct db_source))) {
		struct db_source s;
		memcpy(&s, all.p, sizeof(s));
		const char *name = s.name ? text_at(db, s.name) : "";
		if (!name || s.side >= DB_SIDES || s.type >= DB_TYPES)
			return -EBADMSG;
		int rc = cb(ctx, name, (enum indicator_side)s.side, (enum indicator_type)s.type,
		    s.claims);
		if (rc)
			return rc;
	}
	return 0;
}
