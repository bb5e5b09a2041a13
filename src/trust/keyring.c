/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/keyring.h"

#include "base/hex.h"
#include "crypto/hash.h"

#include <errno.h>

/* The DER of the SubjectPublicKeyInfo, out of the PEM that key_write_public makes. */
static int spki_der(const struct key *k, struct buf *out)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_TEXT_MAX), b64 = BUF_INIT(KEY_TEXT_MAX);
	struct span line;

	int rc = key_write_public(k, &pem);
	if (rc < 0)
		return rc;
	struct span rest = buf_span(&pem);
	while (span_next_line(&rest, &line))
		if (line.n && line.p[0] != '-')
			buf_put_span(&b64, line);
	rc = buf_err(&b64);
	return rc < 0 ? rc : b64_decode(out, buf_span(&b64), B64_STD);
}

static void put_ssh(struct buf *out, struct span s)
{
	buf_put_be32(out, (uint32_t)s.n);
	buf_put_span(out, s);
}

/* The public point or key is the end of the SubjectPublicKeyInfo (RFC 5480 2.2, RFC 8410 4). */
static int ssh_id(const struct key *k, struct digest *ret_id)
{
	static const struct {
		enum key_kind kind;
		const char *type, *curve;
		size_t len;
	} t[] = {
		{ KEY_P256, "ecdsa-sha2-nistp256", "nistp256", 65 },
		{ KEY_P384, "ecdsa-sha2-nistp384", "nistp384", 97 },
		{ KEY_ED25519, "ssh-ed25519", NULL, 32 },
	};
	AUTO_BUF struct buf der = BUF_INIT(KEY_TEXT_MAX), blob = BUF_INIT(KEY_TEXT_MAX);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		if (t[i].kind != key_kind_of(k))
			continue;
		int rc = spki_der(k, &der);
		if (rc < 0)
			return rc;
		FB_ASSERT(der.n > t[i].len);
		put_ssh(&blob, span_str(t[i].type));
		if (t[i].curve)
			put_ssh(&blob, span_str(t[i].curve));
		put_ssh(&blob, span_from(buf_span(&der), der.n - t[i].len));
		if (buf_err(&blob) < 0)
			return -ENOMEM;
		*ret_id = sha256_of(buf_span(&blob));
	}
	return 0;
}

static int init_key(struct trust_key *ret_k, struct key *key, const char *name)
{
	struct trust_key k = { .key = key, .id = key_id(key), .name = name, .general = true };

	int rc = ssh_id(key, &k.ssh);
	if (rc == 0)
		*ret_k = k;
	return rc;
}

int keyring_add(struct keyring *r, struct key *key, const char *name, bool may_sign)
{
	struct trust_key k;

	int rc = init_key(&k, key, name);
	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		if (!digest_eq(&r->key[i].id, &k.id))
			continue;
		r->key[i].may_sign |= may_sign;
		key_free(key);
		return 0;
	}
	if (rc == 0 && r->n == KEYRING_MAX)
		rc = -ENOSPC;
	if (rc < 0) {
		key_free(key);
		return rc;
	}
	k.may_sign = may_sign;
	r->key[r->n++] = k;
	return 0;
}

int keyring_read(struct keyring *r, struct span text, const char *name, bool may_sign,
    struct arena *a, struct fault *f)
{
	struct key *key;
	const char *keep = arena_str(a, span_str(name));

	int rc = keep ? key_public(&key, text, f) : -ENOMEM;
	return rc < 0 ? rc : keyring_add(r, key, keep, may_sign);
}

void keyring_free(struct keyring *r)
{
	while (r->n)
		key_free(r->key[--r->n].key);
}

bool keyring_names(const char *keyid, const struct trust_key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(256);
	struct span s = span_str(keyid);
	struct digest d;

	if (span_starts(s, SPAN_LIT("SHA256:")) && s.n != 7 + 64) {
		if (b64_decode(&b, span_from(s, 7), B64_ANY_PAD) < 0 || b.n != 32)
			return false;
		d = digest_of(DIGEST_SHA256, b.p);
	} else if (digest_parse(s, &d) < 0) {
		return false;
	}
	return digest_eq(&d, &k->id) || digest_eq(&d, &k->ssh);
}
