/* SPDX-License-Identifier: Apache-2.0 */

/*
 * blob: files by their SHA-256. A blob is written as blobs/tmp/RANDOM, synced, and renamed to its
 * name; the writer holds a lock on the temporary, so that what a killed writer left behind can be
 * told from what is being written, and is swept away by the next open for writing.
 */

#include "base/file.h"
#include "crypto/hash.h"
#include "store/priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#define TMP_DIR "blobs/tmp"
#define SHA_DIR "blobs/sha256"
#define COPY_BLOCK (256u << 10)

static int fail(struct store *s, struct fault *f, int rc, const char *what)
{
	return fault_set(f, rc, "%s/blobs: %s: %s", QUOTE(span_str(s->dir)), what,
	    rc == -ENOSPC ? "no space left on the device; nothing was kept" : strerror(-rc));
}

int store_blob_path(struct store *s, const struct digest *d, char *out, size_t n)
{
	if (d->alg != DIGEST_SHA256)
		return -EINVAL;
	const char *hex = DIGEST_HEX(d);
	if (n < sizeof(SHA_DIR "/ab/") + strlen(hex))
		return -ENAMETOOLONG;
	snprintf(out, n, SHA_DIR "/%.2s/%s", hex, hex);
	return 0;
}

static int folder(int parent, const char *name)
{
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	/* Also when it was there: another process may have made it just now, and not synced it. */
	if (fsync(parent) < 0)
		return -errno;
	return file_open_beneath(parent, name, O_RDONLY | O_DIRECTORY, 0);
}

struct temp {
	int dir, fd;
	char name[32];
};

static void temp_close(struct temp *t)
{
	if (t->fd >= 0 && t->name[0])
		unlinkat(t->dir, t->name, 0);
	if (t->fd >= 0)
		close(t->fd);
	if (t->dir >= 0)
		close(t->dir);
}

#define AUTO_TEMP FB_CLEANUP(temp_close)

