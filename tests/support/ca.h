/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* ca: certificates for tests, made with OpenSSL. Errors abort. */

#include "base/clock.h"
#include "base/span.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define CA_FROM 1700000000ll /* 2023-11-14T22:13:20Z */
#define CA_TO (CA_FROM + 1000)
#define CA_NOW ((CA_FROM + 500) * TS_SECOND)
#define CA_EXTS_MAX 16

struct ca_cert {
	X509 *x;
	EVP_PKEY *key;
	struct span der;
};

struct ca_req {
	const char *subject;	      /* common name; NULL: an empty name */
	const struct ca_cert *issuer; /* NULL: itself */
	const char *issuer_name;      /* NULL: the issuer's subject */
	EVP_PKEY *key;		      /* NULL: a new P-256 key */
	const char *curve;	      /* "P-384" … */
	EVP_PKEY *sign_with;	      /* NULL: the issuer's key */
	const char *md;		      /* NULL: SHA256; "" none (Ed25519) */
	bool pss;		      /* RSASSA-PSS, MGF1 with md, a salt of 32 */
	int64_t from, to;	      /* 0: CA_FROM, CA_TO */
	long version;		      /* 0: 3 */
	struct {
		const char *name, *value; /* as in openssl.cnf */
	} ext[CA_EXTS_MAX];
};

static inline void ca_check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ca.h: %s\n", what);
	abort();
}

static inline void ca_name(X509_NAME *name, const char *cn)
{
	if (cn)
		ca_check(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
			     (const unsigned char *)cn, -1, -1, 0),
		    "name");
}

static inline void ca_ext(X509 *x, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	X509_EXTENSION *e = X509V3_EXT_nconf(NULL, &ctx, name, value);
	ca_check(e && X509_add_ext(x, e, -1), name);
	X509_EXTENSION_free(e);
}

static inline void ca_encode(struct ca_cert *c)
{
	unsigned char *der = NULL;
	int n = i2d_X509(c->x, &der);
	ca_check(n > 0, "encode");
	OPENSSL_free((void *)(uintptr_t)c->der.p);
	c->der = span_of(der, (size_t)n);
}

/* (Re)signs and encodes. */
static inline void ca_sign(struct ca_cert *c, EVP_PKEY *key, const char *md)
{
	ca_check(
	    X509_sign(c->x, key, md && !md[0] ? NULL : EVP_get_digestbyname(md ? md : "SHA256")),
	    "sign");
	ca_encode(c);
}

static inline void ca_sign_pss(struct ca_cert *c, EVP_PKEY *key, const char *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	ca_check(
	    EVP_DigestSignInit(ctx, &pctx, EVP_get_digestbyname(md ? md : "SHA256"), NULL, key) ==
		    1 &&
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) == 1 && X509_sign_ctx(c->x, ctx) > 0,
	    "sign with PSS");
	EVP_MD_CTX_free(ctx);
	ca_encode(c);
}

static inline struct ca_cert ca_make(const struct ca_req *r)
{
	static long serial = 1000;
	struct ca_cert c = { .x = X509_new() };
	X509 *issuer = r->issuer ? r->issuer->x : c.x;

	c.key =
	    r->key ? r->key : EVP_PKEY_Q_keygen(NULL, NULL, "EC", r->curve ? r->curve : "P-256");
	if (r->key)
		EVP_PKEY_up_ref(r->key);
	ca_check(c.x && c.key, "key");
	X509_set_version(c.x, r->version ? r->version - 1 : 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial++);
	ca_name(X509_get_subject_name(c.x), r->subject);
	if (r->issuer_name)
		ca_name(X509_get_issuer_name(c.x), r->issuer_name);
	else
		X509_set_issuer_name(c.x, X509_get_subject_name(issuer));
	ASN1_TIME_set(X509_getm_notBefore(c.x), r->from ? r->from : CA_FROM);
	ASN1_TIME_set(X509_getm_notAfter(c.x), r->to ? r->to : CA_TO);
	X509_set_pubkey(c.x, c.key);
	for (size_t i = 0; i < CA_EXTS_MAX && r->ext[i].name; i++)
		ca_ext(c.x, issuer, r->ext[i].name, r->ext[i].value);
	EVP_PKEY *with = r->sign_with ? r->sign_with : r->issuer ? r->issuer->key : c.key;
	if (r->pss)
		ca_sign_pss(&c, with, r->md);
	else
		ca_sign(&c, with, r->md);
	return c;
}

static inline void ca_free(struct ca_cert *c)
{
	X509_free(c->x);
	EVP_PKEY_free(c->key);
	OPENSSL_free((void *)(uintptr_t)c->der.p);
	*c = (struct ca_cert){ 0 };
}
#define CA_AUTO FB_CLEANUP(ca_free)

/* clang-format off */
#define CA_EXT_CA { "basicConstraints", "critical,CA:TRUE" }, { "keyUsage", "critical,keyCertSign,cRLSign" }
#define CA_EXT_SIGNER { "keyUsage", "critical,digitalSignature" }, { "extendedKeyUsage", "codeSigning" }
#define CA_EXT_TSA { "keyUsage", "critical,digitalSignature" }, { "extendedKeyUsage", "critical,timeStamping" }
/* clang-format on */
