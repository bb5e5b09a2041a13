/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The record of observations at size: recording N files, merging, bytes an observation, a second
 * hunt's questions, seen VALUE, and retro of K indicators; and the same in SQLite.
 *
 *   bench_seen [N [K [DIR]]]      default 1000000 100000 /tmp
 */

#include "base/clock.h"
#include "crypto/hash.h"
#include "seen/seen.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define T0 (1700000000ll * TS_SECOND)

static char top[200];

static double since(ts t)
{
	return (double)(clock_mono() - t) / 1e9;
}

static double cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long peak_mib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss / 1024;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void digest_of_number(uint64_t i, struct digest *d)
{
	uint64_t w[4];
	for (unsigned k = 0; k < 4; k++)
		w[k] = mix(4 * i + k);
	*d = digest_of(DIGEST_SHA256, (const uint8_t *)w);
}

/* Paths of the shape and length of a system's: 80 bytes, 25 files a folder. */
static const char *path_of(uint64_t i, char out[static 160])
{
	uint64_t folder = i / 25;
	snprintf(out, 160, "/usr/lib/x86_64-linux-gnu/%06llx/share-%02llx/component-%04llx/%08llx-part%llu.so",
	    (unsigned long long)mix(folder / 400) >> 40, (unsigned long long)(folder / 20 % 20),
	    (unsigned long long)(mix(folder) & 0xffff), (unsigned long long)(mix(i) >> 32),
	    (unsigned long long)(i % 25));
	return out;
}

static struct seen_id id_of(uint64_t i)
{
	return (struct seen_id){ .dev = 64769, .ino = 1000 + i, .size = mix(i) % 100000,
		.ctime = T0 - TS_DAY + (ts)(mix(i) % 1000000000), .mtime = T0 - 2 * TS_DAY };
}

static void die(const char *what, const struct fault *f)
{
	fprintf(stderr, "bench_seen: %s: %s\n", what, f->text);
	exit(1);
}

static struct seen *opened(enum seen_mode mode)
{
	struct fault f = FAULT_INIT;
	struct seen *s;
	if (seen_open(&s, top, mode, &f) < 0)
		die("open", &f);
	return s;
}

static void record(uint64_t n)
{
	struct fault f = FAULT_INIT;
	struct digest d[DIGEST_ALGS] = { 0 };
	char path[160];
	ts t = clock_mono();
	double c = cpu();
	struct seen *s = opened(SEEN_WRITE);

	for (uint64_t i = 0; i < n; i++) {
		struct seen_id id = id_of(i);
		digest_of_number(i, &d[DIGEST_SHA256]);
		struct seen_put p = { .path = path_of(i, path), .digest = d, .id = &id, .began = T0, .at = T0 };
		if (seen_put_file(s, &p, NULL, &f) < 0)
			die("put", &f);
	}
	if (seen_flush(s, false, &f) < 0)
		die("flush", &f);
	printf("recorded          %8.2f s wall %8.2f s CPU, %.0f ns an observation, peak %ld MiB\n", since(t),
	    cpu() - c, 1e9 * since(t) / (double)n, peak_mib());
	t = clock_mono();
	c = cpu();
	if (seen_flush(s, true, &f) < 0)
		die("merge", &f);
	seen_close(s);
	struct seen_stats st;
	s = opened(SEEN_READ);
	seen_counts(s, &st);
	printf("merged            %8.2f s wall %8.2f s CPU, %llu runs, %.1f bytes an observation, "
	    "peak %ld MiB\n", since(t), cpu() - c, (unsigned long long)st.runs,
	    (double)st.bytes / (double)n, peak_mib());
	seen_close(s);
}

static void second_hunt(uint64_t n)
{
	struct fault f = FAULT_INIT;
	char path[160];
	uint64_t known = 0;
	ts t = clock_mono();
	struct seen *s = opened(SEEN_WRITE);

	for (uint64_t i = 0; i < n; i++) {
		struct seen_id id = id_of(i);
		struct seen_known k;
		if (!seen_file_known(s, &id, path_of(i, path), &k))
			continue;
		struct seen_put p = { .path = path, .digest = k.digest, .id = &id, .began = T0,
			.at = T0 + TS_DAY, .known = &k };
		known += seen_put_file(s, &p, NULL, &f) == 0;
	}
	double asked = since(t);
	if (seen_flush(s, true, &f) < 0)
		die("flush", &f);
	seen_close(s);
	printf("second hunt       %8.2f s wall, %.0f ns a file; %.2f s to write; %llu of %llu known\n",
	    asked, 1e9 * asked / (double)n, since(t) - asked, (unsigned long long)known,
	    (unsigned long long)n);
}

static int count(void *ctx, const struct seen_observation *o)
{
	(void)o;
	++*(uint64_t *)ctx;
	return 0;
}

