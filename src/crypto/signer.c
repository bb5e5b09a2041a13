/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/signer.h"

#include "crypto/chain_facts.h"
#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/ossl.h"

#include <errno.h>

static bool known(const struct cert_set *s, struct span der)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq(s->cert[i].der, der))
			return true;
	return false;
}

int cert_set_read(struct cert_set *s, struct span certs, struct arena *a, struct fault *f)
{
	struct cur c = cur_of(certs);

	*s = (struct cert_set){ 0 };
	s->cert = arena_array(a, AC_CERTS_MAX, sizeof(*s->cert));
	s->used = arena_array(a, AC_CERTS_MAX, sizeof(*s->used));
	s->odd = arena_array(a, AC_CERTS_MAX, sizeof(*s->odd));
	if (!s->cert || !s->used || !s->odd)
		return -ENOMEM;
	for (size_t count = 0; cur_left(&c); count++) {
		struct der v = der_any(&c);
		if (count == AC_CERTS_MAX)
			return fault_set(
			    f, AC_STRUCTURE, "more than %d certificates", AC_CERTS_MAX);
		if (c.err)
			break;
		if (v.tag == DER_SEQ && known(s, v.all))
			s->odd[s->nodd++] = (struct cert_odd){ CERT_COPY, v.all };
		else if (v.tag == DER_CTXC(1)) /* AttributeCertificateV1, RFC 5652 10.2.2 */
			s->odd[s->nodd++] = (struct cert_odd){ CERT_ATTRIBUTE, v.all };
		else if (v.tag != DER_SEQ || cert_read(&s->cert[s->n], v.all, NULL) < 0)
			s->odd[s->nodd++] = (struct cert_odd){ CERT_UNREADABLE, v.all };
		else
			s->n++;
	}
	if (c.err)
		return fault_set(f, AC_BAD_DER, "certificates: %s", der_strerror(c.err));
	return AC_OK;
}

void cert_set_free(struct cert_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		cert_free(&s->cert[i]);
	*s = (struct cert_set){ 0 };
}

/* By name, or by key identifiers: some CAs write their name in another string type below. */
static bool names_issuer(const struct cert *c, const struct cert *issuer)
{
	struct chain_facts x, y;

	if (span_eq(c->issuer, issuer->subject))
		return true;
	chain_facts_read(&x, c);
	chain_facts_read(&y, issuer);
	return x.authority_key_id.n && span_eq(x.authority_key_id, y.key_id);
}

void cert_set_mark_chain(struct cert_set *s, const struct cert *leaf)
{
	bool grown = true;

	s->used[leaf - s->cert] = true;
	while (grown) {
		grown = false;
		for (size_t i = 0; i < s->n; i++)
			for (size_t j = 0; s->used[i] && j < s->n; j++)
				if (!s->used[j] && names_issuer(&s->cert[i], &s->cert[j]) &&
				    cert_signed_by(&s->cert[i], s->cert[j].pkey))
					grown = s->used[j] = true;
	}
}

enum digest_alg digest_of_oid(struct span oid)
{
	if (span_eq(oid, OID_SHA256))
		return DIGEST_SHA256;
	if (span_eq(oid, OID_SHA384))
		return DIGEST_SHA384;
	if (span_eq(oid, OID_SHA512))
		return DIGEST_SHA512;
	if (span_eq(oid, OID_SHA1))
		return DIGEST_SHA1;
	return DIGEST_NONE;
}

bool signer_is(const struct cert *c, const struct pkcs7_signer *x)
{
	if (x->issuer.n)
		return span_eq(c->issuer, x->issuer) && span_eq(c->serial, x->serial);
	struct span id = cert_key_id(c);
	return id.n && span_eq(id, x->key_id);
}

/*
 * No chain is validated here, but where the set itself holds the issuer (or the certificate is its
 * own), a certificate that it did not sign has been changed.
 */
static bool issuer_agrees(const struct cert_set *s, const struct cert *c)
{
	bool named = false;

	if (span_eq(c->issuer, c->subject))
		return cert_issued_by(c, c);
	for (size_t i = 0; i < s->n; i++) {
		if (!span_eq(s->cert[i].subject, c->issuer))
			continue;
		if (cert_issued_by(c, &s->cert[i]))
			return true;
		named = true;
	}
	return !named;
}

