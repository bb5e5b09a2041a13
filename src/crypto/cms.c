/* SPDX-License-Identifier: Apache-2.0 */

/* cms: reading, and what a SignedData says. Verifying is cms_verify.c, making cms_sign.c. */

#include "crypto/cms_priv.h"

#include "crypto/oid.h"
#include "crypto/pem.h"
#include "crypto/signer.h"

#include <errno.h>

static const uint8_t signed_data_oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	0x07, 0x02 };

static const char *const labels[] = { "CMS", "PKCS7", "PKCS #7 SIGNED DATA" };

/* SEQUENCE, its length in one form or another, then the OID. */
static bool der_is_signed_data(struct span s)
{
	if (s.n < 2 || s.p[0] != DER_SEQ)
		return false;
	size_t head = 2 + (s.p[1] > 0x80 ? s.p[1] & 0x7fu : 0);

	return span_starts(span_from(s, head), span_of(signed_data_oid, sizeof(signed_data_oid)));
}

static bool is_smime(struct span text)
{
	return span_starts(text, SPAN_LIT("MIME-Version:"));
}

bool cms_is(struct span text)
{
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		char begin[48];
		int n = snprintf(begin, sizeof(begin), "-----BEGIN %s-----", labels[i]);
		if (span_starts(text, span_of(begin, (size_t)n)))
			return true;
	}
	return der_is_signed_data(text) || is_smime(text);
}

static int decode(struct span text, struct arena *a, struct span *ret_der, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(CMS_MAX);
	struct span label;
	int rc = 0;

	if (is_smime(text))
		return fault_set(
		    f, -EBADMSG, "an S/MIME message: make it with -outform DER or -outform PEM");
	if (!pem_is(text)) {
		*ret_der = text;
		return 0;
	}
	rc = pem_read(text, &label, &b, f);
	if (rc < 0)
		return rc;
	*ret_der = arena_dup(a, buf_span(&b), &rc);
	return rc;
}

static int read_algorithms(struct cms_signer *s, struct fault *f)
{
	char text[DER_OID_TEXT_MAX];

	s->digest = digest_of_oid(s->x.digest_oid);
	if (s->digest < DIGEST_SHA256 || s->digest > DIGEST_SHA512)
		return fault_set(f, -EBADMSG, "digest algorithm %s is not accepted",
		    der_oid_text(s->x.digest_oid, text));
	if (!sigalg_read(&s->alg, s->x.sig_oid, s->x.sig_params))
		return fault_set(f, -EBADMSG, "signature algorithm %s is not accepted",
		    der_oid_text(s->x.sig_oid, text));
	if (s->alg.digest == DIGEST_NONE)
		s->alg.digest = s->digest;
	/* RFC 8419: Ed25519 goes with SHA-512 */
	if (s->alg.digest != s->digest ||
	    (s->alg.scheme == KEY_EDDSA && s->digest != DIGEST_SHA512))
		return fault_set(f, -EBADMSG, "digest and signature algorithm do not go together");
	return 0;
}

/* The attributes that are looked at occur once. */
static int read_attributes(struct cms_signer *s, struct fault *f)
{
	struct der v;

	s->time = TS_NONE;
	if (!s->x.attrs.n)
		return 0;
	s->attrs = pkcs7_attr_set(s->x.attrs);
	if (pkcs7_attr_find(s->attrs, OID_CONTENT_TYPE, &v) != PKCS7_OK || v.tag != DER_OID ||
	    !span_eq(v.body, OID_DATA))
		return fault_set(
		    f, -EBADMSG, "the contentType attribute is not there, or not data");
	if (pkcs7_attr_find(s->attrs, OID_MESSAGE_DIGEST, &v) != PKCS7_OK || v.tag != DER_OCTETS)
		return fault_set(f, -EBADMSG, "not exactly one messageDigest attribute");
	s->message_digest = v.body;
	int rc = pkcs7_attr_find(s->attrs, OID_SIGNING_TIME, &v);
	if (rc == PKCS7_OK) {
		struct cur c = cur_of(v.all);
		s->time = der_time(&c);
		rc = der_done(&c) ? PKCS7_ABSENT : PKCS7_BAD_DER;
	}
	if (rc != PKCS7_ABSENT)
		return fault_set(f, -EBADMSG, "a malformed signingTime attribute");
	return 0;
}

