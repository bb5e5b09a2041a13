/* SPDX-License-Identifier: Apache-2.0 */

/* watch_out: standard output, or a file that is rotated. */

#include "base/file.h"
#include "cli/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUT_ROOM_MAX (64u << 20)

struct watch_out {
	struct watch_out_opts o;
	struct buf b;
	int fd;
	uint64_t size; /* of the file */
	ts began;      /* by clock_mono */
};

/* A disk that was full, a power cut: the last line is not whole. It stays alone. */
static int end_line(const char *path, int fd, const struct stat *st)
{
	AUTO_FD int in = -1;
	char last = '\n';

	if (S_ISREG(st->st_mode) && st->st_size)
		in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (in < 0 || pread(in, &last, 1, st->st_size - 1) != 1 || last == '\n')
		return 0;
	return file_write_all(fd, SPAN_LIT("\n"));
}

static int open_file(struct watch_out *o, struct fault *f)
{
	struct stat st;
	AUTO_FD int fd =
	    open(o->o.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);

	int rc = fd < 0 || fstat(fd, &st) < 0 ? -errno : end_line(o->o.path, fd, &st);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(o->o.path)), strerror(-rc));
	o->fd = TAKE_FD(fd);
	o->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	o->began = clock_mono();
	return 0;
}

int watch_out_open(struct watch_out **ret_o, const struct watch_out_opts *opts, struct fault *f)
{
	struct watch_out *o = calloc(1, sizeof(*o));
	int rc;

	if (!o)
		return -ENOMEM;
	*o = (struct watch_out){ .o = *opts, .b = BUF_INIT(OUT_ROOM_MAX), .fd = STDOUT_FILENO };
	rc = opts->path ? open_file(o, f) : 0;
	if (rc < 0) {
		free(o);
		return rc;
	}
	*ret_o = o;
	return 0;
}

struct watch_out *watch_out_close(struct watch_out *o)
{
	if (!o)
		return NULL;
	if (o->o.path && o->fd >= 0)
		close(o->fd);
	buf_free(&o->b);
	free(o);
	return NULL;
}

struct buf *watch_out_buf(struct watch_out *o)
{
	return &o->b;
}

/* FILE.2 becomes FILE.3, FILE.1 FILE.2, FILE FILE.1. */
static int shift(const char *path, unsigned keep)
{
	char from[4096 + 16], to[4096 + 16];

	for (unsigned i = keep; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", path, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", path);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static bool due(const struct watch_out *o)
{
	if (!o->o.path || !o->size)
		return false;
	return (o->o.rotate_size && o->size >= o->o.rotate_size) ||
	       (o->o.rotate_age && clock_mono() - o->began >= o->o.rotate_age);
}

int watch_out_again(struct watch_out *o, struct fault *f)
{
	int rc = watch_out_flush(o, f);

	if (rc < 0 || !o->o.path)
		return rc;
	int old = o->fd;
	rc = open_file(o, f);
	if (rc == 0)
		close(old);
	return rc;
}

static int rotate(struct watch_out *o, struct fault *f)
{
	int rc = shift(o->o.path, o->o.keep);

	if (rc < 0)
		return fault_set(
		    f, rc, "%s: cannot rotate: %s", QUOTE(span_str(o->o.path)), strerror(-rc));
	close(o->fd);
	o->fd = -1;
	return open_file(o, f);
}

/* On an error what was not written is dropped: lines are not repeated. */
int watch_out_flush(struct watch_out *o, struct fault *f)
{
	struct span s = buf_span(&o->b);

	int rc = 0;

	if (!s.n)
		return 0;
	if (due(o))
		rc = rotate(o, f);
	if (rc == 0)
		rc = file_write_all(o->fd, s);
	o->size += s.n;
	buf_reset(&o->b);
	if (rc < 0 && rc != -EPIPE && o->fd >= 0)
		return fault_set(f, rc, "%s: %s; what comes after this is not written",
		    o->o.path ? QUOTE(span_str(o->o.path)) : "standard output", strerror(-rc));
	return rc;
}
