/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/section.h"

#include "base/file.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int write_at(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t k = pwrite(fd, p, n, (off_t)at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EIO;
		p += k;
		n -= (size_t)k;
		at += (uint64_t)k;
	}
	return 0;
}

int section_to(struct section *s, int fd, uint64_t at)
{
	*s = (struct section){ .fd = fd, .at = at };
	s->buf = malloc(SECTION_BUFFER);
	if (!s->buf)
		return -ENOMEM;
	return hasher_new(&s->h, HASH_SET(DIGEST_SHA256));
}

int section_new(struct section *s, int tmp_dir)
{
	int rc = section_to(s, -1, 0);

	if (rc < 0)
		return rc;
	s->fd = file_nameless(tmp_dir);
	s->own = s->fd >= 0;
	return s->fd < 0 ? s->fd : 0;
}

void section_free(struct section *s)
{
	if (s->own)
		close(s->fd);
	hasher_free(s->h);
	free(s->buf);
	*s = (struct section){ .fd = -1 };
}

static void section_flush(struct section *s)
{
	if (!s->err)
		s->err = hasher_update(s->h, s->buf, s->n);
	if (!s->err)
		s->err = write_at(s->fd, s->buf, s->n, s->at + s->len);
	s->len += s->n;
	s->n = 0;
}

void section_put(struct section *s, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n && !s->err) {
		size_t k = n < SECTION_BUFFER - s->n ? n : SECTION_BUFFER - s->n;
		memcpy(s->buf + s->n, from, k);
		s->n += k;
		from += k;
		n -= k;
		if (s->n == SECTION_BUFFER)
			section_flush(s);
	}
}

void section_u32(struct section *s, uint32_t v)
{
	uint32_t le = htole32(v);

	section_put(s, &le, 4);
}

int section_end(struct section *s, struct db_place *ret_p, struct fault *f)
{
	struct digest d[DIGEST_ALGS];

	section_flush(s);
	if (!s->err)
		s->err = hasher_final(s->h, d);
	if (s->err)
		return fault_set(f, s->err, "the database cannot be written: %s", strerror(-s->err));
	ret_p->len = s->len;
	memcpy(ret_p->sha256, d[DIGEST_SHA256].b, 32);
	return 0;
}

int section_copy(const struct section *s, int fd, uint64_t at, struct fault *f)
{
	uint64_t done = 0;
	int rc = 0;

	while (rc == 0 && done < s->len) {
		ssize_t n = pread(s->fd, s->buf, SECTION_BUFFER, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? -errno : n == 0 ? -EIO : write_at(fd, s->buf, (size_t)n, at + done);
		done += n > 0 ? (uint64_t)n : 0;
	}
	if (rc < 0)
		return fault_set(f, rc, "the database cannot be written: %s", strerror(-rc));
	return 0;
}
