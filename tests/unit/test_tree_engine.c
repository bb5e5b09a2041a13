/* SPDX-License-Identifier: Apache-2.0 */

/* tree: plan, probe, hard links, holes, workers that die, stopping, order, the page cache. */

#include "sense/tree.h"

#include "crypto/hash.h"
#include "sandbox/worker.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHA256 HASH_SET(DIGEST_SHA256)

static char top[] = "/tmp/firebreak-engine-XXXXXX";

static const char *in_top(const char *name)
{
	static char path[4][256];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, 256, "%s/%s", top, name);
	return p;
}

static void put_bytes(const char *name, const void *p, size_t n)
{
	FILE *f = fopen(in_top(name), "w");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static void put(const char *name, const char *content)
{
	put_bytes(name, content, strlen(content));
}

static void dir(const char *name)
{
	if (mkdir(in_top(name), 0755) < 0)
		abort();
}

static void fresh(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	if (system(cmd) != 0 || mkdir(top, 0755) < 0)
		abort();
}

/* What a walk gave. */
static struct {
	char log[1 << 16]; /* one line an event */
	size_t n;
	unsigned problems, good;
	enum sense_why why;
	uint64_t offset;
	int err;
	struct digest digest[DIGEST_ALGS];
	bool opened, probed, again;
	int probe_rc;
	char found[SENSE_FOUND_MAX + 1];
	volatile sig_atomic_t stop;
	unsigned stop_after;
	const char *text;
} got;

static struct sense_tree_stats stats;

static void note(const char *what, const char *path)
{
	path += strncmp(path, top, strlen(top)) == 0 ? strlen(top) : 0;
	int n = snprintf(got.log + got.n, sizeof(got.log) - got.n, "%s %s\n", what, path);
	if (n > 0 && got.n + (size_t)n < sizeof(got.log))
		got.n += (size_t)n;
}

static bool noted(const char *line)
{
	return strstr(got.log, line) != NULL;
}

static int on_file(void *ctx, const struct sense_file *f)
{
	char what[128];

	(void)ctx;
	snprintf(what, sizeof(what), "%s%s%.16s", f->again ? "again " : "",
	    f->opened ? "" : "shut ",
	    digest_is_set(&f->digest[DIGEST_SHA256]) ? DIGEST_HEX(&f->digest[DIGEST_SHA256]) : "-");
	note(what, f->path);
	memcpy(got.digest, f->digest, sizeof(got.digest));
	got.opened = f->opened;
	got.again = f->again;
	got.probed = f->probed;
	got.probe_rc = f->probe_rc;
	memcpy(got.found, f->found.p, f->found.n);
	got.found[f->found.n] = 0;
	if (++got.good == got.stop_after)
		got.stop = 1;
	return 0;
}

static int on_problem(void *ctx, const struct sense_problem *p)
{
	(void)ctx;
	note(p->text, p->path);
	got.problems++;
	got.why = p->why;
	got.err = p->err;
	got.offset = p->offset;
	return 0;
}

static int walk(const char *path, const struct sense_tree_opts *o)
{
	unsigned stop_after = got.stop_after;
	struct fault f = FAULT_INIT;

	memset(&got, 0, sizeof(got));
	got.stop_after = stop_after;
	int rc = sense_tree(path, o, on_file, on_problem, NULL, &stats, &f);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) {
		diag("a worker was left behind");
		return -ECHILD;
	}
	return rc;
}

/* --- order --- */

/* 40 directories, files of all sizes, links and FIFOs between them. */
static void make_mixed(void)
{
	static uint8_t bytes[200000];
	char name[64];

	fresh();
	for (int d = 0; d < 40; d++) {
		snprintf(name, sizeof(name), "dir%02d", 39 - d);
		dir(name);
		for (int i = 0; i < 12; i++) {
			snprintf(name, sizeof(name), "dir%02d/file%d", 39 - d, (i * 7) % 12);
			bytes[0] = (uint8_t)(d * 12 + i);
			put_bytes(name, bytes, (size_t)(i < 10 ? i * 61 : i * 7919 * (d % 3)));
		}
		snprintf(name, sizeof(name), "dir%02d/file5-link", d < 20 ? 39 - d : 0);
		if (d < 20 && symlink("file5", in_top(name)) < 0)
			abort();
		snprintf(name, sizeof(name), "dir%02d/fifo", 39 - d);
		if (mkfifo(in_top(name), 0600) < 0)
			abort();
	}
}

