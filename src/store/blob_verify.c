/* SPDX-License-Identifier: Apache-2.0 */

/* blob_verify: is every blob what its name says? */

#include "base/file.h"
#include "crypto/hash.h"
#include "store/priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
	struct store *s;
	void (*cb)(void *ctx, const char *path, const char *text);
	void *ctx;
	struct hasher *h;
	uint64_t n;
	bool found;
};

static void found(struct look *l, const char *path, const char *text)
{
	l->found = true;
	l->cb(l->ctx, QUOTE(span_str(path)), text);
}

/* Is it the name that store_blob_path would give? */
static bool is_name(struct look *l, const char *path, const char *name, struct digest *ret_d)
{
	char want[DIGEST_TEXT_MAX + 32];

	return digest_parse_hex(DIGEST_SHA256, span_str(name), ret_d) == 0 &&
	    store_blob_path(l->s, ret_d, want, sizeof(want)) == 0 && strcmp(want, path) == 0;
}

static int look_at(struct look *l, const char *path, const char *name)
{
	struct digest want, got[DIGEST_ALGS];
	struct stat st;

	if (!is_name(l, path, name, &want)) {
		found(l, path, "is not the name of a blob");
		return 0;
	}
	AUTO_FD int fd = file_open_beneath(l->s->dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		found(l, path, "cannot be read as a file");
		return 0;
	}
	int rc = hash_fd(l->h, fd, got, NULL);
	if (rc == -EIO) {
		found(l, path, "cannot be read: input/output error");
		return 0;
	}
	if (rc < 0)
		return rc;
	l->n++;
	if (!digest_eq(&want, &got[DIGEST_SHA256]))
		found(l, path, "was altered: its content has another digest");
	return 0;
}

/* Calls fn for each name in the folder path, except those with a dot in front. */
static int each_name(struct look *l, const char *path,
    int (*fn)(struct look *l, const char *path, const char *name))
{
	int fd = file_open_beneath(l->s->dirfd, path, O_RDONLY | O_DIRECTORY, 0), rc = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char sub[512];

	if (!d) {
		rc = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		if (rc != -ENOTDIR)
			return rc;
		found(l, path, "is not a folder of blobs");
		return 0;
	}
	struct dirent *e;
	while (rc == 0 && (errno = 0, e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		rc = fn(l, sub, e->d_name);
	}
	if (rc == 0)
		rc = -errno;
	closedir(d);
	return rc;
}

static int look_into(struct look *l, const char *path, const char *name)
{
	return each_name(l, path, look_at);
}

int store_blobs_verify(struct store *s, void (*cb)(void *ctx, const char *path, const char *text),
    void *ctx, uint64_t *ret_n, struct fault *f)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct look l = { .s = s, .cb = cb, .ctx = ctx };
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));

	l.h = h;
	if (rc == 0)
		rc = each_name(&l, "blobs/sha256", look_into);
	if (rc < 0)
		return fault_set(f, rc, "%s/blobs: cannot look through: %s", QUOTE(span_str(s->dir)),
		    strerror(-rc));
	*ret_n = l.n;
	return l.found;
}
