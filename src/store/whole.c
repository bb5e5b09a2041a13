/* SPDX-License-Identifier: Apache-2.0 */

/*
 * whole: is everything that was signed where a query will find it? A row whose column was changed,
 * or that an altered index leaves out, would just not be found: a freeze hidden that way is lifted.
 * So before the first query that picks entries, all of them are read once without an index: their
 * bodies must give the signed root, and their columns must be those of their bodies; and the indexes
 * must be those of the table. What is appended later by this process is looked at when it is there.
 */

#include "store/priv.h"

#include <errno.h>

#define TAIL_MAX (LEDGER_KIND_MAX + 6 * LEDGER_SUBJECT_MAX + 128)

static int hidden(struct store *s, struct fault *f, uint64_t seq)
{
	return fault_set(f, -EBADMSG, "%s: ledger entry %llu is not what was signed, or not in its "
	    "columns: entries could be hidden; see firebreak ledger verify", QUOTE(span_str(s->dbpath)),
	    (unsigned long long)seq);
}

/* Members are sorted, so a body ends with those that are columns (after data, which may be long). */
static int columns_agree(const struct entry_row *r)
{
	AUTO_BUF struct buf tail = BUF_INIT(TAIL_MAX);
	struct jw w = jw_canonical(&tail);

	jw_obj(&w);
	jw_kstr(&w, "kind", r->kind);
	jw_kint(&w, "seq", (int64_t)r->seq);
	jw_kstr(&w, "subject", r->subject);
	jw_kint(&w, "v", 1);
	jw_end(&w);
	if (buf_err(&tail))
		return buf_err(&tail) == -ENOMEM ? -ENOMEM : 0;
	struct span want = span_from(buf_span(&tail), 1); /* without the brace */
	if (r->body.n <= want.n || r->body.p[r->body.n - want.n - 1] != ',')
		return 0;
	return span_eq(span_from(r->body, r->body.n - want.n), want);
}

static int read_rows(struct store *s, struct merkle_edge *e, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT " ENTRY_COLUMNS " FROM entry NOT INDEXED"
	    " WHERE seq >= ? AND seq < ? ORDER BY seq");
	int rc;

	db_int(&q, (int64_t)e->size);
	db_int(&q, (int64_t)s->head.tree.size);
	while ((rc = db_row(&q)) > 0) {
		struct entry_row r = entry_row(&q);
		struct mhash leaf = merkle_leaf(r.body);
		bool kept = r.seq == e->size && span_eq(r.leaf, span_of(leaf.b, MERKLE_LEN));
		rc = kept ? columns_agree(&r) : 0;
		if (rc <= 0)
			return rc < 0 ? rc : hidden(s, f, e->size);
		rc = merkle_grow(e, &leaf, NULL, NULL);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int check_indexes(struct store *s, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "PRAGMA integrity_check(entry)");
	int rc = db_row(&q);

	if (rc <= 0 || span_eq_str(db_col(&q, 0), "ok"))
		return rc < 0 ? rc : 0;
	return fault_set(f, -EBADMSG, "%s: the ledger was altered: its indexes are not those of its "
	    "entries (%s); see firebreak ledger verify", QUOTE(span_str(s->dbpath)),
	    QUOTE(db_col(&q, 0)));
}

static int check(struct store *s, struct fault *f)
{
	struct merkle_edge e = s->whole;
	int rc = read_rows(s, &e, f);

	if (rc < 0)
		return rc;
	struct mhash is = merkle_edge_root(&e), want = merkle_edge_root(&s->head.tree);
	if (e.size != s->head.tree.size || !mhash_eq(&is, &want))
		return hidden(s, f, e.size);
	rc = s->whole.size ? 0 : check_indexes(s, f);
	if (rc == 0)
		s->whole = e;
	return rc;
}

int ledger_whole(struct store *s, struct fault *f)
{
	bool own;
	int rc = db_look(s, &own, f);

	if (rc == 0)
		rc = tree_load(s, f);
	else
		return rc;
	if (rc == 0 && s->whole.size != s->head.tree.size)
		rc = check(s, f);
	db_look_end(s, own);
	return rc;
}
