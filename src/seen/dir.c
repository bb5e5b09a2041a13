/* SPDX-License-Identifier: Apache-2.0 */

/* dir: the runs of a directory. */

#include "base/file.h"
#include "seen/priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRIES 100

void seen_dir_note(struct seen *s, const char *name, const char *why)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < s->ndamaged; i++)
		if (strncmp(s->damaged[i], name, n) == 0)
			return;
	char **p = reallocarray(s->damaged, s->ndamaged + 1, sizeof(*p));
	if (!p)
		return;
	s->damaged = p;
	if (asprintf(&p[s->ndamaged], "%s%s%s", strncmp(why, name, n) == 0 ? "" : name,
		strncmp(why, name, n) == 0 ? "" : ": ", why) >= 0)
		s->ndamaged++;
}

void seen_dir_note_bad(struct seen *s)
{
	for (size_t i = 0; i < s->nrun; i++) {
		if (s->run[i].file.bad)
			seen_dir_note(s, s->run[i].file.name, "damaged; hunting again finds what was in it");
		if (s->run[i].times.h && s->run[i].times.bad)
			seen_dir_note(s, s->run[i].times.name, "damaged; last times and counts are older");
	}
}

static bool is_run(const char *name)
{
	size_t n = strlen(name);
	return n == 20 && strspn(name, "0123456789abcdef") == 16 && strcmp(name + 16, ".run") == 0;
}

static int add(struct seen *s, const struct seen_run *r)
{
	if (s->nrun == s->caprun) {
		size_t cap = s->caprun ? 2 * s->caprun : 16;
		struct seen_run *p = reallocarray(s->run, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		s->run = p;
		s->caprun = cap;
	}
	s->run[s->nrun++] = *r;
	return 0;
}

/* What turned out to be damaged is set aside, so that it is told once. */
static void set_aside(struct seen *s, const char *name)
{
	char aside[32];

	snprintf(aside, sizeof(aside), "%.16s.bad", name);
	renameat(s->dirfd, name, s->dirfd, aside);
}

/* 0, 1 it is gone: list again, -errno. */
static int load_one(struct seen *s, const char *name)
{
	struct fault f = FAULT_INIT;
	struct seen_run r;

	int fd = file_open_beneath(s->dirfd, name, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT)
		return 1;
	if (fd < 0) {
		seen_dir_note(s, name, strerror(-fd));
		return fd == -EMFILE || fd == -ENFILE ? fd : 0;
	}
	int rc = seen_run_open(&r, fd, name, &f);
	if (rc == -EBADMSG || rc == -EPROTONOSUPPORT) {
		seen_dir_note(s, name, f.text);
		if (s->mode == SEEN_WRITE && rc == -EBADMSG)
			set_aside(s, name);
		return 0;
	}
	if (rc == 0 && (rc = add(s, &r)) < 0)
		seen_run_close(&r);
	return rc;
}

/* Every run, or with load false only what they are: a number that changes when one comes or goes. */
static int list(struct seen *s, bool load, uint64_t *ret_names)
{
	int rc = 0, fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	*ret_names = 0;
	while (rc == 0 && (e = readdir(d))) {
		if (!is_run(e->d_name))
			continue;
		*ret_names += strtoull(e->d_name, NULL, 16) | 1;
		if (load)
			rc = s->nrun < SEEN_RUNS_MAX ? load_one(s, e->d_name) : -EMFILE;
	}
	closedir(d);
	return rc;
}

static int by_age(const void *a, const void *b)
{
	const struct seen_run *x = a, *y = b;

	if (x->file.h->made != y->file.h->made)
		return x->file.h->made < y->file.h->made ? -1 : 1;
	return x->file.h->id < y->file.h->id ? -1 : 1;
}

static bool replaced(const struct seen *s, uint64_t id)
{
	for (size_t i = 0; i < s->nrun; i++)
		for (uint64_t k = 0; k < s->run[i].file.h->nreplaces; k++)
			if (s->run[i].file.h->replaces[k] == id)
				return true;
	return false;
}

/* What a merge left behind when it was killed between its rename and its unlinks. */
static void drop_replaced(struct seen *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nrun; i++)
		s->run[i].n = replaced(s, s->run[i].file.h->id) ? UINT32_MAX : s->run[i].n;
	for (size_t i = 0; i < s->nrun; i++) {
		if (s->run[i].n != UINT32_MAX) {
			s->run[n++] = s->run[i];
			continue;
		}
		if (s->mode == SEEN_WRITE)
			unlinkat(s->dirfd, s->run[i].file.name, 0);
		seen_run_close(&s->run[i]);
	}
	s->nrun = n;
}

void seen_dir_unload(struct seen *s)
{
	seen_dir_note_bad(s);
	for (size_t i = 0; i < s->nrun; i++) {
		if (s->run[i].file.bad && s->mode == SEEN_WRITE)
			set_aside(s, s->run[i].file.name);
		seen_run_close(&s->run[i]);
	}
	s->nrun = 0;
}

int seen_dir_load(struct seen *s, struct fault *f)
{
	int rc = 1;

	/* A run that is gone was merged into one that is new; a listing may have missed both. */
	for (int tries = 0; rc > 0 && tries < TRIES; tries++) {
		uint64_t before, after;
		seen_dir_unload(s);
		rc = list(s, true, &before);
		if (rc == 0 && s->ndamaged == 0 && (rc = list(s, false, &after)) == 0)
			rc = before != after;
	}
	if (rc != 0)
		return fault_set(f, rc < 0 ? rc : -EBUSY, "%s: %s", QUOTE(span_str(s->dir)),
		    rc < 0 ? strerror(-rc) : "its files change all the time; try again");
	if (s->nrun)
		qsort(s->run, s->nrun, sizeof(*s->run), by_age);
	drop_replaced(s);
	for (size_t i = 0; i < s->nrun; i++)
		seen_times_load(s, &s->run[i]);
	return 0;
}
