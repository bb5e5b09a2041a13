/* SPDX-License-Identifier: Apache-2.0 */

/* known_good: writing lists, and what a list's rows are. */

#include "store/known_good.h"

#include "store/known_rows.h"
#include "store/priv.h"

#include <errno.h>
#include <stdlib.h>

void known_rows_put(struct buf *out, const uint32_t *v, uint32_t n)
{
	uint32_t before = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t d = v[i] - before;
		before = v[i];
		for (; d >= 0x80; d >>= 7)
			buf_putc(out, (char)(0x80 | (d & 0x7f)));
		buf_putc(out, (char)d);
	}
}

int known_rows_get(struct span blob, uint32_t *v, uint32_t max, uint32_t *ret_n)
{
	uint32_t n = 0;
	uint64_t at = 0;

	for (size_t i = 0; i < blob.n; n++) {
		uint64_t d = 0;
		unsigned shift = 0;
		do {
			if (i == blob.n || shift > 28)
				return -EUCLEAN;
			d |= (uint64_t)(blob.p[i] & 0x7f) << shift;
			shift += 7;
		} while (blob.p[i++] & 0x80);
		at += d;
		if (at >= max || (n && !d))
			return -EUCLEAN;
		v[n] = (uint32_t)at;
	}
	*ret_n = n;
	return 0;
}

int known_rows_hash_text(struct hasher *h, struct span s)
{
	uint8_t n[4] = { (uint8_t)(s.n >> 24), (uint8_t)(s.n >> 16), (uint8_t)(s.n >> 8),
		(uint8_t)s.n };
	int rc = hasher_update(h, n, sizeof(n));

	return rc < 0 || !s.n ? rc : hasher_update(h, s.p, s.n);
}

int known_rows_hash_versions(struct hasher *h, const char *const *name, uint32_t n)
{
	uint8_t be[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	int rc = hasher_update(h, be, sizeof(be));

	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = known_rows_hash_text(h, span_str(name[i]));
	return rc;
}

static int hash_entry(struct hasher *h, const struct known_entry *e, struct buf *blob)
{
	buf_reset(blob);
	known_rows_put(blob, e->version, e->nversions);
	int rc = buf_err(blob);
	if (rc == 0)
		rc = known_rows_hash_text(h, e->key);
	return rc < 0 ? rc : known_rows_hash_text(h, buf_span(blob));
}

int known_good_content(const struct known_list *l, struct digest *ret_d)
{
	AUTO_HASHER struct hasher *h = NULL;
	AUTO_BUF struct buf blob = BUF_INIT(5 * KNOWN_VERSIONS_MAX);
	struct digest out[DIGEST_ALGS];
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));

	if (rc == 0)
		rc = known_rows_hash_versions(h, l->info.version, l->info.nversions);
	for (uint32_t i = 0; i < l->nentries && rc == 0; i++)
		rc = hash_entry(h, &l->entry[i], &blob);
	for (uint32_t i = 0; i < l->npaths && rc == 0; i++) {
		rc = known_rows_hash_text(h, span_str(l->path[i].path));
		if (rc == 0)
			rc = known_rows_hash_text(h, l->entry[l->path[i].entry].key);
	}
	if (rc == 0)
		rc = hasher_final(h, out);
	if (rc == 0)
		*ret_d = out[DIGEST_SHA256];
	return rc;
}

/* --- writing --- */

static int put_list(struct store *s, const struct known_info *x, int64_t *ret_id, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "INSERT INTO known_list (name, product, licence, format,"
	    " file, source, content, imported, ledger, digests, paths, algs)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	db_text(&q, span_str(x->name));
	db_text(&q, span_str(x->product));
	db_text(&q, span_str(x->licence));
	db_text(&q, span_str(x->format));
	db_text(&q, span_str(x->file));
	db_blob(&q, span_of(x->source.b, x->source.len));
	db_blob(&q, span_of(x->content.b, x->content.len));
	db_int(&q, x->imported);
	db_int(&q, (int64_t)x->ledger);
	db_int(&q, (int64_t)x->digests);
	db_int(&q, (int64_t)x->paths);
	db_int(&q, x->algs);
	int rc = db_run(&q);
	if (rc == 0)
		*ret_id = sqlite3_last_insert_rowid(s->db);
	return rc;
}

