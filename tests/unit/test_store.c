/* SPDX-License-Identifier: Apache-2.0 */

/* The state directory: making, opening, refusing, and its blobs. */

#include "base/file.h"
#include "crypto/hash.h"
#include "scratch.h"
#include "store/priv.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define SCHEMA_TEXT TEXT(STORE_SCHEMA)

static unsigned mode_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) < 0 ? 0xffff : st.st_mode & 07777;
}

/* Opens, expecting rc and a fault with words in it; on success closes again. */
static void opens(const char *dir, unsigned flags, int want, const char *words, const char *name)
{
	struct fault f = FAULT_INIT;
	AUTO_STORE struct store *s = NULL;
	int rc = store_open(&s, dir, flags, &f);

	if (!ok(rc == want && (!want || (!s && strstr(f.text, words))), "%s", name))
		diag("rc %d, want %d: %s", rc, want, f.text);
}

static void write_file(const char *path, const char *text)
{
	FILE *h = fopen(path, "w");
	if (!h || fputs(text, h) < 0 || fclose(h) != 0)
		perror(path), exit(2);
}

static void test_create(void)
{
	const char *dir = scratch("new/deeper");
	struct fault f = FAULT_INIT;
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf note = BUF_INIT(1 << 16);
	uint64_t n = 9;

	opens(dir, STORE_RDONLY, -ENOENT, "no such state directory", "reading needs a record");
	opens(dir, STORE_EXISTING, -ENOENT, "firebreak ledger init", "so does existing");
	ok(access(dir, F_OK) < 0, "neither made anything");
	is_int(store_open(&s, dir, STORE_RDWR, &f), 0, "a new state directory: %s", f.text);
	is_str(store_dir(s), dir, "its path");
	is_int(mode_of(dir), 0700, "directory mode");
	is_int(mode_of(scratch("new/deeper/firebreak.db")), 0600, "database mode");
	is_int(mode_of(scratch("new/deeper/firebreak.db-wal")), 0600, "log mode");
	is_int(mode_of(scratch("new/deeper/keys")), 0700, "key folder mode");
	is_int(mode_of(scratch("new/deeper/keys/ledger.key")), 0600, "key mode");
	is_int(mode_of(scratch("new/deeper/keys/ledger.key.new")), 0xffff, "no unfinished key");
	is_int(mode_of(scratch("new/deeper/blobs/sha256")), 0700, "blob folder mode");
	is_int(ledger_size(s, &n, &f), 0, "size");
	is_int(n, 0, "empty");
	ok(ledger_checkpoint(s, &note, &f) == 0 && strstr(buf_str(&note), "\n0\n47DEQpj8HBSa+/TImW"),
	    "the empty log is signed");
	s = store_close(s);
	opens(dir, STORE_RDWR, 0, "", "again");
	opens(dir, STORE_EXISTING, 0, "", "existing");
	opens(dir, STORE_RDONLY, 0, "", "reading");
	is_int(mkdir(scratch("empty"), 0755), 0, "an empty directory");
	opens(scratch("empty"), STORE_RDONLY, -ENOENT, "not a state directory", "holds nothing to read");
	opens(scratch("empty"), STORE_RDWR, 0, "", "may become one");
}

static void test_refuse(void)
{
	const char *dir = scratch("r");

	is_int(mkdir(scratch("full"), 0755), 0, "a directory");
	write_file(scratch("full/file"), "x");
	opens(scratch("full"), STORE_RDWR, -ENOTEMPTY, "not empty", "of somebody else's");
	opens(scratch("full/file"), STORE_RDWR, -ENOTDIR, "full/file", "a file");
	opens(dir, STORE_RDWR, 0, "", "one of ours");
	chmod(dir, 0770);
	opens(dir, STORE_RDONLY, -EPERM, "others may write", "writable by the group");
	chmod(dir, 0702);
	opens(dir, STORE_RDWR, -EPERM, "others may write", "writable by all");
	chmod(dir, 0755);
	opens(dir, STORE_RDWR, 0, "", "readable by all is the owner's choice");
	chmod(dir, 0700);
	chmod(scratch("r/keys/ledger.key"), 0640);
	opens(dir, STORE_RDWR, -EPERM, "private key", "key readable by the group");
	chmod(scratch("r/keys/ledger.key"), 0600);
	chmod(scratch("r/keys/ledger.vkey"), 0666);
	opens(dir, STORE_RDONLY, -EPERM, "public key", "public key writable by all");
	chmod(scratch("r/keys/ledger.vkey"), 0644);
	is_int(rename(scratch("r/keys/ledger.key"), scratch("key")), 0, "without its key");
	opens(dir, STORE_RDWR, -ENOENT, "key is gone", "it is not opened for writing");
	opens(dir, STORE_RDONLY, 0, "", "but for reading");
	is_int(symlink(scratch("key"), scratch("r/keys/ledger.key")), 0, "a symlink");
	opens(dir, STORE_RDWR, -ELOOP, "ledger.key", "is no key");
	unlink(scratch("r/keys/ledger.key"));
	write_file(scratch("r/keys/ledger.key"), "no key");
	chmod(scratch("r/keys/ledger.key"), 0600);
	opens(dir, STORE_RDWR, -EBADMSG, "ledger.key", "nor is this");
	is_int(rename(scratch("key"), scratch("r/keys/ledger.key")), 0, "with its key again");
	opens(dir, STORE_RDWR, 0, "", "all is well");
}

