/* SPDX-License-Identifier: Apache-2.0 */

#include "store/store.h"

#include "store/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What protects us from the file itself, and the file from a power cut. */
static int configure(struct store *s, struct fault *f)
{
	static const struct {
		int op, on;
	} conf[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },     { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },       { SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(conf); i++)
		if (sqlite3_db_config(s->db, conf[i].op, conf[i].on, NULL) != SQLITE_OK)
			return db_fault(s, f);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 16 << 20);
	return db_exec(s, "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
	    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;", f);
}

static void disconnect(struct store *s)
{
	for (int i = 0; i < STORE_STMTS; i++) {
		sqlite3_finalize(s->stmt[i].st);
		s->stmt[i].st = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

static int connect_db(struct store *s, const char *name, int flags, struct fault *f)
{
	disconnect(s);
	if (sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) !=
	    SQLITE_OK)
		return s->db ? db_fault(s, f) : -ENOMEM;
	return configure(s, f);
}

/* Has the write-ahead log something that is not in the database file yet? */
static bool wal_pending(struct store *s)
{
	struct stat st;
	return fstatat(s->dirfd, STORE_DB "-wal", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0;
}

/* dbpath as a file: URI with immutable=1: no locks, no shared memory, nothing is written. */
static char *immutable_uri(struct store *s)
{
	char *uri = malloc(3 * strlen(s->dbpath) + sizeof("file:?immutable=1"));
	char *out = uri ? stpcpy(uri, "file:") : NULL;

	for (const char *p = s->dbpath; uri && *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("/._-", *p);
		out += sprintf(out, plain ? "%c" : "%%%02X", (unsigned char)*p);
	}
	if (uri)
		strcpy(out, "?immutable=1");
	return uri;
}

/* Could SQLite not make its shared-memory file, because nothing can be written there? */
static bool is_place_to_blame(struct store *s, int rc)
{
	int sqlite_rc = s->db ? sqlite3_errcode(s->db) & 0xff : 0;
	bool refused = sqlite_rc == SQLITE_CANTOPEN || sqlite_rc == SQLITE_READONLY;

	return rc == -ENOSPC || rc == -EDQUOT ||
	    (rc < 0 && refused && faccessat(s->dirfd, ".", W_OK, AT_EACCESS) < 0);
}

/*
 * Even for reading, SQLite wants to make a shared-memory file beside the database. Where that fails
 * and everything is in the main file, this is read as it stands. (Whoever had it open for writing
 * would have that file there, so nobody has.)
 */
static int open_reading(struct store *s, struct fault *f)
{
	int rc = connect_db(s, s->dbpath, SQLITE_OPEN_READONLY, f);

	if (rc == 0)
		rc = schema_check(s, f);
	if (!is_place_to_blame(s, rc))
		return rc;
	if (wal_pending(s))
		return fault_set(f, -EROFS, "%s: has changes in " STORE_DB "-wal that cannot be merged "
		    "in a read-only or full place; copy the directory to where it can be written",
		    QUOTE(span_str(s->dir)));
	AUTO_FREE char *uri = immutable_uri(s);
	rc = uri ? connect_db(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, f) : -ENOMEM;
	return rc < 0 ? rc : schema_check(s, f);
}

/* The file is made here, for its mode and so that it is in the directory before the key is. */
static int make_file(struct store *s, struct fault *f)
{
	if (s->flags & STORE_EXISTING)
		return 0;
	AUTO_FD int fd = openat(s->dirfd, STORE_DB, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || fsync(s->dirfd) < 0)
		return fault_set(f, -errno, "%s: cannot make it: %s", QUOTE(span_str(s->dbpath)),
		    strerror(errno));
	return 0;
}

/* A key that never got its name, because making the record was interrupted just before that. */
static int finish_keys(struct store *s, struct fault *f)
{
	enum keys_state ks;
	int rc = keys_look(s, &ks, f);

	return rc < 0 || ks != KEYS_UNFINISHED ? rc : keys_settle(s, f);
}

static int open_writing(struct store *s, struct fault *f)
{
	AUTO_FD int lock = -1;

	if (faccessat(s->dirfd, ".", W_OK, AT_EACCESS) < 0)
		return fault_set(f, -errno, "%s: cannot be written here: %s", QUOTE(span_str(s->dir)),
		    strerror(errno));
	int rc = store_dir_lock(s, &lock, f);

	if (rc == 0)
		rc = make_file(s, f);
	if (rc == 0)
		rc = connect_db(s, s->dbpath, SQLITE_OPEN_READWRITE, f);
	if (rc == 0 && sqlite3_db_readonly(s->db, "main") == 1)
		rc = fault_set(f, -EROFS, "%s: cannot be written here (read-only file system or mode)",
		    QUOTE(span_str(s->dbpath)));
	if (rc == 0)
		rc = schema_check_writable(s, f);
	if (rc == 0)
		rc = db_exec(s, "PRAGMA journal_mode = WAL", f);
	if (rc == 0)
		rc = schema_upgrade(s, f);
	if (rc == 0)
		rc = finish_keys(s, f);
	if (rc == 0)
		rc = blobs_prepare(s, f);
	return rc;
}

int store_open(struct store **ret_s, const char *dir, unsigned flags, struct fault *f)
{
	AUTO_STORE struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->dirfd = -1;
	s->flags = flags;
	s->note = BUF_INIT(NOTE_TEXT_MAX);
	int rc = store_dir_open(s, dir, f);
	if (rc == 0)
		rc = flags & STORE_RDONLY ? open_reading(s, f) : open_writing(s, f);
	if (rc == 0)
		rc = keys_load(s, f);
	if (rc < 0)
		return rc;
	*ret_s = TAKE_PTR(s);
	return 0;
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	if (s->db)
		store_abort(s);
	disconnect(s);
	key_free(s->key);
	buf_free(&s->note);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s->dbpath);
	free(s->dir);
	free(s);
	return NULL;
}

void store_close_p(struct store **s)
{
	*s = store_close(*s);
}

const char *store_dir(const struct store *s)
{
	return s->dir;
}

int store_begin(struct store *s, struct fault *f)
{
	FB_ASSERT(!s->in_tx);
	if (s->flags & STORE_RDONLY)
		return fault_set(f, -EROFS, "%s: opened for reading only", QUOTE(span_str(s->dir)));
	int rc = db_exec(s, "BEGIN IMMEDIATE", f);
	if (rc < 0)
		return rc;
	s->in_tx = true;
	s->tx_rc = 0;
	return 0;
}

static int commit(struct store *s, struct fault *f)
{
	if (s->tx_rc)
		return db_doomed(s, f);
	bool sealed = s->head.dirty;
	int rc = sealed ? tree_seal(s, f) : 0;
	if (rc == 0)
		rc = db_exec(s, "COMMIT", f);
	if (rc == 0 && sealed)
		head_write(s, buf_span(&s->note));
	return rc;
}

int store_commit(struct store *s, struct fault *f)
{
	FB_ASSERT(s->in_tx);
	int rc = commit(s, f);
	if (rc < 0)
		store_abort(s);
	s->in_tx = false;
	return rc;
}

void store_abort(struct store *s)
{
	/* SQLite has already rolled back after some errors (full disk, I/O). */
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_tx = false;
	s->head = (struct ledger_head){ 0 };
	s->whole = (struct merkle_edge){ 0 };
	memset(s->known, 0, sizeof(s->known)); /* also of entries that are not there any more */
}
