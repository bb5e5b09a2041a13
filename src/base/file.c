/* SPDX-License-Identifier: Apache-2.0 */

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_CHUNK (256u << 10)

int file_open_beneath(int dirfd, const char *path, int flags, unsigned mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int file_open_in_root(int rootfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int file_open_user(const char *path, struct fault *f)
{
	struct stat st;

	/* O_NONBLOCK: opening a FIFO must not hang; it is refused below. */
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int e = errno;
		return fault_set(f, -e, "%s: %s", QUOTE(span_str(path)), strerror(e));
	}
	if (S_ISDIR(st.st_mode))
		return fault_set(f, -EISDIR, "%s: a directory, not a file", QUOTE(span_str(path)));
	if (!S_ISREG(st.st_mode))
		return fault_set(f, -EINVAL, "%s: not a regular file", QUOTE(span_str(path)));
	return TAKE_FD(fd);
}

/* Up to max more bytes to the end of out: count, 0 at the end of the file, -EMSGSIZE when there is
 * no room for what is still there. */
static ssize_t read_some(int fd, struct buf *out, size_t max)
{
	size_t room = out->max - out->n < max ? out->max - out->n : max;
	uint8_t probe;

	if (room > READ_CHUNK)
		room = READ_CHUNK;
	int rc = buf_reserve(out, room);
	if (rc < 0)
		return rc;
	ssize_t n;
	do {
		n = read(fd, room ? out->p + out->n : &probe, room ? room : 1);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n > 0 && !room ? -EMSGSIZE : n;
}

int file_read_fd(int fd, struct buf *out, size_t max)
{
	size_t start = out->n;
	ssize_t n;

	while ((n = read_some(fd, out, max - (out->n - start))) > 0)
		out->n += (size_t)n;
	if (n < 0)
		out->n = start;
	if (out->p)
		out->p[out->n] = 0;
	return (int)n;
}

int file_read(const char *path, struct buf *out, size_t max, struct fault *f)
{
	AUTO_FD int fd = file_open_user(path, f);
	if (fd < 0)
		return fd;
	int rc = file_read_fd(fd, out, max);
	if (rc == -EMSGSIZE)
		return fault_set(f, rc, "%s: larger than %zu bytes, the most that is read here",
		    QUOTE(span_str(path)), max);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	return 0;
}

int file_write_all(int fd, struct span s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		s = span_from(s, (size_t)n);
	}
	return 0;
}

static int write_synced(int fd, struct span s)
{
	int rc = file_write_all(fd, s);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	return rc;
}

#define TEMP ".tmp-" /* and 16 hex digits */

int file_nameless(int dirfd)
{
	if (dirfd < 0) {
		int fd = memfd_create("firebreak", MFD_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd < 0 ? -errno : fd;
	uint64_t r; /* a file system without O_TMPFILE */
	char tmp[64];
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return -EIO;
	snprintf(tmp, sizeof(tmp), TEMP "%016llx", (unsigned long long)r);
	fd = openat(dirfd, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	unlinkat(dirfd, tmp, 0);
	return fd;
}

int file_replace(int dirfd, const char *name, struct span content, unsigned mode)
{
	uint64_t r;
	char tmp[64];

	if (dirfd < 0 || !*name || strchr(name, '/'))
		return -EINVAL;
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return -EIO;
	snprintf(tmp, sizeof(tmp), TEMP "%016llx", (unsigned long long)r);
	AUTO_FD int fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	int rc = write_synced(fd, content);
	if (rc == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		rc = -errno;
	if (rc < 0) {
		unlinkat(dirfd, tmp, 0);
		return rc;
	}
	return fsync(dirfd) < 0 ? -errno : 0;
}

static bool is_temp(const char *name)
{
	size_t n = strlen(TEMP);

	return strncmp(name, TEMP, n) == 0 && strlen(name + n) == 16 &&
	       strspn(name + n, "0123456789abcdef") == 16;
}

void file_sweep(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d)))
		if (is_temp(e->d_name))
			unlinkat(dirfd, e->d_name, 0);
	if (d)
		closedir(d);
}

int file_replace_path(const char *path, struct span content, unsigned mode, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!dir)
		return -ENOMEM;
	AUTO_FD int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = dirfd < 0 ? -errno :
			     file_replace(dirfd, slash ? slash + 1 : path, content, mode);
	if (rc < 0)
		return fault_set(f, rc, "%s: cannot write: %s", QUOTE(span_str(path)), strerror(-rc));
	return 0;
}

int file_mkdirs(const char *path, unsigned mode)
{
	struct stat st;

	if (!*path)
		return -ENOENT;
	AUTO_FREE char *p = strdup(path);
	if (!p)
		return -ENOMEM;
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = 0;
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	if (mkdir(p, mode) < 0 && errno != EEXIST)
		return -errno;
	if (stat(p, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_map_fd(struct file_map *m, int fd)
{
	struct stat st;

	*m = FILE_MAP_NONE;
	if (fstat(fd, &st) < 0) {
		int e = errno;
		close(fd);
		return -e;
	}
	if (st.st_size > 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED) {
			int e = errno;
			close(fd);
			return -e;
		}
		m->s = span_of(p, (size_t)st.st_size);
	}
	m->fd = fd;
	return 0;
}

int file_map_open(struct file_map *m, const char *path, struct fault *f)
{
	*m = FILE_MAP_NONE;
	int fd = file_open_user(path, f);
	if (fd < 0)
		return fd;
	int rc = file_map_fd(m, fd);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	return 0;
}

void file_map_close(struct file_map *m)
{
	if (m->s.p)
		munmap((void *)(uintptr_t)m->s.p, m->s.n);
	if (m->fd >= 0)
		close(m->fd);
	*m = FILE_MAP_NONE;
}
