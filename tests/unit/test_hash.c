/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors: FIPS 180-4 examples (NIST CSRC), RFC 1321 A.5, and the empty message. */

#include "base/hex.h"
#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
	enum digest_alg alg;
	const char *msg;
	const char *hex;
} vectors[] = {
	{ DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ DIGEST_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
	{ DIGEST_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	{ DIGEST_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ DIGEST_SHA256, "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ DIGEST_SHA384, "abc",
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	    "8086072ba1e7cc2358baeca134c825a7" },
	{ DIGEST_SHA512, "abc",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static void test_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct digest want, d = { 0 }, all[DIGEST_ALGS];
		AUTO_HASHER struct hasher *h = NULL;
		struct span s = span_str(vectors[i].msg);

		int rc = digest_parse_hex(vectors[i].alg, span_str(vectors[i].hex), &want);
		ok(rc == 0 && hash_span(vectors[i].alg, s, &d) == 0 && digest_eq(&d, &want),
		    "%s of \"%.20s\"", digest_name(vectors[i].alg), vectors[i].msg);
		/* byte by byte through a hasher of everything, twice over (it starts anew) */
		bool good = hasher_new(&h, 0x3e) == 0;
		for (int round = 0; good && round < 2; round++) {
			for (size_t j = 0; j < s.n; j++)
				good = good && hasher_update(h, s.p + j, 1) == 0;
			good = good && hasher_final(h, all) == 0 &&
			       digest_eq(&all[vectors[i].alg], &want);
		}
		ok(good, "the same byte by byte, and again");
	}
}

static void test_million(void)
{
	struct digest all[DIGEST_ALGS], want;
	AUTO_HASHER struct hasher *h = NULL;
	char tmp[] = "/tmp/test_hash.XXXXXX";
	static char a[1000000];
	uint64_t size = 0;

	memset(a, 'a', sizeof(a));
	AUTO_FD int fd = mkstemp(tmp);
	unlink(tmp);
	bool good = fd >= 0 && write(fd, a, sizeof(a)) == sizeof(a) && lseek(fd, 0, SEEK_SET) == 0;
	good = good && hasher_new(&h, HASH_TRIO) == 0 && hash_fd(h, fd, all, &size) == 0;
	ok(good && size == sizeof(a), "hash_fd reads all of a file");
	good = digest_parse_hex(DIGEST_SHA256,
		   SPAN_LIT("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
		   &want) == 0;
	ok(good && digest_eq(&all[DIGEST_SHA256], &want), "sha256 of a million a");
	good = digest_parse_hex(
		   DIGEST_SHA1, SPAN_LIT("34aa973cd4c4daa4f61eeb2bdbad27316534016f"), &want) == 0;
	ok(good && digest_eq(&all[DIGEST_SHA1], &want), "sha1 of a million a");
	good =
	    digest_parse_hex(DIGEST_MD5, SPAN_LIT("7707d6ae4e027c70eea2a935c2296f21"), &want) == 0;
	ok(good && digest_eq(&all[DIGEST_MD5], &want), "md5 of a million a");
	ok(!digest_is_set(&all[DIGEST_SHA512]), "an algorithm outside the set stays unset");
	good = lseek(fd, 999999, SEEK_SET) == 999999 && hash_fd(h, fd, all, NULL) == 0;
	struct digest one = sha256_of(SPAN_LIT("a"));
	ok(good && digest_eq(&all[DIGEST_SHA256], &one), "hash_fd begins at the current offset");
}

static void test_bad(void)
{
	struct hasher *h = NULL;
	struct digest d = { 0 }, all[DIGEST_ALGS];

	is_int(hasher_new(&h, 0), -EINVAL, "an empty set is refused");
	is_int(hasher_new(&h, 1), -EINVAL, "NONE is no algorithm");
	is_int(hasher_new(&h, HASH_SET(DIGEST_ALGS)), -EINVAL, "an unknown algorithm is refused");
	ok(h == NULL, "nothing was written");
	is_int(hash_span(DIGEST_NONE, SPAN_NONE, &d), -ENOTSUP, "hash_span of NONE");
	ok(hasher_new(&h, HASH_SET(DIGEST_SHA256)) == 0, "one algorithm");
	AUTO_FD int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_int(hash_fd(h, dir, all, NULL), -EISDIR, "a directory is read(2)'s error");
	is_int(hash_fd(h, -1, all, NULL), -EBADF, "no descriptor");
	hasher_free(h);
}

static void test_others(void)
{
	char path[] = "/tmp/fb_hash_XXXXXX";
	struct digest d[DIGEST_ALGS];
	uint64_t size = 0;
	struct hasher *h;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, "abc", 3) != 3 || lseek(fd, 0, SEEK_SET) < 0 ||
	    hasher_new(&h, HASH_SET(DIGEST_SHA256)) < 0)
		abort();
	unlink(path);
	is_int(hash_file_of_others(h, fd, d, &size), 0, "somebody's file");
	struct digest abc = sha256_of(SPAN_LIT("abc"));
	ok(size == 3 && digest_eq(&d[DIGEST_SHA256], &abc), "its digest");
	if (ftruncate(fd, (off_t)HASH_HOLES_MAX + (1 << 30)) < 0)
		tap_skip("hollow files", "no such sparse files here");
	else
		is_int(hash_file_of_others(h, fd, d, NULL), -EFBIG, "one that is nothing but holes");
	hasher_free(h);
	close(fd);
}

int main(void)
{
	test_vectors();
	test_million();
	test_bad();
	test_others();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
