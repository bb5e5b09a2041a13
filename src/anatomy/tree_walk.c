/* SPDX-License-Identifier: Apache-2.0 */

/* A directory as an artifact: its files, in the order of their names. Links are not followed. */

#include "anatomy/taker.h"
#include "unpack/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALK_DEPTH_MAX 128 /* directories in directories: one descriptor each */

struct walk {
	struct taker *k;
	uint32_t last;
	unsigned depth;
};

static int walk_dir(struct walk *w, int fd, const char *at);

static int cannot(const struct walk *w, int rc, const char *path)
{
	const char *folder = w->k->t->c[0].path;
	size_t n = strlen(folder);

	return fault_set(w->k->f, rc, "%s%s%s: %s", QUOTE(span_str(folder)),
	    n && folder[n - 1] == '/' ? "" : "/", QUOTE(span_str(path)), strerror(-rc));
}

static int walk_link(struct walk *w, int dir, const char *name, const char *path, uint32_t i)
{
	char to[PATH_MAX];

	ssize_t n = readlinkat(dir, name, to, sizeof(to) - 1);
	if (n < 0)
		return cannot(w, -errno, path);
	to[n] = 0;
	struct component *c = &w->k->t->c[i];
	c->target = arena_str(&w->k->t->arena, span_of(to, (size_t)n));
	c->leads_out = unpack_leads_out(path, to);
	return c->target ? 0 : -ENOMEM;
}

static int walk_file(struct walk *w, int dir, const char *name, const char *path, uint32_t i)
{
	AUTO_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return cannot(w, -errno, path);
	if (!S_ISREG(st.st_mode))
		return cannot(w, -EAGAIN, path);
	return taker_file(w->k, i, fd, (uint64_t)st.st_size, true);
}

static int walk_entry(struct walk *w, int dir, const char *name, const char *path)
{
	struct taker *k = w->k;
	struct stat st;
	uint32_t i;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot(w, -errno, path);
	if (++k->entries > k->o.entries)
		return taker_stop(k, 0, "archive.entries",
		    "more than %u files in it and what is in them", k->o.entries);
	int rc = component_add(k->t, 0, &w->last, span_str(path), SPAN_NONE, &i);
	if (rc < 0)
		return rc;
	k->t->c[i].mode = st.st_mode & 07777;
	k->t->c[i].type = S_ISREG(st.st_mode) ? COMPONENT_FILE :
	    S_ISDIR(st.st_mode)               ? COMPONENT_DIR :
	    S_ISLNK(st.st_mode)               ? COMPONENT_SYMLINK :
						COMPONENT_SPECIAL;
	if (S_ISLNK(st.st_mode))
		return walk_link(w, dir, name, path, i);
	if (S_ISREG(st.st_mode))
		return walk_file(w, dir, name, path, i);
	if (!S_ISDIR(st.st_mode))
		return 0;
	AUTO_FD int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? cannot(w, -errno, path) : walk_dir(w, fd, path);
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_dir(struct walk *w, int fd, const char *at)
{
	struct dirent **list;
	int rc = 0;

	if (++w->depth > WALK_DEPTH_MAX)
		return cannot(w, -ELOOP, at);
	int n = scandirat(fd, ".", &list, not_dots, by_name);
	if (n < 0)
		return cannot(w, -errno, at[0] ? at : ".");
	for (int i = 0; i < n; i++) {
		char path[UNPACK_PATH_MAX];
		if (rc == 0 &&
		    snprintf(path, sizeof(path), "%s%s%s", at, at[0] ? "/" : "", list[i]->d_name) >=
		        (int)sizeof(path))
			rc = cannot(w, -ENAMETOOLONG, at);
		if (rc == 0)
			rc = walk_entry(w, fd, list[i]->d_name, path);
		free(list[i]);
	}
	free(list);
	w->depth--;
	return rc;
}

int taker_walk(struct taker *k, int fd)
{
	struct walk w = { .k = k, .last = COMPONENT_NONE };

	return walk_dir(&w, fd, "");
}
