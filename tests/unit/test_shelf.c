/* SPDX-License-Identifier: Apache-2.0 */

/* The state's intelligence: imports, the overlay, what a crash leaves, damage, readers beside a
 * writer, and what an older firebreak held. */

#include "intel/shelf_edit.h"
#include "intel/shelf_migrate.h"
#include "scratch.h"
#include "store/ledger.h"
#include "store/moving.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NOW (1700000000 * TS_SECOND)

static struct fault f;

static struct indicator claim(enum indicator_type t, const char *value, const char *source)
{
	return (struct indicator){ .type = t, .value = value, .source = source, .confidence = 80,
		.valid_from = TS_NONE, .valid_until = TS_FOREVER, .first_seen = NOW, .last_seen = NOW };
}

static struct indicator name(const char *value, const char *source)
{
	return claim(INDICATOR_DOMAIN, value, source);
}

/* n different names from source; in one piece. */
static struct indicator *many_names(size_t n, const char *source)
{
	struct indicator *i = calloc(n, sizeof(*i) + 32);

	if (!i)
		exit(2);
	for (size_t k = 0; k < n; k++) {
		char *v = (char *)(i + n) + 32 * k;
		snprintf(v, 32, "n%zu.example.net", k);
		i[k] = name(v, source);
	}
	return i;
}

/* --- writing --- */

/* How far a writer gets before it is gone. */
enum step { BEGUN, ADDED, BUILT, RECORDED, COMMITTED, INSTALLED };

static int record(struct store *s, const char *kind, const struct shelf_staged *st)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct jw w = jw_of(&b);
	uint64_t seq;

	jw_obj(&w);
	jw_kcstr(&w, "content", DIGEST_HEX(&st->content));
	jw_kint(&w, "generation", (int64_t)st->generation);
	jw_end(&w);
	struct ledger_new e = { .kind = kind, .subject = SHELF_SUBJECT, .actor = "test", .at = NOW,
		.data = buf_span(&b) };
	return ledger_append(s, &e, &seq, &f);
}

struct writing {
	bool overlay;
	const struct indicator *add;
	size_t nadd;
	const char *remove, *source; /* overlay */
	ts until;
	enum step stop;
};

static int write_steps(struct store *s, const struct writing *w, struct shelf_edit **ret_e)
{
	struct shelf_edit_opts o = { .now = NOW };
	struct shelf_staged st;
	size_t n;

	int rc = store_begin(s, &f);
	if (rc == 0)
		rc = w->overlay ? shelf_edit_begin_overlay(ret_e, s, NOW, &f) :
				  shelf_edit_begin(ret_e, s, &o, &f);
	if (rc < 0 || w->stop == BEGUN)
		return rc;
	for (size_t i = 0; i < w->nadd && rc == 0; i++)
		rc = shelf_edit_add(*ret_e, &w->add[i], &f);
	if (rc == 0 && w->remove) {
		rc = shelf_edit_end_claims(*ret_e, INDICATOR_BAD, INDICATOR_DOMAIN, w->remove, w->source,
		    w->until, &n, &f);
		if (rc == 0 && !n)
			rc = -ESRCH;
	}
	if (rc < 0 || w->stop == ADDED)
		return rc;
	rc = shelf_edit_build(*ret_e, &st, &f);
	if (rc < 0 || w->stop == BUILT)
		return rc;
	rc = record(s, w->overlay ? SHELF_KIND "block" : SHELF_KIND "import", &st);
	if (rc < 0 || w->stop == RECORDED)
		return rc;
	rc = store_commit(s, &f);
	if (rc < 0 || w->stop == COMMITTED)
		return rc;
	return shelf_edit_install(*ret_e, &f);
}

static int run(const char *dir, const struct writing *w)
{
	AUTO_SHELF_EDIT struct shelf_edit *e = NULL;
	AUTO_STORE struct store *s = NULL;

	f = FAULT_INIT;
	int rc = store_open(&s, dir, STORE_RDWR, &f);
	if (rc == 0)
		rc = write_steps(s, w, &e);
	return rc;
}

static int import(const char *dir, const struct indicator *i, size_t n)
{
	struct writing w = { .add = i, .nadd = n, .stop = INSTALLED };
	return run(dir, &w);
}

static int block(const char *dir, const struct indicator *i, size_t n)
{
	struct writing w = { .overlay = true, .add = i, .nadd = n, .stop = INSTALLED };
	return run(dir, &w);
}

