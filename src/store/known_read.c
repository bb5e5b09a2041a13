/* SPDX-License-Identifier: Apache-2.0 */

/* known_read: asking the lists that are in the state directory. */

#include "store/known_good.h"

#include "store/known_rows.h"
#include "store/priv.h"

#include <errno.h>
#include <stdlib.h>

#define ARENA_MAX (64u << 20)

struct known_good {
	struct store *s;
	struct arena arena;
	struct known_info *list;
	const struct known_info **info;
	int64_t *row; /* id in the table of each list */
	uint32_t n;
	uint32_t *version; /* of the hit that is told */
	struct known_source source;
};

static int damaged(struct known_good *k, const char *what, struct fault *f)
{
	return fault_set(f, -EUCLEAN, "%s: %s of a known-good list is damaged; import the list again",
	    QUOTE(span_str(k->s->dbpath)), what);
}

static const char *text_at(struct known_good *k, struct db_q *q, int col, int *rc)
{
	struct span s = db_col(q, col);
	char *p = s.p ? arena_str(&k->arena, s) : NULL;

	if (s.p && !p)
		*rc = -ENOMEM;
	return p;
}

static int digest_at(struct known_good *k, struct db_q *q, int col, struct digest *ret_d,
    struct fault *f)
{
	struct span s = db_col(q, col);

	if (s.n != digest_len(DIGEST_SHA256))
		return damaged(k, "a digest", f);
	*ret_d = digest_of(DIGEST_SHA256, s.p);
	return 0;
}

static int read_list(struct known_good *k, struct db_q *q, struct fault *f)
{
	struct known_info *x = &k->list[k->n];
	int rc = 0;

	if (k->n == KNOWN_LISTS_MAX)
		return fault_set(f, -E2BIG, "%s: more than %d known-good lists",
		    QUOTE(span_str(k->s->dbpath)), KNOWN_LISTS_MAX);
	k->row[k->n] = db_col_int(q, 0);
	*x = (struct known_info){ .id = k->n, .name = text_at(k, q, 1, &rc),
		.product = text_at(k, q, 2, &rc), .licence = text_at(k, q, 3, &rc),
		.format = text_at(k, q, 4, &rc), .file = text_at(k, q, 5, &rc),
		.imported = db_col_int(q, 8), .ledger = (uint64_t)db_col_int(q, 9),
		.digests = (uint64_t)db_col_int(q, 10), .paths = (uint64_t)db_col_int(q, 11),
		.algs = (unsigned)db_col_int(q, 12) };
	if (rc == 0)
		rc = digest_at(k, q, 6, &x->source, f);
	if (rc == 0)
		rc = digest_at(k, q, 7, &x->content, f);
	k->info[k->n++] = x;
	return rc;
}

static int read_lists(struct known_good *k, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(k->s, f, "SELECT id, name, product, licence, format, file,"
	    " source, content, imported, ledger, digests, paths, algs FROM known_list ORDER BY name");
	int rc;

	while ((rc = db_row(&q)) > 0) {
		rc = read_list(k, &q, f);
		if (rc < 0)
			break;
	}
	return rc;
}

static int read_versions(struct known_good *k, uint32_t i, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(k->s, f, "SELECT idx, name, count(*) OVER () FROM"
	    " known_version WHERE list = ? ORDER BY idx");
	const char **v = NULL;
	uint32_t at = 0;
	int rc;

	db_int(&q, k->row[i]);
	while ((rc = db_row(&q)) > 0) {
		int64_t n = db_col_int(&q, 2);
		if (n > KNOWN_VERSIONS_MAX || db_col_int(&q, 0) != at)
			return damaged(k, "the versions", f);
		if (!v && !(v = arena_array(&k->arena, (size_t)n, sizeof(*v))))
			return -ENOMEM;
		v[at++] = text_at(k, &q, 1, &rc);
		if (rc < 0)
			return rc;
	}
	k->list[i].version = v;
	k->list[i].nversions = at;
	return rc;
}

/* --- asking --- */

static const struct known_info *list_of(const struct known_good *k, int64_t row)
{
	for (uint32_t i = 0; i < k->n; i++)
		if (k->row[i] == row)
			return &k->list[i];
	return NULL;
}

