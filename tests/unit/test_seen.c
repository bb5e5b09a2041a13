/* SPDX-License-Identifier: Apache-2.0 */

/* seen: random observations against a naive table, through many runs, merges and re-openings; racy
 * times; every damaged byte; writers side by side. */

#include "crypto/hash.h"
#include "seen/priv.h"
#include "seen/seen.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define ROUNDS 8
#else
#define ROUNDS 25
#endif
#define T0 (1700000000ll * TS_SECOND)
#define PATHS 400
#define CONTENTS 60
#define VALUES 50

static char top[] = "/tmp/test_seen.XXXXXX";
static uint64_t rnd_state = 1;

static uint64_t rnd(uint64_t n)
{
	rnd_state = rnd_state * 6364136223846793005u + 1442695040888963407u;
	return (rnd_state >> 33) % n;
}

static const char *fresh(void)
{
	static int n;
	static char dir[64];
	snprintf(dir, sizeof(dir), "%s/%d", top, n++);
	if (mkdir(dir, 0700) < 0)
		exit(1);
	return dir;
}

static struct seen *opened(const char *dir, enum seen_mode mode)
{
	struct fault f = FAULT_INIT;
	struct seen *s = NULL;
	int rc = seen_open(&s, dir, mode, &f);
	if (rc < 0) {
		printf("# %s\n", f.text);
		exit(1);
	}
	return s;
}

static void digests_of(unsigned content, bool all, struct digest d[static DIGEST_ALGS])
{
	struct span s = span_of(&content, sizeof(content));
	memset(d, 0, DIGEST_ALGS * sizeof(*d));
	if (hash_span(DIGEST_SHA256, s, &d[DIGEST_SHA256]) < 0 ||
	    (all && (hash_span(DIGEST_MD5, s, &d[DIGEST_MD5]) < 0 ||
			hash_span(DIGEST_SHA1, s, &d[DIGEST_SHA1]) < 0)))
		exit(1);
}

static const char *path_of(unsigned i, char out[static 64])
{
	snprintf(out, 64, "/srv/%u/%s-%u/Name%u.DLL", i % 7, i % 3 ? "folder" : "f", i % 50, i % 90 + i / 90);
	return out;
}

/* --- the model --- */

struct row {
	uint64_t first, last, count;
	bool md5;
};
static struct row file_model[PATHS][CONTENTS], value_model[20][VALUES];
static int content_now[PATHS];

static struct seen_id id_of(unsigned path, unsigned content)
{
	return (struct seen_id){ .dev = 5, .ino = 1000 + path, .size = content,
		.ctime = T0 - TS_DAY + content, .mtime = T0 - TS_DAY };
}

static void count_row(struct row *r, uint64_t at)
{
	if (!r->count || at < r->first)
		r->first = at;
	if (at > r->last)
		r->last = at;
	r->count++;
}

/* Puts as a hunt does: what is known is not read. */
static bool put_file(struct seen *s, unsigned p, unsigned c, bool all, uint64_t at, bool ask)
{
	struct digest d[DIGEST_ALGS];
	struct seen_id id = id_of(p, c);
	struct fault f = FAULT_INIT;
	char path[64];
	struct seen_known k;
	bool known = seen_file_known(s, &id, path_of(p, path), &k) && ask;
	uint8_t report[2] = { (uint8_t)c, 7 };

	digests_of(c, all, d);
	if (known && !digest_eq(&k.digest[DIGEST_SHA256], &d[DIGEST_SHA256]))
		return false;
	if (known && (k.probe != 77 || k.found.n != 2 || k.found.p[0] != c))
		return false;
	struct seen_put x = { .path = path, .digest = d, .id = &id, .began = T0, .probe = 77,
		.found = span_of(report, 2), .at = (ts)at * TS_SECOND, .known = known ? &k : NULL };
	count_row(&file_model[p][c], at);
	file_model[p][c].md5 |= all;
	content_now[p] = (int)c;
	return seen_put_file(s, &x, NULL, &f) == 0;
}

