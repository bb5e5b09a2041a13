/* SPDX-License-Identifier: Apache-2.0 */

/* The ledger: appending and reading, proofs, and what verify says about every kind of tampering. */

#include "base/file.h"
#include "crypto/hash.h"
#include "scratch.h"
#include "store/priv.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>

static struct store *open_ok(unsigned flags)
{
	struct fault f = FAULT_INIT;
	struct store *s = NULL;

	if (store_open(&s, scratch("s"), flags, &f) != 0)
		printf("Bail out! %s\n", f.text), exit(2);
	return s;
}

/* ---- appending ---- */

static int append(struct store *s, const char *kind, const char *subject, const char *data,
    struct fault *f)
{
	static ts at = 1700000000 * TS_SECOND;
	uint64_t seq = 0;
	int rc = ledger_append(s, &(struct ledger_new){ .kind = kind, .subject = subject,
	    .actor = "alice", .at = at += TS_SECOND, .data = span_str(data) }, &seq, f);
	return rc < 0 ? rc : (int)seq;
}

static void refused(struct store *s, struct ledger_new e, int want, const char *words,
    const char *what)
{
	struct fault f = FAULT_INIT;
	uint64_t seq = 77, n = 77;

	if (!e.kind)
		e.kind = "k";
	if (!e.subject)
		e.subject = "s";
	if (!e.actor)
		e.actor = "a";
	if (!e.data.p)
		e.data = SPAN_LIT("{}");
	int rc = ledger_append(s, &e, &seq, &f);
	if (!ok(rc == want && seq == 77 && strstr(f.text, words) && ledger_size(s, &n, &f) == 0 &&
	    n == 0, "%s is refused", what))
		diag("rc %d (want %d) seq %" PRIu64 " size %" PRIu64 ": %s", rc, want, seq, n, f.text);
}

static void test_refused(struct store *s)
{
	static char big[LEDGER_ENTRY_MAX], deep[200], subject[300];
	struct ledger_new e = { .at = 1 };

	memset(big, ' ', sizeof(big));
	memcpy(big, "{\"a\":\"", 6);
	memset(big + 6, 'x', sizeof(big) - 8);
	memcpy(big + sizeof(big) - 2, "\"}", 2);
	memcpy(deep, "{\"a\":", 5);
	memset(deep + 5, '[', 63);
	memset(deep + 68, ']', 63);
	deep[131] = '}';
	memset(subject, 's', 257);
#define WITH(...) ({ struct ledger_new e_ = e; (void)e_; (struct ledger_new){ .at = 1, __VA_ARGS__ }; })
	refused(s, WITH(.kind = ""), -EINVAL, "kind", "an empty kind");
	refused(s, WITH(.kind = "Upper"), -EINVAL, "kind \"Upper\"", "an upper-case kind");
	refused(s, WITH(.kind = subject), -EINVAL, "kind", "a long kind");
	refused(s, WITH(.subject = ""), -EINVAL, "subject", "an empty subject");
	refused(s, WITH(.subject = subject), -EINVAL, "subject", "a long subject");
	refused(s, WITH(.subject = "a\nb"), -EINVAL, "a\\x0ab", "a newline in the subject");
	refused(s, WITH(.subject = "a\xff"), -EINVAL, "subject", "a subject that is not UTF-8");
	refused(s, WITH(.actor = "\x7f"), -EINVAL, "actor", "DEL as actor");
	refused(s, (struct ledger_new){ .at = TS_NONE }, -EINVAL, "time", "no time");
	refused(s, (struct ledger_new){ .at = TS_FOREVER }, -EINVAL, "time", "the end of time");
	refused(s, WITH(.data = SPAN_LIT("")), -EBADMSG, "data", "no data");
	refused(s, WITH(.data = SPAN_LIT("[]")), -EBADMSG, "data", "an array as data");
	refused(s, WITH(.data = SPAN_LIT("{\"a\":1.5}")), -EBADMSG, "1.5", "a fraction");
	refused(s, WITH(.data = SPAN_LIT("{\"a\":1,\"a\":2}")), -EBADMSG, "duplicate", "a key twice");
	refused(s, WITH(.data = SPAN_LIT("{},{}")), -EBADMSG, "one JSON object", "two objects");
	refused(s, WITH(.data = SPAN_LIT("{}],\"kind\":\"x\",\"data\":[{}")), -EBADMSG, "data",
	    "an attempt to break out");
	refused(s, WITH(.data = span_str(deep)), -EBADMSG, "data", "data that is too deep");
	refused(s, WITH(.data = span_of(big, sizeof(big))), -EMSGSIZE, "blob", "data that is too large");
}

static int count_cb(void *ctx, const struct ledger_entry *e)
{
	snprintf((char *)ctx + strlen(ctx), 20, "%" PRIu64 " ", e->seq);
	return e->seq == 999 ? 7 : 0;
}

