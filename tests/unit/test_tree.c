/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree.h"

#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/firebreak-tree-XXXXXX";

/* What one walk gave: paths in order, and a sum over the digests that does not mind the order. */
struct seen {
	char files[4096], problems[4096];
	uint8_t sum[32];
	size_t longest;
	enum sense_why why;
	int err, stop;
	struct digest last[DIGEST_ALGS];
	ts mtime;
};

static void note(char *list, const char *path)
{
	size_t n = strlen(list);

	if (strncmp(path, top, strlen(top)) == 0)
		path += strlen(top);
	if (n + strlen(path) + 2 < 4096)
		sprintf(list + n, "%s%s", n ? " " : "", path);
}

static int on_file(void *ctx, const struct sense_file *f)
{
	struct seen *s = ctx;

	note(s->files, f->path);
	if (strcmp(f->path + strlen(f->path) - strlen(f->name), f->name) != 0)
		note(s->problems, "name-is-not-in-path");
	for (int i = 0; i < 32; i++)
		s->sum[i] ^= f->digest[DIGEST_SHA256].b[i] ^ (uint8_t)f->id.size;
	if (strlen(f->path) > s->longest)
		s->longest = strlen(f->path);
	memcpy(s->last, f->digest, sizeof(s->last));
	s->mtime = f->id.mtime;
	return s->stop;
}

static int on_problem(void *ctx, const struct sense_problem *p)
{
	struct seen *s = ctx;

	note(s->problems, p->path);
	s->why = p->why;
	s->err = p->err;
	return 0;
}

static struct seen seen;
static struct sense_tree_stats stats;
static struct fault fault;

static int walk(const char *path, const struct sense_tree_opts *o)
{
	memset(&stats, 0xff, sizeof(stats));
	fault = FAULT_INIT;
	return sense_tree(path, o, on_file, on_problem, &seen, &stats, &fault);
}

static int walk_new(const char *path, const struct sense_tree_opts *o)
{
	memset(&seen, 0, sizeof(seen));
	return walk(path, o);
}

static const char *in_top(const char *name)
{
	static char path[4][256];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, 256, "%s/%s", top, name);
	return p;
}

static void put(const char *name, const char *content)
{
	FILE *f = fopen(in_top(name), "w");

	if (!f || fputs(content, f) < 0 || fclose(f) != 0)
		abort();
}

static void dir(const char *name)
{
	if (mkdir(in_top(name), 0755) < 0)
		abort();
}

static void clean(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "chmod -R u+rwx %s 2>/dev/null; rm -rf %s", top, top);
	if (system(cmd) != 0)
		abort();
}

static void fresh(void)
{
	clean();
	if (mkdir(top, 0755) < 0)
		abort();
}