static int put_versions(struct store *s, int64_t id, const struct known_info *x, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "INSERT INTO known_version (list, idx, name)"
	    " VALUES (?, ?, ?)");
	int rc = 0;

	for (uint32_t i = 0; i < x->nversions && rc == 0; i++) {
		db_int(&q, id);
		db_int(&q, i);
		db_text(&q, span_str(x->version[i]));
		rc = db_run(&q);
	}
	return rc;
}

static int put_entries(struct store *s, int64_t id, const struct known_list *l, struct fault *f)
{
	AUTO_BUF struct buf blob = BUF_INIT(5 * KNOWN_VERSIONS_MAX);
	AUTO_Q struct db_q q = db_query(s, f, "INSERT INTO known_digest (key, list, versions)"
	    " VALUES (?, ?, ?)");
	int rc = 0;

	for (uint32_t i = 0; i < l->nentries && rc == 0; i++) {
		buf_reset(&blob);
		buf_puts(&blob, "");
		known_rows_put(&blob, l->entry[i].version, l->entry[i].nversions);
		rc = buf_err(&blob);
		if (rc < 0)
			break;
		db_blob(&q, l->entry[i].key);
		db_int(&q, id);
		db_blob(&q, blob.n ? buf_span(&blob) : SPAN_LIT(""));
		rc = db_run(&q);
	}
	return rc;
}

static int put_paths(struct store *s, int64_t id, const struct known_list *l, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "INSERT INTO known_path (base, list, path, key)"
	    " VALUES (?, ?, ?, ?)");
	int rc = 0;

	for (uint32_t i = 0; i < l->npaths && rc == 0; i++) {
		db_blob(&q, l->path[i].base);
		db_int(&q, id);
		db_blob(&q, span_str(l->path[i].path));
		db_blob(&q, l->entry[l->path[i].entry].key);
		rc = db_run(&q);
	}
	return rc;
}

static int list_id(struct store *s, const char *name, int64_t *ret_id, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT id FROM known_list WHERE name = ?");

	db_text(&q, span_str(name));
	int rc = db_row(&q);
	if (rc < 0)
		return rc;
	*ret_id = rc ? db_col_int(&q, 0) : 0;
	return rc ? 0 : KNOWN_GOOD_ABSENT;
}

static int remove_rows(struct store *s, const char *name, struct fault *f)
{
	static const char *const sql[] = { "DELETE FROM known_path WHERE list = ?",
		"DELETE FROM known_digest WHERE list = ?", "DELETE FROM known_version WHERE list = ?",
		"DELETE FROM known_list WHERE id = ?" };
	int64_t id;
	int rc = list_id(s, name, &id, f);

	for (size_t i = 0; i < ARRAY_LEN(sql) && rc == 0; i++) {
		AUTO_Q struct db_q q = db_query(s, f, sql[i]);
		db_int(&q, id);
		rc = db_run(&q);
	}
	return rc;
}

int known_good_remove(struct store *s, const char *name, struct fault *f)
{
	bool own;
	int rc = db_enter(s, &own, f);

	if (rc < 0)
		return rc;
	rc = remove_rows(s, name, f);
	if (rc > 0) { /* nothing was written */
		int end = db_leave(s, own, 0, f);
		return end < 0 ? end : rc;
	}
	return db_leave(s, own, rc, f);
}

int known_good_put(struct store *s, const struct known_list *l, struct fault *f)
{
	int64_t id = 0;

	FB_ASSERT(s->in_tx);
	int rc = remove_rows(s, l->info.name, f);
	if (rc >= 0)
		rc = put_list(s, &l->info, &id, f);
	if (rc == 0)
		rc = put_versions(s, id, &l->info, f);
	if (rc == 0)
		rc = put_entries(s, id, l, f);
	return rc < 0 ? rc : put_paths(s, id, l, f);
}
