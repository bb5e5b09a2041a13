/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/x509.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/cert.h"
#include "crypto/hash.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>

OSSL_FREE_FN(X509_NAME, X509_NAME_free)

/* NULL when OpenSSL cannot take it apart. */
static X509_NAME *name_of(struct span der)
{
	const unsigned char *p = der.p;

	return d2i_X509_NAME(NULL, &p, (long)der.n);
}

/* RFC 4514 text; of a Name that OpenSSL cannot read, "#" and its hex (RFC 4514 2.4). NULL when the
 * arena is full or OpenSSL failed. */
static const char *name_text(const X509_NAME *name, struct span der, struct arena *a)
{
	BIO *bio = name ? BIO_new(BIO_s_mem()) : NULL;
	char *text = NULL, *out = NULL;

	if (!name) {
		out = arena_alloc(a, 2 * der.n + 2);
		if (out) {
			out[0] = '#';
			hex_encode(out + 1, der);
		}
		return out;
	}
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
	if (!name)
		return 0;
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

static struct digest key_id_of(const struct cert *c)
{
	if (c->quick_key)
		return sha256_of(c->spki);
	return c->pkey ? ossl_spki_id(c->pkey) : (struct digest){ 0 };
}

int cert_facts(struct x509_facts *ret_x, const struct cert *c, struct arena *a)
{
	struct x509_facts x = {
		.not_before = c->not_before,
		.not_after = c->not_after,
		.id = sha256_of(c->der),
		.key_id = key_id_of(c),
		.self_issued = span_eq(c->issuer, c->subject),
		.der = c->der,
	};
	struct cert_eku eku;
	OSSL_SCOPE;
	OSSL_AUTO(X509_NAME, X509_NAME_free) subject = name_of(c->subject);
	OSSL_AUTO(X509_NAME, X509_NAME_free) issuer = name_of(c->issuer);

	if (cert_eku(&eku, c)) {
		x.eku_code_signing = eku.code_signing;
		x.eku_time_stamping = eku.time_stamping;
	}
	x.subject = name_text(subject, c->subject, a);
	x.issuer = name_text(issuer, c->issuer, a);
	x.serial = serial_text(c->serial, a);
	x.key = key_text(c->pkey, a);
	int rc = common_name(subject, a, &x.common_name);
	if (rc < 0 || !x.subject || !x.issuer || !x.serial || !x.key)
		return -ENOMEM;
	*ret_x = x;
	return 0;
}

int x509_facts_of(struct x509_facts *ret_x, const struct cert *c, struct arena *a)
{
	return cert_facts(ret_x, c, a);
}

int x509_read(struct x509_facts *ret_x, struct span der, struct arena *a, struct fault *f)
{
	struct cert c = { 0 };
	int rc = cert_read(&c, der, f);

	if (rc == 0 && !c.pkey)
		rc = fault_set(f, -EBADMSG, "the certificate's key cannot be used");
	if (rc == 0)
		rc = cert_facts(ret_x, &c, a);
	cert_free(&c);
	return rc;
}