/* The one certificate that the SignerInfo names. */
static int find_cert(const struct cert_set *s, const struct pkcs7_signer *x,
    const struct cert **ret_cert, struct fault *f)
{
	const struct cert *found = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (!signer_is(&s->cert[i], x))
			continue;
		if (found)
			return fault_set(f, AC_STRUCTURE, "two certificates for the one signer");
		found = &s->cert[i];
	}
	if (!found)
		return fault_set(f, AC_NO_CERTIFICATE, "the signer's certificate is not embedded");
	*ret_cert = found;
	return AC_OK;
}

#define RSA_BITS_MIN 1024 /* old signatures stay readable; the caller sees the size */

/* The algorithm of the signature, its digest filled in from the SignerInfo's where it names none.
 */
static int check_algorithms(struct sigalg *ret_a, const struct pkcs7_signer *x, enum digest_alg alg,
    EVP_PKEY *key, struct fault *f)
{
	char text[DER_OID_TEXT_MAX];
	struct sigalg a;

	if (!sigalg_read(&a, x->sig_oid, x->sig_params) || a.scheme == KEY_EDDSA)
		return fault_set(f, AC_ALGORITHM, "signature algorithm %s is not accepted",
		    der_oid_text(x->sig_oid, text));
	if (a.digest != DIGEST_NONE && a.digest != alg)
		return fault_set(f, AC_STRUCTURE, "digest and signature algorithm disagree");
	if (!sigalg_fits(&a, key))
		return fault_set(f, AC_STRUCTURE, "signature algorithm and key disagree");
	if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
		return fault_set(f, AC_ALGORITHM, "an RSA key of %d bits", EVP_PKEY_get_bits(key));
	a.digest = alg;
	*ret_a = a;
	return AC_OK;
}

static int check_content_type(struct span attrs, struct span want, struct fault *f)
{
	struct der v;
	int rc = pkcs7_attr_find(attrs, OID_CONTENT_TYPE, &v);

	if (rc == PKCS7_ABSENT && !want.n)
		return AC_OK;
	if (rc != PKCS7_OK)
		return fault_set(f, AC_STRUCTURE, "not exactly one contentType attribute");
	struct cur c = cur_of(v.all);
	struct span type = der_oid(&c);
	if (!der_done(&c) || !span_eq(type, want.n ? want : OID_DATA))
		return fault_set(
		    f, AC_STRUCTURE, "the contentType attribute is another than the content's");
	return AC_OK;
}

static int check_message_digest(
    struct span attrs, struct span content, enum digest_alg alg, struct fault *f)
{
	struct der v;
	struct digest d;

	if (pkcs7_attr_find(attrs, OID_MESSAGE_DIGEST, &v) != PKCS7_OK || v.tag != DER_OCTETS)
		return fault_set(f, AC_STRUCTURE, "not exactly one messageDigest attribute");
	int rc = hash_span(alg, content, &d);
	if (rc < 0)
		return rc;
	if (!span_eq(v.body, span_of(d.b, d.len)))
		return fault_set(f, AC_CONTENT_DIGEST,
		    "the messageDigest attribute is not the digest of the signed content");
	return AC_OK;
}

/* The digest of the first certificate that a signingCertificate attribute (V2 or not) names. */
bool signer_ess_digest(struct span value, bool v2, struct digest *ret_d)
{
	struct cur c = cur_of(value);
	struct cur attr = der_enter(&c, DER_SEQ), ids = der_enter(&attr, DER_SEQ);
	struct cur id = der_enter(&ids, DER_SEQ);
	enum digest_alg alg = v2 ? DIGEST_SHA256 : DIGEST_SHA1;

	if (v2 && der_is(&id, DER_SEQ))
		alg = digest_of_oid(der_algorithm(&id, NULL));
	struct span hash = der_octets(&id);
	if (id.err || alg == DIGEST_NONE || hash.n != digest_len(alg))
		return false;
	*ret_d = digest_of(alg, hash.p);
	return true;
}