static int on_other(void *ctx, const struct sense_other *o)
{
	(void)ctx;
	note(o->target ? o->target : "special", o->path);
	return 0;
}

static void test_order(void)
{
	struct sense_tree_opts o = {
		.set = HASH_TRIO, .jobs = 1, .ordered = true, .on_other = on_other
	};
	static char first[sizeof(got.log)];

	make_mixed();
	is_int(walk(top, &o), SENSE_DONE, "a mixed tree");
	is_int(stats.files, 480, "each file");
	is_int(stats.links, 20, "each link");
	is_int(stats.special, 40, "each FIFO");
	memcpy(first, got.log, sizeof(first));
	ok(strstr(first, "/dir00/fifo\n") < strstr(first, "/dir00/file0\n") &&
		strstr(first, "/dir00/file9\n") < strstr(first, "/dir01/fifo\n"),
	    "in the order of the names");
	for (o.jobs = 2; o.jobs <= 3; o.jobs++) {
		is_int(walk(top, &o), SENSE_DONE, "with %u processes", o.jobs);
		ok(memcmp(first, got.log, sizeof(first)) == 0, "the same, byte for byte");
	}
	o.ordered = false;
	is_int(walk(top, &o), SENSE_DONE, "not ordered");
	ok(stats.files == 480 && strlen(got.log) == strlen(first), "everything comes, too");
	o.jobs = 0;
	is_int(walk(top, &o), SENSE_DONE, "a process for each CPU");
	is_int(stats.files, 480, "likewise");
}

/* --- plan --- */

static struct digest known[DIGEST_ALGS];
static unsigned plans;

static int plan_by_name(
    void *ctx, const char *path, const struct sense_id *id, struct sense_plan *p)
{
	const char *name = strrchr(path, '/') + 1;
	struct stat st;

	(void)ctx;
	plans++;
	if (stat(path, &st) < 0 || st.st_ino != id->ino || st.st_dev != id->dev ||
	    (uint64_t)st.st_size != id->size || st.st_nlink != id->nlink)
		abort();
	if (name[0] == 'n')
		p->set = 0;
	if (name[0] == 'k') {
		p->set = name[1] == '+' ? HASH_SET(DIGEST_MD5) : 0;
		p->known = known;
	}
	if (name[0] == 'x')
		p->set = HASH_SET(DIGEST_SHA512) | HASH_SET(DIGEST_SHA256);
	return name[0] == 'e' ? -ECANCELED : 0;
}

static void test_plan(void)
{
	struct sense_tree_opts o = { .set = HASH_TRIO, .plan = plan_by_name };

	known[DIGEST_SHA256] = sha256_of(span_str("of an earlier hunt"));
	for (o.jobs = 1; o.jobs <= 2; o.jobs++) {
		fresh();
		put("name", "abc");
		is_int(walk(top, &o), SENSE_DONE, "jobs %u: only the name is wanted", o.jobs);
		ok(noted("shut - /name") && stats.files == 1 && !stats.opened && !stats.read,
		    "the file is not opened");
		fresh();
		put("known", "abc");
		is_int(walk(top, &o), SENSE_DONE, "the digests are known");
		ok(!got.opened && digest_eq(&got.digest[DIGEST_SHA256], &known[DIGEST_SHA256]),
		    "and are given without opening it");
		fresh();
		put("k+", "abc");
		is_int(walk(top, &o), SENSE_DONE, "some digests are known");
		ok(got.opened && digest_eq(&got.digest[DIGEST_SHA256], &known[DIGEST_SHA256]) &&
			digest_is_set(&got.digest[DIGEST_MD5]) &&
			!digest_is_set(&got.digest[DIGEST_SHA1]),
		    "the others are computed");
		fresh();
		put("x", "abc");
		is_int(walk(top, &o), SENSE_DONE, "a digest that the options do not name");
		ok(!digest_is_set(&got.digest[DIGEST_SHA512]) &&
			digest_is_set(&got.digest[DIGEST_SHA256]),
		    "is not computed");
		fresh();
		put("end", "abc");
		is_int(walk(top, &o), -ECANCELED, "the plan ends the walk");
	}
	struct sense_tree_opts none = { .jobs = 2 };
	is_int(walk(top, &none), SENSE_DONE, "no digests at all");
	ok(stats.files == 1 && !stats.opened, "give names");
}