static bool put_value(struct seen *s, unsigned place, unsigned v, uint64_t at)
{
	struct fault f = FAULT_INIT;
	char where[64], value[64];
	snprintf(where, sizeof(where), "/cap/%u.pcap", place);
	snprintf(value, sizeof(value), "host%u.example", v);
	count_row(&value_model[place][v], at);
	return seen_put_value(s, INDICATOR_DOMAIN, span_str(value), where, (ts)at * TS_SECOND, &f) == 0;
}

struct got {
	const char *where;
	uint64_t n, first, last, count;
	bool md5;
	bool disorder;
};

static int on_seen(void *ctx, const struct seen_observation *o)
{
	struct got *g = ctx;
	static char last[256];
	if (g->n && strcmp(last, o->where) > 0)
		g->disorder = true;
	snprintf(last, sizeof(last), "%s", o->where);
	g->n++;
	if (g->where && strcmp(o->where, g->where) != 0)
		return 0;
	g->first = (uint64_t)(o->first / TS_SECOND);
	g->last = (uint64_t)(o->last / TS_SECOND);
	g->count += o->count;
	g->md5 = o->digest && digest_is_set(&o->digest[DIGEST_MD5]);
	return 0;
}

static unsigned wrong_files(struct seen *s)
{
	unsigned bad = 0;
	char path[64];
	struct digest d[DIGEST_ALGS];

	for (unsigned c = 0; c < CONTENTS; c++) {
		uint64_t n = 0, nmd5 = 0;
		digests_of(c, true, d);
		for (unsigned p = 0; p < PATHS; p++) {
			const struct row *r = &file_model[p][c];
			struct got g = { .where = path_of(p, path) };
			n += r->count > 0;
			nmd5 += r->md5;
			if (!r->count)
				continue;
			if (seen_find_digest(s, &d[DIGEST_SHA256], on_seen, &g) != 0 || g.count != r->count ||
			    g.first != r->first || g.last != r->last || g.md5 != r->md5 || g.disorder)
				bad++;
		}
		struct got all = { 0 }, md5 = { 0 };
		if (seen_find_digest(s, &d[DIGEST_SHA256], on_seen, &all) != 0 || all.n != n ||
		    seen_find_digest(s, &d[DIGEST_MD5], on_seen, &md5) != 0 || md5.n != nmd5)
			bad++;
	}
	return bad;
}

static unsigned wrong_values(struct seen *s)
{
	unsigned bad = 0;

	for (unsigned v = 0; v < VALUES; v++)
		for (unsigned w = 0; w < 20; w++) {
			char where[64], value[64];
			const struct row *r = &value_model[w][v];
			struct got g = { .where = where };
			snprintf(where, sizeof(where), "/cap/%u.pcap", w);
			snprintf(value, sizeof(value), "host%u.example", v);
			if (seen_find_value(s, INDICATOR_DOMAIN, span_str(value), on_seen, &g) != 0 ||
			    g.count != r->count || (r->count && (g.first != r->first || g.last != r->last)))
				bad++;
		}
	return bad;
}

static unsigned wrong_known(struct seen *s)
{
	unsigned bad = 0;
	char path[64];

	for (unsigned p = 0; p < PATHS; p++)
		for (unsigned c = 0; c < CONTENTS; c++) {
			struct seen_known k;
			struct seen_id id = id_of(p, c);
			bool want = file_model[p][c].count > 0, older;
			bool got = seen_file_known(s, &id, path_of(p, path), &k);
			/* Of a content that a path no longer has the identity may be forgotten. */
			older = want && content_now[p] != (int)c;
			if (got ? !want || !k.same_path : want && !older)
				bad++;
		}
	return bad;
}

