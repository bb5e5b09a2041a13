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
	enum key_scheme scheme;
	enum digest_alg hash;
} methods[KEY_SCHEMES] = {
	[KEY_SCHEME_NONE] = { "none", KEY_NONE, KEY_BY_KIND, DIGEST_NONE },
	[KEY_SCHEME_ED25519] = { "ed25519", KEY_ED25519, KEY_EDDSA, DIGEST_NONE },
	[KEY_SCHEME_ECDSA_P256] = { "ecdsa-sha2-nistp256", KEY_P256, KEY_ECDSA, DIGEST_SHA256 },
	[KEY_SCHEME_ECDSA_P384] = { "ecdsa-sha2-nistp384", KEY_P384, KEY_ECDSA, DIGEST_SHA384 },
	[KEY_SCHEME_RSA_PSS] = { "rsassa-pss-sha256", KEY_RSA, KEY_PSS, DIGEST_SHA256 },
	[KEY_SCHEME_RSA_PKCS1] = { "rsa-pkcs1v15-sha256", KEY_RSA, KEY_PKCS1, DIGEST_SHA256 },
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

int key_scheme_verify(const struct key *k, enum key_method s, struct span msg, struct span sig)
{
	if (!key_scheme_fits(s, k->kind))
		return KEY_BAD_SIGNATURE;
	return key_verify_as(k, methods[s].scheme, methods[s].hash, msg, sig);
}

static int sign_pss(const struct key *k, struct span msg, struct buf *sig)
{
	static const uint8_t none[1];
	OSSL_SCOPE;
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t n = (size_t)EVP_PKEY_get_size(k->pkey);

	int rc = buf_reserve(sig, n);
	if (rc < 0)
		return rc;
	if (!ctx || EVP_DigestSignInit_ex(ctx, &pctx, "SHA2-256", NULL, NULL, k->pkey, NULL) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) != 1 ||
	    EVP_DigestSign(ctx, sig->p + sig->n, &n, msg.p ? msg.p : none, msg.n) != 1)
		return -ENOMEM;
	sig->n += n;
	sig->p[sig->n] = 0;
	return 0;
}

/* What key_sign makes of the other kinds is what their one scheme asks for. */
int key_scheme_sign(const struct key *k, enum key_method s, struct span msg, struct buf *sig)
{
	if (!k->is_private || !key_scheme_fits(s, k->kind))
		return -EINVAL;
	return s == KEY_SCHEME_RSA_PSS ? sign_pss(k, msg, sig) : key_sign(k, msg, sig);
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