static void query(struct store *s, struct ledger_query q, const char *want, const char *name)
{
	struct fault f = FAULT_INIT;
	char got[2000] = "";
	int rc = ledger_each(s, &q, count_cb, got, &f);

	if (!ok(rc == 0 && strcmp(got, want) == 0, "query: %s", name))
		diag("rc %d, got \"%s\", want \"%s\" %s", rc, got, want, f.text);
}

static int see_entry(void *ctx, const struct ledger_entry *e)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);

	is_int(e->seq, 2, "seq");
	is_int(e->batch, 2, "its own commit");
	is_str(e->kind, "case.open", "kind");
	is_str(e->subject, "case:\xc3\xa4 \"q\"", "subject");
	is_str(e->actor, "alice", "actor");
	ok(e->at > 1700000000 * TS_SECOND, "time");
	ok(e->clock_injected, "clock");
	is_str(json_cstr(json_get(e->data, "t"), &a), "\n", "data");
	return 42;
}

/* 0..4 a commit each, 5..8 one commit, 9..16 a commit each. */
static void fill(struct store *s)
{
	struct fault f = FAULT_INIT;
	AUTO_BUF struct buf body = BUF_INIT(1 << 20);
	uint64_t seq = 0;

	is_int(append(s, "release.publish", "channel:stable", "{}", &f), 0, "the first: %s", f.text);
	is_int(append(s, "release.freeze", "channel:stable", "{\"b\" : 1, \"a\":[ ]}", &f), 1, "second");
	is_int(ledger_append(s, &(struct ledger_new){ .kind = "case.open",
	    .subject = "case:\xc3\xa4 \"q\"", .actor = "alice", .at = 1700000002500000000,
	    .clock_injected = true, .data = SPAN_LIT("{\"t\":\"\\u000a\"}") }, &seq, &f), 0, "third");
	is_int(ledger_get(s, 1, &body, &f), 0, "get");
	is_str(buf_str(&body), "{\"actor\":\"alice\",\"at\":\"2023-11-14T22:13:22Z\",\"data\":{\"a\":[],"
	    "\"b\":1},\"kind\":\"release.freeze\",\"seq\":1,\"subject\":\"channel:stable\",\"v\":1}",
	    "the canonical bytes");
	buf_reset(&body);
	is_int(ledger_get(s, 2, &body, &f), 0, "get");
	is_str(buf_str(&body), "{\"actor\":\"alice\",\"at\":\"2023-11-14T22:13:22.5Z\",\"clock\":"
	    "\"injected\",\"data\":{\"t\":\"\\n\"},\"kind\":\"case.open\",\"seq\":2,\"subject\":"
	    "\"case:\xc3\xa4 \\\"q\\\"\",\"v\":1}", "with an injected clock");
	buf_reset(&body);
	is_int(ledger_each(s, &(struct ledger_query){ .subject = "case:\xc3\xa4 \"q\"" }, see_entry,
	    NULL, &f), 42, "the callback's result comes back");
	is_int(ledger_get(s, 3, &body, &f), -ENOENT, "one that is not there");
	is_int(ledger_get(s, UINT64_MAX, &body, &f), -ENOENT, "nor this");
	append(s, "case.close", "case:2", "{}", &f);
	append(s, "release.publish", "channel:beta", "{}", &f);
	is_int(store_begin(s, &f), 0, "begin");
	for (int i = 5; i < 9; i++)
		is_int(append(s, "hunt.hit", "host:a", "{\"n\":1}", &f), i, "in a batch");
	is_int(store_commit(s, &f), 0, "commit");
	is_int(ledger_get(s, 7, &body, &f), 0, "get");
	ok(strstr(buf_str(&body), "Z\",\"batch\":5,\"data\"") != NULL, "names its commit");
	for (int i = 9; i < 17; i++)
		append(s, "note", "case:3", "{\"text\":\"AAAA\"}", &f);
}

