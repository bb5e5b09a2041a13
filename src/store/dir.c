/* SPDX-License-Identifier: Apache-2.0 */

/* dir: is this directory one that the record may live in? */

#include "base/file.h"
#include "store/priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define HOW_TO_BEGIN "make one with: firebreak ledger init --state DIR"

static bool has(struct store *s, const char *name)
{
	struct stat st;
	return fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* 1 when there is nothing in it, 0, -errno. A fresh file system's lost+found does not count, nor what
 * "trust update" leaves beside the record. */
static int is_empty(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int found = 0;

	if (!d) {
		int rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	errno = 0;
	while (!found && (e = readdir(d)))
		found = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, "lost+found") != 0 && strcmp(e->d_name, "trust") != 0;
	int rc = !found && errno ? -errno : !found;
	closedir(d);
	return rc;
}

/* Whoever can write here can change the record; nobody but its owner may. */
static int check_mode(struct store *s, struct fault *f)
{
	const char *dir = QUOTE(span_str(s->dir));
	struct stat st;

	if (fstat(s->dirfd, &st) < 0)
		return fault_set(f, -errno, "%s: %s", dir, strerror(errno));
	bool root_looks = geteuid() == 0 && (s->flags & STORE_RDONLY);
	if (st.st_uid != geteuid() && !root_looks)
		return fault_set(f, -EPERM, "%s: belongs to user %u; run firebreak as that user", dir,
		    (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return fault_set(f, -EPERM, "%s: others may write to it (mode %03o), so it cannot be "
		    "trusted; check its content, then: chmod 700", dir, st.st_mode & 0777u);
	return 0;
}

/* What may be made into a state directory: an empty directory. */
static int check_fresh(struct store *s, struct fault *f)
{
	const char *dir = QUOTE(span_str(s->dir));

	if (s->flags & (STORE_RDONLY | STORE_EXISTING))
		return fault_set(f, -ENOENT, "%s: not a state directory; " HOW_TO_BEGIN, dir);
	int rc = is_empty(s->dirfd);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", dir, strerror(-rc));
	/* The database is made first, so one that appeared meanwhile explains the other files. */
	if (rc == 1 || has(s, STORE_DB))
		return 0;
	if (has(s, "keys/ledger.key"))
		return fault_set(f, -ENOENT, "%s: " STORE_DB " is gone; restore it from a backup", dir);
	return fault_set(f, -ENOTEMPTY, "%s: not empty, and not a state directory; give --state "
	    "another directory", dir);
}

static int open_dir(struct store *s, const char *dir, struct fault *f)
{
	if (!(s->flags & (STORE_RDONLY | STORE_EXISTING))) {
		int rc = file_mkdirs(dir, 0700);
		if (rc < 0)
			return fault_set(f, rc, "%s: cannot make this directory: %s",
			    QUOTE(span_str(dir)), strerror(-rc));
	}
	s->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0 && errno == ENOENT)
		return fault_set(f, -ENOENT, "%s: no such state directory; " HOW_TO_BEGIN,
		    QUOTE(span_str(dir)));
	s->dir = s->dirfd < 0 ? NULL : realpath(dir, NULL);
	if (!s->dir)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(dir)), strerror(errno));
	return asprintf(&s->dbpath, "%s/" STORE_DB, s->dir) < 0 ? -ENOMEM : 0;
}

int store_dir_open(struct store *s, const char *dir, struct fault *f)
{
	int rc = open_dir(s, dir, f);

	if (rc == 0)
		rc = check_mode(s, f);
	if (rc == 0 && !has(s, STORE_DB))
		rc = check_fresh(s, f);
	return rc;
}

int store_dir_lock(struct store *s, int *ret_fd, struct fault *f)
{
	AUTO_FD int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(s->dir)), strerror(errno));
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += 10) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fault_set(f, -errno, "%s: cannot lock: %s", QUOTE(span_str(s->dir)),
			    strerror(errno));
		if (waited >= STORE_BUSY_MS)
			return fault_set(f, -EBUSY, "%s: another process has been opening it for more "
			    "than %d s; try again when it is done", QUOTE(span_str(s->dir)),
			    STORE_BUSY_MS / 1000);
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}
