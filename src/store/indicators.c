/* SPDX-License-Identifier: Apache-2.0 */

#include "store/indicators.h"

#include "store/priv.h"

#include <errno.h>
#include <stdlib.h>

struct indicators_put {
	struct store *s;
	struct fault *f;
	int64_t seq;
	struct db_q insert, find, update, merge;
};

int indicators_put_begin(struct store *s, uint64_t seq, struct indicators_put **ret_p,
    struct fault *f)
{
	struct indicators_put *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	FB_ASSERT(s->in_tx);
	p->s = s;
	p->f = f;
	p->seq = (int64_t)seq;
	p->insert = db_query(s, f, "INSERT INTO indicator (type, value, source, exact, confidence,"
	    " category, campaign, note, valid_from, valid_until, first_import, last_import)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11) ON CONFLICT DO NOTHING");
	p->find = db_query(s, f, "SELECT last_import FROM indicator"
	    " WHERE type = ? AND value = ? AND source = ?");
	p->update = db_query(s, f, "UPDATE indicator SET exact = ?4, confidence = ?5, category = ?6,"
	    " campaign = ?7, note = ?8, valid_from = ?9, valid_until = ?10, last_import = ?11"
	    " WHERE type = ?1 AND value = ?2 AND source = ?3");
	p->merge = db_query(s, f, "UPDATE indicator SET exact = exact AND ?4,"
	    " confidence = max(confidence, ?5), category = coalesce(category, ?6),"
	    " campaign = coalesce(campaign, ?7), note = coalesce(note, ?8),"
	    " valid_from = min(valid_from, ?9), valid_until = max(valid_until, ?10),"
	    " last_import = ?11 WHERE type = ?1 AND value = ?2 AND source = ?3");
	*ret_p = p;
	return 0;
}

struct indicators_put *indicators_put_end(struct indicators_put *p)
{
	if (p) {
		db_end(&p->insert);
		db_end(&p->find);
		db_end(&p->update);
		db_end(&p->merge);
		free(p);
	}
	return NULL;
}

void indicators_put_end_p(struct indicators_put **p)
{
	*p = indicators_put_end(*p);
}

static void bind_key(struct db_q *q, const struct indicator *i)
{
	db_text(q, span_str(indicator_type_name(i->type)));
	db_text(q, span_str(i->value));
	db_text(q, span_str(i->source));
}

/* The eleven parameters of insert, update and merge. */
static int run_claim(struct indicators_put *p, struct db_q *q, const struct indicator *i)
{
	bind_key(q, i);
	db_int(q, i->exact);
	db_int(q, i->confidence);
	db_text(q, span_str(i->category));
	db_text(q, span_str(i->campaign));
	db_text(q, span_str(i->note));
	db_int(q, i->valid_from);
	db_int(q, i->valid_until);
	db_int(q, p->seq);
	return db_run(q);
}

int indicators_put(struct indicators_put *p, const struct indicator *i,
    enum indicators_outcome *ret_what)
{
	int rc = run_claim(p, &p->insert, i);

	if (rc < 0)
		return rc;
	if (sqlite3_changes(p->s->db) > 0) {
		*ret_what = INDICATORS_ADDED;
		return 0;
	}
	bind_key(&p->find, i);
	rc = db_row(&p->find);
	if (rc <= 0)
		return rc < 0 ? rc : -EUCLEAN;
	bool merged = db_col_int(&p->find, 0) == p->seq;
	sqlite3_reset(p->find.st);
	p->find.param = 0;
	rc = run_claim(p, merged ? &p->merge : &p->update, i);
	if (rc == 0)
		*ret_what = merged ? INDICATORS_MERGED : INDICATORS_UPDATED;
	return rc;
}

int indicators_delete(struct store *s, const char *source, uint64_t keep_seq, uint64_t *ret_n,
    struct fault *f)
{
	bool own;
	int rc = db_enter(s, &own, f);

	if (rc < 0)
		return rc;
	AUTO_Q struct db_q q = db_query(s, f, "DELETE FROM indicator WHERE source = ?"
	    " AND last_import <> ?");
	db_text(&q, span_str(source));
	db_int(&q, keep_seq > INT64_MAX ? -1 : (int64_t)keep_seq);
	rc = db_run(&q);
	int n = sqlite3_changes(s->db);
	rc = db_leave(s, own, rc, f);
	if (rc == 0)
		*ret_n = (uint64_t)n;
	return rc;
}

