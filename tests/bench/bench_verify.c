/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_verify: signature verifications a second of a 200-byte message against the same OpenSSL
 * with a context kept between calls and the digest given, which is what "openssl speed" counts
 * (verify.sh prints that too). And whole structures: notes, Authenticode signatures.
 */

#include "bench.h"
#include "crypto/authenticode.h"
#include "crypto/hash.h"
#include "crypto/note.h"

#include <openssl/pem.h>

#define MSG                                                                                        \
	SPAN_LIT("0123456789012345678901234567890123456789012345678901234567890123456789012345678" \
		 "9012345678901234567890123456789012345678901234567890123456789012345678901234567" \
		 "890123456789012345678901234567890123456789")

static struct subject {
	const char *name;
	enum key_kind kind;
	enum digest_alg alg;
	int times;
	struct key *key;
	struct buf sig;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ctx;
	struct digest digest;
} subjects[] = {
	{ "ecdsa-p256", KEY_P256, DIGEST_SHA256, 2000 },
	{ "ecdsa-p384", KEY_P384, DIGEST_SHA384, 200 },
	{ "ed25519", KEY_ED25519, DIGEST_NONE, 1500 },
	{ "rsa-3072", KEY_RSA, DIGEST_SHA256, 3000 },
};

static void ours(const void *arg)
{
	const struct subject *s = arg;

	for (int i = 0; i < s->times; i++)
		if (key_verify(s->key, MSG, buf_span(&s->sig)) != KEY_GOOD)
			bench_die("key_verify");
}

static bool peer_ed25519(const struct subject *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, s->pkey) == 1 &&
		    EVP_DigestVerify(ctx, s->sig.p, s->sig.n, MSG.p, MSG.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static void peer(const void *arg)
{
	const struct subject *s = arg;

	for (int i = 0; i < s->times; i++)
		if (s->alg == DIGEST_NONE ? !peer_ed25519(s)
					  : EVP_PKEY_verify(s->ctx, s->sig.p, s->sig.n, s->digest.b,
						s->digest.len) != 1)
			bench_die("EVP_PKEY_verify");
}

static void prepare(struct subject *s)
{
	struct buf pem = BUF_INIT(1 << 16);

	s->sig = BUF_INIT(1 << 12);
	if (key_generate(&s->key, s->kind) < 0 || key_write_public(s->key, &pem) < 0 ||
	    key_sign(s->key, MSG, &s->sig) < 0)
		bench_die("key");
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	s->pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	buf_free(&pem);
	if (s->alg == DIGEST_NONE)
		return;
	s->ctx = EVP_PKEY_CTX_new(s->pkey, NULL);
	if (EVP_PKEY_verify_init(s->ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(
		s->ctx, s->alg == DIGEST_SHA384 ? EVP_sha384() : EVP_sha256()) != 1 ||
	    hash_span(s->alg, MSG, &s->digest) < 0)
		bench_die("EVP_PKEY_CTX");
}

static struct buf note = BUF_INIT(1 << 12), ac = BUF_INIT(1 << 16);

static void open_notes(const void *key)
{
	struct checkpoint c;

	for (int i = 0; i < 1000; i++)
		if (checkpoint_open(&c, buf_span(&note), key, NULL))
			bench_die("checkpoint_open");
}

static void read_ac(const void *arg)
{
	for (int i = 0; i < 200; i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct authenticode x;
		if (authenticode_read(&x, buf_span(&ac), NULL, &a, NULL) != AC_OK)
			bench_die("authenticode_read");
	}
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		struct subject *s = &subjects[i];
		prepare(s);
		bench_line(s->name, s->times / bench_seconds(ours, s), "/s", "EVP, context kept",
		    s->times / bench_seconds(peer, s));
	}
	struct checkpoint c = { .origin = "bench.example/log", .size = 1 };
	struct x509_self req = { "bench", NULL, 0, TS_DAY };
	struct buf cert = BUF_INIT(1 << 16);
	struct digest d = sha256_of(MSG);
	if (checkpoint_sign(&c, subjects[2].key, &note) < 0 ||
	    x509_self_signed(subjects[0].key, &req, &cert) < 0 ||
	    authenticode_sign(&d, subjects[0].key, buf_span(&cert), &ac) < 0)
		bench_die("structures");
	bench_line("checkpoint_open", 1000 / bench_seconds(open_notes, subjects[2].key), "/s",
	    "one ed25519", subjects[2].times / bench_seconds(peer, &subjects[2]));
	bench_line("authenticode_read", 200 / bench_seconds(read_ac, NULL), "/s", "two ecdsa-p256",
	    subjects[0].times / bench_seconds(peer, &subjects[0]) / 2);
	return 0;
}
