/* SPDX-License-Identifier: Apache-2.0 */

/* verify_read: the whole file once through the digests and the anatomy. */

#include "trust/anatomy.h"
#include "trust/verify_session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_STEP (64u << 20)

static int read_block(int fd, uint8_t *p, size_t n, uint64_t off)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = pread(fd, p + have, n - have, (off_t)(off + have));
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

static int stream(struct verify_session *v, int fd, uint64_t size, struct anatomy *an)
{
	uint64_t told = 0;

	for (uint64_t off = 0; off < size;) {
		size_t n = size - off < HASH_BLOCK ? (size_t)(size - off) : HASH_BLOCK;
		int rc = read_block(fd, v->block, n, off);
		if (rc == 0)
			rc = hasher_update(v->hasher, v->block, n);
		if (rc == 0)
			rc = anatomy_update(an, v->block, n);
		if (rc < 0)
			return rc;
		off += n;
		if (v->progress && off - told >= PROGRESS_STEP) {
			v->progress(v->progress_ctx, off, size);
			told = off;
		}
	}
	return 0;
}

bool verify_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The hasher of this set; made anew when it changes. */
static int prepare(struct verify_session *v, unsigned set)
{
	if (v->hasher && v->set == set)
		return 0;
	v->hasher = hasher_free(v->hasher);
	v->set = set;
	return hasher_new(&v->hasher, set);
}

int verify_examine(struct verify_session *v, int fd, unsigned set, struct verify_artifact *art)
{
	struct stat st;
	struct anatomy *an = ARENA_NEW(&v->results, struct anatomy);

	int rc = an ? prepare(v, set & ~ARTIFACT_NEEDS_BYTES) : -ENOMEM;
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return -errno;
	art->size = (uint64_t)st.st_size;
	rc = anatomy_begin(an, fd, art->size, &art->anatomy, &v->results);
	if (rc == 0)
		rc = stream(v, fd, art->size, an);
	/* Also on an error, so that the hasher starts anew with the next file. */
	struct digest got[DIGEST_ALGS];
	int final = hasher_final(v->hasher, got);
	if (rc == 0)
		rc = final;
	if (rc == 0)
		rc = anatomy_finish(an);
	if (rc == 0)
		memcpy(art->digest, got, sizeof(got));
	art->format = an->format;
	art->has_authenticode = an->nsigs != 0;
	art->authenticode = an->authenticode;
	anatomy_free(an);
	return rc;
}