static int end_claims(const char *dir, const char *value, const char *source, ts until)
{
	struct writing w = { .overlay = true, .remove = value, .source = source, .until = until,
		.stop = INSTALLED };
	return run(dir, &w);
}

/* In a child that is gone, as by kill -9, after that step. */
static void crash_after(const char *dir, struct writing w, enum step stop)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct shelf_edit *e = NULL;
		struct store *s;
		w.stop = stop;
		if (store_open(&s, dir, STORE_RDWR, &f) < 0 || write_steps(s, &w, &e) < 0)
			_exit(1);
		_exit(0);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		perror("child"), exit(2);
}

/* --- reading --- */

/* "value<source,source(expired)" of the hits on a name, in order. */
static const char *ask(const struct shelf *s, const char *value)
{
	static char out[1024];
	struct shelf_hit h[SHELF_HITS_MAX];
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct indicator i;
	size_t n = shelf_name(s, INDICATOR_BAD, span_str(value), NOW, h), at = 0;

	out[0] = 0;
	for (size_t k = 0; k < n; k++) {
		uint32_t pos = 0;
		if (shelf_entry(s, &h[k], room, &e) < 0)
			return "damaged";
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s%s<", k ? " " : "", e.value,
		    h[k].expired ? "(expired)" : "");
		while (shelf_claim(s, &h[k], &pos, &i))
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s,", i.source,
			    i.valid_until <= NOW ? "(expired)" : "");
	}
	return out;
}

static const char *look(const char *dir, const char *value)
{
	AUTO_SHELF struct shelf *s = NULL;
	int rc = shelf_open(&s, dir, &f);

	return rc == -ENOENT ? "nothing" : rc < 0 ? f.text : ask(s, value);
}

static struct shelf_info info(const char *dir)
{
	AUTO_SHELF struct shelf *s = NULL;
	struct shelf_info i = { 0 };

	if (shelf_open(&s, dir, NULL) == 0)
		shelf_info(s, &i);
	i.why = i.why ? "said" : NULL;
	return i;
}

static enum shelf_state state(const char *dir)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_SHELF struct shelf *shelf = NULL;
	enum shelf_state st = SHELF_NOTHING;

	if (store_open(&s, dir, STORE_RDONLY, &f) < 0)
		return SHELF_NOTHING;
	if (shelf_open(&shelf, dir, NULL) < 0)
		shelf = NULL;
	if (shelf_state(s, shelf, &st, &f) < 0)
		diag("%s", f.text);
	return st;
}

/* --- tests --- */

static void test_import(void)
{
	const char *dir = scratch("import");
	struct indicator a[] = { name("evil.example.net", "one"), name("bad.example.net", "one") };
	struct indicator b[] = { name("evil.example.net", "two"), name("more.example.net", "two") };

	is_str(look(dir, "evil.example.net"), "nothing", "no state has nothing");
	is_int(import(dir, a, 2), 0, "an import: %s", f.text);
	is_int(info(dir).db.generation, 1, "makes generation 1");
	is_str(look(dir, "www.EVIL.example.net."), "evil.example.net<one,", "which is found");
	is_int(import(dir, b, 2), 0, "another");
	is_int(info(dir).db.generation, 2, "makes generation 2");
	is_str(look(dir, "evil.example.net"), "evil.example.net<one,two,", "one entry, two sources");
	is_str(look(dir, "bad.example.net"), "bad.example.net<one,", "what was there stays");
	is_int(state(dir), SHELF_CURRENT, "it is what the ledger names");
	ok(!info(dir).staged && !info(dir).previous, "nothing is left over");
}