static int find(void *ctx, const struct digest *d, known_hit_fn *cb, void *cb_ctx, struct fault *f)
{
	struct known_good *k = ctx;
	uint8_t key[KNOWN_KEY_MAX];
	AUTO_Q struct db_q q = db_query(k->s, f, "SELECT list, versions FROM known_digest"
	    " JOIN known_list ON id = list WHERE key = ? ORDER BY name");
	int rc;

	db_blob(&q, known_key(d, key));
	while ((rc = db_row(&q)) > 0) {
		struct known_hit h = { .list = list_of(k, db_col_int(&q, 0)), .version = k->version };
		if (!h.list)
			continue; /* imported after this source was opened */
		if (known_rows_get(db_col(&q, 1), k->version, h.list->nversions, &h.nversions) < 0)
			return damaged(k, "an entry", f);
		rc = cb(cb_ctx, &h);
		if (rc)
			break;
	}
	return rc;
}

/* Rows of list, path, key. */
static int tell_paths(struct known_good *k, struct db_q *q, known_path_fn *cb, void *cb_ctx,
    struct fault *f)
{
	int rc;

	while ((rc = db_row(q)) > 0) {
		const struct known_info *list = list_of(k, db_col_int(q, 0));
		char path[KNOWN_PATH_MAX + 1];
		struct span p = span_cut(db_col(q, 1), 0, KNOWN_PATH_MAX);
		struct digest d;
		if (!list)
			continue;
		memcpy(path, p.p, p.n);
		path[p.n] = 0;
		if (known_key_digest(db_col(q, 2), &d) < 0)
			return damaged(k, "a path", f);
		rc = cb(cb_ctx, list, path, &d);
		if (rc)
			break;
	}
	return rc;
}

static int named(void *ctx, const char *path, known_path_fn *cb, void *cb_ctx, struct fault *f)
{
	struct known_good *k = ctx;
	char base[KNOWN_PATH_MAX + 1];
	AUTO_Q struct db_q q = db_query(k->s, f, "SELECT list, path, key FROM known_path"
	    " JOIN known_list ON id = list WHERE base = ? AND path = ? ORDER BY name, key");

	db_blob(&q, known_base_name(path, base));
	db_blob(&q, span_str(path));
	return tell_paths(k, &q, cb, cb_ctx, f);
}

static int paths(void *ctx, uint32_t id, const struct digest *d, known_path_fn *cb, void *cb_ctx,
    struct fault *f)
{
	struct known_good *k = ctx;
	uint8_t key[KNOWN_KEY_MAX];
	AUTO_Q struct db_q q = db_query(k->s, f, "SELECT list, path, key FROM known_path"
	    " WHERE key = ? AND list = ? ORDER BY path");

	db_blob(&q, known_key(d, key));
	db_int(&q, k->row[id]);
	return tell_paths(k, &q, cb, cb_ctx, f);
}

/* --- opening --- */

static int load(struct known_good *k, struct fault *f)
{
	bool own;

	k->list = arena_array(&k->arena, KNOWN_LISTS_MAX, sizeof(*k->list));
	k->info = arena_array(&k->arena, KNOWN_LISTS_MAX, sizeof(*k->info));
	k->row = arena_array(&k->arena, KNOWN_LISTS_MAX, sizeof(*k->row));
	k->version = arena_array(&k->arena, KNOWN_VERSIONS_MAX, sizeof(*k->version));
	if (!k->list || !k->info || !k->row || !k->version)
		return -ENOMEM;
	int rc = db_look(k->s, &own, f);
	if (rc < 0)
		return rc;
	rc = read_lists(k, f);
	for (uint32_t i = 0; i < k->n && rc == 0; i++)
		rc = read_versions(k, i, f);
	db_look_end(k->s, own);
	k->source = (struct known_source){ k->info, k->n, k, find, named, paths };
	return rc;
}

int known_good_open(struct known_good **ret_k, struct store *s, struct fault *f)
{
	AUTO_KNOWN_GOOD struct known_good *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->s = s;
	k->arena = ARENA_INIT(ARENA_MAX);
	int rc = load(k, f);
	if (rc == 0)
		*ret_k = TAKE_PTR(k);
	return rc;
}