static void test_queries(struct store *s)
{
	query(s, (struct ledger_query){ 0 }, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 ", "all");
	query(s, (struct ledger_query){ .from = 14 }, "14 15 16 ", "from");
	query(s, (struct ledger_query){ .from = 3, .limit = 2 }, "3 4 ", "limit");
	query(s, (struct ledger_query){ .from = UINT64_MAX }, "", "from far beyond");
	query(s, (struct ledger_query){ .kind_prefix = "release." }, "0 1 4 ", "kind");
	query(s, (struct ledger_query){ .kind_prefix = "release.p" }, "0 4 ", "kind in part");
	query(s, (struct ledger_query){ .subject = "channel:stable" }, "0 1 ", "subject");
	query(s, (struct ledger_query){ .subject = "channel:stable", .kind_prefix = "release.f" }, "1 ",
	    "subject and kind");
	query(s, (struct ledger_query){ .subject_prefix = "case:" },
	    "2 3 9 10 11 12 13 14 15 16 ", "subject prefix");
	query(s, (struct ledger_query){ .subject_prefix = "case:", .kind_prefix = "case." }, "2 3 ",
	    "both prefixes");
	query(s, (struct ledger_query){ .subject_prefix = "case:\xc3\xa4" }, "2 ", "not ASCII");
	query(s, (struct ledger_query){ .subject_prefix = "", .kind_prefix = "" , .limit = 1 }, "0 ",
	    "empty prefixes");
	query(s, (struct ledger_query){ .subject = "x' OR '1'='1" }, "", "no injection");
}

/* ---- proofs ---- */

static struct mhash root_at(struct store *s, uint64_t size)
{
	AUTO_BUF struct buf note = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;
	struct checkpoint c = { 0 };

	if (ledger_checkpoint_at(s, size, &note, &f) < 0 ||
	    checkpoint_open(&c, buf_span(&note), s->key, &f) != 0)
		return (struct mhash){ 0 };
	return c.root;
}

static void test_proofs(struct store *s)
{
	struct mhash proof[MERKLE_PROOF_MAX];
	struct fault f = FAULT_INIT;
	int bad = 0, tried = 0;
	size_t n;

	for (uint64_t size = 1; size <= 17; size++) {
		struct mhash root = root_at(s, size), root1;
		if (size > 5 && size < 9)
			continue; /* no checkpoint inside a commit */
		for (uint64_t i = 0; i < size; i++, tried++) {
			AUTO_BUF struct buf body = BUF_INIT(1 << 20);
			bad += ledger_get(s, i, &body, &f) != 0;
			struct mhash leaf = merkle_leaf(buf_span(&body));
			bad += ledger_prove_inclusion(s, i, size, proof, &n, &f) != 0 ||
			    merkle_verify_inclusion(i, size, &leaf, proof, n, &root) != MERKLE_GOOD;
			leaf.b[0] ^= 1;
			bad += merkle_verify_inclusion(i, size, &leaf, proof, n, &root) == MERKLE_GOOD;
		}
		for (uint64_t i = 1; i <= size; i++, tried++) {
			if (i > 5 && i < 9)
				continue;
			root1 = root_at(s, i);
			bad += ledger_prove_consistency(s, i, size, proof, &n, &f) != 0 ||
			    merkle_verify_consistency(i, size, proof, n, &root1, &root) != MERKLE_GOOD;
		}
	}
	ok(!bad && tried > 100, "%d proofs verify against the signed checkpoints, %d do not", tried, bad);
	is_int(ledger_prove_inclusion(s, 17, 17, proof, &n, &f), -ERANGE, "of an entry that is not there");
	is_int(ledger_prove_inclusion(s, 0, 18, proof, &n, &f), -ERANGE, "in a size that is not there");
	is_int(ledger_prove_inclusion(s, 0, 0, proof, &n, &f), -ERANGE, "in the empty tree");
	is_int(ledger_prove_consistency(s, 0, 1, proof, &n, &f), -ERANGE, "from nothing");
	is_int(ledger_prove_consistency(s, 3, 2, proof, &n, &f), -ERANGE, "backwards");
	is_int(ledger_prove_consistency(s, 3, UINT64_MAX, proof, &n, &f), -ERANGE, "from the future");
}

/* ---- tampering ---- */

static struct buf pristine = BUF_INIT(1 << 24), pristine_head = BUF_INIT(1 << 16);

static sqlite3 *edit_open(void)
{
	sqlite3 *db;

	/* The files as they were: the store is closed, so there is no log beside them. */
	if (file_replace_path(scratch("s/firebreak.db"), buf_span(&pristine), 0600, NULL) < 0 ||
	    file_replace_path(scratch("s/keys/ledger.head"), buf_span(&pristine_head), 0600, NULL) < 0 ||
	    sqlite3_open(scratch("s/firebreak.db"), &db) != SQLITE_OK)
		printf("Bail out! cannot put the database back\n"), exit(2);
	return db;
}

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		printf("Bail out! %s: %s\n", sql, sqlite3_errmsg(db)), exit(2);
}

/* What a careful attacker does after an edit: leaf hashes and nodes that fit the bodies. */
static int keep_node(void *ctx, unsigned level, uint64_t idx, const struct mhash *h)
{
	sqlite3_stmt *st;

	sqlite3_prepare_v2(ctx, level ? "INSERT INTO node (hash, idx, level) VALUES (?, ?, ?)" :
	    "UPDATE entry SET leaf = ? WHERE seq = ?", -1, &st, NULL);
	sqlite3_bind_blob(st, 1, h->b, MERKLE_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (int64_t)idx);
	if (level)
		sqlite3_bind_int64(st, 3, level);
	return sqlite3_step(st) == SQLITE_DONE && sqlite3_finalize(st) == SQLITE_OK ? 0 : -EIO;
}

