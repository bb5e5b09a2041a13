/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/x509.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/cert.h"
#include "crypto/hash.h"
#include "wire/der.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* TBSCertificate as far as subject (RFC 5280 4.1). */
static void read_tbs(struct cur *c, struct cert *x)
{
	if (der_is(c, DER_CTXC(0)))
		(void)der_any(c);
	x->serial = der_integer(c);
	(void)der_take(c, DER_SEQ);
	x->issuer = der_take(c, DER_SEQ).all;
	struct cur validity = der_enter(c, DER_SEQ);
	x->not_before = der_time(&validity);
	x->not_after = der_time(&validity);
	der_leave(c, &validity);
	x->subject = der_take(c, DER_SEQ).all;
}

int cert_read(struct cert *ret_c, struct span der, struct fault *f)
{
	struct cert x = { .der = der };
	struct cur c = cur_of(der);

	if (der.n > X509_DER_MAX)
		return fault_set(f, -EBADMSG, "a certificate larger than %u bytes", X509_DER_MAX);
	struct cur outer = der_enter(&c, DER_SEQ), tbs = der_enter(&outer, DER_SEQ);
	read_tbs(&tbs, &x);
	if (tbs.err)
		der_leave(&outer, &tbs);
	if (outer.err)
		der_leave(&c, &outer);
	if (!der_done(&c))
		return fault_set(f, -EBADMSG, "not an X.509 certificate: offset %zu: %s", c.off,
		    der_strerror(c.err));
	const unsigned char *p = der.p;
	x.x = d2i_X509(NULL, &p, (long)der.n);
	if (!x.x || p != der.p + der.n) {
		X509_free(x.x);
		return fault_set(f, -EBADMSG, "not an X.509 certificate");
	}
	*ret_c = x;
	return 0;
}

void cert_free(struct cert *c)
{
	X509_free(c->x);
	*c = (struct cert){ 0 };
}

EVP_PKEY *cert_key(const struct cert *c)
{
	return X509_get0_pubkey(c->x);
}

bool cert_issued_by(const struct cert *c, const struct cert *issuer)
{
	EVP_PKEY *key = cert_key(issuer);

	return span_eq(c->issuer, issuer->subject) && key && X509_verify(c->x, key) == 1;
}

/* RFC 4514 text. NULL when the arena is full or OpenSSL failed. */
static const char *name_text(const X509_NAME *name, struct arena *a)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *out = NULL;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		long n = BIO_get_mem_data(bio, &text);
		out = arena_str(a, span_of(text, n > 0 ? (size_t)n : 0));
	}
	BIO_free(bio);
	return out;
}

/* Text without control characters, so that nothing is cut off or hidden in a C string. */
static bool plain(struct span s)
{
	if (!s.n || utf8_check(s) < s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static int common_name(const X509_NAME *name, struct arena *a, const char **ret_cn)
{
	int last = -1;

	*ret_cn = NULL;
	for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;)
		last = i;
	if (last < 0)
		return 0;
	unsigned char *utf8 = NULL;
	int n =
	    ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	struct span s = span_of(utf8, n > 0 ? (size_t)n : 0);
	int rc = 0;
	if (plain(s) && !(*ret_cn = arena_str(a, s)))
		rc = -ENOMEM;
	OPENSSL_free(utf8);
	return rc;
}

static const char *key_text(EVP_PKEY *key, struct arena *a)
{
	static const struct {
		const char *group, *name;
	} groups[] = {
		{ "prime256v1", "ecdsa-p256" },
		{ "secp384r1", "ecdsa-p384" },
		{ "secp521r1", "ecdsa-p521" },
	};
	char group[64] = "";

	if (!key)
		return "unknown";
	if (EVP_PKEY_is_a(key, "ED25519"))
		return "ed25519";
	if (EVP_PKEY_is_a(key, "RSA"))
		return arena_printf(a, "rsa-%d", EVP_PKEY_get_bits(key));
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL))
		for (size_t i = 0; i < ARRAY_LEN(groups); i++)
			if (strcmp(group, groups[i].group) == 0)
				return groups[i].name;
	return "unknown";
}

/* Hex of an INTEGER's content without the sign octet. */
static const char *serial_text(struct span s, struct arena *a)
{
	if (s.n > 1 && s.p[0] == 0)
		s = span_from(s, 1);
	char *out = arena_alloc(a, 2 * s.n + 1);
	if (out)
		hex_encode(out, s);
	return out;
}

int cert_facts(struct x509_facts *ret_x, const struct cert *c, struct arena *a)
{
	struct x509_facts x = {
		.not_before = c->not_before,
		.not_after = c->not_after,
		.id = sha256_of(c->der),
		.key_id = cert_key(c) ? ossl_spki_id(cert_key(c)) : (struct digest){ 0 },
		.self_issued = span_eq(c->issuer, c->subject),
		.der = c->der,
	};
	uint32_t eku = X509_get_extended_key_usage(c->x);

	if (eku == UINT32_MAX) /* no such extension */
		eku = 0;
	x.eku_code_signing = eku & XKU_CODE_SIGN;
	x.eku_time_stamping = eku & XKU_TIMESTAMP;
	x.subject = name_text(X509_get_subject_name(c->x), a);
	x.issuer = name_text(X509_get_issuer_name(c->x), a);
	x.serial = serial_text(c->serial, a);
	x.key = key_text(cert_key(c), a);
	int rc = common_name(X509_get_subject_name(c->x), a, &x.common_name);
	if (rc < 0 || !x.subject || !x.issuer || !x.serial || !x.key)
		return -ENOMEM;
	*ret_x = x;
	return 0;
}

int x509_read(struct x509_facts *ret_x, struct span der, struct arena *a, struct fault *f)
{
	struct cert c = { 0 };
	OSSL_SCOPE;
	int rc = cert_read(&c, der, f);

	if (rc == 0 && !cert_key(&c))
		rc = fault_set(f, -EBADMSG, "the certificate's key cannot be used");
	if (rc == 0)
		rc = cert_facts(ret_x, &c, a);
	cert_free(&c);
	return rc;
}
