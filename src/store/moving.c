/* SPDX-License-Identifier: Apache-2.0 */

#include "store/moving.h"

#include "store/priv.h"

#include <errno.h>

static int is_there(struct store *s, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND"
	    " name = 'indicator_moving'");
	return db_row(&q);
}

int moving_count(struct store *s, uint64_t *ret_n, struct fault *f)
{
	int rc = is_there(s, f);

	*ret_n = 0;
	if (rc <= 0)
		return rc;
	AUTO_Q struct db_q q = db_query(s, f, "SELECT count(*) FROM indicator_moving");
	rc = db_row(&q);
	if (rc <= 0)
		return rc;
	*ret_n = (uint64_t)db_col_int(&q, 0);
	return 0;
}

static const char *text_at(struct db_q *q, int col)
{
	return (const char *)db_col(q, col).p; /* NUL-terminated, see db.h; NULL for SQL NULL */
}

/* 1 + the seq of an entry. */
static uint32_t entry_at(struct db_q *q, int col)
{
	int64_t seq = db_col_int(q, col);
	return seq >= 0 && seq < UINT32_MAX ? (uint32_t)seq + 1 : 0;
}

static int row(struct db_q *q, struct indicator *i, struct fault *f)
{
	*i = (struct indicator){ .type = indicator_type_of(db_col(q, 0)), .value = text_at(q, 1),
		.source = text_at(q, 2), .exact = db_col_int(q, 3) != 0,
		.confidence = (int)db_col_int(q, 4), .category = text_at(q, 5),
		.campaign = text_at(q, 6), .note = text_at(q, 7), .valid_from = db_col_int(q, 8),
		.valid_until = db_col_int(q, 9), .first_seen = TS_NONE, .last_seen = TS_NONE,
		.first_import = entry_at(q, 10), .last_import = entry_at(q, 11) };
	if (i->type == INDICATOR_NONE)
		return fault_set(f, -EUCLEAN, "%s: an indicator of type \"%s\", which this firebreak "
		    "does not know", QUOTE(span_str(q->s->dbpath)), QUOTE(db_col(q, 0)));
	return 0;
}

int moving_each(struct store *s, int (*cb)(void *ctx, const struct indicator *i), void *ctx,
    struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT type, value, source, exact, confidence,"
	    " category, campaign, note, valid_from, valid_until, first_import, last_import"
	    " FROM indicator_moving");
	struct indicator i;
	int rc;

	while ((rc = db_row(&q)) > 0) {
		rc = row(&q, &i, f);
		if (rc == 0)
			rc = cb(ctx, &i);
		if (rc)
			break;
	}
	return rc;
}

int moving_done(struct store *s, struct fault *f)
{
	FB_ASSERT(s->in_tx);
	return db_exec(s, "DROP TABLE IF EXISTS indicator_moving", f);
}