static void test_overlay(void)
{
	const char *dir = scratch("overlay");
	struct indicator a[] = { name("evil.example.net", "one"), name("evil.example.net", "two") };
	struct indicator b[] = { name("new.example.net", "me") };
	struct indicator c[] = { name("evil.example.net", "me") };
	AUTO_SHELF struct shelf *s = NULL;
	struct shelf_hit h[SHELF_HITS_MAX];

	is_int(block(dir, b, 1), -ENOENT, "an overlay needs a database");
	is_int(import(dir, a, 2), 0, "a database");
	is_int(shelf_open(&s, dir, &f), 0, "a reader");
	is_int(shelf_refresh(s, &f), 0, "nothing new");
	is_int(block(dir, b, 1), 0, "block: %s", f.text);
	is_str(ask(s, "x.new.example.net"), "", "not seen before it looks");
	is_int(shelf_refresh(s, &f), 1, "it looks");
	is_str(ask(s, "x.new.example.net"), "new.example.net<me,", "and sees it");
	is_int(shelf_refresh(s, &f), 0, "once");
	is_int(block(dir, c, 1), 0, "block what is known");
	is_int(end_claims(dir, "evil.example.net", "one", TS_NONE), 0, "remove what one says");
	is_int(shelf_refresh(s, &f), 1, "both are seen");
	is_str(ask(s, "evil.example.net"), "evil.example.net<two,me,", "one hit with what is left");
	is_int(end_claims(dir, "evil.example.net", "nobody", TS_NONE), -ESRCH, "a source that says nothing");
	is_int(end_claims(dir, "evil.example.net", NULL, NOW), 0, "expire all of it");
	is_int(shelf_refresh(s, &f), 1, "seen");
	is_str(ask(s, "evil.example.net"), "evil.example.net(expired)<two(expired),me(expired),",
	    "it matches as expired");
	is_int(end_claims(dir, "evil.example.net", NULL, NOW), -ESRCH, "twice does nothing");
	is_int(end_claims(dir, "new.example.net", NULL, TS_NONE), 0, "remove what was blocked");
	is_int(shelf_refresh(s, &f), 1, "seen");
	is_str(ask(s, "new.example.net"), "", "it is gone");
	is_int(block(dir, b, 1), 0, "block it again");
	is_int(shelf_refresh(s, &f), 1, "seen");
	is_str(ask(s, "new.example.net"), "new.example.net<me,", "it is back");
	is_int(end_claims(dir, "evil.example.net", "two", TS_NONE), 0, "remove what had expired");
	is_int(shelf_refresh(s, &f), 1, "seen");
	is_str(ask(s, "evil.example.net"), "evil.example.net(expired)<me(expired),", "that claim is gone");
	is_int(shelf_name(s, INDICATOR_BAD, SPAN_LIT("evil.example.net"), NOW - 1, h), 1,
	    "observed before its end");
	ok(!h[0].expired, "it was in force then");
	is_int(state(dir), SHELF_CURRENT, "the ledger names the overlay");

	struct indicator d[] = { name("third.example.net", "three") };
	is_int(import(dir, d, 1), 0, "the next import");
	is_int(info(dir).overlay, 0, "folds it in");
	is_int(shelf_refresh(s, &f), 1, "the reader goes over");
	is_str(ask(s, "new.example.net"), "new.example.net<me,", "what was blocked is in the database");
	is_str(ask(s, "evil.example.net"), "evil.example.net(expired)<me(expired),",
	    "what was removed is not");
	is_int(import(dir, a, 1), 0, "a feed that says it again");
	is_str(look(dir, "evil.example.net"), "evil.example.net<me(expired),one,", "brings it back");
}

static void test_overlay_full(void)
{
	const char *dir = scratch("full");
	struct indicator a[] = { name("a.example.net", "one") };
	struct indicator *many = many_names(SHELF_OVERLAY_MAX + 1, "me");

	is_int(import(dir, a, 1), 0, "a database");
	is_int(block(dir, many, SHELF_OVERLAY_MAX + 1), -E2BIG, "more than an overlay holds");
	ok(strstr(f.text, "import"), "says what helps: %s", f.text);
	is_int(info(dir).overlay, 0, "and changes nothing");
	is_int(block(dir, many, SHELF_OVERLAY_MAX), 0, "as many as it holds");
	is_int(info(dir).overlay, SHELF_OVERLAY_MAX, "are there");
	is_int(block(dir, many + SHELF_OVERLAY_MAX, 1), -E2BIG, "not one more");
	is_int(import(dir, a, 1), 0, "an import");
	is_int(block(dir, many + SHELF_OVERLAY_MAX, 1), 0, "makes room");
	free(many);
}

