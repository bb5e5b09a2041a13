/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_hash: digests through a hasher against OpenSSL's own one-shot EVP_Digest on the same bytes
 * in the same run, in CPU time. hash.sh puts it beside "openssl speed".
 */

#include "bench.h"
#include "crypto/hash.h"

#include <openssl/evp.h>
#include <unistd.h>

#define BYTES (64u << 20)
#define BLOCK (1u << 20)
#define SMALL 200000

static uint8_t *data;
static const EVP_MD *md5, *sha1, *sha256;
static int fd = -1;

static void ours(const void *set)
{
	struct digest out[DIGEST_ALGS];
	AUTO_HASHER struct hasher *h = NULL;
	int rc = hasher_new(&h, *(const unsigned *)set);

	for (size_t i = 0; rc == 0 && i < BYTES; i += BLOCK)
		rc = hasher_update(h, data + i, BLOCK);
	if (rc < 0 || hasher_final(h, out) < 0)
		bench_die("hasher");
}

static void peer(const void *set)
{
	const EVP_MD *all[3] = { sha256, sha1, md5 };
	uint8_t out[64];

	for (int i = 0; i < (*(const unsigned *)set == HASH_TRIO ? 3 : 1); i++)
		if (!EVP_Digest(data, BYTES, out, NULL, all[i], NULL))
			bench_die("EVP_Digest");
}

static void ours_file(const void *set)
{
	struct digest out[DIGEST_ALGS];
	AUTO_HASHER struct hasher *h = NULL;

	if (lseek(fd, 0, SEEK_SET) < 0 || hasher_new(&h, *(const unsigned *)set) < 0 ||
	    hash_fd(h, fd, out, NULL) < 0)
		bench_die("hash_fd");
}

static void ours_small(const void *n)
{
	for (int i = 0; i < SMALL; i++) {
		struct digest d = sha256_of(span_of(data + i, *(const size_t *)n));
		data[i] = d.b[0];
	}
}

static void peer_small(const void *n)
{
	uint8_t out[32];

	for (int i = 0; i < SMALL; i++) {
		if (!EVP_Digest(data + i, *(const size_t *)n, out, NULL, sha256, NULL))
			bench_die("EVP_Digest");
		data[i] = out[0];
	}
}

static void large(const char *what, void (*run)(const void *), unsigned set)
{
	bench_line(what, BYTES / bench_seconds(run, &set) / 1e6, "MB/s", "EVP_Digest in memory",
	    BYTES / bench_seconds(peer, &set) / 1e6);
}

static void small(const char *what, size_t n)
{
	bench_line(what, SMALL / bench_seconds(ours_small, &n) / 1e3, "k/s", "EVP_Digest",
	    SMALL / bench_seconds(peer_small, &n) / 1e3);
}

int main(void)
{
	char tmp[] = "/tmp/bench_hash.XXXXXX";

	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	data = malloc(BYTES);
	if (!data || !md5 || !sha1 || !sha256)
		bench_die("set-up");
	for (size_t i = 0; i < BYTES; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	fd = mkstemp(tmp);
	unlink(tmp);
	if (fd < 0 || write(fd, data, BYTES) != (ssize_t)BYTES)
		bench_die("temporary file");
	large("sha256, 1 MiB blocks", ours, HASH_SET(DIGEST_SHA256));
	large("sha256 of a cached file", ours_file, HASH_SET(DIGEST_SHA256));
	large("md5+sha1+sha256", ours, HASH_TRIO);
	large("the same of a cached file", ours_file, HASH_TRIO);
	small("sha256 of 65 bytes", 65);
	small("sha256 of 1 KiB", 1024);
	free(data);
	return 0;
}
