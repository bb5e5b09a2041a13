/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/key_scheme.h"

#include "crypto/ossl.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

OSSL_FREE_FN(BIGNUM, BN_free)
OSSL_FREE_FN(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
OSSL_FREE_FN(OSSL_PARAM, OSSL_PARAM_free)

static const struct method {
	const char *name;
	enum key_kind kind;
	const char *md; /* NULL: the algorithm has its own */
} methods[KEY_SCHEMES] = {
	[KEY_SCHEME_NONE] = { "none", KEY_NONE, NULL },
	[KEY_SCHEME_ED25519] = { "ed25519", KEY_ED25519, NULL },
	[KEY_SCHEME_ECDSA_P256] = { "ecdsa-sha2-nistp256", KEY_P256, "SHA2-256" },
	[KEY_SCHEME_ECDSA_P384] = { "ecdsa-sha2-nistp384", KEY_P384, "SHA2-384" },
	[KEY_SCHEME_RSA_PSS] = { "rsassa-pss-sha256", KEY_RSA, "SHA2-256" },
	[KEY_SCHEME_RSA_PKCS1] = { "rsa-pkcs1v15-sha256", KEY_RSA, "SHA2-256" },
};

const char *key_scheme_name(enum key_method s)
{
	return s < KEY_SCHEMES ? methods[s].name : "none";
}

enum key_method key_scheme_of(struct span name)
{
	for (enum key_method s = KEY_SCHEME_NONE + 1; s < KEY_SCHEMES; s++)
		if (span_eq_str(name, methods[s].name))
			return s;
	return KEY_SCHEME_NONE;
}

bool key_scheme_fits(enum key_method s, enum key_kind kind)
{
	return s > KEY_SCHEME_NONE && s < KEY_SCHEMES && methods[s].kind == kind;
}

enum key_method key_scheme_default(enum key_kind kind)
{
	for (enum key_method s = KEY_SCHEME_NONE + 1; s < KEY_SCHEMES; s++)
		if (methods[s].kind == kind)
			return s;
	return KEY_SCHEME_NONE;
}

static struct span never_null(struct span s)
{
	static const uint8_t none[1];

	return s.p ? s : span_of(none, 0);
}

static bool set_padding(EVP_PKEY_CTX *pctx, enum key_method s, int salt)
{
	if (s == KEY_SCHEME_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) == 1;
	return s != KEY_SCHEME_RSA_PSS ||
	    (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1);
}

int key_scheme_verify(const struct key *k, enum key_method s, struct span msg, struct span sig)
{
	OSSL_SCOPE;
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;

	if (!ctx)
		return -ENOMEM;
	if (!key_scheme_fits(s, k->kind) || !sig.n || (k->kind == KEY_ED25519 && sig.n != 64) ||
	    (k->kind == KEY_RSA && sig.n != (size_t)EVP_PKEY_get_size(k->pkey)))
		return KEY_BAD_SIGNATURE;
	msg = never_null(msg);
	if (EVP_DigestVerifyInit_ex(ctx, &pctx, methods[s].md, NULL, NULL, k->pkey, NULL) != 1 ||
	    !set_padding(pctx, s, RSA_PSS_SALTLEN_AUTO))
		return -ENOMEM;
	return EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) == 1 ? KEY_GOOD
								      : KEY_BAD_SIGNATURE;
}

int key_scheme_sign(const struct key *k, enum key_method s, struct span msg, struct buf *sig)
{
	OSSL_SCOPE;
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t n = (size_t)EVP_PKEY_get_size(k->pkey);

	if (!k->is_private || !key_scheme_fits(s, k->kind))
		return -EINVAL;
	int rc = buf_reserve(sig, n);
	if (rc < 0)
		return rc;
	msg = never_null(msg);
	if (!ctx || EVP_DigestSignInit_ex(ctx, &pctx, methods[s].md, NULL, NULL, k->pkey, NULL) != 1 ||
	    !set_padding(pctx, s, RSA_PSS_SALTLEN_DIGEST) ||
	    EVP_DigestSign(ctx, sig->p + sig->n, &n, msg.p, msg.n) != 1)
		return -ENOMEM;
	sig->n += n;
	sig->p[sig->n] = 0;
	return 0;
}

static EVP_PKEY *rsa_pkey(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free) b = OSSL_PARAM_BLD_new();
	OSSL_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;

	if (!b || !ctx || !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e))
		return NULL;
	OSSL_AUTO(OSSL_PARAM, OSSL_PARAM_free) p = OSSL_PARAM_BLD_to_param(b);
	if (!p || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, p) != 1)
		return NULL;
	return pkey;
}

int key_rsa_from_numbers(struct key **ret_k, struct span n, struct span e, struct fault *f)
{
	OSSL_SCOPE;

	if (!n.n || !e.n || n.n > KEY_RSA_BITS_MAX / 8 + 8 || e.n > 16)
		return fault_set(f, -EBADMSG, "not the numbers of an RSA key");
	OSSL_AUTO(BIGNUM, BN_free) bn = BN_bin2bn(n.p, (int)n.n, NULL);
	OSSL_AUTO(BIGNUM, BN_free) be = BN_bin2bn(e.p, (int)e.n, NULL);
	EVP_PKEY *pkey = bn && be ? rsa_pkey(bn, be) : NULL;
	if (!pkey)
		return fault_set(f, -EBADMSG, "not the numbers of an RSA key");
	return key_from_pkey(ret_k, pkey, false, f);
}