static void rehash(sqlite3 *db, bool nodes)
{
	struct merkle_edge e = { 0 };
	sqlite3_stmt *st;

	if (nodes)
		run_sql(db, "DELETE FROM node");
	sqlite3_prepare_v2(db, "SELECT body FROM entry ORDER BY seq", -1, &st, NULL);
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct mhash leaf = merkle_leaf(span_of(sqlite3_column_blob(st, 0),
		    (size_t)sqlite3_column_bytes(st, 0)));
		if (!nodes)
			(void)!keep_node(db, 0, e.size++, &leaf);
		else if (merkle_grow(&e, &leaf, keep_node, db) < 0)
			printf("Bail out! rehash\n"), exit(2);
	}
	sqlite3_finalize(st);
}

struct findings {
	char all[4000];
	char texts[8000];
};

static void collect(void *ctx, const struct ledger_finding *x)
{
	struct findings *f = ctx;
	size_t n = strlen(f->all), m = strlen(f->texts);

	snprintf(f->all + n, sizeof(f->all) - n, "%s%s%s@%" PRIu64, n ? " " : "", x->note ? "~" : "",
	    x->what, x->seq);
	snprintf(f->texts + m, sizeof(f->texts) - m, "%s\n# ", x->text);
}

static void verify_as(const char *want, struct span trusted, const char *name)
{
	struct findings x = { 0 };
	struct fault f = FAULT_INIT;
	AUTO_STORE struct store *s = NULL;
	int rc = store_open(&s, scratch("s"), STORE_RDONLY, &f);

	if (rc == 0)
		rc = ledger_verify(s, trusted, collect, &x, &f);
	bool sound = !*want || *want == '~';
	if (!ok(rc == !sound && strcmp(x.all, want) == 0, "verify: %s", name))
		diag("rc %d %s\n# got  %s\n# want %s\n# %s", rc, f.text, x.all, want, x.texts);
	else if (*x.texts)
		diag("%s", x.texts);
}

enum care { CLUMSY, LEAF, NODES };

static void tamper(const char *sql, enum care care, const char *want, const char *name)
{
	sqlite3 *db = edit_open();

	run_sql(db, sql);
	if (care)
		rehash(db, care == NODES);
	sqlite3_close(db);
	verify_as(want, SPAN_NONE, name);
}

#define FLIP(seq) "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), 'alice', 'mallo') " \
		  "AS BLOB) WHERE seq = " #seq ";"
#define MOVE_UP(from, by)                                                                         \
	"UPDATE entry SET seq = -seq - 1 WHERE seq >= " #from ";"                                 \
	"UPDATE entry SET seq = -seq - 1 + (" #by ") WHERE seq < 0;"
#define SWAP(a, b)                                                                                \
	"UPDATE entry SET seq = 1000 WHERE seq = " #a ";"                                         \
	"UPDATE entry SET seq = " #a " WHERE seq = " #b ";"                                       \
	"UPDATE entry SET seq = " #b " WHERE seq = 1000;"
#define COPY(a, b)                                                                                \
	"INSERT INTO entry SELECT " #b ", kind, subject, at, body, leaf FROM entry WHERE seq = " #a ";"
/* To the ten entries of an earlier commit. */
#define CUT_BACK                                                                                  \
	"DELETE FROM entry WHERE seq > 9; DELETE FROM checkpoint WHERE size > 10;"                \
	"DELETE FROM node WHERE (idx + 1) << level > 10"
#define FORGE(seq_, at_)                                                                          \
	"INSERT INTO entry VALUES (" #at_ ", 'note', 's', 0, CAST('{\"actor\":\"m\",\"at\":"           \
	"\"1970-01-01T00:00:00Z\",\"data\":{},\"kind\":\"note\",\"seq\":" #seq_ ",\"subject\":\"s\"," \
	"\"v\":1}' AS BLOB), zeroblob(32));"

