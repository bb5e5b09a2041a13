/* SPDX-License-Identifier: Apache-2.0 */

/*
 * key_tool: for openssl.t. Keys, signatures and digests with the library's own functions.
 *
 *   key_tool kind FILE                  "ecdsa-p256 sha256:…" or the refusal, exit 1
 *   key_tool private FILE               the same for a private key
 *   key_tool generate KIND PRIV PUB     writes both halves in PEM
 *   key_tool sign PRIV FILE SIG
 *   key_tool verify PUB FILE SIG        "good", or "bad" and exit 1
 *   key_tool hash FILE                  every digest, one a line
 */

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/key.h"

#include <stdio.h>
#include <string.h>

static int fail(const char *what, const struct fault *f)
{
	printf("error: %s: %s\n", what, f->text);
	return 1;
}

static int read_key(struct key **ret_k, const char *path, bool secret)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct fault f = FAULT_INIT;
	int rc = file_read(path, &b, 1 << 20, &f);

	if (rc == 0)
		rc = secret ? key_private(ret_k, buf_span(&b), &f)
			    : key_public(ret_k, buf_span(&b), &f);
	return rc < 0 ? fail(path, &f) : 0;
}

static int kind(const char *path, bool secret)
{
	AUTO_KEY struct key *k = NULL;

	if (read_key(&k, path, secret))
		return 1;
	struct digest id = key_id(k);
	printf("%s %s\n", key_kind_name(key_kind_of(k)), DIGEST_TEXT(&id));
	return 0;
}

static int save(const char *path, const struct buf *b)
{
	struct fault f = FAULT_INIT;
	return file_replace_path(path, buf_span(b), 0600, &f) < 0 ? fail(path, &f) : 0;
}

static int generate(const char *name, const char *priv, const char *pub)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf a = BUF_INIT(1 << 16), b = BUF_INIT(1 << 16);

	for (enum key_kind i = KEY_P256; i <= KEY_RSA && !k; i++)
		if (strcmp(name, key_kind_name(i)) == 0 && key_generate(&k, i) < 0)
			return 1;
	if (!k || key_write_private(k, &a) < 0 || key_write_public(k, &b) < 0)
		return 1;
	return save(priv, &a) | save(pub, &b);
}

static int sign(const char *priv, const char *file, const char *sig_path)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf msg = BUF_INIT(1 << 24), sig = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;

	if (read_key(&k, priv, true) || file_read(file, &msg, 1 << 24, &f) < 0)
		return 1;
	return key_sign(k, buf_span(&msg), &sig) < 0 ? 1 : save(sig_path, &sig);
}

static int verify(const char *pub, const char *file, const char *sig_path)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf msg = BUF_INIT(1 << 24), sig = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;

	if (read_key(&k, pub, false) || file_read(file, &msg, 1 << 24, &f) < 0 ||
	    file_read(sig_path, &sig, 1 << 16, &f) < 0)
		return 2;
	int rc = key_verify(k, buf_span(&msg), buf_span(&sig));
	puts(rc == KEY_GOOD ? "good" : rc == KEY_BAD_SIGNATURE ? "bad" : "error");
	return rc != KEY_GOOD;
}

static int hash(const char *path)
{
	struct fault f = FAULT_INIT;
	struct digest d[DIGEST_ALGS];
	AUTO_HASHER struct hasher *h = NULL;
	AUTO_FD int fd = file_open_user(path, &f);
	uint64_t size;
	unsigned all = 0;

	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		all |= HASH_SET(a);
	if (fd < 0 || hasher_new(&h, all) < 0 || hash_fd(h, fd, d, &size) < 0)
		return fail(path, &f);
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		printf("%s\n", DIGEST_HEX(&d[a]));
	printf("%llu\n", (unsigned long long)size);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "kind") == 0 && argc == 3)
		return kind(argv[2], false);
	if (strcmp(what, "private") == 0 && argc == 3)
		return kind(argv[2], true);
	if (strcmp(what, "generate") == 0 && argc == 5)
		return generate(argv[2], argv[3], argv[4]);
	if (strcmp(what, "sign") == 0 && argc == 5)
		return sign(argv[2], argv[3], argv[4]);
	if (strcmp(what, "verify") == 0 && argc == 5)
		return verify(argv[2], argv[3], argv[4]);
	if (strcmp(what, "hash") == 0 && argc == 3)
		return hash(argv[2]);
	fprintf(stderr, "see the source\n");
	return 3;
}
