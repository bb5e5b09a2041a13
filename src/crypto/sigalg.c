/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/sigalg.h"

#include "crypto/oid.h"
#include "wire/der.h"

#include <openssl/rsa.h>

static const struct {
	struct span oid;
	enum key_scheme scheme;
	enum digest_alg digest;
} algs[] = {
	{ OID_RSA, KEY_PKCS1, DIGEST_NONE },
	{ OID_RSA_MD5, KEY_PKCS1, DIGEST_MD5 }, /* to tell whose an old certificate is */
	{ OID_RSA_SHA1, KEY_PKCS1, DIGEST_SHA1 },
	{ OID_RSA_SHA256, KEY_PKCS1, DIGEST_SHA256 },
	{ OID_RSA_SHA384, KEY_PKCS1, DIGEST_SHA384 },
	{ OID_RSA_SHA512, KEY_PKCS1, DIGEST_SHA512 },
	{ OID_EC, KEY_ECDSA, DIGEST_NONE },
	{ OID_ECDSA_SHA1, KEY_ECDSA, DIGEST_SHA1 },
	{ OID_ECDSA_SHA256, KEY_ECDSA, DIGEST_SHA256 },
	{ OID_ECDSA_SHA384, KEY_ECDSA, DIGEST_SHA384 },
	{ OID_ECDSA_SHA512, KEY_ECDSA, DIGEST_SHA512 },
	{ OID_ED25519, KEY_EDDSA, DIGEST_NONE },
};

static enum digest_alg sha2_of(struct span oid)
{
	return span_eq(oid, OID_SHA256)	  ? DIGEST_SHA256
	       : span_eq(oid, OID_SHA384) ? DIGEST_SHA384
	       : span_eq(oid, OID_SHA512) ? DIGEST_SHA512
					  : DIGEST_NONE;
}

/* RSASSA-PSS-params (RFC 4055 3.1): the defaults are SHA-1's, so hash, MGF and salt must be there.
 * MGF1 has the same hash. */
static bool pss_params(struct sigalg *a, struct span params)
{
	struct cur c = cur_of(params), s = der_enter(&c, DER_SEQ);
	struct span mgf_params;

	struct cur hash = der_enter(&s, DER_CTXC(0));
	a->digest = sha2_of(der_algorithm(&hash, NULL));
	der_leave(&s, &hash);
	struct cur mgf = der_enter(&s, DER_CTXC(1));
	struct span oid = der_algorithm(&mgf, &mgf_params);
	der_leave(&s, &mgf);
	struct cur salt = der_enter(&s, DER_CTXC(2));
	a->salt = (int)der_uint(&salt, 512);
	der_leave(&s, &salt);
	if (der_is(&s, DER_CTXC(3))) {
		struct cur trailer = der_enter(&s, DER_CTXC(3));
		if (der_uint(&trailer, 1) != 1)
			cur_fail(&trailer, DER_E_VALUE);
		der_leave(&s, &trailer);
	}
	der_leave(&c, &s);
	if (!der_done(&c) || !span_eq(oid, OID_MGF1))
		return false;
	struct cur m = cur_of(mgf_params);
	enum digest_alg mgf_digest = sha2_of(der_algorithm(&m, NULL));
	return der_done(&m) && a->digest != DIGEST_NONE && mgf_digest == a->digest;
}

bool sigalg_read(struct sigalg *ret_a, struct span oid, struct span params)
{
	struct sigalg a = { .scheme = KEY_PSS, .salt = SIGALG_SALT_ANY };

	if (span_eq(oid, OID_RSA_PSS)) {
		if (!pss_params(&a, params))
			return false;
		*ret_a = a;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		if (!span_eq(oid, algs[i].oid) || params.n)
			continue;
		*ret_a = (struct sigalg){ algs[i].scheme, algs[i].digest, SIGALG_SALT_ANY };
		return true;
	}
	return false;
}

bool sigalg_fits(const struct sigalg *a, EVP_PKEY *key)
{
	switch (a->scheme) {
	case KEY_ECDSA:
		return EVP_PKEY_is_a(key, "EC");
	case KEY_PKCS1:
	case KEY_PSS:
		return EVP_PKEY_is_a(key, "RSA");
	case KEY_EDDSA:
		return EVP_PKEY_is_a(key, "ED25519");
	default:
		return false;
	}
}

static bool set_padding(const struct sigalg *a, EVP_PKEY_CTX *ctx, const EVP_MD *md)
{
	int salt = a->salt == SIGALG_SALT_ANY ? RSA_PSS_SALTLEN_AUTO : a->salt;

	if (a->scheme == KEY_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	if (a->scheme == KEY_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1;
	return true;
}

bool sigalg_verify_digest(
    const struct sigalg *a, EVP_PKEY *key, const struct digest *d, struct span sig)
{
	const EVP_MD *md = ossl_md(a->digest);
	OSSL_SCOPE;
	OSSL_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free) ctx = NULL;

	if (!md || d->alg != a->digest || !sig.n || a->scheme == KEY_EDDSA ||
	    !sigalg_fits(a, key) ||
	    (a->scheme != KEY_ECDSA && sig.n != (size_t)EVP_PKEY_get_size(key)))
		return false;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!ctx || EVP_PKEY_verify_init(ctx) != 1 || EVP_PKEY_CTX_set_signature_md(ctx, md) != 1 ||
	    !set_padding(a, ctx, md))
		return false;
	return EVP_PKEY_verify(ctx, sig.p, sig.n, d->b, d->len) == 1;
}

static bool verify_ed25519(EVP_PKEY *key, struct span msg, struct span sig)
{
	static const uint8_t none[1];
	OSSL_SCOPE;
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();

	return sig.n == 64 && ctx &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
	       EVP_DigestVerify(ctx, sig.p, sig.n, msg.p ? msg.p : none, msg.n) == 1;
}

static bool digest_parts(
    enum digest_alg alg, const struct span *part, size_t n, struct digest *ret_d)
{
	const EVP_MD *md = ossl_md(alg);
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();
	uint8_t b[EVP_MAX_MD_SIZE];

	if (!md || !ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		return false;
	for (size_t i = 0; i < n; i++)
		if (EVP_DigestUpdate(ctx, part[i].p, part[i].n) != 1)
			return false;
	if (EVP_DigestFinal_ex(ctx, b, NULL) != 1)
		return false;
	*ret_d = digest_of(alg, b);
	return true;
}

bool sigalg_verify(
    const struct sigalg *a, EVP_PKEY *key, const struct span *part, size_t n, struct span sig)
{
	struct digest d;
	OSSL_SCOPE;

	if (!sigalg_fits(a, key))
		return false;
	if (a->scheme != KEY_EDDSA)
		return digest_parts(a->digest, part, n, &d) &&
		       sigalg_verify_digest(a, key, &d, sig);
	AUTO_BUF struct buf whole = BUF_INIT(64u << 20);
	if (n == 1)
		return verify_ed25519(key, part[0], sig);
	for (size_t i = 0; i < n; i++)
		buf_put_span(&whole, part[i]);
	return buf_err(&whole) == 0 && verify_ed25519(key, buf_span(&whole), sig);
}