static void test_flipped(void)
{
	tamper("SELECT 1", CLUMSY, "", "an untouched log is sound");
	tamper(FLIP(0), CLUMSY, "flipped@0", "first entry flipped");
	tamper(FLIP(3), CLUMSY, "flipped@3", "flipped");
	tamper(FLIP(6), CLUMSY, "flipped@6", "flipped in a batch");
	tamper(FLIP(16), CLUMSY, "flipped@16", "newest entry flipped");
	tamper(FLIP(3) FLIP(7) FLIP(12), CLUMSY, "flipped@3 flipped@7 flipped@12", "three flipped");
	tamper(FLIP(3), LEAF, "flipped@3", "flipped, with its leaf hash");
	tamper(FLIP(6), LEAF, "flipped@6", "flipped in a batch, with its leaf hash");
	tamper(FLIP(8), LEAF, "flipped@8", "flipped at the end of a batch, with its leaf hash");
	tamper(FLIP(16), LEAF, "flipped@16", "newest entry flipped, with its leaf hash");
	tamper(FLIP(3) FLIP(12), LEAF, "flipped@3 flipped@12", "two flipped, with their leaf hashes");
	tamper(FLIP(2), NODES, "flipped@2 unproven@3 node@0 node@0", "flipped, with all hashes");
	tamper(FLIP(3), NODES, "flipped@3 node@0 node@0", "flipped, with all hashes, at a power of two");
	tamper(FLIP(6), NODES, "flipped@5 unproven@9", "flipped in a batch, with all hashes");
	tamper(FLIP(16), NODES, "flipped@16", "newest entry flipped, with all hashes");
	tamper(FLIP(3) "UPDATE entry SET body = x'7b' WHERE seq = 9;", CLUMSY, "flipped@3 flipped@9",
	    "made unreadable");
	tamper(FLIP(3) "UPDATE entry SET body = zeroblob(0) WHERE seq = 3;", NODES,
	    "flipped@3 node@0 node@0", "emptied, with all hashes");
}

static void test_moved(void)
{
	tamper("DELETE FROM entry WHERE seq = 0", CLUMSY, "dropped@0", "first entry dropped");
	tamper("DELETE FROM entry WHERE seq = 6", CLUMSY, "dropped@6", "one of a batch dropped");
	tamper("DELETE FROM entry WHERE seq BETWEEN 3 AND 10", CLUMSY, "dropped@3", "eight dropped");
	tamper("DELETE FROM entry WHERE seq IN (3, 10)", CLUMSY, "dropped@3 dropped@10", "two dropped");
	tamper("DELETE FROM entry WHERE seq = 16", CLUMSY, "dropped@16", "newest entry dropped");
	tamper("DELETE FROM entry WHERE seq > 13", CLUMSY, "dropped@14", "a tail dropped");
	tamper("DELETE FROM entry", CLUMSY, "dropped@0", "all dropped");
	tamper("DELETE FROM entry WHERE seq = 10;" MOVE_UP(11, -1), CLUMSY, "dropped@10",
	    "dropped, the rest moved up");
	tamper("DELETE FROM entry WHERE seq = 10;" MOVE_UP(11, -1), NODES, "unproven@11 dropped@10",
	    "dropped, the rest moved up, with all hashes");
	tamper(SWAP(10, 12), CLUMSY, "reordered@10 reordered@12", "two swapped");
	tamper(SWAP(6, 7), NODES, "reordered@6 reordered@7 unproven@9", "two swapped, with all hashes");
	tamper(MOVE_UP(10, 1) FORGE(10, 10), NODES, "unproven@11 inserted@10",
	    "one inserted, the rest moved on");
	tamper(FORGE(17, 17), NODES, "inserted@17", "one appended");
	tamper(MOVE_UP(11, 1) COPY(10, 11), CLUMSY, "duplicated@11",
	    "one duplicated, the rest moved on");
	tamper(COPY(4, -3), CLUMSY, "inserted@0", "one before the first");
	tamper("INSERT INTO entry SELECT 9223372036854775807, kind, subject, at, body, leaf FROM entry "
	    "WHERE seq = 1", CLUMSY, "inserted@17 dropped@17", "one at the end of numbers");
	tamper(COPY(4, 17), NODES, "inserted@17 duplicated@17", "an old one appended again");
}

