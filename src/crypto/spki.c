/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/spki.h"

#include "crypto/oid.h"
#include "wire/der.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <pthread.h>

OSSL_FREE_FN(BIGNUM, BN_free)
OSSL_FREE_FN(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
OSSL_FREE_FN(OSSL_PARAM, OSSL_PARAM_free)

/* Everything in front of the point or key: for these kinds it is the same in every SPKI. */
static const struct fixed {
	struct span head;
	size_t len; /* of what follows */
	int nid;
} fixed[] = {
	{ SPAN_LIT(
	      "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d"
	      "\x03\x01\x07\x03\x42\x00"),
	    65, NID_X9_62_prime256v1 },
	{ SPAN_LIT(
	      "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"
	      "\x03\x62\x00"),
	    97, NID_secp384r1 },
	{ SPAN_LIT(
	      "\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00"
	      "\x23\x03\x81\x86\x00"),
	    133, NID_secp521r1 },
	{ SPAN_LIT("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"), 32, NID_ED25519 },
};

/* A key with parameters and no point, to be copied: setting up a curve is most of the work. */
static EVP_PKEY *curves[ARRAY_LEN(fixed)];

static void make_curves(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed) && fixed[i].nid != NID_ED25519; i++) {
		OSSL_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
		ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
		if (ctx && EVP_PKEY_paramgen_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, fixed[i].nid) == 1)
			(void)EVP_PKEY_paramgen(ctx, &curves[i]);
	}
}

static EVP_PKEY *ec_key(size_t which, struct span point)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_curves);
	if (point.p[0] != 4 || !curves[which])
		return NULL;
	EVP_PKEY *k = EVP_PKEY_new();
	if (k && EVP_PKEY_copy_parameters(k, curves[which]) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(k, point.p, point.n) == 1)
		return k;
	EVP_PKEY_free(k);
	return NULL;
}

/* A positive INTEGER. */
static BIGNUM *positive(struct cur *c)
{
	struct span s = der_integer(c);

	return c->err || s.p[0] & 0x80 || (s.n == 1 && !s.p[0]) ? NULL
								: BN_bin2bn(s.p, (int)s.n, NULL);
}

static EVP_PKEY *rsa_from(BIGNUM *n, BIGNUM *e)
{
	OSSL_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free) bld = OSSL_PARAM_BLD_new();
	OSSL_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *k = NULL;

	if (!bld || !ctx || !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
		return NULL;
	OSSL_AUTO(OSSL_PARAM, OSSL_PARAM_free) params = OSSL_PARAM_BLD_to_param(bld);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return k;
}

EVP_PKEY *spki_pkcs1(struct span der)
{
	struct cur c = cur_of(der), rsa = der_enter(&c, DER_SEQ);
	OSSL_SCOPE;
	OSSL_AUTO(BIGNUM, BN_free) n = positive(&rsa);
	OSSL_AUTO(BIGNUM, BN_free) e = positive(&rsa);

	der_leave(&c, &rsa);
	return der_done(&c) && n && e ? rsa_from(n, e) : NULL;
}

static EVP_PKEY *rsa_key(struct span der)
{
	struct cur c = cur_of(der), spki = der_enter(&c, DER_SEQ), alg = der_enter(&spki, DER_SEQ);
	struct span oid = der_oid(&alg);

	if (der_take(&alg, DER_NULL).body.n)
		return NULL;
	der_leave(&spki, &alg);
	struct span key = der_bits(&spki);
	der_leave(&c, &spki);
	return der_done(&c) && span_eq(oid, OID_RSA) ? spki_pkcs1(key) : NULL;
}

EVP_PKEY *spki_pkey(struct span der)
{
	OSSL_SCOPE;

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		if (!span_starts(der, fixed[i].head))
			continue;
		struct span key = span_from(der, fixed[i].head.n);
		if (key.n != fixed[i].len)
			return NULL;
		if (fixed[i].nid == NID_ED25519)
			return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key.p, key.n);
		return ec_key(i, key);
	}
	return rsa_key(der);
}
