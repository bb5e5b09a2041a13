/* SPDX-License-Identifier: Apache-2.0 */

#include "store/db.h"
#include "store/priv.h"

#include <errno.h>

/* What the system said, when the failure came from there. ENOENT is about a file of SQLite's own,
 * and would be taken for "no state directory". */
static int system_errno(sqlite3 *db)
{
	int e = sqlite3_system_errno(db);
	return e > 0 && e != ENOENT ? e : EIO;
}

static int fault_of(struct store *s, struct fault *f)
{
	const char *msg = sqlite3_errmsg(s->db), *db = s->dbpath;
	int e;

	switch (sqlite3_errcode(s->db) & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_set(f, -EBUSY, "%s: another process has been writing for more than %d s; "
		    "try again when it is done", QUOTE(span_str(db)), STORE_BUSY_MS / 1000);
	case SQLITE_FULL:
		return fault_set(f, -ENOSPC, "%s: no space left on the device; nothing was changed",
		    QUOTE(span_str(db)));
	case SQLITE_READONLY:
		return fault_set(f, -EROFS, "%s: cannot be written here (%s)", QUOTE(span_str(db)),
		    QUOTE(span_str(msg)));
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fault_set(f, -EUCLEAN, "%s: damaged, or not a firebreak database (%s); restore "
		    "it from a backup", QUOTE(span_str(db)), QUOTE(span_str(msg)));
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		e = system_errno(s->db);
		return fault_set(f, -e, "%s: %s (%s)", QUOTE(span_str(db)), QUOTE(span_str(msg)),
		    strerror(e));
	case SQLITE_NOMEM:
		return fault_set(f, -ENOMEM, "%s: out of memory", QUOTE(span_str(db)));
	case SQLITE_TOOBIG:
		return fault_set(f, -EMSGSIZE, "%s: %s", QUOTE(span_str(db)), QUOTE(span_str(msg)));
	case SQLITE_CONSTRAINT:
		return fault_set(f, -EEXIST, "%s: %s", QUOTE(span_str(db)), QUOTE(span_str(msg)));
	default: /* a table or column of ours is not there */
		return fault_set(f, -EUCLEAN, "%s: its schema was altered (%s); restore it from a backup",
		    QUOTE(span_str(db)), QUOTE(span_str(msg)));
	}
}

int db_fault(struct store *s, struct fault *f)
{
	int rc = fault_of(s, f);

	/* SQLite may have rolled back by itself; what came after it would not be in a transaction. */
	if (s->in_tx && !s->tx_rc)
		s->tx_rc = rc;
	return rc;
}

int db_doomed(struct store *s, struct fault *f)
{
	return fault_set(f, s->tx_rc, "%s: a step of this transaction failed; nothing was changed",
	    QUOTE(span_str(s->dbpath)));
}

int db_exec(struct store *s, const char *sql, struct fault *f)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fault(s, f);
}

/* The slot that holds this text and is not running, else one to prepare it in, else -1. */
static int find_slot(struct store *s, const char *sql)
{
	int best = -1;

	for (int i = 0; i < STORE_STMTS; i++) {
		if (s->stmt[i].busy)
			continue;
		if (s->stmt[i].st && strcmp(sqlite3_sql(s->stmt[i].st), sql) == 0)
			return i;
		if (best < 0 || !s->stmt[i].st ||
		    (s->stmt[best].st && s->stmt[i].used < s->stmt[best].used))
			best = i;
	}
	if (best >= 0) {
		sqlite3_finalize(s->stmt[best].st);
		s->stmt[best].st = NULL;
	}
	return best;
}

struct db_q db_query(struct store *s, struct fault *f, const char *sql)
{
	struct db_q q = { .s = s, .f = f, .slot = -1 };

	if (s->in_tx && s->tx_rc) {
		q.rc = db_doomed(s, f);
		return q;
	}
	q.slot = find_slot(s, sql);
	if (q.slot >= 0)
		q.st = s->stmt[q.slot].st;
	if (!q.st && sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q.st, NULL) !=
	    SQLITE_OK) {
		q.rc = db_fault(s, f);
		q.slot = -1;
		return q;
	}
	if (q.slot >= 0) {
		s->stmt[q.slot].st = q.st;
		s->stmt[q.slot].busy = true;
		s->stmt[q.slot].used = ++s->stmt_clock;
	}
	return q;
}

void db_end(struct db_q *q)
{
	if (q->slot < 0) {
		sqlite3_finalize(q->st);
	} else {
		sqlite3_reset(q->st);
		sqlite3_clear_bindings(q->st);
		q->s->stmt[q->slot].busy = false;
	}
	q->st = NULL;
	q->slot = -1;
}

static void bound(struct db_q *q, int sqlite_rc)
{
	if (sqlite_rc != SQLITE_OK)
		q->rc = db_fault(q->s, q->f);
}

void db_int(struct db_q *q, int64_t v)
{
	if (!q->rc)
		bound(q, sqlite3_bind_int64(q->st, ++q->param, v));
}

void db_text(struct db_q *q, struct span v)
{
	if (!q->rc)
		bound(q, sqlite3_bind_text64(q->st, ++q->param, (const char *)v.p, v.n, SQLITE_STATIC,
		    SQLITE_UTF8));
}

void db_blob(struct db_q *q, struct span v)
{
	if (!q->rc)
		bound(q, sqlite3_bind_blob64(q->st, ++q->param, v.p, v.n, SQLITE_STATIC));
}

int db_row(struct db_q *q)
{
	if (q->rc || q->done)
		return q->rc;
	int rc = sqlite3_step(q->st);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		return q->rc = db_fault(q->s, q->f);
	q->done = true;
	return 0;
}

int db_run(struct db_q *q)
{
	int rc = db_row(q);

	FB_ASSERT(rc <= 0);
	if (rc == 0) {
		sqlite3_reset(q->st);
		q->param = 0;
		q->done = false;
	}
	return rc;
}

int64_t db_col_int(struct db_q *q, int col)
{
	return sqlite3_column_int64(q->st, col);
}

struct span db_col(struct db_q *q, int col)
{
	const void *p = sqlite3_column_type(q->st, col) == SQLITE_BLOB ?
		  sqlite3_column_blob(q->st, col) :
		  (const void *)sqlite3_column_text(q->st, col);
	size_t n = (size_t)sqlite3_column_bytes(q->st, col);

	if (!p && sqlite3_column_type(q->st, col) == SQLITE_BLOB)
		p = ""; /* a zero-length blob is not NULL */
	return span_of(p, p ? n : 0);
}

int db_enter(struct store *s, bool *ret_own, struct fault *f)
{
	bool own = !s->in_tx;
	int rc = own ? store_begin(s, f) : 0;

	if (rc == 0)
		*ret_own = own;
	return rc;
}

int db_leave(struct store *s, bool own, int rc, struct fault *f)
{
	if (!own)
		return rc;
	if (rc == 0)
		return store_commit(s, f);
	store_abort(s);
	return rc;
}

int db_look(struct store *s, bool *ret_own, struct fault *f)
{
	bool own = sqlite3_get_autocommit(s->db);
	int rc = own ? db_exec(s, "BEGIN", f) : 0;

	if (rc == 0)
		*ret_own = own;
	return rc;
}

void db_look_end(struct store *s, bool own)
{
	if (own && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
}