static void test_model(void)
{
	const char *dir = fresh();
	struct fault f = FAULT_INIT;
	unsigned bad = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct seen *s = opened(dir, SEEN_WRITE);
		uint64_t at = 1700000000 + round * 100;
		for (unsigned i = rnd(300); i > 0; i--) {
			unsigned p = (unsigned)rnd(PATHS), old = (unsigned)content_now[p];
			unsigned c = rnd(3) && file_model[p][old].count ? old : (unsigned)rnd(CONTENTS);
			bad += !put_file(s, p, c, rnd(2), at + rnd(50), rnd(4) > 0);
			bad += !put_value(s, (unsigned)rnd(20), (unsigned)rnd(VALUES), at + rnd(50));
			if (rnd(100) == 0)
				bad += seen_flush(s, false, &f) != 0;
		}
		bad += seen_flush(s, true, &f) != 0;
		seen_close(s);
	}
	is_int(bad, 0, "putting, with %d hunts%s%s", ROUNDS, f.text[0] ? ": " : "", f.text);
	struct seen *s = opened(dir, SEEN_READ);
	struct seen_stats st;
	seen_stats(s, &st);
	ok(st.runs >= 1 && st.runs < 12, "%d runs are left", (int)st.runs);
	is_int(st.damaged, 0, "none is damaged");
	is_int(seen_check(s), 0, "and all is as its checksums say");
	is_int(wrong_files(s), 0, "every digest has its paths, times and counts");
	is_int(wrong_values(s), 0, "every name has its places, times and counts");
	is_int(wrong_known(s), 0, "every identity has its digests");
	struct got g = { 0 };
	is_int(seen_each(s, on_seen, &g), 0, "all of them");
	ok(!g.disorder, "in the order of their paths");
	uint64_t want = 0, values = 0;
	for (unsigned p = 0; p < PATHS; p++)
		for (unsigned c = 0; c < CONTENTS; c++)
			want += file_model[p][c].count > 0;
	for (unsigned v = 0; v < VALUES; v++)
		for (unsigned w = 0; w < 20; w++)
			values += value_model[w][v].count > 0;
	is_int(g.n, want + values, "each once");
	struct got v = { 0 };
	is_int(seen_each_value(s, on_seen, &v), 0, "what is no file");
	ok(v.n >= values, "is listed");
	seen_close(s);
}

/* --- questions --- */

static int key_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void test_questions(void)
{
	const char *dir = fresh();
	struct fault f = FAULT_INIT;
	struct digest d[DIGEST_ALGS];
	uint64_t key[40];
	char path[64];
	unsigned bad = 0;

	memset(file_model, 0, sizeof(file_model));
	struct seen *s = opened(dir, SEEN_WRITE);
	for (unsigned p = 0; p < 100; p++)
		bad += !put_file(s, p, p % 30, true, 1700000000, false);
	bad += seen_flush(s, true, &f) != 0;
	is_int(bad, 0, "a hundred files");
	for (unsigned i = 0; i < 40; i++) {
		digests_of(20 + i, true, d);
		key[i] = seen_key_digest(d[DIGEST_MD5].b);
	}
	qsort(key, 40, sizeof(*key), key_cmp);
	struct got g = { 0 };
	is_int(seen_join(s, DIGEST_MD5, key, 40, on_seen, &g), 0, "a join");
	is_int(g.n, 30, "finds the files of the ten contents that are both here and there");
	struct got n = { 0 };
	is_int(seen_find_name(s, SPAN_LIT("NAME7.dll"), on_seen, &n), 0, "by name");
	is_int(n.n, 2, "in either case");
	struct got p = { 0 };
	is_int(seen_find_path(s, path_of(42, path), on_seen, &p), 0, "by path");
	is_int(p.n, 1, "one");
	struct got none = { 0 };
	digests_of(999, true, d);
	is_int(seen_find_digest(s, &d[DIGEST_SHA256], on_seen, &none), 0, "what was never seen");
	is_int(none.n, 0, "is not found");
	uint64_t forgotten = 0;
	is_int(put_file(s, 300, 1, false, 1800000000, false) ? seen_flush(s, true, &f) : -1, 0, "one later");
	is_int(seen_forget(s, 1750000000 * TS_SECOND, &forgotten, &f), 0, "forgetting");
	is_int(forgotten, 100, "the hundred");
	struct got left = { 0 };
	is_int(seen_each(s, on_seen, &left), 0, "what is left");
	is_int(left.n, 1, "is the later one");
	seen_close(s);
}

/* --- times that cannot be trusted --- */