static void test_basics(void)
{
	fresh();
	put("b", "abc");
	put("a", "");
	dir("sub");
	put("sub/z", "z");
	dir("sub/empty");
	put("0 \n\\ name", "x");
	is_int(walk_new(top, NULL), SENSE_DONE, "a small tree");
	is_str(seen.files, "/0 \n\\ name /a /b /sub/z", "files in order, directories after files");
	is_str(seen.problems, "", "no problem");
	ok(stats.files == 4 && stats.bytes == 5 && stats.dirs == 3, "counted");

	is_int(walk_new(in_top("b"), NULL), SENSE_DONE, "a single file");
	is_str(seen.files, "/b", "its path");
	is_str(DIGEST_TEXT(&seen.last[DIGEST_SHA256]),
	    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256");
	is_str(DIGEST_TEXT(&seen.last[DIGEST_SHA1]),
	    "sha1:a9993e364706816aba3e25717850c26c9cd0d89d", "SHA-1");
	is_str(DIGEST_TEXT(&seen.last[DIGEST_MD5]), "md5:900150983cd24fb0d6963f7d28e17f72", "MD5");
	ok(!digest_is_set(&seen.last[DIGEST_SHA512]), "nothing that was not asked for");
	struct stat st;
	ok(stat(in_top("b"), &st) == 0 &&
		seen.mtime == (ts)st.st_mtim.tv_sec * TS_SECOND + st.st_mtim.tv_nsec,
	    "the time of modification");
	struct sense_tree_opts only = { .set = HASH_SET(DIGEST_SHA512), .jobs = 1 };
	is_int(walk_new(in_top("b"), &only), SENSE_DONE, "another set");
	ok(digest_is_set(&seen.last[DIGEST_SHA512]) && !digest_is_set(&seen.last[DIGEST_MD5]),
	    "only what was asked for");

	char slashes[64];
	snprintf(slashes, sizeof(slashes), "%s///", top);
	is_int(walk_new(slashes, NULL), SENSE_DONE, "slashes at the end");
	is_str(seen.files, "/0 \n\\ name /a /b /sub/z", "make no difference");
}

/* tmpfs and XFS keep any time that the owner sets. */
static void test_far_times(void)
{
	static const int64_t sec[] = { INT64_C(9223372037), INT64_C(9999999999999),
		INT64_C(-9223372037) };
	char path[] = "/dev/shm/firebreak-tree-XXXXXX";
	int fd = mkstemp(path);

	for (size_t i = 0; i < ARRAY_LEN(sec); i++) {
		struct timespec t[2] = { { sec[i], 0 }, { sec[i], 999999999 } };
		struct stat st;
		if (fd < 0 || futimens(fd, t) < 0 || fstat(fd, &st) < 0 || st.st_mtim.tv_sec != sec[i]) {
			tap_skip("a time that does not fit", "/dev/shm does not keep it");
			continue;
		}
		ok(walk_new(path, NULL) == SENSE_DONE && seen.mtime == TS_NONE,
		    "a time that does not fit (%lld)", (long long)sec[i]);
	}
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

static void test_links_and_devices(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	fresh();
	dir("tree");
	dir("outside");
	put("outside/secret", "no");
	put("tree/real", "yes");
	int made = symlink("../outside/secret", in_top("tree/to-file")) |
		   symlink("../outside", in_top("tree/to-dir")) |
		   symlink(".", in_top("tree/loop")) | symlink("nowhere", in_top("tree/dangling")) |
		   symlink("tree", in_top("link")) | mkfifo(in_top("tree/fifo"), 0600);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/tree/sock", top);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (made < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		abort();
	close(fd);
	is_int(walk_new(in_top("tree"), NULL), SENSE_DONE, "symbolic links and special files");
	is_str(seen.files, "/tree/real", "only the file that is really there");
	ok(stats.links == 4 && stats.special == 2, "the others are counted");
	is_int(walk_new(in_top("link"), NULL), SENSE_DONE, "a link given by the user is followed");
	is_str(seen.files, "/link/real", "and keeps the name it was given");
	is_int(walk_new(in_top("tree/fifo"), NULL), -EINVAL, "a FIFO given by the user is refused");
	ok(strstr(fault.text, "neither a file nor a directory"), "with a reason: %s", fault.text);
	is_int(walk_new(in_top("none"), NULL), -ENOENT, "a path that is not there");
	ok(strstr(fault.text, "No such file"), "with a reason: %s", fault.text);
}

static void test_limits(void)
{
	struct sense_tree_opts o = { .set = HASH_TRIO, .max_size = 3, .jobs = 1, .ordered = true };

	fresh();
	put("four", "4444");
	put("three", "333");
	is_int(walk_new(top, &o), SENSE_INCOMPLETE, "a file over the limit");
	is_str(seen.files, "/three", "the others are read");
	ok(strcmp(seen.problems, "/four") == 0 && seen.why == SENSE_WHY_LARGE &&
		stats.problems == 1,
	    "it is reported");
	memset(&seen, 0, sizeof(seen));
	seen.stop = -ECANCELED;
	is_int(walk(top, NULL), -ECANCELED, "a callback ends the walk");
	is_int(stats.files, 1, "at once");
}

static void test_atime(void)
{
	struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct stat st;

	fresh();
	put("f", "x");
	if (utimensat(AT_FDCWD, in_top("f"), old, 0) < 0)
		abort();
	is_int(walk_new(top, NULL), SENSE_DONE, "a file with an old access time");
	ok(stat(in_top("f"), &st) == 0 && st.st_atim.tv_sec == 1000, "keeps it");
}

static void test_many(void)
{
	char name[32];

	fresh();
	for (int i = 0; i < SENSE_BATCH + 500; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(name, "");
	}
	is_int(walk_new(top, NULL), SENSE_DONE, "more names than fit a batch");
	is_int(stats.files, SENSE_BATCH + 500, "each once");
}

#define DEEP 900

/* top/dir-….../dir-…: a path of more than PATH_MAX; in each directory a file and a sibling. */
static void make_deep(void)
{
	int at = open(top, O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < DEEP; i++) {
		int fd = openat(at, "file", O_WRONLY | O_CREAT, 0644);
		if (fd < 0 || mkdirat(at, "a-directory", 0755) < 0 ||
		    mkdirat(at, "sibling", 0755) < 0)
			abort();
		close(fd);
		fd = openat(at, "sibling/file", O_WRONLY | O_CREAT, 0644);
		close(fd);
		fd = openat(at, "a-directory", O_RDONLY | O_DIRECTORY);
		close(at);
		at = fd;
	}
	close(at);
}

static void test_deep(void)
{
	struct rlimit was, few = { 100, 100 };

	fresh();
	make_deep();
	getrlimit(RLIMIT_NOFILE, &was);
	few.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	is_int(walk_new(top, NULL), SENSE_DONE, "%d levels, with few descriptors", DEEP);
	setrlimit(RLIMIT_NOFILE, &was);
	is_int(stats.files, 2 * DEEP, "every file");
	is_int(stats.dirs, 2 * DEEP + 1, "every directory");
	ok(seen.longest > 4096, "paths longer than PATH_MAX (%zu)", seen.longest);
}

/* Asked about each file: when the deepest is met, the directory "mover" goes elsewhere. */
static int move_away(void *ctx, const char *path, const struct sense_id *id, struct sense_plan *plan)
{
	(void)ctx;
	(void)id;
	if (strcmp(strrchr(path, '/'), "/deepest") == 0 &&
	    rename(in_top("tree/keep/mover"), in_top("elsewhere/mover")) < 0)
		abort();
	plan->set = 0;
	return 0;
}

static void test_moved(void)
{
	fresh();
	dir("elsewhere");
	put("elsewhere/private", "must not be read");
	dir("elsewhere/zz");
	put("elsewhere/zz/private", "must not be read");
	dir("tree");
	dir("tree/keep");
	dir("tree/keep/mover");
	dir("tree/keep/zz"); /* waits while mover is walked */
	put("tree/keep/zz/lost", "");
	dir("tree/other");
	put("tree/other/file", "");
	int at = open(in_top("tree/keep/mover"), O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < SENSE_FDS_MAX + 5; i++) {
		if (mkdirat(at, "d", 0755) < 0)
			abort();
		int fd = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = fd;
	}
	close(openat(at, "deepest", O_WRONLY | O_CREAT, 0644));
	close(at);
	struct sense_tree_opts o = { .set = HASH_TRIO, .jobs = 1, .ordered = true,
		.plan = move_away };
	is_int(walk_new(in_top("tree"), &o), SENSE_INCOMPLETE, "a directory moved away meanwhile");
	ok(!strstr(seen.files, "private"), "the walk does not follow it out of the tree");
	is_str(seen.problems, "/tree/keep", "what could not be reached again is reported");
	is_int(seen.why, SENSE_WHY_MOVED, "with its reason");
	ok(strstr(seen.files, "/tree/other/file"), "and the rest is walked");
}

/* The record knows its SHA-256, so only MD5 is wanted; between that answer and the read somebody
 * exchanges the content. */
static int exchange(void *ctx, const char *path, const struct sense_id *id, struct sense_plan *plan)
{
	static struct digest known[DIGEST_ALGS];

	(void)ctx;
	(void)id;
	if (strcmp(strrchr(path, '/'), "/f") != 0)
		return 0;
	known[DIGEST_SHA256] = sha256_of(SPAN_LIT("harmless"));
	plan->known = known;
	plan->set = HASH_SET(DIGEST_MD5);
	put("f", "evil, and longer");
	return 0;
}

static void test_exchanged(void)
{
	struct sense_tree_opts o = {
		.set = HASH_TRIO, .jobs = 1, .ordered = true, .plan = exchange
	};

	for (o.jobs = 1; o.jobs <= 2; o.jobs++) {
		fresh();
		put("f", "harmless");
		put("g", "g");
		is_int(walk_new(top, &o), SENSE_INCOMPLETE, "exchanged after the record was asked");
		is_str(seen.files, "/g", "what was known is not told of the new content");
		is_str(seen.problems, "/f", "it is a problem");
		is_int(seen.why, SENSE_WHY_CHANGED, "with its reason");
	}
}

static void test_hollow(void)
{
	fresh();
	put("hollow", "x");
	put("some", "x");
	if (truncate(in_top("hollow"), (off_t)HASH_HOLES_MAX + (1 << 30)) < 0 ||
	    truncate(in_top("some"), 4 << 20) < 0) {
		tap_skip("hollow files", "no such sparse files here");
		return;
	}
	is_int(walk_new(top, NULL), SENSE_INCOMPLETE, "a file that is nothing but holes");
	is_str(seen.files, "/some", "one with few is read");
	ok(strcmp(seen.problems, "/hollow") == 0 && seen.why == SENSE_WHY_HOLES,
	    "the other would take years, and is told");
}

static void test_changing(void)
{
	int go[2];
	char c = 0;

	fresh();
	put("f", "");
	if (truncate(in_top("f"), 192 << 20) < 0 || pipe(go) < 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(in_top("f"), O_WRONLY);
		for (uint64_t i = 0;; i++) {
			if (pwrite(fd, &i, sizeof(i), 8) < 0)
				_exit(1);
			if (i == 0 && write(go[1], "x", 1) < 0)
				_exit(1);
			usleep(1000);
		}
	}
	if (read(go[0], &c, 1) != 1)
		abort();
	struct sense_tree_opts one = { .set = HASH_SET(DIGEST_SHA256), .jobs = 1 };
	is_int(walk_new(top, &one), SENSE_INCOMPLETE, "a file that is written while it is read");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(!seen.files[0] && seen.why == SENSE_WHY_CHANGED, "gives no digest but a problem");
	is_int(walk_new(top, &one), SENSE_DONE, "and is fine afterwards");
	close(go[0]);
	close(go[1]);
}

static void test_jobs(void)
{
	struct sense_tree_opts o = { .set = HASH_TRIO, .jobs = 2 };
	char name[32];

	fresh();
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "f%02d", i);
		put(name, name);
		if (i % 2 && truncate(in_top(name), 100000 + i) < 0)
			abort();
	}
	is_int(walk_new(top, NULL), SENSE_DONE, "60 files");
	struct seen alone = seen;
	is_int(walk_new(top, &o), SENSE_DONE, "again with two workers");
	ok(stats.files == 60 && memcmp(seen.sum, alone.sum, 32) == 0, "the same digests");
	memset(&seen, 0, sizeof(seen));
	seen.stop = -ECANCELED;
	is_int(walk(top, &o), -ECANCELED, "a callback ends it");
	is_int(waitpid(-1, NULL, WNOHANG), -1, "no worker is left behind");
	o.jobs = 100000;
	is_int(walk_new(in_top("f01"), &o), SENSE_DONE, "too many workers are too many");
	is_int(stats.files, 1, "and the file is read");
}