/* After every step: the old or the new, and the next writer leaves no doubt. */
static void test_crash(void)
{
	static const char *const at[] = { "begun", "added", "built", "recorded", "committed",
		"installed" };
	struct indicator old[] = { name("old.example.net", "one") };
	struct indicator new[] = { name("new.example.net", "one") };
	struct indicator other[] = { name("other.example.net", "one") };
	struct writing db = { .add = new, .nadd = 1 }, over = { .overlay = true, .add = new, .nadd = 1 };

	for (int overlay = 0; overlay < 2; overlay++) {
		for (enum step k = BEGUN; k <= INSTALLED; k++) {
			const char *dir = scratch("crash-%d-%d", overlay, (int)k);
			const char *what = overlay ? "overlay" : "database";
			bool done = k >= COMMITTED;
			if (import(dir, old, 1) < 0)
				exit(2);
			crash_after(dir, overlay ? over : db, k);
			is_str(look(dir, "old.example.net"), "old.example.net<one,", "%s %s: the old stands",
			    what, at[k]);
			is_str(look(dir, "new.example.net"), k == INSTALLED ? "new.example.net<one," : "",
			    "%s %s: the new is in force when it is in place", what, at[k]);
			is_int(state(dir), k == COMMITTED ? SHELF_BEHIND : SHELF_CURRENT,
			    "%s %s: the ledger knows", what, at[k]);
			is_int(import(dir, other, 1), 0, "%s %s: the next writer: %s", what, at[k], f.text);
			is_str(look(dir, "new.example.net"), done ? "new.example.net<one," : "",
			    "%s %s: what was committed is there", what, at[k]);
			is_str(look(dir, "old.example.net"), "old.example.net<one,", "%s %s: and the old", what,
			    at[k]);
			ok(!info(dir).staged && state(dir) == SHELF_CURRENT, "%s %s: nothing is left over",
			    what, at[k]);
		}
	}
}

/* --- damage --- */

static void copy(const char *from, const char *to)
{
	char cmd[1200];

	snprintf(cmd, sizeof(cmd), "cp -p %s %s", from, to);
	if (system(cmd) != 0)
		exit(2);
}

static off_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) < 0 ? 0 : st.st_size;
}

static void flip(const char *path, off_t at)
{
	uint8_t b;
	int fd = open(path, O_RDWR);

	if (fd < 0 || pread(fd, &b, 1, at) != 1)
		exit(2);
	b ^= 0x10;
	if (pwrite(fd, &b, 1, at) != 1 || close(fd) < 0)
		exit(2);
}

static void test_damage(void)
{
	const char *dir = scratch("damage");
	struct indicator a[] = { name("a.example.net", "one") };
	struct indicator b[] = { name("b.example.net", "one") };
	struct indicator c[] = { name("c.example.net", "one") };
	const char *path = scratch("damage/intel/indicators.fbi"), *keep = scratch("keep");
	AUTO_SHELF struct shelf *s = NULL;
	size_t bad = 0;

	if (import(dir, a, 1) < 0 || import(dir, b, 1) < 0)
		exit(2);
	copy(path, keep);
	for (off_t n = 0; n < size_of(keep); n += 97) {
		if (truncate(path, n) < 0)
			exit(2);
		struct shelf_info i = info(dir);
		if (strcmp(look(dir, "a.example.net"), "a.example.net<one,") != 0 ||
		    look(dir, "b.example.net")[0] || !i.previous || !i.why || state(dir) != SHELF_BEHIND) {
			bad++;
			diag("cut to %lld", (long long)n);
		}
		unlink(path);
		copy(keep, path);
	}
	is_int(bad, 0, "cut anywhere: the one before it is in service, and that is said");
	for (off_t n = 0; n < size_of(keep); n += 7) {
		flip(path, n);
		struct shelf_info i = info(dir);
		if (strcmp(look(dir, "a.example.net"), "a.example.net<one,") != 0 || !i.previous) {
			bad++;
			diag("bit at %lld", (long long)n);
		}
		unlink(path);
		copy(keep, path);
	}
	is_int(bad, 0, "a bit flipped anywhere: the same");
	is_str(look(dir, "b.example.net"), "b.example.net<one,", "put back: it is in service");
	is_int(shelf_open(&s, dir, &f), 0, "a reader");
	unlink(path); /* what is mapped stays whole */
	copy(keep, path);
	flip(path, size_of(path) / 2);
	ok(shelf_refresh(s, &f) < 0, "a reader does not go over to a damaged one: %s", f.text);
	is_str(ask(s, "b.example.net"), "b.example.net<one,", "it keeps what it has");
	is_int(import(dir, c, 1), 0, "a writer goes on from the one before it");
	is_str(look(dir, "c.example.net"), "c.example.net<one,", "with what is new");
	ok(!info(dir).previous && info(dir).db.generation == 3, "as the next generation");
	is_int(shelf_refresh(s, &f), 1, "the reader goes over to that");
	unlink(path);
	is_str(look(dir, "a.example.net"), "a.example.net<one,", "a lost one: the one before it");
	unlink(scratch("damage/intel/previous.fbi"));
	is_str(look(dir, "a.example.net"), "nothing", "both lost");
	is_int(state(dir), SHELF_BEHIND, "the ledger knows better");
}

