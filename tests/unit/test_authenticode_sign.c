/* SPDX-License-Identifier: Apache-2.0 */

/* What authenticode_sign makes: read again, and then changed bit by bit. */

#include "crypto/authenticode.h"
#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>

struct signer {
	struct key *key;
	struct buf cert;
};

static struct arena arena = ARENA_INIT(64 << 20);
static struct authenticode got;

static struct signer make(enum key_kind kind)
{
	struct signer s = { NULL, BUF_INIT(1 << 16) };
	struct x509_self req = { "Signer", NULL, 0, 3650 * TS_DAY };

	if (key_generate(&s.key, kind) < 0 || x509_self_signed(s.key, &req, &s.cert) < 0)
		abort();
	return s;
}

static void drop(struct signer *s)
{
	key_free(s->key);
	buf_free(&s->cert);
}

static bool zeroed_but_len(const struct authenticode *a)
{
	struct authenticode z = { .der_len = a->der_len };
	return memcmp(a, &z, sizeof(z)) == 0;
}

/* Every 1-bit change and truncation of a signature of ours is refused. */
static void spoil(struct buf *der, const char *name)
{
	unsigned accepted = 0, kept = 0;

	for (size_t i = 0; i < der->n * 8; i++) {
		der->p[i / 8] ^= (uint8_t)(1u << (i % 8));
		arena_free(&arena);
		accepted += authenticode_read(&got, buf_span(der), NULL, &arena, NULL) <= 0;
		kept += !zeroed_but_len(&got);
		der->p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t i = 0; i < der->n; i++) {
		accepted += authenticode_read(&got, span_of(der->p, i), NULL, &arena, NULL) != AC_BAD_DER;
		kept += got.der_len != 0;
	}
	is_int(accepted, 0, "%s: each of %zu flips and %zu truncations is refused", name,
	    der->n * 8, der->n);
	is_int(kept, 0, "%s: and leaves nothing behind", name);
}

static void test_sign(enum key_kind kind, bool thorough)
{
	struct signer s = make(kind);
	struct key *k = s.key;
	struct buf *cert = &s.cert;
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	const char *name = key_kind_name(key_kind_of(k));
	struct fault f = FAULT_INIT;
	struct digest d;

	int rc = hash_span(authenticode_digest_for(k), SPAN_LIT("an image"), &d);
	ok(rc == 0 && authenticode_sign(&d, k, buf_span(cert), &der) == 0, "%s signs", name);
	size_t n = der.n;
	arena_free(&arena);
	is_int(authenticode_read(&got, buf_span(&der), NULL, &arena, &f), AC_OK, "%s: is read %s", name,
	    f.text);
	ok(got.der_len == n && digest_eq(&got.digest, &d) && got.digest_alg == d.alg &&
		got.subject == AC_SUBJECT_PE && got.ncerts == 1 && !got.pages.n,
	    "%s: says what was signed", name);
	if (thorough)
		spoil(&der, name);
	buf_put_span(&der, SPAN_LIT("slack"));
	is_int(authenticode_read(&got, buf_span(&der), NULL, &arena, &f), AC_OK, "%s: slack behind it",
	    name);
	ok(got.der_len == n, "%s: is the caller's matter: der_len says where it begins", name);
	d.alg = DIGEST_SHA1;
	is_int(authenticode_sign(&d, k, buf_span(cert), &der), -EINVAL, "%s: not SHA-1", name);
	drop(&s);
}

static void test_refused(void)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16), pem = BUF_INIT(1 << 16);
	AUTO_KEY struct key *pub = NULL;
	struct signer p256 = make(KEY_P256), p384 = make(KEY_P384), ed = make(KEY_ED25519);
	struct digest image = sha256_of(SPAN_LIT("an image")), unset = { 0 };

	is_int(authenticode_sign(&image, p256.key, buf_span(&p384.cert), &der), -EINVAL,
	    "the certificate of another key");
	is_int(authenticode_sign(&image, p256.key, SPAN_LIT("x"), &der), -EINVAL, "no certificate");
	is_int(authenticode_sign(&image, ed.key, buf_span(&ed.cert), &der), -EINVAL, "Ed25519");
	is_int(authenticode_digest_for(ed.key), DIGEST_NONE, "has no digest to sign with");
	is_int(authenticode_sign(&image, p384.key, buf_span(&p384.cert), &der), -EINVAL,
	    "a digest that does not go with the key");
	is_int(
	    authenticode_sign(&unset, p256.key, buf_span(&p256.cert), &der), -EINVAL, "no digest");
	ok(key_write_public(p256.key, &pem) == 0 && key_public(&pub, buf_span(&pem), NULL) == 0 &&
		authenticode_sign(&image, pub, buf_span(&p256.cert), &der) == -EINVAL,
	    "a public key");
	is_int(der.n, 0, "nothing was written");
	drop(&p256);
	drop(&p384);
	drop(&ed);
}

int main(void)
{
	test_sign(KEY_RSA, true);
	test_sign(KEY_P256, true);
	test_sign(KEY_P384, false);
	test_refused();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	arena_free(&arena);
	return tap_done();
}
