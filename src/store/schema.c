/* SPDX-License-Identifier: Apache-2.0 */

/* schema: what is in the record, and how an older record becomes a current one. */

#include "store/priv.h"

#include <errno.h>
#include <stdio.h>

/*
 * migration[n] makes schema n + 1 out of schema n. Only ever append: records made by an older
 * firebreak go through the rest of the list, all of it in one transaction.
 */
static const char *const migration[] = {
	/* 1: the ledger. node holds the complete subtrees above the leaves, which entry has. */
	"CREATE TABLE entry ("
	" seq INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL,"
	" subject TEXT NOT NULL,"
	" at INTEGER NOT NULL,"
	" body BLOB NOT NULL,"
	" leaf BLOB NOT NULL CHECK (length(leaf) = 32)"
	") STRICT;"
	"CREATE INDEX entry_subject ON entry (subject, seq);"
	"CREATE INDEX entry_kind ON entry (kind, seq);"
	"CREATE TABLE node ("
	" level INTEGER NOT NULL,"
	" idx INTEGER NOT NULL,"
	" hash BLOB NOT NULL CHECK (length(hash) = 32),"
	" PRIMARY KEY (level, idx)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE checkpoint ("
	" size INTEGER PRIMARY KEY,"
	" note BLOB NOT NULL"
	") STRICT;",
	/* 2: indicators: one row a claim. Times are ts, open ones its extremes. */
	"CREATE TABLE indicator ("
	" type TEXT NOT NULL,"
	" value TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" exact INTEGER NOT NULL,"
	" confidence INTEGER NOT NULL,"
	" category TEXT,"
	" campaign TEXT,"
	" note TEXT,"
	" valid_from INTEGER NOT NULL,"
	" valid_until INTEGER NOT NULL,"
	" first_import INTEGER NOT NULL,"
	" last_import INTEGER NOT NULL,"
	" PRIMARY KEY (type, value, source)"
	") STRICT, WITHOUT ROWID;",
	/* 3: known files (known_good.h). A key is the algorithm and the digest; versions are indexes
	 * into known_version, delta-coded; base is the path's last part in lower case. */
	"CREATE TABLE known_list ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" product TEXT NOT NULL,"
	" licence TEXT,"
	" format TEXT NOT NULL,"
	" file TEXT NOT NULL,"
	" source BLOB NOT NULL CHECK (length(source) = 32),"
	" content BLOB NOT NULL CHECK (length(content) = 32),"
	" imported INTEGER NOT NULL,"
	" ledger INTEGER NOT NULL,"
	" digests INTEGER NOT NULL,"
	" paths INTEGER NOT NULL,"
	" algs INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE known_version ("
	" list INTEGER NOT NULL,"
	" idx INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" PRIMARY KEY (list, idx)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE known_digest ("
	" key BLOB NOT NULL,"
	" list INTEGER NOT NULL,"
	" versions BLOB NOT NULL,"
	" PRIMARY KEY (key, list)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE known_path ("
	" base BLOB NOT NULL,"
	" list INTEGER NOT NULL,"
	" path BLOB NOT NULL,"
	" key BLOB NOT NULL,"
	" PRIMARY KEY (base, list, path, key)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX known_path_key ON known_path (key, list);",
	/* 4: indicators are a compiled file (intel/shelf.h); the rows wait to be moved (moving.h). */
	"ALTER TABLE indicator RENAME TO indicator_moving;",
};

_Static_assert(ARRAY_LEN(migration) == STORE_SCHEMA, "one migration for each schema");

int schema_apply(sqlite3 *db, int from)
{
	char sql[64];
	int rc = SQLITE_OK;

	for (size_t i = (size_t)from; i < ARRAY_LEN(migration) && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(db, migration[i], NULL, NULL, NULL);
	if (rc == SQLITE_OK && from < 2) /* made just now: there is nothing to move */
		rc = sqlite3_exec(db, "DROP TABLE indicator_moving", NULL, NULL, NULL);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", STORE_SCHEMA);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", STORE_APPLICATION_ID);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return rc;
}

struct versions {
	int64_t application, schema, objects;
};

/* A database that holds nothing at all is *v all zero; anything but that and ours is refused. */
static int versions(struct store *s, struct versions *v, struct fault *f)
{
	const char *path = QUOTE(span_str(s->dbpath));
	/* One statement, so that all three are of one moment: another process may be making it. */
	AUTO_Q struct db_q q = db_query(s, f, "SELECT (SELECT application_id FROM "
	    "pragma_application_id), (SELECT user_version FROM pragma_user_version), count(*) "
	    "FROM sqlite_schema");
	int rc = db_row(&q);

	if (rc <= 0)
		return rc;
	*v = (struct versions){ db_col_int(&q, 0), db_col_int(&q, 1), db_col_int(&q, 2) };
	if (!v->application && !v->schema && !v->objects)
		return 0;
	if (v->application != STORE_APPLICATION_ID || v->schema < 1)
		return fault_set(f, -EUCLEAN, "%s: a database of another program; give --state another "
		    "directory", path);
	if (v->schema > STORE_SCHEMA)
		return fault_set(f, -ENOTSUP, "%s: made by a newer firebreak (schema %lld, this one "
		    "knows %d); use that version", path, (long long)v->schema, STORE_SCHEMA);
	return 0;
}

static int no_record(struct store *s, struct fault *f)
{
	return fault_set(f, -ENOENT, "%s: holds no record; firebreak ledger init makes one",
	    QUOTE(span_str(s->dbpath)));
}

int schema_check(struct store *s, struct fault *f)
{
	struct versions v;
	int rc = versions(s, &v, f);

	if (rc < 0)
		return rc;
	if (!v.objects)
		return no_record(s, f);
	if (v.schema < STORE_SCHEMA)
		return fault_set(f, -ENOTSUP, "%s: made by an older firebreak (schema %lld); any command "
		    "that writes, such as firebreak ledger init, brings it up to date",
		    QUOTE(span_str(s->dbpath)), (long long)v.schema);
	return 0;
}

/* An empty database may become a record, unless one was here already: its key tells. */
static int check_empty(struct store *s, struct fault *f)
{
	enum keys_state ks;
	int rc = keys_look(s, &ks, f);

	if (rc == 0 && (s->flags & STORE_EXISTING))
		return no_record(s, f);
	if (rc == 0 && ks == KEYS_READY)
		return fault_set(f, -EUCLEAN, "%s: was emptied (its key is still there); restore it from "
		    "a backup", QUOTE(span_str(s->dbpath)));
	return rc;
}

int schema_check_writable(struct store *s, struct fault *f)
{
	struct versions v;
	int rc = versions(s, &v, f);

	return rc < 0 || v.objects ? rc : check_empty(s, f);
}

/* Inside the transaction that makes it: tables, key, and a signed checkpoint of the empty log. */
static int make(struct store *s, struct fault *f)
{
	int rc = check_empty(s, f);

	if (rc < 0)
		return rc;
	if (schema_apply(s->db, 0) != SQLITE_OK)
		return db_fault(s, f);
	rc = keys_make(s, f);
	if (rc == 0)
		s->head = (struct ledger_head){ .loaded = true, .dirty = true };
	return rc;
}

static int upgrade(struct store *s, struct fault *f)
{
	struct versions v;
	int rc = versions(s, &v, f); /* again: now nobody else writes */

	if (rc < 0)
		return rc;
	if (!v.objects)
		return make(s, f);
	if (v.schema < STORE_SCHEMA && schema_apply(s->db, (int)v.schema) != SQLITE_OK)
		return db_fault(s, f);
	return 0;
}

int schema_upgrade(struct store *s, struct fault *f)
{
	struct versions v;
	bool own;
	int rc = versions(s, &v, f);

	if (rc < 0 || v.schema == STORE_SCHEMA)
		return rc;
	rc = db_enter(s, &own, f);
	return rc < 0 ? rc : db_leave(s, own, upgrade(s, f), f);
}
