/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void spool_free(struct spool *s)
{
	if (s->map)
		munmap(s->map, SPOOL_MEMORY);
	fd_close_p(&s->mem);
	fd_close_p(&s->file);
	*s = SPOOL_INIT;
}

static int make_memory(struct spool *s)
{
	s->mem = memfd_create("firebreak", MFD_CLOEXEC);
	if (s->mem < 0 || ftruncate(s->mem, SPOOL_MEMORY) < 0)
		return -errno;
	void *p = mmap(NULL, SPOOL_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, s->mem, 0);
	if (p == MAP_FAILED)
		return -errno;
	s->map = p;
	return 0;
}

int spool_reset(struct spool *s)
{
	s->n = 0;
	s->ntail = 0;
	s->where = SPOOL_IN_MEMORY;
	if (!s->map)
		return make_memory(s);
	/* spool_fd may have cut it */
	return ftruncate(s->mem, SPOOL_MEMORY) < 0 ? -errno : 0;
}

/* A file without a name; where the file system cannot, one whose name is taken away at once. */
static int nameless_in(const char *dir)
{
	char path[4096];

	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd < 0 ? -errno : fd;
	if (snprintf(path, sizeof(path), "%s/firebreak.XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int spool_nameless(struct fault *f)
{
	const char *env = getenv("TMPDIR");
	bool given = env && env[0];
	const char *dir = given ? env : "/var/tmp";

	int fd = nameless_in(dir);
	if (fd < 0 && !given)
		fd = nameless_in("/tmp");
	/* -EIO: it is not the artifact that is not there. */
	if (fd < 0)
		return fault_set(f, fd == -ENOSPC || fd == -EMFILE ? fd : -EIO,
		    "%s: no room for a temporary file: %s (set TMPDIR to a folder that has some)",
		    QUOTE(span_str(dir)), strerror(-fd));
	return fd;
}

static int write_at(int fd, uint64_t at, struct span bytes)
{
	while (bytes.n) {
		ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += (uint64_t)n;
		bytes = span_from(bytes, (size_t)n);
	}
	return 0;
}

static int put_file(struct spool *s, uint64_t at, struct span bytes, struct fault *f)
{
	int rc = write_at(s->file, at, bytes);
	return rc < 0 ? fault_set(f, rc, "writing a temporary file: %s (set TMPDIR to a folder with "
					 "more room)",
			    strerror(-rc)) :
			0;
}

/* Keeps the last bytes: the buffer is twice as long so that it moves rarely. */
static void put_tail(struct spool *s, struct span bytes)
{
	if (bytes.n > SPOOL_TAIL)
		bytes = span_from(bytes, bytes.n - SPOOL_TAIL);
	if (bytes.n > sizeof(s->tail) - s->ntail) {
		memmove(s->tail, s->tail + s->ntail - SPOOL_TAIL, SPOOL_TAIL);
		s->ntail = SPOOL_TAIL;
	}
	memcpy(s->tail + s->ntail, bytes.p, bytes.n);
	s->ntail += bytes.n;
}

static int leave_memory(struct spool *s, bool keep, struct fault *f)
{
	struct span head = span_of(s->map, SPOOL_MEMORY);

	put_tail(s, head);
	s->where = keep ? SPOOL_IN_FILE : SPOOL_DROPPED;
	if (!keep)
		return 0;
	if (s->file < 0)
		s->file = spool_nameless(f);
	return s->file < 0 ? s->file : put_file(s, 0, head, f);
}

int spool_put(struct spool *s, struct span bytes, bool (*keep)(void *ctx, struct span head),
    void *ctx, struct fault *f)
{
	int rc = 0;

	if (s->where == SPOOL_IN_MEMORY) {
		struct span fits = span_cut(bytes, 0, SPOOL_MEMORY - (size_t)s->n);
		if (fits.n)
			memcpy(s->map + s->n, fits.p, fits.n);
		s->n += fits.n;
		bytes = span_from(bytes, fits.n);
		if (!bytes.n)
			return 0;
		rc = leave_memory(s, keep(ctx, span_of(s->map, SPOOL_MEMORY)), f);
	}
	if (rc == 0 && s->where == SPOOL_IN_FILE)
		rc = put_file(s, s->n, bytes, f);
	put_tail(s, bytes);
	s->n += bytes.n;
	return rc;
}

struct span spool_head(const struct spool *s)
{
	return span_of(s->map, s->n < SPOOL_MEMORY ? (size_t)s->n : SPOOL_MEMORY);
}

struct span spool_tail(const struct spool *s)
{
	struct span all =
	    s->where == SPOOL_IN_MEMORY ? spool_head(s) : span_of(s->tail, s->ntail);

	return all.n > SPOOL_TAIL ? span_from(all, all.n - SPOOL_TAIL) : all;
}

int spool_fd(struct spool *s)
{
	int fd = s->where == SPOOL_IN_FILE ? s->file : s->mem;

	if (s->where == SPOOL_DROPPED)
		return -ENODATA;
	/* A longer entry may have been here before. */
	return ftruncate(fd, (off_t)s->n) < 0 ? -errno : fd;
}
