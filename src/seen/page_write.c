/* SPDX-License-Identifier: Apache-2.0 */

/* page_write: making such a file. Sections are written side by side, each at its own place. */

#include "seen/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static int write_at(int fd, const void *p, size_t n, uint64_t off)
{
	const uint8_t *b = p;

	while (n) {
		ssize_t k = pwrite(fd, b, n, (off_t)off);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EIO;
		b += k;
		n -= (size_t)k;
		off += (uint64_t)k;
	}
	return 0;
}

static uint64_t aligned(uint64_t n)
{
	return (n + 7) & ~7ull;
}

int seen_out_new(struct seen_out *o, int dirfd, const char magic[static 8],
    const uint64_t bound[static SEEN_SECTIONS])
{
	uint64_t at = SEEN_HEAD;

	*o = (struct seen_out){ .dirfd = dirfd, .fd = -1 };
	memcpy(o->h.magic, magic, sizeof(o->h.magic));
	for (unsigned i = 0; i < SEEN_SECTIONS; i++) {
		o->put[i].bound = bound[i];
		o->h.section[i].off = at;
		if (bound[i] != UINT64_MAX)
			at = aligned(at + bound[i]);
	}
	if (getrandom(&o->h.id, sizeof(o->h.id), 0) != sizeof(o->h.id))
		return -EIO;
	snprintf(o->tmp, sizeof(o->tmp), ".tmp-%016llx", (unsigned long long)o->h.id);
	o->fd = openat(dirfd, o->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return o->fd < 0 ? -errno : 0;
}

static void flush(struct seen_out *o, unsigned section)
{
	struct seen_part *s = &o->put[section];

	if (o->err || !s->n)
		return;
	o->err = write_at(o->fd, s->buf, s->n, o->h.section[section].off + s->len - s->n);
	s->n = 0;
}

void seen_out_put(struct seen_out *o, unsigned section, const void *p, size_t n)
{
	struct seen_part *s = &o->put[section];
	const uint8_t *b = p;

	if (!o->err && !s->buf && n && !(s->buf = malloc(SEEN_OUT_BUF)))
		o->err = -ENOMEM;
	if (!o->err && n > s->bound - s->len)
		o->err = -EOVERFLOW;
	while (n && !o->err) {
		size_t k = SEEN_OUT_BUF - s->n < n ? SEEN_OUT_BUF - s->n : n;
		memcpy(s->buf + s->n, b, k);
		s->n += k;
		s->len += k;
		b += k;
		n -= k;
		if (s->n == SEEN_OUT_BUF)
			flush(o, section);
	}
}

/* Where the last section ends. */
static uint64_t end_of(const struct seen_out *o)
{
	uint64_t end = SEEN_HEAD;

	for (unsigned i = 0; i < SEEN_SECTIONS; i++)
		if (o->put[i].len && o->h.section[i].off + o->put[i].len > end)
			end = o->h.section[i].off + o->put[i].len;
	return aligned(end);
}

/* Checksums of what was written, as it is in the page cache. */
static int seal(struct seen_out *o)
{
	struct seen_head *h = &o->h;
	uint64_t left = h->pages * 8;

	if (ftruncate(o->fd, (off_t)h->table) < 0)
		return -errno;
	uint64_t *sum = malloc(left + 8);
	uint8_t *p = mmap(NULL, h->table, PROT_READ, MAP_SHARED, o->fd, 0);
	int rc = !sum || p == MAP_FAILED ? -ENOMEM : 0;
	for (uint64_t i = 0; i < h->pages && rc == 0; i++) {
		uint64_t off = SEEN_HEAD + i * SEEN_PAGE, len = h->table - off;
		sum[i] = seen_sum(p + off, len < SEEN_PAGE ? len : SEEN_PAGE);
	}
	if (rc == 0) {
		h->table_sum = seen_sum(sum, left);
		rc = write_at(o->fd, sum, left, h->table);
	}
	if (p != MAP_FAILED)
		munmap(p, h->table);
	free(sum);
	return rc;
}

static int finish(struct seen_out *o)
{
	static const uint8_t zero[SEEN_HEAD];
	struct seen_head *h = &o->h;

	for (unsigned i = 0; i < SEEN_SECTIONS; i++) {
		flush(o, i);
		h->section[i].len = o->put[i].len;
	}
	if (o->err)
		return o->err;
	h->order = 0x01020304u;
	h->version = SEEN_VERSION;
	h->table = end_of(o);
	h->pages = (h->table - SEEN_HEAD + SEEN_PAGE - 1) / SEEN_PAGE;
	h->size = h->table + h->pages * 8;
	int rc = write_at(o->fd, zero, sizeof(zero), 0);
	if (rc == 0)
		rc = seal(o);
	h->sum = seen_sum(h, offsetof(struct seen_head, sum));
	if (rc == 0)
		rc = write_at(o->fd, h, sizeof(*h), 0);
	if (rc == 0 && fsync(o->fd) < 0)
		rc = -errno;
	return rc;
}

int seen_out_commit(struct seen_out *o, const char *name, struct fault *f)
{
	int rc = finish(o);

	if (rc == 0 && renameat(o->dirfd, o->tmp, o->dirfd, name) < 0)
		rc = -errno;
	if (rc == 0)
		o->tmp[0] = 0;
	if (rc == 0 && fsync(o->dirfd) < 0)
		rc = -errno;
	seen_out_drop(o);
	return rc < 0 ? fault_set(f, rc, "observations: cannot write %s: %s", name, strerror(-rc)) : 0;
}

void seen_out_drop(struct seen_out *o)
{
	for (unsigned i = 0; i < SEEN_SECTIONS; i++) {
		free(o->put[i].buf);
		o->put[i].buf = NULL;
	}
	if (o->fd >= 0) {
		close(o->fd);
		if (o->tmp[0])
			unlinkat(o->dirfd, o->tmp, 0);
	}
	o->fd = -1;
}
