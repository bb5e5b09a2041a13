/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_detect [LIST]: the in-memory join against one SELECT a suffix on the store's table, which
 * is what one would write first, on the same names in the same run, in CPU time. Without LIST:
 * ../shared/data/intel/maltrail-trails.txt when it is there, else a million made-up domains.
 */

#include "base/file.h"
#include "bench.h"
#include "detect/detect.h"
#include "intel/intel.h"

#include <sqlite3.h>
#include <sys/stat.h>

#define QUERIES 200000
#define NAME 80

static struct detect *d;
static sqlite3 *db;
static sqlite3_stmt *st;
static char (*query)[NAME];
static uint64_t found;

static void sql(int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		bench_die("SQLite: %s", sqlite3_errmsg(db));
}

static int add(void *ctx, const struct indicator *i, uint64_t line)
{
	sqlite3_stmt *put = ctx;

	(void)line;
	sql(sqlite3_bind_text(put, 1, indicator_type_name(i->type), -1, SQLITE_STATIC));
	sql(sqlite3_bind_text(put, 2, i->value, -1, SQLITE_STATIC));
	sql(sqlite3_step(put));
	sql(sqlite3_reset(put));
	return detect_add(d, i);
}

static int ignore(void *ctx, const struct intel_reject *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

static void made_up(struct buf *b)
{
	uint32_t r = 1;

	for (int i = 0; i < 1000000; i++) {
		r = r * 1664525 + 1013904223;
		buf_printf(b, "%c%x-%x.%s\n", 'g' + (r >> 28 & 15), r, (unsigned)i,
		    i % 3 ? "example.com" : "net");
	}
}

/* SQLite is given the names as they are: only those that need no normalising. */
static bool plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-._", s.p[i]))
			return false;
	return s.n && s.p[s.n - 1] != '.';
}

/* Half of the names are sub-domains of indicators, half are not there. */
static void queries(struct span list)
{
	struct span line;
	uint32_t r = 7, n = 0;

	query = calloc(QUERIES, sizeof(*query));
	if (!query)
		bench_die("no memory");
	while (n < QUERIES) {
		struct span rest = list;
		while (n < QUERIES && span_next_line(&rest, &line)) {
			r = r * 1664525 + 1013904223;
			if (r % 7 || line.n > 50 || !plain(line))
				continue;
			snprintf(query[n], NAME, n % 2 ? "www.%.*s" : "cdn.%.*s.akamai.example",
			    SPAN_ARG(line));
			n++;
		}
	}
}

static void ours(const void *arg)
{
	struct detect_match m[DETECT_MATCHES_MAX];

	(void)arg;
	found = 0;
	for (int i = 0; i < QUERIES; i++)
		found += detect_name(d, span_str(query[i]), 0, m);
}

static void theirs(const void *arg)
{
	(void)arg;
	found = 0;
	for (int i = 0; i < QUERIES; i++)
		for (const char *p = query[i]; p && strchr(p, '.'); p = strchr(p, '.') + 1) {
			sql(sqlite3_bind_text(st, 1, p, -1, SQLITE_STATIC));
			found += sqlite3_step(st) == SQLITE_ROW;
			sql(sqlite3_reset(st));
		}
}

static void fill(struct span list)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct intel_result r;
	struct fault f = FAULT_INIT;
	sqlite3_stmt *put;

	sql(sqlite3_open(":memory:", &db));
	sql(sqlite3_exec(db, "CREATE TABLE indicator (type TEXT, value TEXT, PRIMARY KEY (type, value))"
	    " WITHOUT ROWID; BEGIN", NULL, NULL, NULL));
	sql(sqlite3_prepare_v2(db, "INSERT INTO indicator VALUES (?, ?) ON CONFLICT DO NOTHING", -1,
	    &put, NULL));
	struct intel_sink sink = { put, add, ignore };
	double t = bench_cpu();
	if (detect_new(&d, 0) < 0 || intel_read(list, "list", &o, &sink, &r, &f) < 0)
		bench_die("%s", f.text);
	sqlite3_finalize(put);
	sql(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	sql(sqlite3_prepare_v2(db, "SELECT 1 FROM indicator WHERE type = 'domain' AND value = ?", -1,
	    &st, NULL));
	printf("  read and put into both: %.1f s for %llu lines\n", bench_cpu() - t,
	    (unsigned long long)r.records);
}

static int readd(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)line;
	return detect_add(ctx, i);
}

/* Reading and adding alone. */
static void build(struct span list)
{
	AUTO_DETECT struct detect *x = NULL;
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct intel_result r;
	struct detect_stats s;

	if (detect_new(&x, 0) < 0)
		bench_die("no memory");
	struct intel_sink sink = { x, readd, ignore };
	double t = bench_cpu();
	if (intel_read(list, "list", &o, &sink, &r, NULL) < 0)
		bench_die("cannot read the list");
	t = bench_cpu() - t;
	detect_stats(x, &s);
	printf("  read, check and add: %.2f s, %.2f M lines/s; %.1f MB for %.2f M indicators, "
	       "%.1f bytes each\n", t, (double)r.records / t / 1e6, (double)s.memory / 1e6,
	    (double)s.indicators / 1e6, (double)s.memory / (double)s.indicators);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "../shared/data/intel/maltrail-trails.txt";
	AUTO_BUF struct buf b = BUF_INIT(256u << 20);

	if (file_read(path, &b, 256u << 20, NULL) < 0)
		made_up(&b);
	printf("detect: %s\n", b.n > 20000000 && argc < 2 ? path : argc > 1 ? path : "made up");
	build(buf_span(&b));
	fill(buf_span(&b));
	queries(buf_span(&b));
	double a = bench_seconds(ours, NULL);
	uint64_t n = found;
	double z = bench_seconds(theirs, NULL);
	if (n != found)
		bench_die("they do not agree: %llu and %llu", (unsigned long long)n,
		    (unsigned long long)found);
	bench_line("names, all suffixes", QUERIES / a / 1e6, "M/s", "sqlite", QUERIES / z / 1e6);
	printf("  %llu of %d names match\n", (unsigned long long)n, QUERIES);
	d = detect_free(d);
	sqlite3_finalize(st);
	sqlite3_close(db);
	free(query);
	return 0;
}