static int count_bad(void *ctx, const char *name, int rc, const char *why,
    const struct intel_db_info *i)
{
	int *bad = ctx;

	(void)name, (void)why, (void)i;
	*bad += rc < 0;
	return 0;
}

/* Bytes that change behind the back of everybody, with the file's times as they were. */
static void test_rot(void)
{
	const char *dir = scratch("rot");
	const char *path = scratch("rot/intel/indicators.fbi"), *keep = scratch("rotkeep");
	struct indicator a[] = { name("a.example.net", "one") };
	struct indicator b[] = { name("b.example.net", "one") };
	int unseen = 0, refused = 0, wrong = 0;

	if (import(dir, a, 1) < 0 || import(dir, b, 1) < 0)
		exit(2);
	copy(path, keep);
	for (off_t n = 0; n < size_of(keep); n += 61) {
		struct stat st;
		int bad = 0;
		if (stat(path, &st) < 0)
			exit(2);
		flip(path, n);
		struct timespec t[2] = { st.st_atim, st.st_mtim };
		if (utimensat(AT_FDCWD, path, t, 0) < 0)
			exit(2);
		(void)look(dir, "b.example.net"); /* must not read outside of it */
		if (shelf_check(dir, count_bad, &bad, &f) < 0 || !bad)
			unseen++;
		wrong += strcmp(look(dir, "a.example.net"), "a.example.net<one,") != 0 || !info(dir).previous;
		refused += import(dir, b, 1) < 0; /* goes on from the one before it */
		unlink(path);
		copy(keep, path);
	}
	is_int(unseen, 0, "a check sees every flipped bit");
	is_int(wrong, 0, "from then on the one before it is in service");
	is_int(refused, 0, "and writers go on from that");
}

static void test_full_disk(void)
{
	const char *dir = scratch("disk");
	struct indicator a[] = { name("a.example.net", "one") };
	struct indicator *many = many_names(20000, "me");
	struct rlimit old, few;

	if (import(dir, a, 1) < 0)
		exit(2);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	few = old;
	few.rlim_cur = 200000;
	setrlimit(RLIMIT_FSIZE, &few);
	int rc = import(dir, many, 20000);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(rc == -EFBIG || rc == -ENOSPC, "no room: %s", f.text);
	ok(strstr(f.text, "stays"), "says what is in force");
	is_str(look(dir, "a.example.net"), "a.example.net<one,", "the old one is");
	ok(!info(dir).staged && state(dir) == SHELF_CURRENT, "nothing is left over");
	is_int(import(dir, many, 20000), 0, "with room it works");
	free(many);
}

/* A reader that looks all the time sees, at any moment, one whole generation. */
static int watch(const char *dir)
{
	AUTO_SHELF struct shelf *s = NULL;
	unsigned changes = 0;

	if (shelf_open(&s, dir, &f) < 0)
		return 1;
	for (;;) {
		int rc = shelf_refresh(s, &f);
		if (rc < 0)
			return 2;
		changes += rc > 0;
		bool even = ask(s, "even.example.net")[0], odd = ask(s, "odd.example.net")[0];
		if (!ask(s, "always.example.net")[0])
			return 3;
		if (even == odd)
			return 4;
		if (ask(s, "stop.example.net")[0])
			return changes > 3 ? 0 : 5;
	}
}

static void test_readers(void)
{
	const char *dir = scratch("readers");
	struct indicator first[] = { name("always.example.net", "a"), name("even.example.net", "a") };
	struct indicator even[] = { name("even.example.net", "a") };
	struct indicator odd[] = { name("odd.example.net", "a") };
	struct indicator stop[] = { name("stop.example.net", "a") };
	int status, bad = 0;

	if (import(dir, first, 2) < 0)
		exit(2);
	pid_t pid = fork();
	if (pid == 0)
		_exit(watch(dir));
	for (int i = 0; i < 40 && !bad; i++) {
		/* One overlay takes one away and brings the other; every fourth is a whole build. */
		struct writing w = { .overlay = true, .add = i % 2 ? even : odd, .nadd = 1,
			.remove = i % 2 ? "odd.example.net" : "even.example.net", .until = TS_NONE,
			.stop = INSTALLED };
		bad = run(dir, &w);
		if (bad == 0 && i % 4 == 3)
			bad = import(dir, first, 1);
	}
	is_int(bad, 0, "a writer at work: %s", f.text);
	is_int(block(dir, stop, 1), 0, "and its end");
	if (waitpid(pid, &status, 0) < 0)
		exit(2);
	is_int(status, 0, "a reader beside it never saw half");
}

