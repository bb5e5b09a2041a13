/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/tuf/files.h"

#include "base/file.h"
#include "base/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FILE_MODE 0644

static int say(struct fault *f, int rc, const char *name)
{
	return fault_set(f, rc, "%s: %s", QUOTE(span_str(name)), strerror(-rc));
}

int tuf_files_load(int dirfd, const char *name, size_t max, struct buf *out, struct fault *f)
{
	struct stat st;
	AUTO_FD int fd = file_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return TUF_IO_ABSENT;
	if (fd < 0)
		return say(f, fd, name);
	if (fstat(fd, &st) < 0)
		return say(f, -errno, name);
	if (!S_ISREG(st.st_mode))
		return fault_set(f, -EINVAL, "%s: not a regular file", QUOTE(span_str(name)));
	int rc = file_read_fd(fd, out, max);
	return rc < 0 && rc != -EMSGSIZE ? say(f, rc, name) : rc;
}

int tuf_files_keep(int dirfd, const char *name, struct span bytes, struct fault *f)
{
	int rc = file_replace(dirfd, name, bytes, FILE_MODE);

	return rc < 0 ? say(f, rc, name) : 0;
}

int tuf_files_drop(int dirfd, const char *name, struct fault *f)
{
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return say(f, -errno, name);
	return 0;
}

/* %XX decoded; false if that gives no path. */
static bool decode(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t b = s.p[i];
		if (b == '%') {
			if (hex_decode(&b, span_cut(s, i + 1, 2)) < 0 || i + 2 >= s.n || !b)
				return false;
			i += 2;
		}
		buf_putc(out, (char)b);
	}
	return !out->err;
}

int tuf_files_fetch(int dirfd, const char *name, size_t max, struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf plain = BUF_INIT(4096);
	int rc = tuf_files_load(dirfd, name, max, out, f);

	if (rc != TUF_IO_ABSENT || !strchr(name, '%') || !decode(span_str(name), &plain))
		return rc;
	return tuf_files_load(dirfd, buf_str(&plain), max, out, f);
}