static void test_beside(void)
{
	tamper("UPDATE entry SET kind = 'release.hide' WHERE seq = 1", CLUMSY, "column@1", "kind column");
	tamper("UPDATE entry SET subject = 'channel:x' WHERE seq = 6", CLUMSY, "column@6",
	    "subject column");
	tamper("UPDATE entry SET at = at + 1 WHERE seq = 16", CLUMSY, "column@16", "time column");
	tamper("UPDATE entry SET leaf = zeroblob(32) WHERE seq = 4", CLUMSY, "node@4", "leaf hash");
	tamper("UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 1", CLUMSY, "node@4",
	    "tree hash altered");
	tamper("DELETE FROM node WHERE level = 1 AND idx = 7", CLUMSY, "node@14", "tree hash missing");
	tamper("INSERT INTO node VALUES (9, 9, zeroblob(32))", CLUMSY, "node@17", "tree hash too many");
	tamper("DELETE FROM checkpoint WHERE size = 4", CLUMSY, "checkpoint@4", "checkpoint missing");
	tamper("DELETE FROM checkpoint WHERE size IN (5, 9)", CLUMSY, "checkpoint@5 checkpoint@9",
	    "two missing, around a batch");
	tamper("DELETE FROM checkpoint WHERE size = 0", CLUMSY, "checkpoint@0", "the first missing");
	tamper("DELETE FROM checkpoint WHERE size = 17", CLUMSY, "inserted@16", "the newest missing");
	tamper("UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 4)", CLUMSY,
	    "checkpoint@0 checkpoint@1 checkpoint@2 checkpoint@3 checkpoint@5 checkpoint@9 checkpoint@10 "
	    "checkpoint@11 checkpoint@12 checkpoint@13 checkpoint@14 checkpoint@15 checkpoint@16 "
	    "checkpoint@17 inserted@4", "all the same");
	tamper("UPDATE checkpoint SET size = -size WHERE size = 5", CLUMSY,
	    "checkpoint@18446744073709551611 checkpoint@5", "one at a negative size");
	tamper("DELETE FROM checkpoint", CLUMSY, "checkpoint@0 inserted@0", "all missing");
	tamper("UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 4) WHERE "
	    "size = 10", CLUMSY, "checkpoint@10", "one in the place of another");
	tamper("UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), x'0a' || '10' || x'0a', "
	    "x'0a' || '11' || x'0a') AS BLOB) WHERE size = 10", CLUMSY, "checkpoint@10", "size forged");
	tamper("UPDATE checkpoint SET note = x'00' WHERE size = 17", CLUMSY,
	    "checkpoint@17 inserted@16", "the newest made unreadable");
	tamper("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE seq = new.seq; END",
	    CLUMSY, "database@0", "a trigger");
	tamper("DROP INDEX entry_subject; CREATE INDEX entry_subject ON entry (subject, seq) WHERE "
	    "seq <> 1", CLUMSY, "database@0", "an index that leaves one out");
	tamper("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX entry_subject "
	    "ON entry (kind, seq)' WHERE name = 'entry_subject'", CLUMSY, "database@0 database@0",
	    "an index over something else");
}

/* Somebody who has the key: only a checkpoint that was kept elsewhere helps. */
static void test_trusted(struct span old, struct span newest)
{
	tamper("SELECT 1", CLUMSY, "", "put back");
	verify_as("", old, "with an older checkpoint");
	verify_as("", newest, "with the newest checkpoint");
	tamper(CUT_BACK, NODES, "dropped@10",
	    "the database cut back to an earlier commit: the note beside the key tells");
	unlink(scratch("s/keys/ledger.head"));
	verify_as("~key@10", SPAN_NONE, "without that: no way to tell from inside");
	verify_as("dropped@10", newest, "but with the newest checkpoint");
	(void)!file_replace_path(scratch("s/keys/ledger.head"), buf_span(&pristine_head), 0600, NULL);
	verify_as("dropped@10", newest, "which is said once");
	unlink(scratch("s/keys/ledger.head"));
	verify_as("~key@10", old, "not with an older one");

	sqlite3 *db = edit_open();
	run_sql(db, "DELETE FROM entry WHERE seq > 3; DELETE FROM checkpoint WHERE size > 4;"
	    "DELETE FROM node WHERE (idx + 1) << level > 4");
	sqlite3_close(db);
	unlink(scratch("s/keys/ledger.head"));
	struct store *s = open_ok(STORE_RDWR);
	struct fault f = FAULT_INIT;
	for (int i = 4; i < 20; i++)
		append(s, "note", "case:3", "{}", &f);
	store_close(s);
	verify_as("", SPAN_NONE, "rewritten with the key: sound in itself");
	verify_as("rewritten@10", old, "but not with a checkpoint kept elsewhere");

	AUTO_BUF struct buf note = BUF_INIT(1 << 16), vkey = BUF_INIT(1 << 10), text = BUF_INIT(1 << 10);
	AUTO_KEY struct key *k = NULL;
	struct checkpoint c = { .origin = "firebreak.local/ledger/0000000000000000", .size = 1 };
	if (key_generate(&k, KEY_ED25519) < 0 || checkpoint_sign(&c, k, &note) < 0)
		ok(false, "a foreign checkpoint");
	verify_as("key@0", buf_span(&note), "nor with a checkpoint of another ledger");
	tamper("SELECT 1", CLUMSY, "", "put back");

	if (file_read(scratch("s/keys/ledger.vkey"), &vkey, 1000, &f) < 0 ||
	    note_vkey(c.origin, k, &text) < 0 ||
	    file_replace_path(scratch("s/keys/ledger.vkey"), buf_span(&text), 0644, &f) < 0)
		ok(false, "replace the public key");
	verify_as("key@0 key@0", SPAN_NONE, "public key replaced");
	(void)!file_replace_path(scratch("s/keys/ledger.vkey"), buf_span(&vkey), 0644, &f);
	verify_as("", SPAN_NONE, "put back");
}

