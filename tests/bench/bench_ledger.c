/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_ledger [DIR]: appends a second, each commit on the disk, against bare SQLite inserting and
 * committing the same rows with the same settings in the same folder (DIR, default the current
 * one), in wall time: ours and theirs take turns, the median of the rounds counts. Then reading,
 * proving and verifying, in CPU time.
 */

#include "base/clock.h"
#include "bench.h"
#include "scratch.h"
#include "store/priv.h"
#include "store/proof.h"

#include <string.h>

#define ROUNDS 7
#define MANY 32768 /* entries of the ledger that is read */

static struct fault fault;
static uint64_t rng_state = 0x9e3779b97f4a7c15;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	return rng_state ^= rng_state << 17;
}

static void need(int rc)
{
	if (rc)
		bench_die("%s (%d)", fault.text, rc);
}

static double seconds(ts from)
{
	return (double)(clock_mono() - from) / 1e9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), ascending);
	return v[ROUNDS / 2];
}

/* About what a release or case entry is: 300 bytes of data. */
static struct ledger_new entry(char data[400])
{
	snprintf(data, 400, "{\"artifact\":\"sha256:%016llx%016llx%016llx%016llx\",\"note\":\"%0160llx\"}",
	    (unsigned long long)rng(), (unsigned long long)rng(), (unsigned long long)rng(),
	    (unsigned long long)rng(), (unsigned long long)rng());
	return (struct ledger_new){ .kind = "release.publish", .subject = "channel:stable",
		.actor = "alice", .at = 1700000000 * TS_SECOND, .data = span_str(data) };
}

static void ours(struct store *s, int commits, int each)
{
	char data[400];
	uint64_t seq;

	for (int i = 0; i < commits; i++) {
		need(store_begin(s, &fault));
		for (int j = 0; j < each; j++) {
			struct ledger_new e = entry(data);
			need(ledger_append(s, &e, &seq, &fault));
		}
		need(store_commit(s, &fault));
	}
}

static void sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		bench_die("%s: %s", text, sqlite3_errmsg(db));
}

static void theirs(sqlite3 *db, sqlite3_stmt *st, int commits, int each)
{
	static int64_t seq;
	AUTO_BUF struct buf body = BUF_INIT(1 << 20);
	char data[400];

	for (int i = 0; i < commits; i++) {
		sql(db, "BEGIN IMMEDIATE");
		for (int j = 0; j < each; j++) {
			struct ledger_new e = entry(data);
			buf_reset(&body);
			need(entry_write(&body, &e, (uint64_t)seq, (uint64_t)seq, &fault));
			sqlite3_bind_int64(st, 1, seq++);
			sqlite3_bind_text(st, 2, e.kind, -1, SQLITE_STATIC);
			sqlite3_bind_text(st, 3, e.subject, -1, SQLITE_STATIC);
			sqlite3_bind_int64(st, 4, e.at);
			sqlite3_bind_blob(st, 5, body.p, (int)body.n, SQLITE_STATIC);
			sqlite3_bind_blob(st, 6, "0123456789abcdef0123456789abcdef", 32, SQLITE_STATIC);
			if (sqlite3_step(st) != SQLITE_DONE)
				bench_die("insert: %s", sqlite3_errmsg(db));
			sqlite3_reset(st);
		}
		sql(db, "COMMIT");
	}
}

static void bench_append(struct store *s, sqlite3 *db, sqlite3_stmt *st, int commits, int each)
{
	double a[ROUNDS], b[ROUNDS];
	char what[64];

	for (int i = 0; i < ROUNDS; i++) {
		ts t = clock_mono();
		ours(s, commits, each);
		a[i] = commits * each / seconds(t);
		t = clock_mono();
		theirs(db, st, commits, each);
		b[i] = commits * each / seconds(t);
	}
	snprintf(what, sizeof(what), "append, %d a commit", each);
	bench_line(what, median(a), "entries/s", "bare SQLite", median(b));
}

