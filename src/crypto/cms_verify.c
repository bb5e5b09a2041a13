/* SPDX-License-Identifier: Apache-2.0 */

/* cms_verify: does one SignerInfo hold (RFC 5652 section 5.4 to 5.6)? */

#include "crypto/cert.h"
#include "crypto/cms_priv.h"

#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/ossl.h"
#include "crypto/signer.h"

#include <errno.h>

static int verify_parts(const struct cms_signer *s, const struct key *k, const struct span *part,
    size_t n, struct fault *f)
{
	if (sigalg_verify(&s->alg, k->pkey, part, n, s->x.signature))
		return CMS_OK;
	return fault_set(f, CMS_BAD_SIGNATURE, "the signature does not verify");
}

/* Could these bytes be the SET OF Attribute of another signature by the same key? */
static bool looks_like_attributes(struct span bytes)
{
	struct cur c = cur_of(bytes);
	struct span set = der_take(&c, DER_SET).body;
	struct der v;

	return der_done(&c) && pkcs7_attr_find(set, OID_MESSAGE_DIGEST, &v) != PKCS7_ABSENT &&
	       pkcs7_attr_find(set, OID_MESSAGE_DIGEST, &v) != PKCS7_BAD_DER;
}

static int verify_content(const struct cms_signer *s, const struct key *k,
    const struct cms_content *content, struct fault *f)
{
	if (looks_like_attributes(content->bytes))
		return fault_set(f, CMS_CONFUSED,
		    "without signed attributes, over bytes that are signed attributes");
	return verify_parts(s, k, &content->bytes, 1, f);
}

/* A signed reference to the certificate (RFC 5035) must be to this one. */
static int check_reference(const struct cms_signer *s, struct span cert, bool v2, struct fault *f)
{
	struct der v;
	struct digest want, have;
	int rc = pkcs7_attr_find(s->attrs, v2 ? OID_SIGNING_CERT_V2 : OID_SIGNING_CERT, &v);

	if (rc == PKCS7_ABSENT)
		return CMS_OK;
	if (rc != PKCS7_OK || !signer_ess_digest(v.all, v2, &want))
		return fault_set(
		    f, CMS_OTHER_CERTIFICATE, "malformed signingCertificate attribute");
	if (!cert.n)
		return CMS_OK;
	rc = hash_span(want.alg, cert, &have);
	if (rc < 0)
		return rc;
	if (!digest_eq(&want, &have))
		return fault_set(f, CMS_OTHER_CERTIFICATE,
		    "the signature refers to another certificate than this");
	return CMS_OK;
}

/* Over the attributes as a SET OF: [0] replaced by the SET tag (RFC 5652 5.4). */
static int verify_attributes(const struct cms_signer *s, const struct key *k, struct fault *f)
{
	static const uint8_t set_tag = DER_SET;
	const struct span part[] = { { &set_tag, 1 }, span_from(s->x.attrs, 1) };

	return verify_parts(s, k, part, ARRAY_LEN(part), f);
}

bool cms_cert_holds(const struct cms *c, size_t i)
{
	AUTO_CERT struct cert *cert = NULL;
	bool named = false;
	OSSL_SCOPE;

	if (x509_open(&cert, c->cert[i], NULL) < 0)
		return false;
	if (span_eq(cert->issuer, cert->subject))
		return cert_issued_by(cert, cert);
	for (size_t j = 0; j < c->ncerts; j++) {
		AUTO_CERT struct cert *issuer = NULL;
		if (x509_open(&issuer, c->cert[j], NULL) < 0 ||
		    !span_eq(issuer->subject, cert->issuer))
			continue;
		if (cert_issued_by(cert, issuer))
			return true;
		named = true;
	}
	return !named;
}

int cms_verify(const struct cms *c, size_t signer, const struct key *k, struct span cert,
    const struct cms_content *content, struct fault *f)
{
	const struct cms_signer *s = &c->signer[signer];
	const struct digest *d = &content->digest[s->digest];
	OSSL_SCOPE;

	if (!sigalg_fits(&s->alg, k->pkey))
		return fault_set(
		    f, CMS_WRONG_KEY, "the signature algorithm does not go with the key");
	if (!s->attrs.n)
		return verify_content(s, k, content, f);
	if (!digest_is_set(d))
		return -EINVAL;
	int rc = check_reference(s, cert, true, f);
	if (rc == CMS_OK)
		rc = check_reference(s, cert, false, f);
	if (rc == CMS_OK)
		rc = verify_attributes(s, k, f);
	if (rc == CMS_OK && !span_eq(s->message_digest, span_of(d->b, d->len)))
		rc = fault_set(f, CMS_OTHER_CONTENT, "the signature is over another file");
	return rc;
}
