/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Journals: what captures show, in the order it came. Sorting it into the record costs more than
 * reading a capture does, so that is left to who first asks the record something.
 */

#include "base/file.h"
#include "base/map.h"
#include "cli/watch_fact.h"
#include "cli/watch_seen.h"
#include "seen/seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC "FBNETJ1\n"
#define SUFFIX ".net"
#define PLACE_MAX SEEN_PATH_MAX

struct block {
	char magic[8];
	uint32_t place,
	    facts; /* bytes that follow; of the place with its padding, a NUL at least */
	uint64_t sum;
};

/* Finds what was cut or overwritten, not what was forged: the folder is the owner's alone. */
static uint64_t sum_of(struct span place, struct span facts)
{
	static const uint64_t seed[2] = { 0x66697265627265ull, 0x6b6e65742e6a31ull };
	const uint64_t own[2] = { siphash13(seed, place.p, place.n), seed[1] };
	return siphash13(own, facts.p, facts.n);
}

static int open_dir(const char *state_dir, bool make, struct fault *f)
{
	AUTO_FREE char *dir = NULL;

	if (asprintf(&dir, "%s/seen", state_dir) < 0)
		return -ENOMEM;
	if (make && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(dir)), strerror(errno));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fault_set(f, -errno, "%s: %s", QUOTE(span_str(dir)), strerror(errno)) : fd;
}

static int check_owner(int dir, struct fault *f)
{
	struct stat st;

	if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	return fault_set(
	    f, -EPERM, "the record belongs to somebody else, or others may write to it");
}

/* --- writing --- */

static int make_journal(const char *state_dir, struct fault *f)
{
	AUTO_FD int dir = open_dir(state_dir, true, f);
	uint64_t id;
	char name[32];

	if (dir < 0)
		return dir;
	if (check_owner(dir, f) < 0)
		return -EPERM;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	snprintf(name, sizeof(name), "%016llx" SUFFIX, (unsigned long long)id);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int rc = fault_set(f, -errno, "the record: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	return fd;
}

int watch_journal_write(
    int *fd, const char *state_dir, const char *place, struct span facts, struct fault *f)
{
	static const char zeros[8];
	size_t n = strlen(place), padded = n / 8 * 8 + 8;

	if (n > PLACE_MAX)
		return fault_set(
		    f, -ENAMETOOLONG, "the record: the path of the capture is too long");
	if (*fd < 0) {
		int made = make_journal(state_dir, f);
		if (made < 0)
			return made;
		*fd = made;
	}
	struct block b = { .magic = MAGIC,
		.place = (uint32_t)padded,
		.facts = (uint32_t)facts.n,
		.sum = sum_of(span_of(place, n), facts) };
	struct iovec v[] = { { &b, sizeof(b) }, { (void *)(uintptr_t)place, n },
		{ (void *)(uintptr_t)zeros, padded - n }, { (void *)(uintptr_t)facts.p, facts.n } };
	size_t all = sizeof(b) + padded + facts.n;
	ssize_t wrote = writev(*fd, v, ARRAY_LEN(v));
	if (wrote >= 0 && (size_t)wrote == all)
		return 0;
	return fault_set(f, wrote < 0 ? -errno : -ENOSPC, "the record: %s",
	    strerror(wrote < 0 ? errno : ENOSPC));
}

/* --- absorbing --- */

struct absorb {
	int dir;
	struct seen *seen;
	uint8_t *room; /* a block's place and facts */
	char **done;   /* names of journals that are in the record when it is flushed */
	int *lock;     /* their descriptors */
	size_t ndone;
	bool damaged;
};

#define ROOM (PLACE_MAX + 16 + WATCH_SEEN_MEMORY)

static bool all_valid(struct span facts)
{
	while (facts.n) {
		if (!watch_fact_valid(facts))
			return false;
		uint32_t len;
		memcpy(&len, facts.p, sizeof(len));
		facts = span_from(facts, len);
	}
	return true;
}

/* 1: another block was put; 0: the end, or what is no whole block. */
static int absorb_block(struct absorb *a, int fd, struct fault *f)
{
	struct block b;
	ssize_t n = read(fd, &b, sizeof(b));

	if (n == 0)
		return 0;
	a->damaged = true;
	if (n != sizeof(b) || memcmp(b.magic, MAGIC, sizeof(b.magic)) != 0 || b.place < 8 ||
	    b.place % 8 || b.place > PLACE_MAX + 8 || b.facts > WATCH_SEEN_MEMORY ||
	    read(fd, a->room, b.place + b.facts) != (ssize_t)(b.place + b.facts) ||
	    a->room[b.place - 1])
		return 0;
	struct span place = span_str((const char *)a->room),
		    facts = span_of(a->room + b.place, b.facts);
	if (sum_of(place, facts) != b.sum || !all_valid(facts))
		return 0;
	a->damaged = false;
	int rc = watch_facts_put(a->seen, (const char *)a->room, facts, f);
	return rc < 0 ? rc : 1;
}

/* A journal that nobody writes or absorbs. */
static int absorb_one(struct absorb *a, const char *name, struct fault *f)
{
	struct stat st;
	int rc = 1, fd = file_open_beneath(a->dir, name, O_RDWR | O_NONBLOCK, 0);

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || !st.st_nlink) {
		close(fd);
		return 0;
	}
	a->damaged = false;
	while (rc > 0)
		rc = absorb_block(a, fd, f);
	if (a->damaged)
		fprintf(stderr,
		    "firebreak: record: %s: cut or damaged; what came before that was taken\n",
		    name);
	void *done = reallocarray(a->done, a->ndone + 1, sizeof(*a->done));
	a->done = done ? done : a->done;
	void *lock = reallocarray(a->lock, a->ndone + 1, sizeof(*a->lock));
	a->lock = lock ? lock : a->lock;
	char *own = strdup(name);
	if (rc < 0 || !done || !lock || !own) {
		free(own);
		close(fd);
		return rc < 0 ? rc : -ENOMEM;
	}
	a->done[a->ndone] = own;
	a->lock[a->ndone++] = fd;
	return 0;
}

