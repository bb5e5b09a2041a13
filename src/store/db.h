/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * db: SQL for the files of this room (ledger.c, entry.c …); nobody else includes it.
 *
 * A query is a db_q: SQL text, parameters bound in order, rows read column by column. Its first
 * error latches with a fault that names the database file, so a caller binds everything, steps,
 * and looks at one result:
 *
 *	AUTO_Q struct db_q q = db_query(s, f, "SELECT a, b FROM t WHERE a = ? AND b > ?");
 *	db_text(&q, SPAN_LIT("x"));
 *	db_int(&q, 7);
 *	while ((rc = db_row(&q)) > 0)
 *		use(db_col_text(&q, 0), db_col_int(&q, 1));
 *	return rc;
 *
 * Statements are kept prepared by the store and reused, also by the next db_query with the same
 * text. Column values are valid until the next db_row or the end of the query.
 *
 * SQL text is always a constant of ours; values are always bound.
 *
 * Result codes: -errno as db_fault gives it (see db.c for the table).
 */

#include "store/store.h"

#include <sqlite3.h>

struct db_q {
	struct store *s;
	struct fault *f;
	sqlite3_stmt *st;
	int slot;  /* in the store's cache; -1: finalize */
	int param; /* bound so far */
	bool done; /* the last row was read */
	int rc;    /* 0 or the latched -errno */
};

struct db_q db_query(struct store *s, struct fault *f, const char *sql);
void db_end(struct db_q *q);
#define AUTO_Q FB_CLEANUP(db_end)

void db_int(struct db_q *q, int64_t v);
void db_text(struct db_q *q, struct span v); /* p NULL binds SQL NULL; v must outlive the query */
void db_blob(struct db_q *q, struct span v); /* likewise */

/* 1 a row, 0 no more rows (and 0 again, whenever asked), -errno. */
FB_MUST int db_row(struct db_q *q);
/* Runs a statement that gives no rows, and rewinds it: bind and run again. */
FB_MUST int db_run(struct db_q *q);

int64_t db_col_int(struct db_q *q, int col);
/* Text or blob; p NULL for SQL NULL. Text has a NUL behind it. */
struct span db_col(struct db_q *q, int col);

/* One statement, or several, without parameters. */
FB_MUST int db_exec(struct store *s, const char *sql, struct fault *f);
/* The connection's last error as -errno with a fault. Inside a transaction it dooms that: what
 * follows fails too, and it cannot be committed. */
FB_MUST int db_fault(struct store *s, struct fault *f);
FB_MUST int db_doomed(struct store *s, struct fault *f);

/*
 * A transaction of one's own, or a part of the one that is open: *ret_own says which.
 *	rc = db_enter(s, &own, f); … if (rc == 0) rc = …; return db_leave(s, own, rc, f);
 * db_leave commits when own and rc is 0, rolls back when own and rc is not.
 */
FB_MUST int db_enter(struct store *s, bool *ret_own, struct fault *f);
FB_MUST int db_leave(struct store *s, bool own, int rc, struct fault *f);

/*
 * One state of the database for several queries, also while others write; part of the transaction
 * that is open, if one is. Pair them: rc = db_look(s, &own, f); … db_look_end(s, own).
 */
FB_MUST int db_look(struct store *s, bool *ret_own, struct fault *f);
void db_look_end(struct store *s, bool own);
