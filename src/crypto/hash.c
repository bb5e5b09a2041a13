/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/hash.h"

#include "crypto/ossl.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct hasher {
	unsigned set;
	EVP_MD_CTX *ctx[DIGEST_ALGS];
	uint8_t *block; /* for hash_fd, made at its first call */
};

static EVP_MD *mds[DIGEST_ALGS];

static void fetch_all(void)
{
	static const char *const names[DIGEST_ALGS] = {
		[DIGEST_MD5] = "MD5",
		[DIGEST_SHA1] = "SHA1",
		[DIGEST_SHA256] = "SHA2-256",
		[DIGEST_SHA384] = "SHA2-384",
		[DIGEST_SHA512] = "SHA2-512",
		[DIGEST_BLAKE2B] = "BLAKE2B-512",
		[DIGEST_SHA224] = "SHA2-224",
		[DIGEST_SHA3_224] = "SHA3-224",
		[DIGEST_SHA3_256] = "SHA3-256",
		[DIGEST_SHA3_384] = "SHA3-384",
		[DIGEST_SHA3_512] = "SHA3-512",
	};
	OSSL_SCOPE;

	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		mds[a] = EVP_MD_fetch(NULL, names[a], NULL);
}

const EVP_MD *ossl_md(enum digest_alg alg)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_all);
	return alg < DIGEST_ALGS ? mds[alg] : NULL;
}

int hasher_new(struct hasher **ret_h, unsigned set)
{
	OSSL_SCOPE;

	if (!set || set >= HASH_SET(DIGEST_ALGS) || (set & HASH_SET(DIGEST_NONE)))
		return -EINVAL;
	AUTO_HASHER struct hasher *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->set = set;
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		if (!(set & HASH_SET(a)))
			continue;
		if (!ossl_md(a))
			return -ENOTSUP;
		h->ctx[a] = EVP_MD_CTX_new();
		if (!h->ctx[a] || !EVP_DigestInit_ex2(h->ctx[a], ossl_md(a), NULL))
			return -ENOMEM;
	}
	*ret_h = TAKE_PTR(h);
	return 0;
}

struct hasher *hasher_free(struct hasher *h)
{
	if (!h)
		return NULL;
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		EVP_MD_CTX_free(h->ctx[a]);
	free(h->block);
	free(h);
	return NULL;
}

void hasher_free_p(struct hasher **h)
{
	hasher_free(*h);
}

int hasher_update(struct hasher *h, const void *p, size_t n)
{
	OSSL_SCOPE;

	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (h->ctx[a] && !EVP_DigestUpdate(h->ctx[a], p, n))
			return -ENOMEM;
	return 0;
}

int hasher_final(struct hasher *h, struct digest *out)
{
	struct digest all[DIGEST_ALGS] = { 0 };
	OSSL_SCOPE;

	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		uint8_t b[EVP_MAX_MD_SIZE];
		if (!h->ctx[a])
			continue;
		if (!EVP_DigestFinal_ex(h->ctx[a], b, NULL) ||
		    !EVP_DigestInit_ex2(h->ctx[a], NULL, NULL))
			return -ENOMEM;
		all[a] = digest_of(a, b);
	}
	memcpy(out, all, sizeof(all));
	return 0;
}

int hash_span(enum digest_alg alg, struct span s, struct digest *ret_d)
{
	uint8_t b[EVP_MAX_MD_SIZE];
	const EVP_MD *md = ossl_md(alg);
	OSSL_SCOPE;

	if (!md)
		return -ENOTSUP;
	if (!EVP_Digest(s.p, s.n, b, NULL, md, NULL))
		return -ENOMEM;
	*ret_d = digest_of(alg, b);
	return 0;
}

/* A context a thread and algorithm, kept: making one costs as much as hashing a Merkle node. */
static EVP_MD_CTX *kept_ctx(enum digest_alg alg)
{
	static _Thread_local EVP_MD_CTX *kept[DIGEST_SHA256 + 1];

	if (!kept[alg]) {
		kept[alg] = EVP_MD_CTX_new();
		FB_ASSERT(kept[alg] && EVP_DigestInit_ex2(kept[alg], ossl_md(alg), NULL));
	} else {
		FB_ASSERT(EVP_DigestInit_ex2(kept[alg], NULL, NULL));
	}
	return kept[alg];
}

void hash_quick(enum digest_alg alg, struct span s, uint8_t *out)
{
	EVP_MD_CTX *ctx = kept_ctx(alg);

	FB_ASSERT(EVP_DigestUpdate(ctx, s.p, s.n) && EVP_DigestFinal_ex(ctx, out, NULL));
}

void sha256_parts(const struct span *part, size_t n, uint8_t out[static 32])
{
	EVP_MD_CTX *ctx = kept_ctx(DIGEST_SHA256);

	for (size_t i = 0; i < n; i++)
		FB_ASSERT(EVP_DigestUpdate(ctx, part[i].p, part[i].n));
	FB_ASSERT(EVP_DigestFinal_ex(ctx, out, NULL));
}

struct digest sha256_of(struct span s)
{
	uint8_t b[32];

	sha256_parts(&s, 1, b);
	return digest_of(DIGEST_SHA256, b);
}

int hash_fd(struct hasher *h, int fd, struct digest *out, uint64_t *ret_size)
{
	uint64_t size = 0;

	if (!h->block && !(h->block = malloc(HASH_BLOCK)))
		return -ENOMEM;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	for (;;) {
		ssize_t n = read(fd, h->block, HASH_BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		int rc = hasher_update(h, h->block, (size_t)n);
		if (rc < 0)
			return rc;
		size += (uint64_t)n;
	}
	int rc = hasher_final(h, out);
	if (rc == 0 && ret_size)
		*ret_size = size;
	return rc;
}

bool hash_too_hollow(const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size, held = (uint64_t)st->st_blocks * 512;

	return S_ISREG(st->st_mode) && size > held && size - held > HASH_HOLES_MAX;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

int hash_file_of_others(struct hasher *h, int fd, struct digest *out, uint64_t *ret_size)
{
	struct stat before, after;

	if (fstat(fd, &before) < 0)
		return -errno;
	if (hash_too_hollow(&before))
		return -EFBIG;
	int rc = hash_fd(h, fd, out, ret_size);
	if (rc < 0)
		return rc;
	if (fstat(fd, &after) < 0)
		return -errno;
	return before.st_size == after.st_size && same_time(before.st_mtim, after.st_mtim) &&
			same_time(before.st_ctim, after.st_ctim) ?
		0 :
		-EBUSY;
}
