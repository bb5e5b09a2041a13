/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/out_files.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const struct out_files *o, int rc, struct fault *f)
{
	return fault_set(f, rc, "%s: cannot write: %s",
	    o->path ? QUOTE(span_str(o->path)) : "standard output", strerror(-rc));
}

int out_files_open(struct out_files *o, const char *path, bool folder, struct fault *f)
{
	*o = (struct out_files){ .path = path, .folder = folder, .dirfd = -1 };
	if (!path)
		return 0;
	struct stat st;
	if (!folder && stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* /dev/null is not to be replaced */
		return fault_set(f, -EINVAL, "%s: is there, and no regular file", QUOTE(span_str(path)));
	int rc = folder ? file_mkdirs(path, 0777) : 0;
	if (rc < 0)
		return failed(o, rc, f);
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = folder  ? strdup(path)
			      : slash ? strndup(path, (size_t)(slash - path) + 1)
				      : strdup(".");
	if (!dir)
		return -ENOMEM;
	o->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return o->dirfd < 0 ? failed(o, -errno, f) : 0;
}

FILE *out_files_new(struct out_files *o, const char *name, struct fault *f)
{
	uint64_t r;

	if (!o->path)
		return stdout;
	FB_ASSERT(o->n < OUT_FILES_MAX);
	struct out_file *x = &o->file[o->n];
	const char *slash = strrchr(o->path, '/');
	if (!o->folder)
		name = slash ? slash + 1 : o->path;
	if (!name[0] || strlen(name) >= sizeof(x->name)) {
		(void)failed(o, name[0] ? -ENAMETOOLONG : -EISDIR, f);
		return NULL;
	}
	if (getrandom(&r, sizeof(r), 0) != sizeof(r)) {
		(void)failed(o, -EIO, f);
		return NULL;
	}
	snprintf(x->name, sizeof(x->name), "%s", name);
	snprintf(x->temp, sizeof(x->temp), ".firebreak-%016llx", (unsigned long long)r);
	int fd =
	    openat(o->dirfd, x->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	x->f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!x->f) {
		(void)failed(o, -errno, f);
		if (fd >= 0) {
			close(fd);
			unlinkat(o->dirfd, x->temp, 0);
		}
		return NULL;
	}
	o->n++;
	return x->f;
}

static int sync_file(struct out_file *x)
{
	errno = 0;
	bool bad = fflush(x->f) != 0 || ferror(x->f) || fsync(fileno(x->f)) < 0;
	return bad ? (errno ? -errno : -EIO) : 0;
}

int out_files_commit(struct out_files *o, struct fault *f)
{
	int rc = 0;

	errno = 0;
	if (!o->path)
		return fflush(stdout) || ferror(stdout) ? failed(o, errno ? -errno : -EIO, f) : 0;
	for (size_t i = 0; i < o->n && rc == 0; i++)
		rc = sync_file(&o->file[i]);
	for (size_t i = 0; i < o->n && rc == 0; i++) {
		if (renameat(o->dirfd, o->file[i].temp, o->dirfd, o->file[i].name) < 0)
			rc = -errno;
		else
			o->file[i].temp[0] = 0;
	}
	if (rc == 0 && fsync(o->dirfd) < 0)
		rc = -errno;
	return rc < 0 ? failed(o, rc, f) : 0;
}

void out_files_close(struct out_files *o)
{
	for (size_t i = 0; i < o->n; i++) {
		fclose(o->file[i].f);
		if (o->file[i].temp[0])
			unlinkat(o->dirfd, o->file[i].temp, 0);
	}
	if (o->dirfd >= 0)
		close(o->dirfd);
	o->dirfd = -1;
	o->n = 0;
}