/* In a child without privileges. Exit 0 when all is as it should be. */
static int as_nobody(void)
{
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	if (walk_new(in_top("tree"), NULL) != SENSE_INCOMPLETE || seen.err != EACCES)
		return 2;
	if (strcmp(seen.files, "/tree/open") != 0)
		return 3;
	return strcmp(seen.problems, "/tree/shut /tree/shut-dir") == 0 && stats.problems == 2 ? 0
											      : 4;
}

static void test_unreadable(void)
{
	int status;

	fresh();
	dir("tree");
	dir("tree/shut-dir");
	put("tree/shut-dir/x", "");
	put("tree/open", "");
	put("tree/shut", "");
	if (chmod(in_top("tree/shut"), 0) < 0 || chmod(in_top("tree/shut-dir"), 0) < 0)
		abort();
	pid_t pid = fork();
	if (pid == 0)
		_exit(as_nobody());
	waitpid(pid, &status, 0);
	is_int(WEXITSTATUS(status), 0, "what may not be read is reported, the rest is read");
}

/* In a child with its own mounts. */
static int with_mounts(void)
{
	struct sense_tree_opts one = { .one_file_system = true, .jobs = 1 };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", in_top("proc"), "proc", 0, NULL) < 0 ||
	    mount("tmpfs", in_top("tmp"), "tmpfs", 0, NULL) < 0)
		return 77;
	put("tmp/mounted", "");
	if (walk_new(top, NULL) != SENSE_DONE || strcmp(seen.files, "/here /tmp/mounted") != 0 ||
	    stats.pseudo != 1)
		return 1;
	if (walk_new(top, &one) != SENSE_DONE || strcmp(seen.files, "/here") != 0 ||
	    stats.other_fs != 2)
		return 2;
	/* The whole tree in one of its own directories. */
	if (mount(top, in_top("again"), NULL, MS_BIND, NULL) < 0)
		return 3;
	if (walk_new(top, NULL) != SENSE_DONE ||
	    strcmp(seen.files, "/here /tmp/mounted") != 0 || stats.loops != 1)
		return 4;
	return walk_new(in_top("proc"), NULL) == SENSE_INCOMPLETE && seen.why == SENSE_WHY_PSEUDO
		   ? 0
		   : 5;
}

static void test_mounts(void)
{
	int status;

	fresh();
	put("here", "");
	dir("proc");
	dir("tmp");
	dir("again");
	pid_t pid = fork();
	if (pid == 0)
		_exit(with_mounts());
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		tap_skip("mount points", "needs the right to mount");
	else
		is_int(
		    WEXITSTATUS(status), 0, "mount points, pseudo file systems, a tree in itself");
}

int main(void)
{
	if (!mkdtemp(top))
		abort();
	test_basics();
	test_far_times();
	test_links_and_devices();
	test_limits();
	test_atime();
	test_many();
	test_deep();
	test_moved();
	test_exchanged();
	test_hollow();
	test_changing();
	test_jobs();
	test_unreadable();
	test_mounts();
	clean();
	return tap_done();
}
