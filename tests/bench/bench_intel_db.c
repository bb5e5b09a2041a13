/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_intel_db [N|FILE [peers]]: the indicator database against a hash set of strings, SQLite and
 * LMDB (if it was there at build time): N made-up indicators (70 % domains, 10 % addresses, 20 %
 * digests; default 1,000,000), or the lines of a file that are indicators. Each contender runs in a
 * process of its own, for its memory. Names that are asked for have 2 to 5 labels, and all names
 * above them are looked up, too. "none" as third word leaves the peers out.
 */

#include "base/file.h"
#include "base/map.h"
#include "bench.h"
#include "intel/db/build.h"

#ifdef HAVE_LMDB
#include <lmdb.h>
#endif
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUERIES 1000000
#define TEXT 256

struct value {
	enum indicator_type type;
	struct span text;
};

static uint64_t count;
static struct value *lines; /* of the file; NULL: made up */
static char dir[64];

static uint64_t mixed(uint64_t i, uint64_t salt)
{
	uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u ^ salt * 0xbf58476d1ce4e5b9u;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 32;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 29;
}

static char *put_label(char *p, uint64_t x, unsigned n)
{
	for (unsigned i = 0; i < n; i++, x /= 26)
		*p++ = (char)('a' + (x ? x % 26 : (n + i * 7) % 26));
	return p;
}

/* A name that looks like one: labels from x, most of two or three, up to five. */
static size_t make_name(uint64_t x, char *out)
{
	static const char *const ends[] = { "com", "net", "org", "ru", "info", "co.uk", "xyz", "top",
		"example.org", "com.br", "de", "cn" };
	unsigned more = x % 10 < 6 ? 0 : x % 10 < 9 ? 1 : 2;
	char *p = out;

	for (unsigned k = 0; k < more; k++) {
		p = put_label(p, mixed(x, 7 + k), 3 + (unsigned)(mixed(x, 17 + k) % 7));
		*p++ = '.';
	}
	p = put_label(p, x, 6 + (unsigned)(x >> 56) % 9);
	p += sprintf(p, ".%s", ends[(x >> 40) % ARRAY_LEN(ends)]);
	return (size_t)(p - out);
}

/* Indicator i. */
static struct value value_of(uint64_t i, char room[static TEXT])
{
	uint64_t x = mixed(i, 1);
	struct value v = { INDICATOR_DOMAIN, { (const uint8_t *)room, 0 } };

	if (lines)
		return lines[i];
	if (i % 10 < 7) {
		v.text.n = make_name(x, room);
	} else if (i % 10 == 7) {
		v.type = INDICATOR_IPV4;
		v.text.n = (size_t)sprintf(room, "%u.%u.%u.%u", 1 + (unsigned)(x % 220),
		    (unsigned)(x >> 8 & 255), (unsigned)(x >> 16 & 255), (unsigned)(x >> 24 & 255));
	} else {
		v.type = INDICATOR_SHA256;
		v.text.n = (size_t)sprintf(room, "%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64,
		    x, mixed(i, 2), mixed(i, 3), mixed(i, 4));
	}
	return v;
}

/* Names to ask for: those of indicators, or others. */
static struct span *make_queries(bool hits, size_t n)
{
	struct span *q = calloc(n, sizeof(*q));
	char *room = malloc(n * 64 + TEXT), *p = room;

	for (size_t i = 0; i < n; i++) {
		char text[TEXT];
		struct value v = { .text = span_of(text, make_name(mixed(i, 99), text)) };
		for (uint64_t k = mixed(i, 5); hits; k++) {
			v = value_of(k % count, text);
			if (v.type == INDICATOR_DOMAIN && v.text.n < 60)
				break;
		}
		memcpy(p, v.text.p, v.text.n);
		q[i] = span_of(p, v.text.n);
		p += v.text.n;
	}
	return q;
}