/*
 * A signed reference to the signer's certificate (RFC 5035), where there is one, must be to the
 * certificate that was found: nothing else in a SignerInfo protects the certificate itself.
 */
static int check_reference(struct span attrs, bool v2, const struct cert *cert, struct fault *f)
{
	struct der v;
	struct digest want, have;
	int rc = pkcs7_attr_find(attrs, v2 ? OID_SIGNING_CERT_V2 : OID_SIGNING_CERT, &v);

	if (rc == PKCS7_ABSENT)
		return AC_OK;
	if (rc != PKCS7_OK || !signer_ess_digest(v.all, v2, &want))
		return fault_set(f, AC_STRUCTURE, "malformed signingCertificate attribute");
	rc = hash_span(want.alg, cert->der, &have);
	if (rc < 0)
		return rc;
	if (!digest_eq(&want, &have))
		return fault_set(f, AC_NO_CERTIFICATE,
		    "the signer's certificate is another than the one that the signature refers "
		    "to");
	return AC_OK;
}

/* The signature is over the attributes as a SET OF: [0] replaced by the SET tag (RFC 2315 9.3). */
static int check_signature(
    const struct pkcs7_signer *x, const struct sigalg *a, EVP_PKEY *key, struct fault *f)
{
	const struct span part[] = { SPAN_LIT("\x31"), span_from(x->attrs, 1) };

	if (!sigalg_verify(a, key, part, ARRAY_LEN(part), x->signature))
		return fault_set(f, AC_BAD_SIGNATURE, "the signature does not verify");
	return AC_OK;
}

static int check_attributes(
    const struct pkcs7_signer *x, const struct cert *cert, struct span type, struct fault *f)
{
	struct span attrs = pkcs7_attr_set(x->attrs);
	int rc = check_content_type(attrs, type, f);

	if (rc == AC_OK)
		rc = check_reference(attrs, false, cert, f);
	return rc == AC_OK ? check_reference(attrs, true, cert, f) : rc;
}

/* ret_read is set when nothing but the digest or the signature can be wrong. */
static int check_under(const struct pkcs7_signer *x, const struct cert *cert,
    const struct signed_content *content, bool *ret_read, struct fault *f)
{
	enum digest_alg alg = digest_of_oid(x->digest_oid);
	char text[DER_OID_TEXT_MAX];
	struct sigalg a;

	if (alg == DIGEST_NONE)
		return fault_set(f, AC_ALGORITHM, "digest algorithm %s is not accepted",
		    der_oid_text(x->digest_oid, text));
	if (!x->attrs.n)
		return fault_set(f, AC_STRUCTURE, "no signed attributes");
	if (!cert_key(cert))
		return fault_set(f, AC_NO_CERTIFICATE, "the signer's key cannot be used");
	int rc = check_algorithms(&a, x, alg, cert_key(cert), f);
	if (rc == AC_OK)
		rc = check_attributes(x, cert, content->type, f);
	if (rc != AC_OK)
		return rc;
	*ret_read = true;
	rc = check_message_digest(pkcs7_attr_set(x->attrs), content->bytes, alg, f);
	return rc == AC_OK ? check_signature(x, &a, cert_key(cert), f) : rc;
}

int signer_check_under(const struct pkcs7_signer *x, const struct cert *cert,
    const struct signed_content *content, struct fault *f)
{
	bool read = false;

	return check_under(x, cert, content, &read, f);
}

int signer_check(const struct pkcs7_signer *x, const struct cert_set *s,
    const struct signed_content *content, const struct cert **ret_cert, struct fault *f)
{
	const struct cert *cert = NULL;
	bool read = false;
	int rc = find_cert(s, x, &cert, f);

	if (rc == AC_OK)
		rc = check_under(x, cert, content, &read, f);
	if (read)
		*ret_cert = cert;
	if (rc == AC_OK && !issuer_agrees(s, cert))
		rc = fault_set(f, AC_BAD_SIGNATURE,
		    "the signer's certificate is not signed by the issuer embedded beside it");
	return rc;
}