static sqlite3 *open_bare(const char *path, sqlite3_stmt **ret_st)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK || schema_apply(db, 0) != SQLITE_OK)
		bench_die("%s: cannot open", path);
	sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0;"
	    "PRAGMA cell_size_check = ON");
	sqlite3_prepare_v2(db, "INSERT INTO entry (seq, kind, subject, at, body, leaf) VALUES "
	    "(?, ?, ?, ?, ?, ?)", -1, ret_st, NULL);
	return db;
}

static void prove(struct store *s)
{
	AUTO_BUF struct buf out = BUF_INIT(1 << 20);

	need(ledger_proof_write(s, rng() % MANY, 0, &out, &fault));
}

/* Each in its own store_open: what a command costs. */
static void prove_opening(const char *dir)
{
	AUTO_STORE struct store *s = NULL;

	need(store_open(&s, dir, STORE_RDONLY, &fault));
	prove(s);
}

static void cpu_line(const char *what, uint64_t n, double start, const char *unit)
{
	printf("  %-30s %10.1f %s of CPU time\n", what, (double)n / (bench_cpu() - start), unit);
}

static void bench_prove(const char *dir)
{
	struct mhash proof[MERKLE_PROOF_MAX];
	struct store *s = NULL;
	size_t n;

	double t = bench_cpu();
	for (int i = 0; i < 200; i++)
		prove_opening(dir);
	cpu_line("prove, opening each time", 200, t, "proofs/s");
	need(store_open(&s, dir, STORE_RDONLY, &fault));
	t = bench_cpu();
	for (int i = 0; i < 2000; i++)
		prove(s);
	cpu_line("prove, whole bundle", 2000, t, "proofs/s");
	t = bench_cpu();
	for (int i = 0; i < 20000; i++)
		need(ledger_prove_inclusion(s, rng() % MANY, MANY, proof, &n, &fault));
	cpu_line("prove, hashes only", 20000, t, "proofs/s");
	store_close(s);
}

static int count(void *ctx, const struct ledger_entry *e)
{
	++*(uint64_t *)ctx;
	return 0;
}

static void no_finding(void *ctx, const struct ledger_finding *x)
{
	bench_die("not sound: %s", x->text);
}

static void bench_read(const char *dir, const char *what)
{
	struct store *s = NULL;
	uint64_t n = 0;
	char line[64];

	need(store_open(&s, dir, STORE_RDONLY, &fault));
	double t = bench_cpu();
	need(ledger_each(s, &(struct ledger_query){ .subject = "channel:stable" }, count, &n, &fault));
	snprintf(line, sizeof(line), "read and prove, %s", what);
	cpu_line(line, n, t, "entries/s");
	t = bench_cpu();
	need(ledger_verify(s, SPAN_NONE, no_finding, NULL, &fault));
	snprintf(line, sizeof(line), "verify, %s", what);
	cpu_line(line, n, t, "entries/s");
	store_close(s);
}

int main(int argc, char **argv)
{
	char one[600], many[600], bare[600];
	struct store *s = NULL;
	sqlite3_stmt *st;

	scratch_in(argc > 1 ? argv[1] : ".");
	snprintf(one, sizeof(one), "%s", scratch("one"));
	snprintf(many, sizeof(many), "%s", scratch("many"));
	snprintf(bare, sizeof(bare), "%s", scratch("bare.db"));
	printf("ledger (each commit on the disk; 300 bytes of data an entry)\n");
	sqlite3 *db = open_bare(bare, &st);
	need(store_open(&s, one, STORE_RDWR, &fault));
	bench_append(s, db, st, 200, 1);
	s = store_close(s);
	need(store_open(&s, many, STORE_RDWR, &fault));
	bench_append(s, db, st, 20, 64);
	ours(s, (MANY - ROUNDS * 20 * 64) / 64, 64);
	store_close(s);
	sqlite3_finalize(st);
	sqlite3_close(db);
	bench_prove(many);
	bench_read(many, "64 a commit");
	bench_read(one, "1 a commit");
	return 0;
}
