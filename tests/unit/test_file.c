/* SPDX-License-Identifier: Apache-2.0 */

#include "base/file.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static char dir[] = "/tmp/fb-file-XXXXXX";
static int dirfd_;

static void put(const char *name, const char *content)
{
	AUTO_FD int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(fd, span_str(content)) < 0)
		abort();
}

/* The content of dir/name, or "(none)". */
static const char *content(const char *name)
{
	static char text[64];
	AUTO_FD int fd = openat(dirfd_, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return "(none)";
	text[n] = 0;
	return text;
}

static int entries(const char *prefix)
{
	DIR *d = opendir(dir);
	int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	if (d)
		closedir(d);
	return n;
}

static int open_close(const char *path)
{
	int fd = file_open_beneath(dirfd_, path, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0)
		return fd;
	int flags = fcntl(fd, F_GETFD);
	close(fd);
	return flags & FD_CLOEXEC ? 0 : -1;
}

static void test_beneath(void)
{
	mkdirat(dirfd_, "sub", 0700);
	put("sub/file", "x");
	put("top", "y");
	if (symlinkat("file", dirfd_, "sub/link") || symlinkat("/etc/passwd", dirfd_, "abs") ||
	    symlinkat("sub", dirfd_, "dirlink") || symlinkat("..", dirfd_, "up") ||
	    mkfifoat(dirfd_, "fifo", 0600))
		abort();
	is_int(open_close("sub/file"), 0, "a file beneath, close-on-exec");
	is_int(open_close("sub/../top"), 0, ".. that stays beneath");
	is_int(open_close("../x"), -EXDEV, ".. that leaves");
	is_int(open_close("sub/../../x"), -EXDEV, ".. that leaves later");
	is_int(open_close("/etc/passwd"), -EXDEV, "an absolute path");
	is_int(open_close("sub/link"), -ELOOP, "a symlink, even inside");
	is_int(open_close("dirlink/file"), -ELOOP, "a symlinked directory");
	is_int(open_close("abs"), -ELOOP, "an absolute symlink");
	is_int(open_close("up/x"), -ELOOP, "a symlink up");
	is_int(open_close("none"), -ENOENT, "nothing there");
	is_int(open_close("fifo"), 0, "a FIFO does not block with O_NONBLOCK");
	AUTO_FD int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_int(file_open_beneath(root, "proc/self/exe", O_RDONLY, 0), -ELOOP, "a magic link");
	AUTO_FD int made = file_open_beneath(dirfd_, "sub/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	ok(made >= 0, "creates");
	is_int(file_open_beneath(dirfd_, "sub/new", O_WRONLY | O_CREAT | O_EXCL, 0600), -EEXIST,
	    "exclusively");
}

static char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int user(const char *path, struct fault *f)
{
	int fd = file_open_user(path, f);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void test_user(void)
{
	struct fault f = FAULT_INIT;

	is_int(user(in_dir("top"), &f), 0, "a user's file");
	is_int(user(in_dir("sub/link"), &f), 0, "the user may give a symlink");
	is_int(user(in_dir("sub"), &f), -EISDIR, "a directory");
	ok(strstr(f.text, "sub: a directory"), "says so: %s", f.text);
	is_int(user(in_dir("fifo"), &f), -EINVAL, "a FIFO does not hang");
	ok(strstr(f.text, "not a regular file"), "says so: %s", f.text);
	is_int(user("/dev/null", &f), -EINVAL, "a device");
	is_int(user("/nonexistent\n", &f), -ENOENT, "nothing");
	is_str(f.text, "/nonexistent\\x0a: No such file or directory", "escaped");
	is_int(user("/nonexistent", NULL), -ENOENT, "without a fault");
}

static void test_read(void)
{
	struct fault f = FAULT_INIT;
	AUTO_FREE char *big = malloc(700001);
	int bad = 0;

	memset(big, 'z', 700000);
	big[700000] = 0;
	put("big", big);
	/* The buffer's cap and the file's may be the same, or either the smaller. */
	static const struct {
		size_t cap, max;
		int rc;
	} c[] = { { 700000, 700000, 0 }, { 700000, SIZE_MAX, 0 }, { SIZE_MAX, 700000, 0 },
		{ SIZE_MAX, SIZE_MAX, 0 }, { 700001, 700001, 0 }, { 699999, 700000, -EMSGSIZE },
		{ 700000, 699999, -EMSGSIZE }, { 0, 10, -EMSGSIZE }, { 10, 0, -EMSGSIZE } };
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		AUTO_BUF struct buf b = BUF_INIT(c[i].cap);
		int rc = file_read(in_dir("big"), &b, c[i].max, &f);
		is_int(rc, c[i].rc, "cap %zu, max %zu", c[i].cap, c[i].max);
		bad += b.n != (rc ? 0 : 700000) || (b.p && b.p[b.n]);
	}
	is_int(bad, 0, "all of it or nothing");
	AUTO_BUF struct buf b = BUF_INIT(100);
	buf_puts(&b, "head ");
	put("small", "body");
	put("empty", "");
	is_int(file_read(in_dir("small"), &b, 4, &f), 0, "appends");
	is_int(file_read(in_dir("empty"), &b, 0, &f), 0, "an empty file needs no room");
	is_int(file_read(in_dir("small"), &b, 3, &f), -EMSGSIZE, "too large");
	ok(strstr(f.text, "larger than 3 bytes"), "says so: %s", f.text);
	is_str(buf_str(&b), "head body", "and leaves the buffer as it was");
	int p[2];
	if (pipe(p) < 0 || file_write_all(p[1], SPAN_LIT("pipe")) < 0)
		abort();
	close(p[1]);
	is_int(file_read_fd(p[0], &b, 10), 0, "a pipe");
	close(p[0]);
	is_str(buf_str(&b), "head bodypipe", "read to its end");
	is_int(file_read_fd(-1, &b, 10), -EBADF, "no descriptor");
	is_int(file_read_fd(dirfd_, &b, 10), -EISDIR, "a directory");
}

static void test_replace(void)
{
	struct stat st;
	struct fault f = FAULT_INIT;

	put("target", "old");
	is_int(file_replace(dirfd_, "target", SPAN_LIT("new"), 0640), 0, "replace");
	ok(fstatat(dirfd_, "target", &st, 0) == 0 && (st.st_mode & 0777) == (0640 & ~umask(022)), "mode");
	is_str(content("target"), "new", "content");
	is_int(file_replace(dirfd_, "fresh", SPAN_NONE, 0600), 0, "create, empty");
	is_str(content("fresh"), "", "is there");
	is_int(file_replace(dirfd_, "a/b", SPAN_LIT("x"), 0600), -EINVAL, "a name has no slash");
	is_int(file_replace(dirfd_, ".tmp-0123456789abcdef", SPAN_LIT("x"), 0600), 0, "what a killed writer left");
	is_int(file_replace(dirfd_, ".tmp-mine", SPAN_LIT("x"), 0600), 0, "what only looks like it");
	file_sweep(dirfd_);
	ok(faccessat(dirfd_, ".tmp-0123456789abcdef", F_OK, 0) < 0, "swept");
	ok(faccessat(dirfd_, ".tmp-mine", F_OK, 0) == 0 && faccessat(dirfd_, "target", F_OK, 0) == 0, "kept");
	ok(unlinkat(dirfd_, ".tmp-mine", 0) == 0, "taken away");
	is_int(file_replace(dirfd_, "", SPAN_LIT("x"), 0600), -EINVAL, "nor is it empty");
	is_int(file_replace(AT_FDCWD, "x", SPAN_LIT("x"), 0600), -EINVAL, "AT_FDCWD is refused");
	is_int(file_replace(dirfd_, "sub", SPAN_LIT("x"), 0600), -EISDIR, "a directory in the way");
	if (symlinkat("target", dirfd_, "tolink"))
		abort();
	is_int(file_replace(dirfd_, "tolink", SPAN_LIT("own"), 0600), 0, "over a symlink");
	ok(strcmp(content("tolink"), "own") == 0 && strcmp(content("target"), "new") == 0,
	    "replaces the link, not what it points to");
	is_int(file_replace_path(in_dir("target"), SPAN_LIT("path"), 0600, &f), 0, "by path");
	is_str(content("target"), "path", "content");
	ok(file_replace_path("/nonexistent/x", SPAN_LIT("x"), 0600, &f) == -ENOENT &&
	    strstr(f.text, "/nonexistent/x: cannot write"), "no such directory: %s", f.text);
	ok(file_replace_path(in_dir("sub/"), SPAN_LIT("x"), 0600, &f) == -EINVAL, "no name in the path");
	ok(file_replace_path("/proc/x", SPAN_LIT("x"), 0600, &f) < 0, "nowhere to write");
}

/* A write that fails half way (the limit stands in for a full disk) keeps the old file. */
static void test_replace_full(void)
{
	struct rlimit old, low = { 4096, RLIM_INFINITY };
	AUTO_FREE char *big = malloc(65536);

	memset(big, 'b', 65536);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	low.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &low);
	int rc = file_replace(dirfd_, "target", span_of(big, 65536), 0600);
	setrlimit(RLIMIT_FSIZE, &old);
	is_int(rc, -EFBIG, "a failed write is reported");
	is_str(content("target"), "path", "the old file stands");
	is_int(entries(".tmp-"), 0, "no temporary is left");
}

static void test_mkdirs(void)
{
	struct stat st;

	is_int(file_mkdirs(in_dir("p/q//r/"), 0700), 0, "several, with doubled slashes");
	ok(fstatat(dirfd_, "p/q/r", &st, 0) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0700,
	    "made with the mode");
	is_int(file_mkdirs(in_dir("p/q/r"), 0700), 0, "again");
	is_int(file_mkdirs("/", 0700), 0, "root");
	is_int(file_mkdirs("", 0700), -ENOENT, "an empty path");
	is_int(file_mkdirs(in_dir("top"), 0700), -ENOTDIR, "a file in the way");
	is_int(file_mkdirs(in_dir("top/x"), 0700), -ENOTDIR, "a file further up");
	ok(file_mkdirs("/proc/nothing/here", 0700) < 0, "not possible");
}

static void test_map(void)
{
	struct file_map m;
	struct fault f = FAULT_INIT;

	is_int(file_map_open(&m, in_dir("small"), &f), 0, "map");
	ok(span_eq_str(m.s, "body") && m.fd >= 0, "content");
	file_map_close(&m);
	ok(!m.s.p && m.fd == -1, "closed");
	file_map_close(&m);
	is_int(file_map_open(&m, in_dir("empty"), &f), 0, "an empty file");
	ok(m.s.n == 0, "is an empty span");
	file_map_close(&m);
	is_int(file_map_open(&m, in_dir("sub"), &f), -EISDIR, "a directory");
	ok(m.fd == -1 && !m.s.p, "leaves nothing");
	is_int(file_map_fd(&m, -1), -EBADF, "no descriptor");
}

static void test_write(void)
{
	AUTO_FD int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	is_int(file_write_all(full, SPAN_LIT("x")), -ENOSPC, "a full device");
	is_int(file_write_all(full, SPAN_NONE), 0, "nothing to write");
	is_int(file_write_all(-1, SPAN_LIT("x")), -EBADF, "no descriptor");
}

int main(void)
{
	char cmd[64];

	if (!mkdtemp(dir))
		tap_skip_all("no /tmp");
	umask(022);
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_beneath();
	test_user();
	test_read();
	test_replace();
	test_replace_full();
	test_mkdirs();
	test_map();
	test_write();
	close(dirfd_);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ok(system(cmd) == 0, "cleaned up");
	return tap_done();
}