struct result {
	double build, rss, bytes, hot, open, miss, hit, batch;
	uint64_t missed; /* indicators that were not found */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double file_size(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

typedef bool ask_fn(void *ctx, struct span name);

/* Nanoseconds a name: the name and, if it has no answer, those above it of two labels or more. */
static double ask_all(ask_fn *ask, void *ctx, const struct span *q, size_t n, size_t *ret_hits)
{
	double t = bench_cpu();
	size_t hits = 0;

	for (size_t i = 0; i < n; i++) {
		struct span s = q[i];
		for (;;) {
			size_t dot = span_find(s, '.');
			if (dot == SIZE_MAX)
				break;
			if (ask(ctx, s)) {
				hits++;
				break;
			}
			s = span_from(s, dot + 1);
		}
	}
	*ret_hits = hits;
	return (bench_cpu() - t) * 1e9 / (double)n;
}

static void ask_both(ask_fn *ask, void *ctx, size_t n, struct result *r)
{
	struct span *miss = make_queries(false, n), *hit = make_queries(true, n);
	size_t hits;

	ask_all(ask, ctx, miss, n < 100000 ? n : 100000, &hits); /* warm */
	r->miss = ask_all(ask, ctx, miss, n, &hits);
	r->hit = ask_all(ask, ctx, hit, n, &hits);
	r->missed = n - hits;
}

/* --- ours --- */

static void build_ours(int fd, int tmp)
{
	struct intel_build_opts o = { .tmp_dir = tmp, .generation = 1 };
	struct intel_build_stats st;
	struct fault f = FAULT_INIT;
	struct intel_build *b;
	char room[TEXT], text[2100];
	struct indicator i = { .source = "feed", .category = "malware", .confidence = 50,
		.valid_from = TS_NONE, .valid_until = TS_FOREVER, .first_seen = TS_NONE,
		.last_seen = TS_NONE, .value = text };

	if (intel_build_new(&b, &o, &f) < 0)
		bench_die("%s", f.text);
	for (uint64_t k = 0; k < count; k++) {
		struct value v = value_of(k, room);
		i.type = v.type;
		memcpy(text, v.text.p, v.text.n);
		text[v.text.n] = 0;
		if (intel_build_add(b, &i, &f) < 0)
			bench_die("%s", f.text);
	}
	if (getenv("BENCH_STEPS"))
		fprintf(stderr, "added %.2f\n", bench_cpu());
	if (intel_build_finish(b, fd, &st, &f) < 0)
		bench_die("%s", f.text);
	intel_build_free(b);
}

static void ask_ours(const struct intel_db *db, struct result *r)
{
	struct span *miss = make_queries(false, QUERIES), *hit = make_queries(true, QUERIES);
	static uint64_t bits[QUERIES / 64 + 1];
	struct intel_found out[INTEL_FOUND_MAX];
	size_t hits = 0;
	double t;

	for (int round = 0; round < 2; round++) { /* the first warms */
		t = bench_cpu();
		for (size_t i = 0; i < QUERIES; i++)
			hits += intel_db_name(db, INDICATOR_BAD, miss[i], out) > 0;
		r->miss = (bench_cpu() - t) * 1e9 / QUERIES;
		t = bench_cpu();
		intel_db_names(db, INDICATOR_BAD, miss, QUERIES, bits);
		r->batch = (bench_cpu() - t) * 1e9 / QUERIES;
		hits = 0;
		t = bench_cpu();
		for (size_t i = 0; i < QUERIES; i++)
			hits += intel_db_name(db, INDICATOR_BAD, hit[i], out) > 0;
		r->hit = (bench_cpu() - t) * 1e9 / QUERIES;
		r->missed = QUERIES - hits;
	}
}

static void run_ours(struct result *r)
{
	struct intel_db_info info;
	struct fault f = FAULT_INIT;
	struct intel_db *db;
	char path[128];
	int tmp = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof(path), "%s/ours", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	double t = bench_cpu();
	build_ours(fd, tmp);
	r->build = bench_cpu() - t;
	t = now();
	if (intel_db_open(&db, path, &f) < 0)
		bench_die("%s", f.text);
	r->open = now() - t;
	intel_db_info(db, &info);
	r->bytes = (double)info.file_bytes;
	r->hot = (double)info.hot_bytes;
}

static void run_ours_ask(struct result *r)
{
	struct fault f = FAULT_INIT;
	struct intel_db *db;
	char path[128];

	snprintf(path, sizeof(path), "%s/ours", dir);
	if (intel_db_open(&db, path, &f) < 0)
		bench_die("%s", f.text);
	ask_ours(db, r);
}

/* --- a hash set of strings, as programs have it: open addressing, pointers to the strings --- */

struct set {
	struct span *slot;
	uint64_t slots;
	uint64_t key[2];
};

static struct span *set_slot(const struct set *s, struct span v)
{
	uint64_t i = siphash13(s->key, v.p, v.n) & (s->slots - 1);

	while (s->slot[i].p && !span_eq(s->slot[i], v))
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

static bool set_ask(void *ctx, struct span name)
{
	return set_slot(ctx, name)->p != NULL;
}

static void run_set(struct result *r)
{
	struct set s = { .slots = 1024, .key = { 1, 2 } };
	char room[TEXT];
	double t = bench_cpu();

	while (s.slots < count * 2)
		s.slots *= 2;
	s.slot = calloc(s.slots, sizeof(*s.slot));
	for (uint64_t i = 0; i < count; i++) {
		struct value v = value_of(i, room);
		struct span *at = set_slot(&s, v.text);
		char *copy = at->p ? NULL : malloc(v.text.n);
		if (copy)
			*at = span_of(memcpy(copy, v.text.p, v.text.n), v.text.n);
	}
	r->build = bench_cpu() - t;
	ask_both(set_ask, &s, QUERIES, r);
}

/* --- SQLite --- */

static bool sqlite_ask(void *ctx, struct span name)
{
	sqlite3_bind_text(ctx, 1, (const char *)name.p, (int)name.n, SQLITE_STATIC);
	int rc = sqlite3_step(ctx);
	sqlite3_reset(ctx);
	return rc == SQLITE_ROW;
}

static void run_sqlite(struct result *r)
{
	sqlite3 *db;
	sqlite3_stmt *q;
	char path[128], room[TEXT];

	snprintf(path, sizeof(path), "%s/sqlite", dir);
	double t = bench_cpu();
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-500000;"
			     "CREATE TABLE i (value TEXT PRIMARY KEY, type INT, source INT) WITHOUT ROWID;"
			     "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		bench_die("sqlite: %s", sqlite3_errmsg(db));
	sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO i VALUES (?, ?, 1)", -1, &q, NULL);
	for (uint64_t i = 0; i < count; i++) {
		struct value v = value_of(i, room);
		sqlite3_bind_text(q, 1, (const char *)v.text.p, (int)v.text.n, SQLITE_STATIC);
		sqlite3_bind_int(q, 2, (int)v.type);
		if (sqlite3_step(q) != SQLITE_DONE)
			bench_die("sqlite: %s", sqlite3_errmsg(db));
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	r->build = bench_cpu() - t;
	r->bytes = file_size("sqlite");
	sqlite3_prepare_v2(db, "SELECT 1 FROM i WHERE value = ?", -1, &q, NULL);
	ask_both(sqlite_ask, q, 100000, r);
}

/* --- LMDB --- */

#ifdef HAVE_LMDB
struct lmdb {
	MDB_txn *txn;
	MDB_dbi dbi;
};

static bool lmdb_ask(void *ctx, struct span name)
{
	struct lmdb *l = ctx;
	MDB_val k = { name.n, (void *)(uintptr_t)name.p }, v;

	return mdb_get(l->txn, l->dbi, &k, &v) == 0;
}

static void run_lmdb(struct result *r)
{
	struct lmdb l;
	MDB_env *env;
	char path[128], room[TEXT];
	uint32_t one = 1;

	snprintf(path, sizeof(path), "%s/lmdb", dir);
	double t = bench_cpu();
	mdb_env_create(&env);
	mdb_env_set_mapsize(env, (size_t)64 << 30);
	if (mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_WRITEMAP, 0600) != 0 ||
	    mdb_txn_begin(env, NULL, 0, &l.txn) != 0 || mdb_dbi_open(l.txn, NULL, 0, &l.dbi) != 0)
		bench_die("lmdb");
	for (uint64_t i = 0; i < count; i++) {
		struct value v = value_of(i, room);
		MDB_val k = { v.text.n, (void *)(uintptr_t)v.text.p }, d = { 4, &one };
		if (v.text.n <= 511 && mdb_put(l.txn, l.dbi, &k, &d, 0) != 0)
			bench_die("lmdb: put");
	}
	mdb_txn_commit(l.txn);
	r->build = bench_cpu() - t;
	MDB_envinfo info;
	mdb_env_info(env, &info);
	r->bytes = (double)(info.me_last_pgno + 1) * 4096;
	mdb_txn_begin(env, NULL, MDB_RDONLY, &l.txn);
	ask_both(lmdb_ask, &l, 100000, r);
}
#endif

/* --- grep -F: whole lines only, of at most GREP_MAX indicators; CPU of the process --- */

#define GREP_MAX 500000

static double run_command(const char *command)
{
	struct rusage a, b;

	getrusage(RUSAGE_CHILDREN, &a);
	if (system(command) < 0)
		bench_die("%s", command);
	getrusage(RUSAGE_CHILDREN, &b);
	return (double)(b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec - a.ru_stime.tv_sec) +
	    (double)(b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec - a.ru_stime.tv_usec) / 1e6;
}

static void run_grep(struct result *r)
{
	struct span *q = make_queries(false, QUERIES);
	char path[128], room[TEXT], command[300];

	snprintf(path, sizeof(path), "%s/values", dir);
	FILE *f = fopen(path, "w");
	for (uint64_t i = 0; i < count && i < GREP_MAX; i++) {
		struct value v = value_of(i, room);
		fprintf(f, "%.*s\n", SPAN_ARG(v.text));
	}
	fclose(f);
	snprintf(path, sizeof(path), "%s/names", dir);
	f = fopen(path, "w");
	for (size_t i = 0; i < QUERIES; i++)
		fprintf(f, "%.*s\n", SPAN_ARG(q[i]));
	fclose(f);
	snprintf(command, sizeof(command), "LC_ALL=C grep -c -F -x -f %s/values %s/names >%s/out", dir,
	    dir, dir);
	r->build = run_command(command);
	struct rusage ru;
	getrusage(RUSAGE_CHILDREN, &ru);
	r->rss = (double)ru.ru_maxrss / 1024;
}

/* --- */

static struct result in_child(void (*run)(struct result *r))
{
	struct result *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rusage ru;
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		run(shared);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, &status, 0, &ru) != pid || status != 0)
		bench_die("a contender failed");
	if (shared->rss == 0)
		shared->rss = (double)ru.ru_maxrss / 1024;
	return *shared;
}

static void print(const char *name, const struct result *r, const struct result *ours)
{
	printf("  %-10s build %8.2f s CPU, %7.0f MiB peak   file %6.1f B/entry   miss %7.1f ns"
	       "   hit %7.1f ns",
	    name, r->build, r->rss, r->bytes / (double)count, r->miss, r->hit);
	if (ours)
		printf("   ratios: build %.2f, miss %.1f, hit %.1f", r->build / ours->build,
		    r->miss / ours->miss, r->hit / ours->hit);
	printf("%s\n", r->missed ? "  (NOT ALL FOUND)" : "");
}

static void load_file(const char *path)
{
	static struct file_map m;
	static struct arena a = ARENA_INIT((size_t)4 << 30);
	struct fault f = FAULT_INIT;
	struct span rest, line;
	uint64_t cap = 0;

	if (file_map_open(&m, path, &f) < 0)
		bench_die("%s", f.text);
	for (rest = m.s; span_next_line(&rest, &line);) {
		const char *text;
		enum indicator_type t = INDICATOR_NONE;
		if (indicator_normalise(&t, line, &a, &text, &f) < 0)
			continue;
		if (count == cap) {
			cap = cap ? 2 * cap : 1 << 20;
			lines = reallocarray(lines, cap, sizeof(*lines));
		}
		lines[count++] = (struct value){ t, span_str(text) };
	}
}

int main(int argc, char **argv)
{
	bool peers = argc < 3 || strcmp(argv[2], "none") != 0;
	char *end = NULL;

	count = argc > 1 ? strtoull(argv[1], &end, 10) : 1000000;
	if (end && *end) {
		count = 0;
		load_file(argv[1]);
	}
	snprintf(dir, sizeof(dir), "%s/bench-intel-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		bench_die("mkdtemp");
	struct result ours = in_child(run_ours), ask = in_child(run_ours_ask);
	ours.miss = ask.miss;
	ours.hit = ask.hit;
	ours.batch = ask.batch;
	ours.missed = ask.missed;
	printf("%" PRIu64 " indicators%s\n", count, lines ? " of the file" : ", made up");
	print("firebreak", &ours, NULL);
	printf("  %-10s hot part %.2f B/entry, open %.3f ms, misses in batches %.1f ns, reader %.0f MiB\n",
	    "", ours.hot / (double)count, ours.open * 1e3, ours.batch, ask.rss);
	if (peers) {
		struct result r = in_child(run_set);
		print("hash set", &r, &ours);
		r = in_child(run_sqlite);
		print("SQLite", &r, &ours);
#ifdef HAVE_LMDB
		r = in_child(run_lmdb);
		print("LMDB", &r, &ours);
#endif
		r = in_child(run_grep);
		printf("  grep -F -x -f, %d indicators, %d names, without those above them: %.2f s CPU, %.0f MiB;"
		       " ratio to the same lookups %.0f\n",
		    (int)(count < GREP_MAX ? count : GREP_MAX), QUERIES, r.build, r.rss,
		    r.build * 1e9 / QUERIES / ours.miss);
	}
	char cmd[128];
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd) != 0;
}