/* --- probe --- */

static int started;

static int start(void *ctx)
{
	started++;
	return ctx ? -EPERM : 0;
}

/* Says who started it and what it saw. */
static int look(
    void *ctx, const char *path, const struct sense_id *id, struct span b, struct buf *out)
{
	const char *name = strrchr(path, '/') + 1;

	(void)ctx;
	if (started != 1 || id->size != b.n || strncmp(path, top, strlen(top)) != 0)
		return -EPROTO;
	if (strcmp(name, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(name, "crash") == 0)
		raise(SIGABRT);
	if (strcmp(name, "fail") == 0)
		return -EBADMSG;
	for (int i = 0; i < 1000 && strcmp(name, "much") == 0; i++)
		buf_puts(out, "report");
	buf_printf(out, "%zu %c %c", b.n, b.n ? b.p[0] : '-', b.n ? b.p[b.n - 1] : '-');
	return 0;
}

static const struct sense_probe probe = { .start = start, .look = look, .max_size = 1 << 20 };

static void test_probe(unsigned jobs, unsigned set)
{
	struct sense_tree_opts o = { .set = set, .jobs = jobs, .probe = &probe };
	static char big[300000];

	memset(big, 'b', sizeof(big));
	big[sizeof(big) - 1] = 'z';
	started = 0;
	fresh();
	put("small", "abc");
	is_int(walk(top, &o), SENSE_DONE, "a probe, jobs %u, set %#x", jobs, set);
	is_str(got.found, "3 a c", "sees a small file");
	ok(got.probed && got.opened && stats.opened == 1, "which is opened");
	ok((set != 0) == digest_is_set(&got.digest[DIGEST_SHA256]), "for the digests, too");
	started = 0;
	fresh();
	put("empty", "");
	is_int(walk(in_top("empty"), &o), SENSE_DONE, "one file, empty");
	is_str(got.found, "0 - -", "is seen");
	started = 0;
	fresh();
	put_bytes("big", big, sizeof(big));
	is_int(walk(top, &o), SENSE_DONE, "a large file");
	is_str(got.found, "300000 b z", "is seen whole");
	started = 0;
	if (truncate(in_top("big"), (1 << 20) + 1) < 0)
		abort();
	is_int(walk(top, &o), SENSE_DONE, "a file too large for the probe");
	ok(!got.probed && got.probe_rc == -EFBIG, "is not seen, and that is said");
	fresh();
	put("fail", "x");
	started = 0;
	is_int(walk(top, &o), SENSE_DONE, "the probe fails");
	ok(got.probed && got.probe_rc == -EBADMSG && !got.found[0], "which is said");
	fresh();
	put("much", "x");
	started = 0;
	is_int(walk(top, &o), SENSE_DONE, "the probe says too much");
	ok(got.probed && got.probe_rc == -EMSGSIZE && !got.found[0], "and nothing is kept");
	struct sense_probe bad = { .ctx = top, .start = start, .look = look };
	o.probe = &bad;
	is_int(walk(top, &o), -EPERM, "a probe that does not start ends the walk");
}

static void test_death(void)
{
	struct sense_tree_opts o = { .set = SHA256, .jobs = 2, .probe = &probe, .ordered = true };
	char name[32];

	fresh();
	dir("sub");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%sf%d", i % 2 ? "sub/" : "", i);
		put(name, name);
	}
	put("kill", "x");
	put("sub/crash", "x");
	started = 0;
	is_int(walk(top, &o), SENSE_INCOMPLETE, "workers die in the probe");
	is_int(stats.files, 300, "all other files are read");
	is_int(stats.problems, 2, "two are not");
	ok(noted("the process that read it died: Killed /kill\n") &&
		noted("the process that read it died: Aborted /sub/crash\n"),
	    "which are told");
	is_int(got.why, SENSE_WHY_DIED, "with the reason");
}