/* A locked temporary. The sweeper may take one away between its making and its locking. */
static int temp_make(struct temp *t)
{
	struct stat st;
	uint64_t r;

	for (;;) {
		if (getrandom(&r, sizeof(r), 0) != sizeof(r))
			return -errno;
		snprintf(t->name, sizeof(t->name), "%016llx", (unsigned long long)r);
		t->fd = openat(t->dir, t->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
		if (t->fd < 0 || flock(t->fd, LOCK_EX) < 0 || fstat(t->fd, &st) < 0)
			return -errno;
		if (st.st_nlink)
			return 0;
		close(TAKE_FD(t->fd));
	}
}

static int temp_open(struct store *s, struct temp *t, struct fault *f)
{
	if (s->flags & STORE_RDONLY)
		return fault_set(f, -EROFS, "%s: opened for reading only", QUOTE(span_str(s->dir)));
	t->dir = file_open_beneath(s->dirfd, TMP_DIR, O_RDONLY | O_DIRECTORY, 0);
	int rc = t->dir < 0 ? t->dir : temp_make(t);
	return rc < 0 ? fail(s, f, rc, "cannot write") : 0;
}

static int copy(int from, int to, struct digest *ret_d, uint64_t *ret_size)
{
	AUTO_HASHER struct hasher *h = NULL;
	AUTO_FREE uint8_t *block = malloc(COPY_BLOCK);
	struct digest d[DIGEST_ALGS];
	uint64_t size = 0;
	ssize_t n = 1;
	int rc = block ? hasher_new(&h, HASH_SET(DIGEST_SHA256)) : -ENOMEM;

	while (rc == 0 && n > 0) {
		n = pread(from, block, COPY_BLOCK, (off_t)size);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return -errno;
		rc = hasher_update(h, block, (size_t)n);
		if (rc == 0)
			rc = file_write_all(to, span_of(block, (size_t)n));
		size += (uint64_t)n;
	}
	if (rc == 0)
		rc = hasher_final(h, d);
	if (rc < 0)
		return rc;
	*ret_d = d[DIGEST_SHA256];
	*ret_size = size;
	return 0;
}

/* It is there already: then it must be whole, and on the disk. */
static int existing(int dir, const char *name, uint64_t size)
{
	struct stat st;
	AUTO_FD int fd = file_open_beneath(dir, name, O_RDONLY, 0);

	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return -EUCLEAN;
	return fsync(fd) < 0 || fsync(dir) < 0 ? -errno : 0;
}

static int publish(struct store *s, struct temp *t, const struct digest *d, uint64_t size)
{
	char hex[DIGEST_TEXT_MAX], two[3] = "";

	digest_hex(d, hex);
	memcpy(two, hex, 2);
	AUTO_FD int all = file_open_beneath(s->dirfd, SHA_DIR, O_RDONLY | O_DIRECTORY, 0);
	AUTO_FD int dir = all < 0 ? all : folder(all, two);
	if (dir < 0)
		return dir;
	if (fsync(t->fd) < 0)
		return -errno;
	if (renameat2(t->dir, t->name, dir, hex, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? existing(dir, hex, size) : -errno;
	t->name[0] = 0;
	return fsync(dir) < 0 ? -errno : 0;
}

static int keep(struct store *s, struct temp *t, const struct digest *d, uint64_t size,
    struct fault *f)
{
	int rc = publish(s, t, d, size);

	if (rc == -EUCLEAN)
		return fault_set(f, rc, "%s/blobs: %s is damaged (not a file of %llu bytes): move it away "
		    "and repeat", QUOTE(span_str(s->dir)), DIGEST_TEXT(d), (unsigned long long)size);
	return rc < 0 ? fail(s, f, rc, "cannot keep") : 0;
}

int store_blob_put_fd(struct store *s, int fd, struct digest *ret_d, struct fault *f)
{
	AUTO_TEMP struct temp t = { .dir = -1, .fd = -1 };
	struct digest d;
	uint64_t size;
	int rc = temp_open(s, &t, f);

	if (rc < 0)
		return rc;
	rc = copy(fd, t.fd, &d, &size);
	if (rc < 0)
		return fail(s, f, rc, "cannot copy");
	rc = keep(s, &t, &d, size, f);
	if (rc == 0)
		*ret_d = d;
	return rc;
}

int store_blob_put(struct store *s, struct span bytes, struct digest *ret_d, struct fault *f)
{
	AUTO_TEMP struct temp t = { .dir = -1, .fd = -1 };
	struct digest d = sha256_of(bytes);
	int rc = temp_open(s, &t, f);

	if (rc < 0)
		return rc;
	rc = file_write_all(t.fd, bytes);
	if (rc < 0)
		return fail(s, f, rc, "cannot write");
	rc = keep(s, &t, &d, bytes.n, f);
	if (rc == 0)
		*ret_d = d;
	return rc;
}

int store_blob_open(struct store *s, const struct digest *d, struct fault *f)
{
	char path[DIGEST_TEXT_MAX + 32];
	struct stat st;

	if (store_blob_path(s, d, path, sizeof(path)) < 0)
		return fault_set(f, -EINVAL, "blobs are named by SHA-256 only");
	AUTO_FD int fd = file_open_beneath(s->dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -ENOENT)
		return fault_set(f, fd, "%s: not kept here", DIGEST_TEXT(d));
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(s, f, fd < 0 ? fd : -errno, path);
	if (!S_ISREG(st.st_mode))
		return fail(s, f, -EUCLEAN, path);
	return TAKE_FD(fd);
}

/* A temporary that nobody has locked belongs to a writer that is no more. */
static void sweep_one(int dir, const char *name)
{
	AUTO_FD int fd = file_open_beneath(dir, name, O_RDONLY | O_NONBLOCK, 0);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(dir, name, 0);
}

static int sweep(int tmp)
{
	DIR *d = fdopendir(tmp);

	if (!d) {
		int rc = -errno;
		close(tmp);
		return rc;
	}
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (e->d_name[0] != '.')
			sweep_one(tmp, e->d_name);
	closedir(d);
	return 0;
}

/* blobs/tmp is made last: when it is there, what holds the blobs is on the disk. */
static int make_folders(struct store *s)
{
	AUTO_FD int blobs = folder(s->dirfd, "blobs");
	AUTO_FD int sha = blobs < 0 ? blobs : folder(blobs, "sha256");
	return sha < 0 ? sha : folder(blobs, "tmp");
}

int blobs_prepare(struct store *s, struct fault *f)
{
	int tmp = file_open_beneath(s->dirfd, TMP_DIR, O_RDONLY | O_DIRECTORY, 0);

	if (tmp == -ENOENT)
		tmp = make_folders(s);
	int rc = tmp < 0 ? tmp : sweep(tmp);
	return rc < 0 ? fail(s, f, rc, "cannot prepare") : 0;
}
