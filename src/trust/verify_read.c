/* SPDX-License-Identifier: Apache-2.0 */

/* verify_read: the whole file once through the digests and the anatomy. */

#include "trust/ahead.h"
#include "anatomy/anatomy.h"
#include "trust/verify_session.h"

#include <errno.h>
#include <sys/stat.h>

#define PROGRESS_STEP (64u << 20)

static int pass(struct verify_session *v, struct ahead *blocks, struct anatomy *an)
{
	uint64_t done = 0, told = 0;

	for (;;) {
		const uint8_t *p;
		size_t n;
		int rc = ahead_next(blocks, &p, &n);
		if (rc < 0 || !n)
			return rc;
		rc = hasher_update(v->hasher, p, n);
		if (rc == 0)
			rc = anatomy_update(an, p, n);
		if (rc < 0)
			return rc;
		done += n;
		if (v->progress && done - told >= PROGRESS_STEP) {
			v->progress(v->progress_ctx, done, blocks->size);
			told = done;
		}
	}
}

static int stream(struct verify_session *v, int fd, uint64_t size, struct anatomy *an)
{
	struct ahead blocks;

	int rc = ahead_begin(&blocks, fd, size);
	if (rc == 0)
		rc = pass(v, &blocks, an);
	ahead_end(&blocks);
	return rc;
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
	rc = anatomy_begin(an, fd, art->size, v->signed_by, &art->anatomy, &v->results);
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
	art->has_authenticode = an->nsignatures != 0;
	art->authenticode = an->authenticode;
	art->signature = an->signature;
	art->nsignatures = an->nsignatures;
	anatomy_free(an);
	return rc;
}
