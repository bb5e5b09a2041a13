/* SPDX-License-Identifier: Apache-2.0 */

/*
 * raw: a signature and nothing else, binary or in base64: openssl dgst -sign, openssl pkeyutl -sign
 * -rawin, cosign sign-blob. It names nobody: every given key of the right kind is tried.
 */

#include "trust/detached/priv.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "wire/der.h"

#include <errno.h>

#define TEXT_MAX 2048
#define P256_MAX 72 /* bytes of the DER of r and s */
#define P384_MAX 104
#define P521_MAX 139

/* SEQUENCE { INTEGER, INTEGER } */
static bool is_ecdsa(struct span s)
{
	struct cur c = cur_of(s);
	struct cur seq = der_enter(&c, DER_SEQ);

	(void)der_integer(&seq);
	(void)der_integer(&seq);
	der_leave(&c, &seq);
	return s.n <= P521_MAX && der_done(&c);
}

/* UTF-8, or printable for the most part, as a damaged text is. Of random bytes two thirds are not.
 */
static bool is_text(struct span s)
{
	size_t odd = 0;

	if (utf8_check(s) == s.n)
		return true;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		odd += (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c >= 0x7f;
	}
	return odd < s.n / 4;
}

static bool is_binary(struct span s)
{
	return is_ecdsa(s) || ((s.n == 64 || (s.n >= 256 && s.n <= RAW_SIG_MAX)) && !is_text(s));
}

/* Base64 with or without line ends, appended to out. */
static bool decode(struct span text, struct buf *out)
{
	AUTO_BUF struct buf b64 = BUF_INIT(TEXT_MAX);
	struct span rest = span_trim(text), line;

	if (!rest.n || text.n > TEXT_MAX)
		return false;
	while (span_next_line(&rest, &line))
		buf_put_span(&b64, line);
	return buf_err(&b64) == 0 && b64_decode(out, buf_span(&b64), B64_STD) == 0;
}

bool raw_is(struct span text)
{
	AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

	return is_binary(text) || (decode(text, &b) && is_binary(buf_span(&b)));
}

int raw_read(struct detached *d, struct span text, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);
	int rc = 0;

	d->raw = text;
	if (!is_binary(text)) {
		if (!decode(text, &b) || !is_binary(buf_span(&b)))
			return fault_set(f, -EBADMSG, "not a bare signature");
		d->raw = arena_dup(a, buf_span(&b), &rc);
	}
	/* The length tells the kind of key, and that the digests that people sign with it. */
	if (!is_ecdsa(d->raw))
		d->needs = d->raw.n == 64 ? ARTIFACT_NEEDS_BYTES
					  : HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA384) |
						HASH_SET(DIGEST_SHA512);
	else if (d->raw.n <= P256_MAX)
		d->needs = HASH_SET(DIGEST_SHA256);
	else if (d->raw.n <= P384_MAX)
		d->needs = HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA384);
	else
		d->needs = HASH_SET(DIGEST_SHA512);
	return rc;
}

/* KEY_GOOD, KEY_BAD_SIGNATURE, -errno. */
static int try_digests(struct checking *c, const struct key *k)
{
	for (enum digest_alg alg = DIGEST_SHA256; alg <= DIGEST_SHA512; alg++) {
		const struct digest *hash;
		if (!(c->d->needs & HASH_SET(alg)))
			continue;
		int rc = checking_digest(c, alg, &hash);
		if (rc == 0)
			rc = key_verify_digest(k, KEY_BY_KIND, hash, c->d->raw);
		if (rc != KEY_BAD_SIGNATURE)
			return rc;
	}
	return KEY_BAD_SIGNATURE;
}

static int try_key(struct checking *c, const struct trust_key *k)
{
	bool ed = key_kind_of(k->key) == KEY_ED25519, rsa = key_kind_of(k->key) == KEY_RSA;
	struct span bytes;

	if (!k->general || ed != (c->d->needs == ARTIFACT_NEEDS_BYTES) ||
	    (!ed && rsa == is_ecdsa(c->d->raw)))
		return KEY_BAD_SIGNATURE;
	if (!ed)
		return try_digests(c, k->key);
	int rc = artifact_bytes(c->art, &bytes);
	return rc == 0 ? key_verify(k->key, bytes, c->d->raw) : rc;
}

int raw_check(struct checking *c)
{
	struct span bytes;
	int rc = c->d->needs == ARTIFACT_NEEDS_BYTES ? checking_bytes(c, &bytes) : 0;

	for (size_t i = 0; rc == 0 && i < c->t->keys->n; i++) {
		rc = try_key(c, &c->t->keys->key[i]);
		if (rc < 0)
			return rc;
		if (rc == KEY_GOOD)
			checking_good(c, i);
		rc = 0;
	}
	if (rc != 0 || c->out.good)
		return rc;
	return checking_say(
	    c, DETACHED_STRANGER, "a bare signature, by none of the given keys over this file");
}