static bool known_after(ts ctime, ts began)
{
	const char *dir = fresh();
	struct seen *s = opened(dir, SEEN_WRITE);
	struct digest d[DIGEST_ALGS];
	struct fault f = FAULT_INIT;
	struct seen_id id = { 1, 2, 3, ctime, ctime };
	struct seen_known k;

	digests_of(1, false, d);
	struct seen_put p = { .path = "/x", .digest = d, .id = &id, .began = began, .at = T0 };
	if (seen_put_file(s, &p, NULL, &f) < 0 || seen_flush(s, true, &f) < 0)
		exit(1);
	seen_close(s);
	s = opened(dir, SEEN_READ);
	bool known = seen_file_known(s, &id, "/x", &k);
	struct seen_id other[] = { id, id, id, id, id };
	other[0].dev++;
	other[1].ino++;
	other[2].size++;
	other[3].ctime++;
	other[4].mtime++;
	for (unsigned i = 0; i < ARRAY_LEN(other); i++)
		if (seen_file_known(s, &other[i], "/x", &k))
			exit(1);
	if (known && (!seen_file_known(s, &id, "/y", &k) || k.same_path))
		exit(1);
	seen_close(s);
	return known;
}

static void test_racy(void)
{
	ok(known_after(T0 - TS_SECOND + 1, T0), "changed a second before the hunt: not read again");
	ok(!known_after(T0 - SEEN_TICK + 1, T0), "changed within a tick: read again");
	ok(!known_after(T0 + 5, T0), "changed during the hunt: read again");
	ok(!known_after(T0 - TS_SECOND, T0), "a time of whole seconds is coarse: read again");
	ok(known_after(T0 - 3 * TS_SECOND, T0), "but not when it is older");
	ok(!known_after(TS_NONE, T0), "no time at all");
}

/* --- damage --- */

static void only_run(const char *dir, char out[static 320])
{
	char seen[128];
	snprintf(seen, sizeof(seen), "%s/seen", dir);
	DIR *d = opendir(seen);
	const struct dirent *e;
	while (d && (e = readdir(d)))
		if (strstr(e->d_name, ".run"))
			snprintf(out, 320, "%s/%.64s", seen, e->d_name);
	if (d)
		closedir(d);
}

static void flip(const char *path, off_t at, uint8_t with)
{
	uint8_t b;
	int fd = open(path, O_RDWR);
	if (fd < 0 || pread(fd, &b, 1, at) != 1)
		exit(1);
	b ^= with;
	if (pwrite(fd, &b, 1, at) != 1)
		exit(1);
	close(fd);
}

static void cut_copy(const char *from, const char *to, off_t n)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char *b = malloc((size_t)n + 1);
	if (in < 0 || out < 0 || !b || read(in, b, (size_t)n) != n || write(out, b, (size_t)n) != n)
		exit(1);
	free(b);
	close(in);
	close(out);
}

/* What is told is either what was put, or damage. */
static bool honest(const char *dir, uint64_t want)
{
	struct seen *s = opened(dir, SEEN_READ);
	struct got g = { 0 };
	struct digest d[DIGEST_ALGS];
	unsigned bad = 0;
	int rc = seen_each(s, on_seen, &g);
	bool told = seen_damaged(s, 0) != NULL;

	for (unsigned p = 0; p < 40; p++) {
		struct seen_known k;
		struct seen_id id = id_of(p, p % 30);
		char path[64];
		digests_of(p % 30, false, d);
		if (seen_file_known(s, &id, path_of(p, path), &k))
			bad += !digest_eq(&k.digest[DIGEST_SHA256], &d[DIGEST_SHA256]);
	}
	bool check = seen_check(s) == 0;
	seen_close(s);
	return rc == 0 && !bad && (told || g.n == want) && (check ? g.n == want && !told : true);
}