static void test_time(void)
{
	struct fault f = FAULT_INIT;
	struct store *s = open_ok(STORE_RDWR);
	uint64_t seq;

	is_int(ledger_append(s, &(struct ledger_new){ .kind = "k", .subject = "s", .actor = "a", .at = 5,
	    .data = SPAN_LIT("{}") }, &seq, &f), 0, "a clock that went backwards");
	store_close(s);
	verify_as("~clock@17", SPAN_NONE, "is a note, no more");
}

/* The note beside the key may lag behind, and what cannot be used of it does no harm. */
static void test_head(struct span old)
{
	struct fault f = FAULT_INIT;

	tamper("SELECT 1", CLUMSY, "", "put back");
	for (int i = 0; i < 4; i++) {
		static const char *const junk[] = { "", "junk\n", "a\n1\nAAAA\n\n\xe2\x80\x94 a AAAA\n", NULL };
		struct span s = junk[i] ? span_str(junk[i]) : old;
		if (file_replace_path(scratch("s/keys/ledger.head"), s, 0600, &f) < 0)
			ok(false, "%s", f.text);
		verify_as(junk[i] ? "~key@17" : "", SPAN_NONE, junk[i] ? "a note of no use" : "an old note");
		struct store *s2 = open_ok(STORE_RDWR);
		is_int(append(s2, "k", "s", "{}", &f) >= 17, 1, "goes on: %s", f.text);
		store_close(s2);
		verify_as("", SPAN_NONE, "and is made anew");
		sqlite3_close(edit_open());
	}
}

/* What was altered is not signed again, and not read as if nothing were. */
static void test_use_altered(void)
{
	static const char *const altered[] = { FLIP(16), FLIP(16) "DELETE FROM checkpoint",
		"DELETE FROM entry WHERE seq = 16", FORGE(17, 17),
		"UPDATE node SET hash = zeroblob(32) WHERE level = 4",
		"DELETE FROM checkpoint WHERE size = 17",
		CUT_BACK };
	struct fault f = FAULT_INIT;
	char got[2000] = "";

	for (size_t i = 0; i < ARRAY_LEN(altered); i++) {
		sqlite3 *db = edit_open();
		run_sql(db, altered[i]);
		rehash(db, i < 2);
		sqlite3_close(db);
		struct store *s = open_ok(STORE_RDWR);
		f = FAULT_INIT;
		int rc = append(s, "k", "s", "{}", &f);
		if (!ok(rc == -EUCLEAN && (strstr(f.text, "altered") || strstr(f.text, "cut back")), "no append after: %s", altered[i]))
			diag("rc %d %s", rc, f.text);
		store_close(s);
	}
	sqlite3 *db = edit_open();
	run_sql(db, "UPDATE entry SET subject = 'case:3' WHERE seq = 0");
	sqlite3_close(db);
	AUTO_STORE struct store *s = open_ok(STORE_RDONLY);
	is_int(ledger_each(s, &(struct ledger_query){ .subject = "case:3" }, count_cb, got, &f), -EBADMSG,
	    "an altered column is not believed");
	ok(strstr(f.text, "ledger entry 0 is not what was signed, or not in its columns") != NULL, "%s",
	    f.text);
}

struct reading {
	struct digest was[17]; /* of the bodies before anything was altered */
	bool record;
	unsigned n, foreign;
};

static int read_body(void *ctx, const struct ledger_entry *e)
{
	struct reading *r = ctx;
	struct digest d = sha256_of(e->body);

	r->n++;
	if (r->record && e->seq < 17)
		r->was[e->seq] = d;
	else if (e->seq >= 17 || !digest_eq(&r->was[e->seq], &d))
		r->foreign++;
	return 0;
}

static int read_all(struct reading *r, bool unproven, struct fault *f)
{
	AUTO_STORE struct store *s = open_ok(STORE_RDONLY);

	r->n = r->foreign = 0;
	return ledger_each(s, &(struct ledger_query){ .unproven = unproven }, read_body, r, f);
}

/* Whatever was done to the database: what is read is what was signed, or an error. */
static void test_read_altered(void)
{
	static const char *const altered[] = { FLIP(0), FLIP(6), FLIP(16), SWAP(3, 4), SWAP(0, 16),
		"DELETE FROM entry WHERE seq = 6;" MOVE_UP(7, -1), MOVE_UP(4, 1) FORGE(4, 4), FORGE(17, 17),
		"UPDATE entry SET body = x'00' WHERE seq = 9" };
	struct reading r = { .record = true };
	struct fault f = FAULT_INIT;
	int shown = 0;

	sqlite3_close(edit_open());
	is_int(read_all(&r, false, &f), 0, "an untouched ledger is read");
	is_int(r.n, 17, "all of it");
	r.record = false;
	for (size_t i = 0; i < ARRAY_LEN(altered); i++)
		for (enum care care = CLUMSY; care <= NODES; care++) {
			sqlite3 *db = edit_open();
			run_sql(db, altered[i]);
			if (care)
				rehash(db, care == NODES);
			sqlite3_close(db);
			f = FAULT_INIT;
			int rc = read_all(&r, false, &f);
			if (!ok((rc == -EBADMSG || rc == -EUCLEAN) && !r.foreign, "read: altered %zu, %d", i, care))
				diag("rc %d, %u read, %u not signed: %s", rc, r.n, r.foreign, f.text);
			shown += read_all(&r, true, &f) == 0 && r.foreign;
		}
	ok(shown >= 12, "unproven, %d of them can be looked at", shown);
}

