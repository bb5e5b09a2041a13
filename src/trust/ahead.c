/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/ahead.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK (64u << 10)

static size_t block_len(const struct ahead *a, uint64_t off)
{
	return a->size - off < AHEAD_BLOCK ? (size_t)(a->size - off) : AHEAD_BLOCK;
}

static int read_block(const struct ahead *a, uint64_t off)
{
	uint8_t *p = a->block[off / AHEAD_BLOCK % AHEAD_BLOCKS];
	size_t n = block_len(a, off);

	for (size_t have = 0; have < n;) {
		ssize_t got = pread(a->fd, p + have, n - have, (off_t)(off + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EAGAIN;
		have += (size_t)got;
	}
	return 0;
}

static void *reader(void *ctx)
{
	struct ahead *a = ctx;

	for (uint64_t off = 0; off < a->size; off += AHEAD_BLOCK) {
		pthread_mutex_lock(&a->lock);
		/* One block stays with the caller, who works on it. */
		while (!a->stop && a->filled - a->taken == AHEAD_BLOCKS - 1)
			pthread_cond_wait(&a->moved, &a->lock);
		bool stop = a->stop;
		pthread_mutex_unlock(&a->lock);
		if (stop)
			break;
		int rc = read_block(a, off);
		pthread_mutex_lock(&a->lock);
		a->err = rc;
		a->filled += rc == 0;
		pthread_cond_signal(&a->moved);
		pthread_mutex_unlock(&a->lock);
		if (rc < 0)
			break;
	}
	return NULL;
}

/* No signal is handled in the helper: handlers run where they always did. */
static bool start(struct ahead *a)
{
	pthread_attr_t attr;
	sigset_t all, old;

	if (pthread_attr_init(&attr) != 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	bool good = pthread_attr_setstacksize(&attr, STACK) == 0 &&
		    pthread_create(&a->thread, &attr, reader, a) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return good;
}

int ahead_begin(struct ahead *a, int fd, uint64_t size)
{
	size_t n = size >= AHEAD_MIN ? AHEAD_BLOCKS : 1;

	*a = (struct ahead){ .fd = fd, .size = size,
		.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
	for (size_t i = 0; i < n; i++) {
		a->block[i] = malloc(AHEAD_BLOCK);
		if (!a->block[i])
			return -ENOMEM;
	}
	for (size_t i = n; i < AHEAD_BLOCKS; i++)
		a->block[i] = a->block[0]; /* one after the other */
	a->threaded = n > 1 && start(a);
	return 0;
}

/* Waits until the block is there. */
static int wait_for(struct ahead *a, uint64_t index)
{
	pthread_mutex_lock(&a->lock);
	a->taken = index; /* the one before is free now */
	pthread_cond_signal(&a->moved);
	while (a->filled <= index && a->err == 0)
		pthread_cond_wait(&a->moved, &a->lock);
	int rc = a->filled > index ? 0 : a->err;
	pthread_mutex_unlock(&a->lock);
	return rc;
}

int ahead_next(struct ahead *a, const uint8_t **ret_p, size_t *ret_n)
{
	uint64_t index = a->off / AHEAD_BLOCK;

	*ret_n = 0;
	if (a->off >= a->size)
		return 0;
	int rc = a->threaded ? wait_for(a, index) : read_block(a, a->off);
	if (rc < 0)
		return rc;
	*ret_p = a->block[index % AHEAD_BLOCKS];
	*ret_n = block_len(a, a->off);
	a->off += *ret_n;
	return 0;
}

void ahead_end(struct ahead *a)
{
	if (a->threaded) {
		pthread_mutex_lock(&a->lock);
		a->stop = true;
		pthread_cond_signal(&a->moved);
		pthread_mutex_unlock(&a->lock);
		pthread_join(a->thread, NULL);
	}
	for (size_t i = 1; i < AHEAD_BLOCKS; i++)
		if (a->block[i] != a->block[0])
			free(a->block[i]);
	free(a->block[0]);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->moved);
	*a = (struct ahead){ .fd = -1 };
}