struct known_good *known_good_close(struct known_good *k)
{
	if (k) {
		arena_free(&k->arena);
		free(k);
	}
	return NULL;
}

void known_good_close_p(struct known_good **k)
{
	*k = known_good_close(*k);
}

struct known_source known_good_source(struct known_good *k)
{
	return k->source;
}

const struct known_info *known_good_info(const struct known_good *k, const char *name)
{
	for (uint32_t i = 0; i < k->n; i++)
		if (strcmp(k->list[i].name, name) == 0)
			return &k->list[i];
	return NULL;
}

/* --- loading --- */

static int load_entry(struct known_good *k, const struct known_info *x, struct db_q *q,
    struct known_list *l, struct fault *f)
{
	struct digest d;
	uint32_t n;

	if (known_key_digest(db_col(q, 0), &d) < 0 ||
	    known_rows_get(db_col(q, 1), k->version, x->nversions, &n) < 0)
		return damaged(k, "an entry", f);
	int rc = n ? 0 : known_list_add(l, &d, SPAN_NONE, SPAN_NONE);
	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = known_list_add(l, &d, span_str(x->version[k->version[i]]), SPAN_NONE);
	return rc;
}

static int load_path(void *ctx, const struct known_info *x, const char *path, const struct digest *d)
{
	(void)x;
	return known_list_add(ctx, d, SPAN_NONE, span_str(path));
}

int known_good_load(struct known_good *k, const struct known_info *list, struct known_list *ret_l,
    struct fault *f)
{
	int rc;

	known_list_init(ret_l);
	ret_l->info = *list;
	AUTO_Q struct db_q e = db_query(k->s, f, "SELECT key, versions FROM known_digest"
	    " WHERE list = ? ORDER BY key");
	db_int(&e, k->row[list->id]);
	while ((rc = db_row(&e)) > 0) {
		rc = load_entry(k, list, &e, ret_l, f);
		if (rc < 0)
			return rc;
	}
	AUTO_Q struct db_q p = db_query(k->s, f, "SELECT list, path, key FROM known_path"
	    " WHERE list = ? ORDER BY base, path, key");
	db_int(&p, k->row[list->id]);
	if (rc == 0)
		rc = tell_paths(k, &p, load_path, ret_l, f);
	return rc < 0 ? rc : known_list_seal(ret_l);
}

/* --- checking --- */

static int hash_rows(struct hasher *h, struct db_q *q)
{
	int rc;

	while ((rc = db_row(q)) > 0) {
		rc = known_rows_hash_text(h, db_col(q, 0));
		if (rc == 0)
			rc = known_rows_hash_text(h, db_col(q, 1));
		if (rc < 0)
			break;
	}
	return rc;
}

static int content(struct known_good *k, const struct known_info *x, struct digest *ret_d,
    struct fault *f)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest out[DIGEST_ALGS];
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));

	if (rc == 0)
		rc = known_rows_hash_versions(h, x->version, x->nversions);
	if (rc < 0)
		return rc;
	AUTO_Q struct db_q e = db_query(k->s, f, "SELECT key, versions FROM known_digest"
	    " WHERE list = ? ORDER BY key");
	db_int(&e, k->row[x->id]);
	rc = hash_rows(h, &e);
	if (rc < 0)
		return rc;
	AUTO_Q struct db_q p = db_query(k->s, f, "SELECT path, key FROM known_path WHERE list = ?"
	    " ORDER BY base, path, key");
	db_int(&p, k->row[x->id]);
	rc = hash_rows(h, &p);
	if (rc == 0)
		rc = hasher_final(h, out);
	if (rc == 0)
		*ret_d = out[DIGEST_SHA256];
	return rc;
}

int known_good_check(struct known_good *k, const struct known_info *list, struct fault *f)
{
	struct digest d;
	int rc = content(k, list, &d, f);

	if (rc == 0 && !digest_eq(&d, &list->content))
		rc = fault_set(f, -EUCLEAN, "known-good list \"%s\" does not hold what was imported; "
		    "import it again", QUOTE(span_str(list->name)));
	return rc;
}