static bool listed(struct span algs, struct span oid)
{
	struct cur c = cur_of(algs);
	bool found = false;

	while (cur_left(&c))
		found |= span_eq(der_algorithm(&c, NULL), oid);
	return found && !c.err;
}

static int read_signer(struct cms *m, struct span der, struct fault *f)
{
	struct cms_signer *s = &m->signer[m->nsigners];

	if (pkcs7_signer_read(&s->x, der, NULL) != PKCS7_OK)
		return fault_set(f, -EBADMSG, "not a SignerInfo");
	if (s->x.version != (s->x.issuer.n ? 1 : 3))
		return fault_set(
		    f, -EBADMSG, "its version does not go with how it names the signer");
	if (!listed(m->p7.digest_algs, s->x.digest_oid))
		return fault_set(
		    f, -EBADMSG, "its digest algorithm is not listed in digestAlgorithms");
	struct cur c = cur_of(s->x.unsigned_attrs);
	struct span oid, values;
	while (pkcs7_attr_next(&c, &oid, &values))
		;
	if (c.err)
		return fault_set(f, -EBADMSG, "malformed unsigned attributes");
	int rc = read_algorithms(s, f);
	return rc < 0 ? rc : read_attributes(s, f);
}

static int read_signers(struct cms *m, struct fault *f)
{
	struct cur c = cur_of(m->p7.signers);

	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return fault_set(f, -EBADMSG, "signers: %s", der_strerror(c.err));
		if (m->nsigners == CMS_SIGNERS_MAX)
			return fault_set(f, -EBADMSG, "more than %d signers", CMS_SIGNERS_MAX);
		int rc = read_signer(m, v.all, f);
		if (rc < 0)
			return fault_wrap(f, rc, "signer %zu", m->nsigners + 1);
		m->nsigners++;
	}
	return m->nsigners ? 0 : fault_set(f, -EBADMSG, "nobody signed: a list of certificates");
}

static int read_certs(struct cms *m, struct fault *f)
{
	struct cur c = cur_of(m->p7.certs);

	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return fault_set(
			    f, -EBADMSG, "certificates: offset %zu: not a certificate", c.off);
		if (m->ncerts == CMS_CERTS_MAX)
			return fault_set(f, -EBADMSG, "more than %d certificates", CMS_CERTS_MAX);
		m->cert[m->ncerts++] = v.all;
	}
	return 0;
}

/* Revocation lists are not used; but what is in their place must be some (RFC 5280 5.1). */
static int read_crls(const struct cms *m, struct fault *f)
{
	struct cur c = cur_of(m->p7.crls);

	while (cur_left(&c)) {
		struct cur list = der_enter(&c, DER_SEQ), tbs = der_enter(&list, DER_SEQ);
		if (der_is(&tbs, DER_INTEGER))
			(void)der_uint(&tbs, 1);
		(void)der_take(&tbs, DER_SEQ); /* signature, issuer, thisUpdate */
		(void)der_take(&tbs, DER_SEQ);
		if (!der_is(&tbs, DER_UTC_TIME) && !der_is(&tbs, DER_TIME))
			return fault_set(f, -EBADMSG, "crls: not a certificate revocation list");
	}
	return c.err ? fault_set(f, -EBADMSG, "crls: %s", der_strerror(c.err)) : 0;
}

static int read_outline(struct cms *m, struct span der, struct fault *f)
{
	char text[DER_OID_TEXT_MAX];
	size_t off = 0;

	if (der.n > 1 && der.p[1] == 0x80)
		return fault_set(f, -EBADMSG, "BER: only DER is accepted");
	int rc = pkcs7_read(&m->p7, der, &off);
	if (rc == PKCS7_NOT_SIGNED_DATA)
		return fault_set(f, -EBADMSG, "CMS, but no SignedData");
	if (rc != PKCS7_OK)
		return fault_set(f, -EBADMSG, "offset %zu: not a SignedData in DER", off);
	if (m->p7.len != der.n)
		return fault_set(f, -EBADMSG, "%zu bytes behind the end", der.n - m->p7.len);
	if (!span_eq(m->p7.content_oid, OID_DATA))
		return fault_set(f, -EBADMSG, "content type %s is not accepted, only data",
		    der_oid_text(m->p7.content_oid, text));
	if (m->p7.content.all.n)
		return fault_set(
		    f, -EBADMSG, "it holds what was signed: only a detached signature is accepted");
	if (m->p7.version != 1 && (m->p7.version < 3 || m->p7.version > 5))
		return fault_set(f, -EBADMSG, "version %u is not known", (unsigned)m->p7.version);
	return 0;
}

