/* SPDX-License-Identifier: Apache-2.0 */

/* x509_make: a self-signed end-entity certificate for code signing. */

#include "crypto/hash.h"
#include "crypto/ossl.h"
#include "crypto/x509.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>

OSSL_FREE_FN(X509, X509_free)
OSSL_FREE_FN(X509_EXTENSION, X509_EXTENSION_free)

#define SERIAL_LEN 16

static bool request_ok(const struct x509_self *r)
{
	size_t cn = r->common_name ? strlen(r->common_name) : 0;
	size_t o = r->organization ? strlen(r->organization) : 1;

	return cn >= 1 && cn <= 64 && o >= 1 && o <= 64 && r->not_before >= 0 &&
	       r->not_before <= r->not_after && r->not_after != TS_FOREVER;
}

/* The first 16 bytes of SHA-256 over everything that was asked for; positive and not zero. */
static bool set_serial(X509 *x, const struct key *k, const struct x509_self *r)
{
	char dates[64];
	uint8_t h[32];
	struct digest id = key_id(k);

	snprintf(
	    dates, sizeof(dates), "%lld %lld", (long long)r->not_before, (long long)r->not_after);
	sha256_parts((struct span[]){ span_of(id.b, id.len), span_str(dates),
			 span_str(r->common_name), SPAN_LIT("\0"), span_str(r->organization) },
	    5, h);
	h[0] = (uint8_t)((h[0] & 0x7f) | 0x40);
	BIGNUM *n = BN_bin2bn(h, SERIAL_LEN, NULL);
	bool good = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return good;
}

static bool set_name(X509 *x, const struct x509_self *r)
{
	X509_NAME *name = X509_get_subject_name(x);

	if (r->organization && !X509_NAME_add_entry_by_NID(name, NID_organizationName,
				   MBSTRING_UTF8, (const uint8_t *)r->organization, -1, -1, 0))
		return false;
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		   (const uint8_t *)r->common_name, -1, -1, 0) &&
	       X509_set_issuer_name(x, name);
}

static bool set_validity(X509 *x, const struct x509_self *r)
{
	return ASN1_TIME_adj(X509_getm_notBefore(x), (time_t)(r->not_before / TS_SECOND), 0, 0) &&
	       ASN1_TIME_adj(X509_getm_notAfter(x), (time_t)(r->not_after / TS_SECOND), 0, 0);
}

static bool add_extensions(X509 *x)
{
	static const struct {
		int nid;
		const char *value;
	} ext[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "codeSigning" },
		{ NID_subject_key_identifier, "hash" },
	};
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(ext); i++) {
		OSSL_AUTO(X509_EXTENSION, X509_EXTENSION_free)
		e = X509V3_EXT_conf_nid(NULL, &ctx, ext[i].nid, ext[i].value);
		if (!e || !X509_add_ext(x, e, -1))
			return false;
	}
	return true;
}

int x509_self_signed(const struct key *k, const struct x509_self *req, struct buf *out)
{
	const EVP_MD *md = ossl_md(k->kind == KEY_P521 ? DIGEST_SHA512 :
		k->kind == KEY_P384 ? DIGEST_SHA384 : DIGEST_SHA256);
	unsigned char *der = NULL;
	OSSL_SCOPE;

	if (!k->is_private || !request_ok(req))
		return -EINVAL;
	OSSL_AUTO(X509, X509_free) x = X509_new_ex(NULL, NULL);
	if (!x || !X509_set_version(x, X509_VERSION_3) || !set_serial(x, k, req) ||
	    !set_name(x, req) || !set_validity(x, req) || !X509_set_pubkey(x, k->pkey) ||
	    !add_extensions(x) || !X509_sign(x, k->pkey, k->kind == KEY_ED25519 ? NULL : md))
		return -EINVAL;
	int n = i2d_X509(x, &der);
	if (n <= 0)
		return -ENOMEM;
	buf_put(out, der, (size_t)n);
	OPENSSL_free(der);
	return buf_err(out);
}