/* Tries what a hijacked probe would. Says what it could do. */
static int look_around(
    void *ctx, const char *path, const struct sense_id *id, struct span b, struct buf *out)
{
	char other[300];

	(void)ctx, (void)id, (void)b;
	snprintf(other, sizeof(other), "%s/../firebreak-engine-made", path);
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		buf_puts(out, "socket ");
	if (fork() >= 0)
		buf_puts(out, "fork ");
	if (open(path, O_RDWR) >= 0 || open(other, O_CREAT | O_WRONLY, 0600) >= 0 ||
	    unlink(path) == 0 || chmod(path, 0777) == 0)
		buf_puts(out, "write ");
	struct open_how how = { .flags = O_RDONLY };
	if (syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how)) >= 0)
		buf_puts(out, "read ");
	how.flags = O_RDWR;
	if (syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)) >= 0)
		buf_puts(out, "change ");
	how = (struct open_how){ .flags = O_CREAT | O_RDWR, .mode = 0600 };
	strcpy(strrchr(other, '/'), "/made");
	if (syscall(SYS_openat2, AT_FDCWD, other, &how, sizeof(how)) >= 0)
		buf_puts(out, "create ");
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	    MAP_FAILED)
		buf_puts(out, "code ");
	if (!SANDBOX_SANITIZED && malloc(2 * SENSE_PROBE_HEAP))
		buf_puts(out, "memory ");
	AUTO_FREE void *some = malloc(SENSE_PROBE_HEAP / 4);
	if (!some)
		buf_puts(out, "starved ");
	return 0;
}

static void test_locked_down(void)
{
	static const struct sense_probe around = { .look = look_around };
	struct sense_tree_opts o = { .jobs = 2, .probe = &around };

	fresh();
	put("file", "x");
	is_int(walk(top, &o), SENSE_DONE, "a probe that tries to do more than look");
	ok(got.probed && got.probe_rc == 0, "looks");
	if (!strcmp(got.found, "read change create "))
		tap_skip("it can do nothing else", "this kernel has no Landlock");
	else
		is_str(got.found, "", "and can do nothing else");
	is_int(walk(in_top("file"), &o), SENSE_DONE, "also when one file is looked at");
	ok(got.probed && !strstr(got.found, "fork"), "by a worker");
	is_str(got.found, "", "that can do nothing else");
}

/* Called in the walking process: its workers are killed for no reason. */
static int plan_kill(void *ctx, const char *path, const struct sense_id *id, struct sense_plan *p)
{
	static unsigned n;
	FILE *f =
	    ++n == 100 || n == 250 || n == 390 ? fopen("/proc/thread-self/children", "r") : NULL;
	int pid;

	(void)ctx, (void)path, (void)id, (void)p;
	while (f && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (f)
		fclose(f);
	return 0;
}

static void test_killed(void)
{
	struct sense_tree_opts o = { .set = SHA256, .jobs = 2, .plan = plan_kill };
	char name[32];

	fresh();
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(name, name);
	}
	is_int(walk(top, &o), SENSE_DONE, "workers are killed three times");
	is_int(stats.files, 400, "and each file is read");
}

/* --- hard links --- */

static int plan_unlink_first(
    void *ctx, const char *path, const struct sense_id *id, struct sense_plan *p)
{
	(void)ctx, (void)id, (void)p;
	return plans++ ? 0 : unlink(path);
}

static int plan_append_first(void *ctx, const char *path, const struct sense_id *id,
    struct sense_plan *p)
{
	FILE *f = plans++ ? NULL : fopen(path, "a");

	(void)ctx, (void)id, (void)p;
	if (f)
		fputs("c", f);
	return f ? fclose(f) : 0;
}