int cms_read(struct cms **ret_c, struct span text, struct arena *a, struct fault *f)
{
	struct cms *m = ARENA_NEW(a, struct cms);
	struct span der = SPAN_NONE;

	if (!m)
		return -ENOMEM;
	if (text.n > CMS_MAX)
		return fault_set(f, -EBADMSG, "larger than %u bytes", CMS_MAX);
	int rc = decode(text, a, &der, f);
	if (rc == 0)
		rc = read_outline(m, der, f);
	if (rc == 0)
		rc = read_certs(m, f);
	if (rc == 0)
		rc = read_crls(m, f);
	if (rc == 0)
		rc = read_signers(m, f);
	if (rc < 0)
		return rc;
	*ret_c = m;
	return 0;
}

size_t cms_signers(const struct cms *c)
{
	return c->nsigners;
}

enum digest_alg cms_digest(const struct cms *c, size_t signer)
{
	return c->signer[signer].digest;
}

bool cms_has_attributes(const struct cms *c, size_t signer)
{
	return c->signer[signer].attrs.n > 0;
}

size_t cms_certs(const struct cms *c)
{
	return c->ncerts;
}

struct span cms_cert(const struct cms *c, size_t i)
{
	return c->cert[i];
}

ts cms_signing_time(const struct cms *c, size_t signer)
{
	return c->signer[signer].time;
}

bool cms_time_stamp(
    const struct cms *c, size_t signer, struct span *ret_token, struct span *ret_stamped)
{
	const struct pkcs7_signer *x = &c->signer[signer].x;
	struct der v;

	if (pkcs7_attr_find(x->unsigned_attrs, OID_TIME_STAMP_TOKEN, &v) != PKCS7_OK)
		return false;
	*ret_token = v.all;
	*ret_stamped = x->signature;
	return true;
}

/* The subjectKeyIdentifier among the extensions of a TBSCertificate that was read up to its
 * subject. */
static struct span key_identifier(struct cur *tbs)
{
	struct span found = SPAN_NONE;

	while (cur_left(tbs) && !der_is(tbs, DER_CTXC(3)))
		(void)der_any(tbs);
	struct cur outer = der_enter(tbs, DER_CTXC(3)), all = der_enter(&outer, DER_SEQ);
	while (cur_left(&all)) {
		struct cur ext = der_enter(&all, DER_SEQ);
		struct span oid = der_oid(&ext);
		if (der_is(&ext, DER_BOOLEAN))
			(void)der_any(&ext);
		struct cur value = cur_of(der_octets(&ext));
		if (!ext.err && span_eq(oid, OID_SUBJECT_KEY_ID))
			found = der_octets(&value);
		if (ext.err)
			return SPAN_NONE;
	}
	return found;
}

bool cms_names(const struct cms *c, size_t signer, struct span cert)
{
	const struct pkcs7_signer *x = &c->signer[signer].x;
	struct cur all = cur_of(cert);
	struct cur outer = der_enter(&all, DER_SEQ), tbs = der_enter(&outer, DER_SEQ);

	if (der_is(&tbs, DER_CTXC(0)))
		(void)der_any(&tbs);
	struct span serial = der_integer(&tbs);
	(void)der_take(&tbs, DER_SEQ);
	struct span issuer = der_take(&tbs, DER_SEQ).all;
	if (tbs.err)
		return false;
	if (x->issuer.n)
		return span_eq(issuer, x->issuer) && span_eq(serial, x->serial);
	return x->key_id.n && span_eq(key_identifier(&tbs), x->key_id);
}
