/* SPDX-License-Identifier: Apache-2.0 */

/* files: capture files and streams as a source of packets: what net_files gives to net_new. */

#include "sense/net/chunk.h"
#include "sense/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct files {
	struct chunk_source *src;
	size_t n;
	struct chunks *chunks;
};

static size_t feed_fds(void *ctx, unsigned k, int ret_fd[static FEED_FDS_MAX])
{
	struct files *e = ctx;
	size_t n = 0;

	(void)k;
	for (size_t i = 0; i < e->n && n < FEED_FDS_MAX; i++)
		if (e->src[i].fd >= 0)
			ret_fd[n++] = e->src[i].fd;
	return n;
}

static int feed_next(void *ctx, unsigned k, struct feed_batch *ret_b, struct fault *f)
{
	struct files *e = ctx;
	return chunks_next(e->chunks, k, ret_b, f);
}

static void feed_count(void *ctx, unsigned k, uint64_t stat[static NET_STATS])
{
	struct files *e = ctx;

	(void)k;
	chunks_count(e->chunks, stat);
}

static void feed_stop(void *ctx)
{
	struct files *e = ctx;
	chunks_stop(e->chunks);
}

static int feed_verdict(void *ctx, struct fault *f)
{
	struct files *e = ctx;
	return chunks_verdict(e->chunks, f);
}

static void feed_free(void *ctx)
{
	struct files *e = ctx;

	for (size_t i = 0; i < e->n; i++) {
		if (e->src[i].map)
			munmap((void *)(uintptr_t)e->src[i].map, (size_t)e->src[i].size);
		if (e->src[i].fd >= 0)
			close(e->src[i].fd);
	}
	free(e->src);
	chunks_free(e->chunks);
	free(e);
}

/* A regular file is mapped, from the descriptor's position on; anything else is read as it comes.
 */
static int open_source(
    const struct net_source *from, struct chunk_source *ret_s, bool *ret_stream, struct fault *f)
{
	struct stat st;

	*ret_s = (struct chunk_source){ .name = from->name, .fd = -1 };
	if (fstat(from->fd, &st) < 0)
		return fault_set(f, -errno, "%s: %s", from->name, strerror(errno));
	off_t at = S_ISREG(st.st_mode) ? lseek(from->fd, 0, SEEK_CUR) : 0;
	if (S_ISREG(st.st_mode) && at == 0) {
		ret_s->size = (uint64_t)st.st_size;
		if (st.st_size == 0)
			return fault_set(
			    f, NET_NOT_CAPTURE, "%s: empty, not a capture", from->name);
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, from->fd, 0);
		if (p == MAP_FAILED)
			return fault_set(
			    f, -errno, "%s: cannot be mapped: %s", from->name, strerror(errno));
		ret_s->map = p;
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return fault_set(f, NET_NOT_CAPTURE, "%s: a directory", from->name);
	/* 0, 1 and 2 are not a worker's. */
	ret_s->fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 3);
	*ret_stream = true;
	return ret_s->fd < 0 ? fault_set(f, -errno, "%s: %s", from->name, strerror(errno)) : 0;
}

static int open_sources(
    struct files *e, const struct net_source *src, size_t n, bool *ret_streams, struct fault *f)
{
	size_t streams = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		bool stream = false;
		rc = open_source(&src[i], &e->src[i], &stream, f);
		e->n += rc == 0;
		streams += stream;
		if (streams > FEED_FDS_MAX)
			rc = fault_set(f, -E2BIG, "more than %d pipes at once", FEED_FDS_MAX);
	}
	*ret_streams = streams > 0;
	return rc;
}

int net_files(struct net **ret_n, const struct net_source *src, size_t n, const struct net_opts *o,
    struct fault *f)
{
	struct net_opts rest = *o;
	struct feed feed = {
		.fds = feed_fds,
		.next = feed_next,
		.count = feed_count,
		.stop = feed_stop,
		.verdict = feed_verdict,
		.free = feed_free,
	};
	bool streams;

	struct files *e = calloc(1, sizeof(*e));
	if (e)
		e->src = calloc(n ? n : 1, sizeof(*e->src));
	if (!e || !e->src) {
		free(e);
		return fault_set(f, -ENOMEM, "no memory");
	}
	feed.ctx = e;
	int rc = open_sources(e, src, n, &streams, f);
	if (rc == 0 && getrandom(feed.hash_key, sizeof(feed.hash_key), 0) < 0)
		rc = fault_set(f, -errno, "no random numbers: %s", strerror(errno));
	if (rc == 0) {
		rest.workers = net_workers(o->workers, &rest.memory);
		feed.fragments = rest.memory / 64;
		rest.memory -= chunks_memory(rest.workers, streams);
		rc = chunks_new(&e->chunks, e->src, n, rest.workers, feed.hash_key);
	}
	if (rc) {
		feed_free(e);
		return rc;
	}
	return net_new(ret_n, &feed, &rest, f);
}