static void test_links(void)
{
	struct sense_tree_opts o = { .set = HASH_TRIO, .plan = plan_by_name };

	for (o.jobs = 1; o.jobs <= 2; o.jobs++) {
		for (int ordered = 0; ordered <= 1; ordered++) {
			o.ordered = ordered;
			fresh();
			dir("sub");
			put("a", "abc");
			if (link(in_top("a"), in_top("b")) < 0 ||
			    link(in_top("a"), in_top("sub/c")) < 0)
				abort();
			plans = 0;
			o.plan = plan_by_name;
			is_int(walk(top, &o), SENSE_DONE, "three names, jobs %u", o.jobs);
			ok(stats.files == 3 && stats.opened == 1 && stats.again == 2 &&
				stats.read == 3 && stats.bytes == 9,
			    "are read once");
			is_int(plans, 1, "and planned once");
			ok(noted("ba7816bf8f01cfea /a") && noted("ba7816bf8f01cfea /b") &&
				noted("again shut ba7816bf8f01cfea /sub/c"),
			    "each has the digest");
			plans = 0;
			o.plan = plan_unlink_first;
			is_int(walk(top, &o), SENSE_INCOMPLETE, "the first name vanishes");
			ok(stats.problems == 1 && got.why == SENSE_WHY_GONE, "which is told");
			ok(stats.files == 2 && stats.opened == 1 && stats.again == 1 &&
				noted("ba7816bf8f01cfea /sub/c"),
			    "the others are read all the same");
			fresh();
			put("a", "ab");
			if (link(in_top("a"), in_top("b")) < 0 || link(in_top("a"), in_top("c")) < 0)
				abort();
			plans = 0;
			o.plan = plan_append_first;
			is_int(walk(top, &o), SENSE_DONE, "it changes after the first name was met");
			ok(stats.files == 3 && stats.opened == 2 && stats.again == 1 &&
				noted("ba7816bf8f01cfea /a") && noted("ba7816bf8f01cfea /b") &&
				noted("ba7816bf8f01cfea /c"),
			    "what the first name gave does not count for the others");
		}
	}
}

/* --- holes --- */

static void test_sparse(void)
{
	struct sense_tree_opts o = { .set = HASH_TRIO, .jobs = 1 };
	static const off_t at[] = { 5 << 20, (17 << 20) + 4096 + 77, 40 << 20 };
	struct digest want[DIGEST_ALGS];
	struct hasher *h;
	struct stat st;

	fresh();
	int fd = open(in_top("sparse"), O_RDWR | O_CREAT, 0600);
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		if (fd < 0 || pwrite(fd, "data in a hole", 14, at[i]) != 14)
			abort();
	for (int end = 0; end < 3; end++) {
		off_t size = (41 << 20) + (end == 1) * 77 + (end == 2) * 4096;
		if (ftruncate(fd, size) < 0 || fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
		    hasher_new(&h, HASH_TRIO) < 0 || hash_fd(h, fd, want, NULL) < 0)
			abort();
		hasher_free(h);
		is_int(walk(top, &o), SENSE_DONE, "a file with holes");
		ok(memcmp(want, got.digest, sizeof(want)) == 0, "has the right digests");
		if (st.st_blocks * 512 >= size)
			tap_skip("holes are not read", "this file system makes none");
		else
			ok(stats.read < 1 << 20, "without reading the holes (%llu)",
			    (unsigned long long)stats.read);
	}
	close(fd);
}

/* --- what changes meanwhile --- */

static int plan_replace(
    void *ctx, const char *path, const struct sense_id *id, struct sense_plan *p)
{
	const char *name = strrchr(path, '/') + 1;

	(void)ctx, (void)id, (void)p;
	if (unlink(path) < 0)
		return -errno;
	if (strcmp(name, "link") == 0 && symlink("/etc/passwd", path) < 0)
		return -errno;
	if (strcmp(name, "fifo") == 0 && mkfifo(path, 0600) < 0)
		return -errno;
	if (strcmp(name, "dir") == 0 && mkdir(path, 0700) < 0)
		return -errno;
	return 0;
}

static void test_replaced(void)
{
	struct sense_tree_opts o = { .set = SHA256, .plan = plan_replace };

	for (o.jobs = 1; o.jobs <= 2; o.jobs++) {
		fresh();
		put("gone", "x");
		put("link", "x");
		put("fifo", "x");
		put("dir", "x");
		is_int(walk(top, &o), SENSE_INCOMPLETE, "files that are replaced, jobs %u", o.jobs);
		ok(noted("vanished during the walk /gone\n"), "one is gone");
		ok(noted("moved or replaced during the walk /link\n"), "one is a link now");
		ok(noted("moved or replaced during the walk /fifo\n"), "one is a FIFO now");
		ok(noted("moved or replaced during the walk /dir\n"), "one is a directory now");
		ok(!stats.files && stats.problems == 4, "none was read");
	}
}