static void sql(const char *db, const char *text)
{
	sqlite3 *h;
	if (sqlite3_open(db, &h) != SQLITE_OK || sqlite3_exec(h, text, NULL, NULL, NULL) != SQLITE_OK)
		printf("# %s: %s\n", text, sqlite3_errmsg(h)), exit(2);
	sqlite3_close(h);
}

static void test_damaged(void)
{
	const char *dir = scratch("d"), *db = scratch("d/firebreak.db");

	opens(dir, STORE_RDWR, 0, "", "a record");
	sql(db, "PRAGMA user_version = 999");
	opens(dir, STORE_RDWR, -ENOTSUP, "made by a newer firebreak", "of a newer schema, to write");
	opens(dir, STORE_RDONLY, -ENOTSUP, "made by a newer firebreak", "and to read");
	sql(db, "PRAGMA user_version = 1; PRAGMA application_id = 5");
	opens(dir, STORE_RDWR, -EUCLEAN, "another program", "of another program");
	unlink(db);
	opens(dir, STORE_RDWR, -ENOENT, "gone; restore it", "taken away");
	write_file(db, "");
	opens(dir, STORE_RDWR, -EUCLEAN, "was emptied", "emptied");
	opens(dir, STORE_RDONLY, -ENOENT, "holds no record", "emptied, to read");
	write_file(db, "garbage, and more of it than fits into one hundred bytes, so that it could be a"
	    " database header, which it is not, whatever one does to it..............................");
	opens(dir, STORE_RDWR, -EUCLEAN, "not a firebreak database", "garbage");
	opens(dir, STORE_RDONLY, -EUCLEAN, "not a firebreak database", "garbage, to read");
}

static int put_entry(struct store *s, struct fault *f)
{
	uint64_t seq;
	return ledger_append(s, &(struct ledger_new){ .kind = "test", .subject = "s", .actor = "me",
	    .at = 1, .data = SPAN_LIT("{}") }, &seq, f);
}

static char *pragma(struct store *s, const char *sql)
{
	static char out[FAULT_MAX];
	struct fault f = FAULT_INIT;
	AUTO_Q struct db_q q = db_query(s, &f, sql);

	snprintf(out, sizeof(out), "%s", db_row(&q) > 0 ? (const char *)db_col(&q, 0).p : f.text);
	return out;
}