static bool is_journal(const char *name)
{
	return strlen(name) == 16 + strlen(SUFFIX) && strcmp(name + 16, SUFFIX) == 0;
}

/* Is there any? Opens the record with the first. */
static int absorb_all(struct absorb *a, const char *state_dir, struct fault *f)
{
	int rc = 0, fd = openat(a->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	while (d && rc == 0 && (e = readdir(d))) {
		if (!is_journal(e->d_name))
			continue;
		if (!a->room && !(a->room = malloc(ROOM)))
			rc = -ENOMEM;
		if (rc == 0 && !a->seen)
			rc = check_owner(a->dir, f);
		if (rc == 0 && !a->seen)
			rc = seen_open(&a->seen, state_dir, SEEN_WRITE, f);
		if (rc == 0)
			rc = absorb_one(a, e->d_name, f);
	}
	if (d)
		closedir(d);
	return rc;
}

int watch_seen_absorb(const char *state_dir, struct fault *f)
{
	struct absorb a = { .dir = open_dir(state_dir, false, f) };
	int rc = a.dir == -ENOENT ? 0 : a.dir;

	if (a.dir < 0)
		return rc;
	rc = absorb_all(&a, state_dir, f);
	if (rc == 0 && a.seen)
		rc = seen_flush(a.seen, true, f);
	for (size_t i = 0; i < a.ndone; i++) {
		if (rc == 0)
			unlinkat(a.dir, a.done[i], 0);
		free(a.done[i]);
		close(a.lock[i]);
	}
	seen_close(a.seen);
	free(a.done);
	free(a.lock);
	free(a.room);
	close(a.dir);
	return rc;
}