static void test_damage(void)
{
	const char *dir = fresh();
	struct fault f = FAULT_INIT;
	char run[320] = "";
	struct stat st;
	unsigned bad = 0;

	struct seen *s = opened(dir, SEEN_WRITE);
	for (unsigned p = 0; p < 40; p++)
		bad += !put_file(s, p, p % 30, true, 1700000000, false);
	bad += seen_flush(s, true, &f) != 0;
	seen_close(s);
	only_run(dir, run);
	is_int(bad ? 0 : stat(run, &st) == 0, 1, "a run");
	for (off_t at = 0; at < st.st_size; at += at < 1024 ? 1 : 97) {
		uint8_t bit = (uint8_t)(1u << rnd(8));
		flip(run, at, bit);
		bad += !honest(dir, 40);
		flip(run, at, bit);
	}
	is_int(bad, 0, "a flipped bit is told, and never changes an answer");
	ok(honest(dir, 40), "put back, all is there");
	for (off_t n = 0; n < st.st_size; n += 1 + st.st_size / 60) {
		char copy[340];
		snprintf(copy, sizeof(copy), "%s.whole", run);
		if (rename(run, copy) < 0)
			exit(1);
		cut_copy(copy, run, n);
		bad += !honest(dir, 40);
		if (rename(copy, run) < 0)
			exit(1);
	}
	is_int(bad, 0, "cut off at any length it is told");
	flip(run, st.st_size / 2, 1);
	s = opened(dir, SEEN_WRITE);
	struct got g = { 0 };
	is_int(seen_each(s, on_seen, &g), 0, "a writer meets damage");
	seen_close(s);
	ok(access(run, F_OK) < 0, "and sets the run aside");
	s = opened(dir, SEEN_READ);
	ok(!seen_damaged(s, 0), "so that it is told once");
	seen_close(s);
}

/* --- several at once, and a killed one --- */

static void writer(const char *dir, unsigned who, bool flush_only)
{
	struct fault f = FAULT_INIT;
	struct seen *s = opened(dir, SEEN_WRITE);

	for (unsigned i = 0; i < 60 || flush_only; i++) {
		struct digest d[DIGEST_ALGS];
		char path[64];
		struct seen_id id = id_of(i, who);
		digests_of(i, false, d);
		snprintf(path, sizeof(path), "/w%u/%u", who, i);
		struct seen_put p = { .path = path, .digest = d, .id = &id, .began = T0, .at = T0 };
		if (seen_put_file(s, &p, NULL, &f) < 0 || (i % 20 == 19 && seen_flush(s, false, &f) < 0))
			_exit(1);
	}
	_exit(seen_flush(s, true, &f) < 0);
}

static void test_together(void)
{
	const char *dir = fresh();
	int st, bad = 0;
	fflush(stdout);
	for (unsigned i = 0; i < 6; i++)
		if (fork() == 0)
			writer(dir, i, false);
	while (wait(&st) > 0)
		bad += st != 0;
	is_int(bad, 0, "six writers at once");
	struct seen *s = opened(dir, SEEN_WRITE);
	struct fault f = FAULT_INIT;
	is_int(seen_flush(s, true, &f), 0, "and one after them");
	struct got g = { 0 };
	is_int(seen_each(s, on_seen, &g), 0, "all");
	is_int(g.n, 360, "of what they put is there");
	seen_close(s);

	for (unsigned i = 0; i < 5; i++) {
		pid_t pid = fork();
		if (pid == 0)
			writer(dir, 10 + i, true);
		usleep(10000 + 17000 * i);
		kill(pid, 9);
		waitpid(pid, &st, 0);
	}
	s = opened(dir, SEEN_WRITE);
	struct got h = { 0 };
	is_int(seen_each(s, on_seen, &h), 0, "writers that were killed");
	ok(h.n >= 360 && h.n % 20 == 0, "leave whole runs: %d", (int)h.n);
	is_int(seen_flush(s, true, &f), 0, "the next one tidies up");
	is_int(seen_check(s), 0, "nothing is damaged");
	struct seen_stats stats;
	seen_stats(s, &stats);
	ok(stats.runs < 10, "few runs are left: %d", (int)stats.runs);
	seen_close(s);
}

int main(void)
{
	if (!mkdtemp(top))
		return 1;
	test_model();
	test_questions();
	test_racy();
	test_damage();
	test_together();
	char cmd[80];
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	return system(cmd) == 0 ? tap_done() : 1;
}