#define COLUMNS                                                                                    \
	"type, value, source, exact, confidence, category, campaign, note, valid_from, valid_until," \
	" first_import, last_import"

static const char *text_at(struct db_q *q, int col)
{
	return (const char *)db_col(q, col).p; /* NUL-terminated, see db.h; NULL for SQL NULL */
}

static int row(struct db_q *q, struct indicators_claim *c, struct fault *f)
{
	*c = (struct indicators_claim){ .i = { .type = indicator_type_of(db_col(q, 0)),
		.value = text_at(q, 1), .source = text_at(q, 2), .exact = db_col_int(q, 3) != 0,
		.confidence = (int)db_col_int(q, 4), .category = text_at(q, 5),
		.campaign = text_at(q, 6), .note = text_at(q, 7), .valid_from = db_col_int(q, 8),
		.valid_until = db_col_int(q, 9) }, .first_import = (uint64_t)db_col_int(q, 10),
		.last_import = (uint64_t)db_col_int(q, 11) };
	if (c->i.type == INDICATOR_NONE)
		return fault_set(f, -EUCLEAN, "%s: an indicator of type \"%s\", which this firebreak "
		    "does not know", QUOTE(span_str(q->s->dbpath)), QUOTE(db_col(q, 0)));
	return 0;
}

static int rows(struct db_q *q, indicators_fn *cb, void *ctx, struct fault *f)
{
	struct indicators_claim c;
	int rc;

	while ((rc = db_row(q)) > 0) {
		rc = row(q, &c, f);
		if (rc == 0)
			rc = cb(ctx, &c);
		if (rc)
			break;
	}
	return rc;
}

int indicators_each(struct store *s, const struct indicators_query *query, indicators_fn *cb,
    void *ctx, struct fault *f)
{
	static const struct indicators_query all;
	const struct indicators_query *x = query ? query : &all;
	AUTO_Q struct db_q q = db_query(s, f, "SELECT " COLUMNS " FROM indicator"
	    " WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR source = ?2)"
	    " AND (?3 IS NULL OR category = ?3) AND (?4 IS NULL OR campaign = ?4)"
	    " AND (?5 IS NULL OR instr(value, ?5) > 0)"
	    " AND (?6 = 0 OR (?6 = 1 AND valid_from <= ?7 AND valid_until > ?7)"
	    "  OR (?6 = 2 AND valid_until <= ?7))"
	    " ORDER BY type, value, source LIMIT ?8");

	db_text(&q, x->type ? span_str(indicator_type_name(x->type)) : SPAN_NONE);
	db_text(&q, span_str(x->source));
	db_text(&q, span_str(x->category));
	db_text(&q, span_str(x->campaign));
	db_text(&q, span_str(x->contains));
	db_int(&q, x->force);
	db_int(&q, x->now);
	db_int(&q, x->limit && x->limit <= INT64_MAX ? (int64_t)x->limit : -1);
	return rows(&q, cb, ctx, f);
}

int indicators_lookup(struct store *s, enum indicator_type type, const char *value,
    indicators_fn *cb, void *ctx, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT " COLUMNS " FROM indicator"
	    " WHERE type = ? AND value = ? ORDER BY source");

	db_text(&q, span_str(indicator_type_name(type)));
	db_text(&q, span_str(value));
	return rows(&q, cb, ctx, f);
}

int indicators_sources(struct store *s, int (*cb)(void *ctx, const struct indicators_source *x),
    void *ctx, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT source, type, count(*), max(last_import)"
	    " FROM indicator GROUP BY source, type ORDER BY source, type");
	int rc;

	while ((rc = db_row(&q)) > 0) {
		struct indicators_source x = { .source = text_at(&q, 0),
			.type = indicator_type_of(db_col(&q, 1)),
			.claims = (uint64_t)db_col_int(&q, 2),
			.last_import = (uint64_t)db_col_int(&q, 3) };
		rc = cb(ctx, &x);
		if (rc)
			break;
	}
	return rc;
}

int indicators_count(struct store *s, const char *source, uint64_t *ret_n, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT count(*) FROM indicator"
	    " WHERE ?1 IS NULL OR source = ?1");

	db_text(&q, span_str(source));
	int rc = db_row(&q);
	if (rc < 0)
		return rc;
	*ret_n = rc ? (uint64_t)db_col_int(&q, 0) : 0;
	return 0;
}