static void test_unreadable_blocks(void)
{
	struct sense_tree_opts o = { .set = SHA256 };

	for (o.jobs = 1; o.jobs <= 2; o.jobs++) {
		is_int(walk("/proc/self/mem", &o), SENSE_INCOMPLETE, "a block that cannot be read");
		ok(got.why == SENSE_WHY_ERRNO && got.err == EIO && got.offset == 0,
		    "has its error and place");
	}
}

static void test_names(void)
{
	struct sense_tree_opts o = { .set = SHA256, .jobs = 2 };

	fresh();
	put("\xff\xfe\x1b[31m \n\t'\"\\", "abc");
	dir("\xc0\x80");
	put("\xc0\x80/\xed\xa0\x80", "abc");
	is_int(walk(top, &o), SENSE_DONE, "names that are no text");
	ok(noted("/\xff\xfe\x1b[31m \n\t'\"\\\n") && noted("/\xc0\x80/\xed\xa0\x80\n"),
	    "come as they are");
}

/* --- stopping --- */

static void test_stop(void)
{
	struct sense_tree_opts o = { .set = HASH_TRIO, .stop = &got.stop };

	make_mixed();
	for (o.jobs = 1; o.jobs <= 2; o.jobs++) {
		for (int ordered = 0; ordered <= 1; ordered++) {
			o.ordered = ordered;
			got.stop_after = 7;
			is_int(walk(top, &o), SENSE_STOPPED, "stopped, jobs %u", o.jobs);
			ok(stats.files >= 7 && stats.files < 480 && got.good == stats.files,
			    "after a few files (%llu)", (unsigned long long)stats.files);
		}
	}
	got.stop_after = 0;
}

/* --- page cache --- */

static unsigned resident(const char *path, size_t n)
{
	unsigned char vec[1024];
	unsigned pages = 0;
	int fd = open(path, O_RDONLY);
	void *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED || mincore(p, n, vec) < 0)
		abort();
	for (size_t i = 0; i < (n + 4095) / 4096; i++)
		pages += vec[i] & 1;
	munmap(p, n);
	close(fd);
	return pages;
}

static void evict(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fsync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		abort();
	close(fd);
}

static void test_cache(void)
{
	struct sense_tree_opts o = { .set = SHA256, .jobs = 2, .no_cache = true };
	static char bytes[2 << 20];

	fresh();
	memset(bytes, 'x', sizeof(bytes));
	put_bytes("cold", bytes, sizeof(bytes));
	put_bytes("warm", bytes, sizeof(bytes));
	put_bytes("small", bytes, 5000);
	evict(in_top("cold"));
	evict(in_top("small"));
	if (resident(in_top("cold"), sizeof(bytes)) || resident(in_top("small"), 5000)) {
		tap_skip("the page cache", "this file system keeps its pages");
		return;
	}
	is_int(walk(top, &o), SENSE_DONE, "without leaving pages behind");
	is_int(resident(in_top("cold"), sizeof(bytes)), 0, "what was not there is not there");
	is_int(resident(in_top("small"), 5000), 0, "nor of a small file");
	is_int(
	    resident(in_top("warm"), sizeof(bytes)), sizeof(bytes) / 4096, "what was there stays");
	o.no_cache = false;
	is_int(walk(top, &o), SENSE_DONE, "without the option");
	ok(resident(in_top("cold"), sizeof(bytes)) > 0, "pages stay");
}

int main(void)
{
	if (!mkdtemp(top))
		abort();
	test_order();
	test_plan();
	for (unsigned jobs = 1; jobs <= 2; jobs++) {
		test_probe(jobs, HASH_TRIO);
		test_probe(jobs, 0);
	}
	test_death();
	test_locked_down();
	test_killed();
	test_links();
	test_sparse();
	test_replaced();
	test_unreadable_blocks();
	test_names();
	test_stop();
	test_cache();
	fresh();
	rmdir(top);
	return tap_done();
}
