/* SPDX-License-Identifier: Apache-2.0 */

#include "store/rpmdb.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

#define STEPS 1000000 /* virtual machine steps between two looks */
#define LOOKS 10000   /* a query that takes more is a trap */

static int look(void *ctx)
{
	unsigned *left = ctx;
	return *left ? (--*left, 0) : 1;
}

static int open_fd(sqlite3 **ret_db, int fd)
{
	char uri[64];

	snprintf(uri, sizeof(uri), "file:/proc/self/fd/%d?immutable=1", fd);
	int rc = sqlite3_open_v2(uri, ret_db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_limit(*ret_db, SQLITE_LIMIT_LENGTH, RPMDB_ROW_MAX);
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static int rows(sqlite3_stmt *st, int (*fn)(void *ctx, struct span header, struct fault *f),
    void *ctx, struct fault *f, int *ret_sql)
{
	while ((*ret_sql = sqlite3_step(st)) == SQLITE_ROW) {
		const void *p = sqlite3_column_blob(st, 0);
		int n = sqlite3_column_bytes(st, 0);
		int rc = fn(ctx, span_of(p, p ? (size_t)n : 0), f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int rpmdb_each(
    int fd, int (*fn)(void *ctx, struct span header, struct fault *f), void *ctx, struct fault *f)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	unsigned left = LOOKS;
	int rc = 0, sql = open_fd(&db, fd);

	if (sql == SQLITE_OK) {
		sqlite3_progress_handler(db, STEPS, look, &left);
		sql = sqlite3_prepare_v2(db, "SELECT blob FROM Packages ORDER BY hnum", -1, &st, NULL);
	}
	if (sql == SQLITE_OK)
		rc = rows(st, fn, ctx, f, &sql);
	if (rc == 0 && sql != SQLITE_DONE)
		rc = sql == SQLITE_NOMEM ? -ENOMEM :
			fault_set(f, -EBADMSG, "rpm database: %s", QUOTE(span_str(db ? sqlite3_errmsg(db) : "cannot be opened")));
	sqlite3_finalize(st);
	sqlite3_close(db);
	return rc;
}