/* What durability and safety rest on. */
static void test_settings(void)
{
	AUTO_STORE struct store *s = NULL, *r = NULL;
	struct fault f = FAULT_INIT;

	is_int(store_open(&s, scratch("p"), STORE_RDWR, &f), 0, "open");
	is_int(store_open(&r, scratch("p"), STORE_RDONLY, &f), 0, "and to read");
	is_str(pragma(s, "PRAGMA journal_mode"), "wal", "write-ahead log");
	is_str(pragma(s, "PRAGMA synchronous"), "2", "synchronous = FULL");
	is_str(pragma(s, "PRAGMA foreign_keys"), "1", "foreign keys");
	is_str(pragma(s, "PRAGMA cell_size_check"), "1", "cell size check");
	is_str(pragma(s, "PRAGMA trusted_schema"), "0", "the schema is not trusted");
	is_str(pragma(s, "PRAGMA mmap_size"), "0", "no memory map");
	is_int(db_exec(s, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ''", &f) < 0, 1,
	    "defensive: the schema cannot be written");
	is_int(db_exec(s, "ATTACH ':memory:' AS x", &f) < 0, 1, "nothing can be attached");
	is_int(db_exec(r, "DELETE FROM checkpoint", &f), -EROFS, "a reader cannot write: %s", f.text);
}

/* A record of schema 1, as the first firebreak made it. */
static void test_older(void)
{
	uint64_t n = 0;
	struct fault f = FAULT_INIT;
	AUTO_STORE struct store *s = NULL;

	opens(scratch("o"), STORE_RDWR, 0, "", "a record");
	is_int(store_open(&s, scratch("o"), STORE_RDWR, &f), 0, "open");
	is_int(put_entry(s, &f), 0, "with an entry");
	s = store_close(s);
	sql(scratch("o/firebreak.db"), "DROP TABLE known_list;"
	    " DROP TABLE known_version; DROP TABLE known_digest; DROP TABLE known_path;"
	    " PRAGMA user_version = 1");
	opens(scratch("o"), STORE_RDONLY, -ENOTSUP, "made by an older firebreak (schema 1)",
	    "older: not read as it is");
	is_int(store_open(&s, scratch("o"), STORE_EXISTING, &f), 0, "older: brought up to date");
	is_str(pragma(s, "PRAGMA user_version"), SCHEMA_TEXT, "its version");
	ok(ledger_size(s, &n, &f) == 0 && n == 1, "with its entry");
	is_int(ledger_verify(s, SPAN_NONE, NULL, NULL, &f), 0, "sound, and with the tables of today");
}

/* Interrupted at each step of making it: the next open finishes, with one key and one log. */
static void test_unfinished(void)
{
	is_int(mkdir(scratch("u"), 0700), 0, "made the directory");
	write_file(scratch("u/firebreak.db"), "");
	opens(scratch("u"), STORE_RDONLY, -ENOENT, "holds no record", "and the file, no more");
	opens(scratch("u"), STORE_RDWR, 0, "", "is finished");
	is_int(rename(scratch("u/keys/ledger.key"), scratch("u/keys/ledger.key.new")), 0,
	    "committed, but the key has no name yet");
	opens(scratch("u"), STORE_RDONLY, 0, "", "can be read");
	opens(scratch("u"), STORE_RDWR, 0, "", "is finished");
	is_int(mode_of(scratch("u/keys/ledger.key")), 0600, "key is in place");
	is_int(rename(scratch("u/keys/ledger.key"), scratch("u/keys/ledger.key.new")), 0,
	    "made a key, but did not commit");
	write_file(scratch("u/firebreak.db"), "");
	opens(scratch("u"), STORE_RDWR, 0, "", "starts over");
	opens(scratch("u"), STORE_RDONLY, 0, "", "and can be read");
}

static struct store *open_ok(const char *dir)
{
	struct fault f = FAULT_INIT;
	struct store *s = NULL;

	if (store_open(&s, dir, STORE_RDWR, &f) != 0)
		printf("Bail out! %s\n", f.text), exit(2);
	return s;
}

static int count_dir(const char *path)
{
	char cmd[600], line[32] = "";
	snprintf(cmd, sizeof(cmd), "ls -A '%s' | wc -l", path);
	FILE *p = popen(cmd, "r");
	if (!p || !fgets(line, sizeof(line), p))
		return -1;
	pclose(p);
	return atoi(line);
}

static void test_blob(void)
{
	AUTO_STORE struct store *s = open_ok(scratch("b"));
	AUTO_BUF struct buf got = BUF_INIT(1 << 22), big = BUF_INIT(1 << 22);
	struct fault f = FAULT_INIT;
	struct digest d = { 0 }, want, d2 = { 0 };
	char path[200];

	for (int i = 0; i < 700000; i++)
		buf_putc(&big, (char)(i * 7));
	want = sha256_of(buf_span(&big));
	write_file(scratch("empty-file"), "");
	AUTO_FD int in = open(scratch("big"), O_RDWR | O_CREAT, 0600);
	is_int(file_write_all(in, buf_span(&big)), 0, "a file, its offset at the end");
	is_int(store_blob_put_fd(s, in, &d, &f), 0, "put: %s", f.text);
	ok(digest_eq(&d, &want), "its digest");
	is_int(store_blob_put(s, buf_span(&big), &d2, &f), 0, "the same again, from memory");
	ok(digest_eq(&d2, &want), "its digest");
	AUTO_FD int out = store_blob_open(s, &d, &f);
	ok(out >= 0 && file_read_fd(out, &got, 1 << 20) == 0 &&
	    span_eq(buf_span(&got), buf_span(&big)), "read back");
	is_int(store_blob_path(s, &d, path, sizeof(path)), 0, "path");
	is_int(mode_of(scratch("b/%s", path)), 0400, "mode");
	is_int(store_blob_path(s, &d, path, 20), -ENAMETOOLONG, "path that does not fit");
	is_int(store_blob_put(s, SPAN_NONE, &d2, &f), 0, "an empty blob");
	AUTO_FD int none = store_blob_open(s, &d2, &f);
	ok(none >= 0, "can be opened");
	d2.b[0] ^= 1;
	is_int(store_blob_open(s, &d2, &f), -ENOENT, "one that is not there");
	ok(strstr(f.text, DIGEST_TEXT(&d2)) != NULL, "is named");
	d2.alg = DIGEST_SHA1;
	is_int(store_blob_open(s, &d2, &f), -EINVAL, "only SHA-256");
	is_int(count_dir(scratch("b/blobs/tmp")), 0, "no temporary is left");
	is_int(store_blob_put_fd(s, -1, &d2, &f), -EBADF, "a bad descriptor");
	is_int(count_dir(scratch("b/blobs/tmp")), 0, "no temporary is left");

	chmod(scratch("b/%s", path), 0600);
	is_int(truncate(scratch("b/%s", path), 10), 0, "a blob cut short");
	is_int(store_blob_put(s, buf_span(&big), &d2, &f), -EUCLEAN, "is not taken for the real one");
	ok(strstr(f.text, "damaged") != NULL, "and named: %s", f.text);
}

static void test_sweep(void)
{
	struct store *s = store_close(open_ok(scratch("w")));

	write_file(scratch("w/blobs/tmp/0123456789abcdef"), "left by a killed writer");
	s = open_ok(scratch("w"));
	is_int(count_dir(scratch("w/blobs/tmp")), 0, "what a killed writer left is swept away");
	store_close(s);
}

static void test_transaction(void)
{
	AUTO_STORE struct store *s = open_ok(scratch("t"));
	AUTO_STORE struct store *other = open_ok(scratch("t"));
	AUTO_STORE struct store *reader = NULL;
	struct fault f = FAULT_INIT;
	uint64_t n = 9;

	is_int(store_open(&reader, scratch("t"), STORE_RDONLY, &f), 0, "a reader");
	is_int(put_entry(reader, &f), -EROFS, "cannot append");
	is_int(store_begin(s, &f), 0, "begin");
	is_int(put_entry(s, &f), 0, "append");
	ok(ledger_size(reader, &n, &f) == 0 && n == 0, "the reader does not see it");
	is_int(store_commit(s, &f), 0, "commit");
	ok(ledger_size(reader, &n, &f) == 0 && n == 1, "now it does");
	is_int(store_begin(s, &f), 0, "begin");
	is_int(put_entry(s, &f), 0, "append");
	store_abort(s);
	ok(ledger_size(s, &n, &f) == 0 && n == 1, "abort takes it back");
	is_int(put_entry(other, &f), 0, "the other one appends");
	is_int(put_entry(s, &f), 0, "then this one");
	ok(ledger_size(s, &n, &f) == 0 && n == 3, "both are there");

	is_int(store_begin(s, &f), 0, "begin");
	is_int(put_entry(s, &f), 0, "append");
	is_int(db_exec(s, "INSERT INTO checkpoint (size, note) VALUES (0, x'')", &f), -EEXIST,
	    "a statement that fails");
	is_int(put_entry(s, &f), -EEXIST, "dooms the transaction");
	is_int(store_commit(s, &f), -EEXIST, "which cannot be committed");
	ok(strstr(f.text, "nothing was changed") != NULL, "%s", f.text);
	ok(ledger_size(s, &n, &f) == 0 && n == 3, "nothing was changed");
	is_int(put_entry(s, &f), 0, "the next one works: %s", f.text);

	is_int(store_begin(s, &f), 0, "begin, and sit there");
	sqlite3_busy_timeout(other->db, 50); /* instead of STORE_BUSY_MS */
	is_int(put_entry(other, &f), -EBUSY, "a second writer gives up after a while");
	ok(strstr(f.text, "another process") != NULL, "%s", f.text);
	store_abort(s);
	is_int(put_entry(other, &f), 0, "and can go on then");
}

int main(void)
{
	umask(022);
	test_create();
	test_refuse();
	test_settings();
	test_damaged();
	test_older();
	test_unfinished();
	test_blob();
	test_sweep();
	test_transaction();
	return tap_done();
}