static void one_value(uint64_t n)
{
	ts t = clock_mono();
	struct seen *s = opened(SEEN_READ);
	struct digest d;
	uint64_t hits = 0;
	double open = since(t);

	t = clock_mono();
	for (uint64_t i = 0; i < 1000; i++) {
		digest_of_number(mix(i) % n, &d);
		if (seen_find_digest(s, &d, count, &hits) < 0)
			exit(1);
	}
	double found = since(t);
	t = clock_mono();
	for (uint64_t i = 0; i < 1000; i++) {
		digest_of_number(n + 10 + i, &d);
		if (seen_find_digest(s, &d, count, &hits) < 0)
			exit(1);
	}
	printf("seen VALUE        open %.2f ms, found %.1f us, not there %.1f us (%llu found)\n",
	    1e3 * open, 1e3 * found, 1e3 * since(t), (unsigned long long)hits);
	seen_close(s);
}

static int key_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void retro(uint64_t n, uint64_t k, const char *which)
{
	uint64_t *key = calloc(k, sizeof(*key)), hits = 0;
	struct digest d;
	/* One in a thousand was seen. */
	for (uint64_t i = 0; key && i < k; i++) {
		digest_of_number(i % 1000 ? n + 1000 + i : mix(i) % n, &d);
		memcpy(&key[i], d.b, 8);
		key[i] = __builtin_bswap64(key[i]);
	}
	if (!key)
		exit(1);
	qsort(key, k, sizeof(*key), key_cmp);
	ts t = clock_mono();
	double c = cpu();
	struct seen *s = opened(SEEN_READ);
	if (seen_join(s, DIGEST_SHA256, key, k, count, &hits) < 0)
		exit(1);
	seen_close(s);
	printf("retro, %s  %8.3f s wall %8.3f s CPU: %llu indicators, %llu found\n", which, since(t),
	    cpu() - c, (unsigned long long)k, (unsigned long long)hits);
	free(key);
}

/* --- the peer --- */

static sqlite3 *db;

static void sql(const char *text)
{
	char *err = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &err) != SQLITE_OK) {
		fprintf(stderr, "bench_seen: %s: %s\n", text, err);
		exit(1);
	}
}

static void peer(uint64_t n, uint64_t k)
{
	char file[300], path[160];
	sqlite3_stmt *st;
	struct digest d;
	struct stat info;
	uint64_t hits = 0;

	snprintf(file, sizeof(file), "%s/peer.db", top);
	if (sqlite3_open(file, &db) != SQLITE_OK)
		exit(1);
	sql("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-64000;"
	    "CREATE TABLE seen(sha256 BLOB, path TEXT, dev, ino, size, ctime, mtime, first, last, count)");
	ts t = clock_mono();
	double c = cpu();
	sql("BEGIN");
	if (sqlite3_prepare_v2(db, "INSERT INTO seen VALUES(?,?,?,?,?,?,?,?,?,1)", -1, &st, NULL) != SQLITE_OK)
		exit(1);
	for (uint64_t i = 0; i < n; i++) {
		struct seen_id id = id_of(i);
		digest_of_number(i, &d);
		sqlite3_bind_blob(st, 1, d.b, 32, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, path_of(i, path), -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 3, (int64_t)id.dev);
		sqlite3_bind_int64(st, 4, (int64_t)id.ino);
		sqlite3_bind_int64(st, 5, (int64_t)id.size);
		sqlite3_bind_int64(st, 6, id.ctime);
		sqlite3_bind_int64(st, 7, id.mtime);
		sqlite3_bind_int64(st, 8, T0);
		sqlite3_bind_int64(st, 9, T0);
		if (sqlite3_step(st) != SQLITE_DONE || sqlite3_reset(st) != SQLITE_OK)
			exit(1);
	}
	sqlite3_finalize(st);
	sql("COMMIT; CREATE INDEX v ON seen(sha256); CREATE INDEX f ON seen(dev, ino)");
	if (stat(file, &info) < 0)
		exit(1);
	printf("SQLite: recorded  %8.2f s wall %8.2f s CPU with two indexes, %.1f bytes an observation\n",
	    since(t), cpu() - c, (double)info.st_size / (double)n);
	t = clock_mono();
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM seen WHERE sha256=?", -1, &st, NULL) != SQLITE_OK)
		exit(1);
	for (uint64_t i = 0; i < k; i++) {
		digest_of_number(i % 1000 ? n + 1000 + i : mix(i) % n, &d);
		sqlite3_bind_blob(st, 1, d.b, 32, SQLITE_STATIC);
		if (sqlite3_step(st) == SQLITE_ROW)
			hits += (uint64_t)sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	printf("SQLite: retro     %8.3f s wall, a lookup each: %llu found\n", since(t),
	    (unsigned long long)hits);
	sqlite3_close(db);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	uint64_t k = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
	char cmd[260];

	snprintf(top, sizeof(top), "%s/bench_seen.XXXXXX", argc > 3 ? argv[3] : "/tmp");
	if (!n || !k || !mkdtemp(top))
		return 1;
	printf("%llu observations\n", (unsigned long long)n);
	record(n);
	second_hunt(n);
	one_value(n);
	retro(n, k, "cold index");
	retro(n, k, "warm index");
	peer(n, k);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	return system(cmd) != 0;
}