static void ignore(void *ctx, const struct ledger_finding *x)
{
}

/*
 * Any single byte of the database file changed: nothing unsigned is read, nothing crashes, and
 * what verify calls sound can be read whole.
 */
static void test_bytes(void)
{
	struct reading r = { .record = true };
	unsigned sound = 0, unsound = 0, unreadable = 0, wrong = 0;
	uint64_t x = 0x2545f4914f6cdd1d;
	struct fault f = FAULT_INIT;

	sqlite3_close(edit_open());
	is_int(read_all(&r, false, &f), 0, "an untouched ledger is read");
	r.record = false;
	for (int i = 0; i < 200; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		uint8_t *p = &pristine.p[x % pristine.n], was = *p;
		*p ^= (uint8_t)(1 + (x >> 40) % 255);
		sqlite3_close(edit_open());
		*p = was;
		AUTO_STORE struct store *s = NULL;
		int rc = store_open(&s, scratch("s"), STORE_RDONLY, &f);
		if (rc == 0)
			rc = ledger_verify(s, SPAN_NONE, ignore, NULL, &f);
		sound += rc == 0;
		unsound += rc > 0;
		unreadable += rc < 0;
		bool read = s && read_all(&r, false, &f) == 0 && r.n == 17;
		bool bad = (rc == 0 && !read) || (s && r.foreign);
		if (bad)
			diag("byte %zu: rc %d, %u read, %u foreign: %s", (size_t)(p - pristine.p), rc, r.n,
			    r.foreign, f.text);
		wrong += bad;
	}
	diag("%u sound, %u named, %u not opened", sound, unsound, unreadable);
	is_int(wrong, 0, "no changed byte of the file is believed");
	ok(unsound > 25, "and many are named");
}

/* What is remembered of hashes must not outlive a transaction that was taken back. */
static void test_read_in_transaction(void)
{
	sqlite3_close(edit_open());
	AUTO_STORE struct store *s = open_ok(STORE_RDWR);
	struct fault f = FAULT_INIT;

	is_int(store_begin(s, &f), 0, "begin");
	for (int i = 17; i < 24; i++)
		is_int(append(s, "first", "x", "{}", &f), i, "append");
	query(s, (struct ledger_query){ .kind_prefix = "first" }, "17 18 19 20 21 22 23 ",
	    "what is not committed yet");
	store_abort(s);
	query(s, (struct ledger_query){ .kind_prefix = "first" }, "", "what was taken back");
	is_int(store_begin(s, &f), 0, "begin");
	for (int i = 17; i < 24; i++)
		is_int(append(s, "second", "x", "{}", &f), i, "append others");
	query(s, (struct ledger_query){ .kind_prefix = "second" }, "17 18 19 20 21 22 23 ", "those");
	is_int(store_commit(s, &f), 0, "commit");
	query(s, (struct ledger_query){ .from = 17 }, "17 18 19 20 21 22 23 ", "those, committed");
}

int main(void)
{
	struct store *s = open_ok(STORE_RDWR);
	AUTO_BUF struct buf old = BUF_INIT(1 << 16), newest = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;

	test_refused(s);
	fill(s);
	test_queries(s);
	test_proofs(s);
	is_int(ledger_checkpoint_at(s, 7, &old, &f), -ENOENT, "no checkpoint inside a commit");
	is_int(ledger_checkpoint_at(s, 10, &old, &f), 0, "an old checkpoint");
	is_int(ledger_checkpoint(s, &newest, &f), 0, "the newest");
	store_close(s);
	if (file_read(scratch("s/firebreak.db"), &pristine, 1 << 24, &f) < 0 ||
	    file_read(scratch("s/keys/ledger.head"), &pristine_head, 1 << 15, &f) < 0)
		return 2;
	ok(span_eq(buf_span(&pristine_head), buf_span(&newest)), "the newest checkpoint is beside the key");
	test_flipped();
	test_moved();
	test_beside();
	test_trusted(buf_span(&old), buf_span(&newest));
	test_head(buf_span(&old));
	test_use_altered();
	test_read_altered();
	test_read_in_transaction();
	test_bytes();
	sqlite3_close(edit_open());
	test_time();
	buf_free(&pristine);
	buf_free(&pristine_head);
	return tap_done();
}
