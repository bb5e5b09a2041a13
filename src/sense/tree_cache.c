/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOW (64u << 20) /* asked for at once */
#define EVERY (4u << 20)   /* dropped at once */

static int run_add(struct tree_cache *c, uint64_t from, uint64_t to)
{
	if (c->n && c->run[c->n - 1].to == from) {
		c->run[c->n - 1].to = to;
		return 0;
	}
	if (c->n == TREE_CACHE_RUNS_MAX) {
		if (c->until > from)
			c->until = from;
		return 0;
	}
	if ((c->n & (c->n - 1)) == 0) { /* grows at powers of two */
		struct tree_run *p = reallocarray(c->run, c->n ? 2 * c->n : 1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		c->run = p;
	}
	c->run[c->n++] = (struct tree_run){ from, to };
	return 0;
}

static int note_window(struct tree_cache *c, int fd, uint64_t at, size_t n, uint8_t *vec)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (n + page - 1) / page;
	void *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, (off_t)at);

	if (p == MAP_FAILED)
		return -errno;
	int rc = mincore(p, n, vec) < 0 ? -errno : 0;
	munmap(p, n);
	for (size_t i = 0; i < pages && rc == 0; i++)
		if (vec[i] & 1)
			rc = run_add(c, at + i * page, at + (i + 1) * page);
	return rc;
}

int tree_cache_note(struct tree_cache *c, int fd, uint64_t size)
{
	AUTO_FREE uint8_t *vec = malloc(WINDOW / 4096);
	int rc = vec ? 0 : -ENOMEM;

	*c = (struct tree_cache){ .on = size > 0, .until = UINT64_MAX };
	for (uint64_t at = 0; at < size && rc == 0 && c->until == UINT64_MAX; at += WINDOW)
		rc = note_window(c, fd, at, size - at < WINDOW ? (size_t)(size - at) : WINDOW, vec);
	/* Where it cannot be asked (no mmap), nothing is dropped. */
	if (rc < 0 && rc != -ENOMEM)
		c->on = false;
	return rc == -ENOMEM ? rc : 0;
}

/* Bytes from c->done to end were not there before. */
static void drop(struct tree_cache *c, int fd, uint64_t end)
{
	if (end > c->until)
		end = c->until;
	if (end > c->done)
		(void)posix_fadvise(
		    fd, (off_t)c->done, (off_t)(end - c->done), POSIX_FADV_DONTNEED);
}

void tree_cache_drop(struct tree_cache *c, int fd, uint64_t off, bool end)
{
	if (!c->on || (!end && off - c->done < EVERY))
		return;
	for (; c->next < c->n && c->run[c->next].from < off; c->next++) {
		drop(c, fd, c->run[c->next].from);
		c->done = c->run[c->next].to;
	}
	/* At the end to the last byte there may be: the kernel keeps a page that is named in part.
	 */
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t to = end ? (off + page - 1) / page * page : off / page * page;
	drop(c, fd, to);
	if (to > c->done)
		c->done = to;
}

void tree_cache_free(struct tree_cache *c)
{
	free(c->run);
	*c = (struct tree_cache){ 0 };
}
