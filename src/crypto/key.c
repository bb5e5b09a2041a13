/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/key.h"

#include "crypto/hash.h"
#include "crypto/ossl.h"
#include "crypto/sigalg.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct key *key_free(struct key *k)
{
	if (k)
		EVP_PKEY_free(k->pkey);
	free(k);
	return NULL;
}

void key_free_p(struct key **k)
{
	key_free(*k);
}

enum key_kind key_kind_of(const struct key *k)
{
	return k->kind;
}

const char *key_kind_name(enum key_kind k)
{
	static const char *const names[] = {
		[KEY_NONE] = "none",
		[KEY_P256] = "ecdsa-p256",
		[KEY_P384] = "ecdsa-p384",
		[KEY_P521] = "ecdsa-p521",
		[KEY_ED25519] = "ed25519",
		[KEY_RSA] = "rsa",
	};
	return k < ARRAY_LEN(names) ? names[k] : "none";
}

bool key_is_private(const struct key *k)
{
	return k->is_private;
}

struct digest key_id(const struct key *k)
{
	return k->id;
}

int key_generate(struct key **ret_k, enum key_kind kind)
{
	EVP_PKEY *pkey = NULL;
	OSSL_SCOPE;

	if (kind == KEY_P256)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	else if (kind == KEY_P384)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	else if (kind == KEY_P521)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	else if (kind == KEY_ED25519)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (kind == KEY_RSA)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEY_RSA_BITS_NEW);
	else
		return -EINVAL;
	return pkey ? key_from_pkey(ret_k, pkey, true, NULL) : -ENOMEM;
}

int key_raw_ed25519(const struct key *k, uint8_t out[static 32])
{
	size_t n = 32;
	OSSL_SCOPE;

	if (k->kind != KEY_ED25519)
		return -EINVAL;
	return EVP_PKEY_get_raw_public_key(k->pkey, out, &n) && n == 32 ? 0 : -EINVAL;
}

int key_from_raw_ed25519(struct key **ret_k, const uint8_t raw[static 32])
{
	OSSL_SCOPE;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw, 32);

	return pkey ? key_from_pkey(ret_k, pkey, false, NULL) : -ENOMEM;
}

static int write_pem(const struct key *k, int selection, const char *structure, struct buf *out)
{
	OSSL_SCOPE;
	OSSL_ENCODER_CTX *ctx =
	    OSSL_ENCODER_CTX_new_for_pkey(k->pkey, selection, "PEM", structure, NULL);
	unsigned char *text = NULL;
	size_t n = 0;

	if (!ctx || !OSSL_ENCODER_to_data(ctx, &text, &n)) {
		OSSL_ENCODER_CTX_free(ctx);
		return -ENOMEM;
	}
	buf_put(out, text, n);
	OPENSSL_clear_free(text, n);
	OSSL_ENCODER_CTX_free(ctx);
	return buf_err(out);
}

int key_write_public(const struct key *k, struct buf *out)
{
	return write_pem(k, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", out);
}

int key_write_private(const struct key *k, struct buf *out)
{
	if (!k->is_private)
		return -EINVAL;
	return write_pem(k, EVP_PKEY_KEYPAIR, "PrivateKeyInfo", out);
}

/* Is it a scheme of this key's kind? KEY_BY_KIND is one of every kind. */
static bool scheme_fits(const struct key *k, enum key_scheme scheme)
{
	switch (scheme) {
	case KEY_BY_KIND:
		return true;
	case KEY_ECDSA:
		return k->kind == KEY_P256 || k->kind == KEY_P384 || k->kind == KEY_P521;
	case KEY_PKCS1:
	case KEY_PSS:
		return k->kind == KEY_RSA;
	case KEY_EDDSA:
	case KEY_ED25519PH:
		return k->kind == KEY_ED25519;
	}
	return false;
}

int key_verify_digest(
    const struct key *k, enum key_scheme scheme, const struct digest *d, struct span sig)
{
	struct sigalg a = { scheme, d->alg, SIGALG_SALT_ANY };

	if (!scheme_fits(k, scheme))
		return -EINVAL;
	if (k->kind == KEY_ED25519)
		return -ENOTSUP;
	if (d->alg != DIGEST_SHA256 && d->alg != DIGEST_SHA384 && d->alg != DIGEST_SHA512)
		return -EINVAL;
	if (scheme == KEY_BY_KIND)
		a.scheme = k->kind == KEY_RSA ? KEY_PKCS1 : KEY_ECDSA;
	if (sigalg_verify_digest(&a, k->pkey, d, sig))
		return KEY_GOOD;
	if (scheme != KEY_BY_KIND || k->kind != KEY_RSA)
		return KEY_BAD_SIGNATURE;
	a.scheme = KEY_PSS;
	return sigalg_verify_digest(&a, k->pkey, d, sig) ? KEY_GOOD : KEY_BAD_SIGNATURE;
}

int key_verify_as(const struct key *k, enum key_scheme scheme, enum digest_alg hash,
    struct span msg, struct span sig)
{
	const struct sigalg ed25519 = { KEY_EDDSA, DIGEST_NONE, SIGALG_SALT_ANY };
	struct digest d;

	if (!scheme_fits(k, scheme))
		return -EINVAL;
	if (scheme == KEY_ED25519PH)
		return -ENOTSUP;
	if (k->kind == KEY_ED25519)
		return sigalg_verify(&ed25519, k->pkey, &msg, 1, sig) ? KEY_GOOD
								      : KEY_BAD_SIGNATURE;
	int rc = hash_span(hash, msg, &d);
	return rc < 0 ? rc : key_verify_digest(k, scheme, &d, sig);
}

/* The hash that a kind signs with here; NONE: the algorithm has its own. */
static enum digest_alg hash_of(enum key_kind kind)
{
	switch (kind) {
	case KEY_P384:
		return DIGEST_SHA384;
	case KEY_P521:
		return DIGEST_SHA512;
	case KEY_ED25519:
		return DIGEST_NONE;
	default:
		return DIGEST_SHA256;
	}
}

int key_verify(const struct key *k, struct span msg, struct span sig)
{
	int rc = key_verify_as(k, KEY_BY_KIND, hash_of(k->kind), msg, sig);

	if (rc == KEY_BAD_SIGNATURE && (k->kind == KEY_P384 || k->kind == KEY_P521))
		rc = key_verify_as(k, KEY_BY_KIND, DIGEST_SHA256, msg, sig);
	return rc;
}

int key_sign(const struct key *k, struct span msg, struct buf *sig)
{
	static const uint8_t none[1];
	size_t n = (size_t)EVP_PKEY_get_size(k->pkey);
	OSSL_SCOPE;
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();

	if (!k->is_private)
		return -EINVAL;
	int rc = buf_reserve(sig, n);
	if (rc < 0)
		return rc;
	if (!ctx || EVP_DigestSignInit(ctx, NULL, ossl_md(hash_of(k->kind)), NULL, k->pkey) != 1 ||
	    EVP_DigestSign(ctx, sig->p + sig->n, &n, msg.p ? msg.p : none, msg.n) != 1)
		return -ENOMEM;
	sig->n += n;
	sig->p[sig->n] = 0;
	return 0;
}
