/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/key.h"

#include "crypto/hash.h"
#include "crypto/ossl.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/rsa.h>
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

/* How a kind signs and which forms it accepts. */
struct scheme {
	const char *md; /* NULL: the algorithm has its own (Ed25519) */
	int padding;	/* RSA */
};

static bool verify_as(const struct key *k, struct scheme s, struct span msg, struct span sig)
{
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;

	if (!ctx || EVP_DigestVerifyInit_ex(ctx, &pctx, s.md, NULL, NULL, k->pkey, NULL) != 1)
		return false;
	if (s.padding && EVP_PKEY_CTX_set_rsa_padding(pctx, s.padding) != 1)
		return false;
	if (s.padding == RSA_PKCS1_PSS_PADDING &&
	    (EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_AUTO) != 1 ||
		EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, s.md, NULL) != 1))
		return false;
	return EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) == 1;
}

/* The forms a signature by this kind may have; ends with {0} behind the first. */
static const struct scheme *schemes_of(enum key_kind kind, size_t *ret_n)
{
	static const struct scheme p256[] = { { "SHA2-256", 0 } };
	static const struct scheme p384[] = { { "SHA2-384", 0 }, { "SHA2-256", 0 } };
	static const struct scheme ed25519[] = { { NULL, 0 } };
	static const struct scheme rsa[] = {
		{ "SHA2-256", RSA_PKCS1_PADDING },
		{ "SHA2-256", RSA_PKCS1_PSS_PADDING },
	};

	*ret_n = kind == KEY_P384 || kind == KEY_RSA ? 2 : 1;
	return kind == KEY_P256 ? p256 : kind == KEY_P384 ? p384 : kind == KEY_RSA ? rsa : ed25519;
}

int key_verify(const struct key *k, struct span msg, struct span sig)
{
	static const uint8_t none[1];
	size_t n;
	const struct scheme *s = schemes_of(k->kind, &n);
	OSSL_SCOPE;

	if (!msg.p)
		msg.p = none;
	if (!sig.n || (k->kind == KEY_ED25519 && sig.n != 64) ||
	    (k->kind == KEY_RSA && sig.n != (size_t)EVP_PKEY_get_size(k->pkey)))
		return KEY_BAD_SIGNATURE;
	for (size_t i = 0; i < n; i++)
		if (verify_as(k, s[i], msg, sig))
			return KEY_GOOD;
	return KEY_BAD_SIGNATURE;
}

int key_sign(const struct key *k, struct span msg, struct buf *sig)
{
	static const uint8_t none[1];
	size_t nschemes, n = (size_t)EVP_PKEY_get_size(k->pkey);
	const struct scheme *s = schemes_of(k->kind, &nschemes);
	OSSL_SCOPE;
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();

	if (!k->is_private)
		return -EINVAL;
	int rc = buf_reserve(sig, n);
	if (rc < 0)
		return rc;
	if (!ctx || EVP_DigestSignInit_ex(ctx, NULL, s->md, NULL, NULL, k->pkey, NULL) != 1 ||
	    EVP_DigestSign(ctx, sig->p + sig->n, &n, msg.p ? msg.p : none, msg.n) != 1)
		return -ENOMEM;
	sig->n += n;
	sig->p[sig->n] = 0;
	return 0;
}