/* --- benign --- */

static void test_held(void)
{
	const char *dir = scratch("held");
	struct indicator a[] = { name("www.victim.example.net", "edr"), name("evil.example.net", "edr") };
	struct indicator own = name("victim.example.net", "own");
	AUTO_SHELF struct shelf *s = NULL;

	own.side = INDICATOR_BENIGN;
	own.category = "own";
	if (import(dir, a, 2) < 0 || shelf_open(&s, dir, &f) < 0)
		exit(2);
	is_str(ask(s, "www.victim.example.net"), "www.victim.example.net<edr,", "a bad claim on one's own");
	is_int(block(dir, &own, 1), 0, "the name is one's own: %s", f.text);
	is_int(shelf_refresh(s, &f), 1, "seen");
	is_str(ask(s, "www.victim.example.net"), "", "it is held at once");
	is_str(ask(s, "evil.example.net"), "evil.example.net<edr,", "others are not");
	shelf_set_held(s, true);
	is_str(ask(s, "www.victim.example.net"), "www.victim.example.net<edr,", "shown when asked for");
}

/* --- what an older firebreak held --- */

static void old_table(const char *dir)
{
	sqlite3 *db;
	char path[600];

	snprintf(path, sizeof(path), "%s/firebreak.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db,
		"CREATE TABLE indicator (type TEXT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL,"
		" exact INTEGER NOT NULL, confidence INTEGER NOT NULL, category TEXT, campaign TEXT,"
		" note TEXT, valid_from INTEGER NOT NULL, valid_until INTEGER NOT NULL,"
		" first_import INTEGER NOT NULL, last_import INTEGER NOT NULL,"
		" PRIMARY KEY (type, value, source)) STRICT, WITHOUT ROWID;"
		"INSERT INTO indicator VALUES ('domain', 'old.example.net', 'feed', 0, 70, 'c2', 'x', NULL,"
		" -9223372036854775808, 9223372036854775807, 0, 0);"
		"INSERT INTO indicator VALUES ('domain', 'older.example.net', 'feed', 1, 60, NULL, NULL,"
		" 'note', 5, 6, 0, 0); PRAGMA user_version = 3", NULL, NULL, NULL) != SQLITE_OK)
		diag("%s", sqlite3_errmsg(db)), exit(2);
	sqlite3_close(db);
}

static void test_migration(void)
{
	const char *dir = scratch("migration");
	struct shelf_migrate_opts o = { .now = NOW, .actor = "test" };
	struct indicator a[] = { name("new.example.net", "one") };
	struct store *s;
	uint64_t n;

	if (store_open(&s, dir, STORE_RDWR, &f) < 0)
		exit(2);
	store_close(s);
	old_table(dir);
	is_int(store_open(&s, dir, STORE_RDWR, &f), 0, "a state of schema 3 opens: %s", f.text);
	is_int(moving_count(s, &n, &f), 0, "its rows");
	is_int(n, 2, "wait");
	store_close(s);
	is_int(import(dir, a, 1), -EBUSY, "nothing is imported before they are moved");
	if (store_open(&s, dir, STORE_RDWR, &f) < 0)
		exit(2);
	is_int(shelf_migrate(s, &o, &n, &f), 0, "moved: %s", f.text);
	is_int(n, 2, "all of them");
	is_int(shelf_migrate(s, &o, &n, &f), 0, "again");
	is_int(n, 0, "there is nothing left");
	store_close(s);
	is_str(look(dir, "x.old.example.net"), "old.example.net<feed,", "they are found");
	is_str(look(dir, "x.older.example.net"), "", "an exact one as such");
	is_str(look(dir, "older.example.net"), "older.example.net(expired)<feed(expired),", "with its end");
	is_int(state(dir), SHELF_CURRENT, "the ledger names it");
	is_int(import(dir, a, 1), 0, "imports go on");
	is_str(look(dir, "x.old.example.net"), "old.example.net<feed,", "and keep them");
}

int main(void)
{
	if (access("/dev/shm", W_OK) == 0)
		scratch_in("/dev/shm"); /* hundreds of fsyncs */
	test_import();
	test_overlay();
	test_overlay_full();
	test_crash();
	test_damage();
	test_rot();
	test_full_disk();
	test_readers();
	test_held();
	test_migration();
	return tap_done();
}
