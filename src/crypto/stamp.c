/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/stamp.h"

#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/tst.h"

#include <errno.h>

/* PKCS#9 countersignature (RFC 2985 5.3.6): a SignerInfo over the signature's octets. */
static int read_legacy(struct ac_stamp *s, struct span der, const struct pkcs7_signer *signer,
    struct cert_set *certs, struct arena *a)
{
	struct signed_content content = { SPAN_NONE, signer->signature };
	const struct cert *cert = NULL;
	struct pkcs7_signer x;
	struct der time;

	if (pkcs7_signer_read(&x, der, NULL) != PKCS7_OK)
		return AC_BAD_DER;
	int rc = signer_check(&x, certs, &content, &cert, NULL);
	if (rc < 0)
		return rc;
	if (pkcs7_attr_find(pkcs7_attr_set(x.attrs), OID_SIGNING_TIME, &time) == PKCS7_OK) {
		struct cur c = cur_of(time.all);
		s->time = der_time(&c);
	}
	if (cert && cert_facts(&s->signer, cert, a) < 0)
		return -ENOMEM;
	if (rc == AC_OK)
		cert_set_mark_chain(certs, cert);
	if (rc == AC_OK && s->time == TS_NONE)
		return AC_STRUCTURE;
	return rc;
}

/* AC_OK when the TSTInfo is about these octets; *ret_time as soon as it is read. */
static int read_tst(struct span der, struct span stamped, ts *ret_time)
{
	struct digest d;
	struct tst t;

	if (!tst_read(&t, der))
		return AC_BAD_DER;
	*ret_time = t.time;
	if (t.imprint.alg == DIGEST_NONE)
		return AC_ALGORITHM;
	int rc = hash_span(t.imprint.alg, stamped, &d);
	if (rc < 0)
		return rc;
	return digest_eq(&d, &t.imprint) ? AC_OK : AC_CONTENT_DIGEST;
}

/* The token: SignedData over TSTInfo with one signer. */
static int read_token(struct ac_stamp *s, const struct pkcs7 *p, const struct pkcs7_signer *signer,
    struct cert_set *own, struct arena *a)
{
	const struct cert *cert = NULL;
	struct pkcs7_signer x;
	struct cur c = cur_of(p->signers);
	struct der one = der_take(&c, DER_SEQ);

	if (!span_eq(p->content_oid, OID_TST_INFO) || p->content.tag != DER_OCTETS || !der_done(&c))
		return AC_STRUCTURE;
	if (pkcs7_signer_read(&x, one.all, NULL) != PKCS7_OK)
		return AC_BAD_DER;
	struct signed_content content = { OID_TST_INFO, p->content.body };
	int signature = signer_check(&x, own, &content, &cert, NULL);
	if (signature < 0)
		return signature;
	if (cert && cert_facts(&s->signer, cert, a) < 0)
		return -ENOMEM;
	int rc = read_tst(p->content.body, signer->signature, &s->time);
	return rc == AC_OK ? signature : rc;
}

static int read_rfc3161(
    struct ac_stamp *s, struct span der, const struct pkcs7_signer *signer, struct arena *a)
{
	struct pkcs7 p;
	struct cert_set own;

	if (pkcs7_read(&p, der, NULL) != PKCS7_OK)
		return AC_BAD_DER;
	int rc = cert_set_read(&own, p.certs, a, NULL);
	if (rc == AC_OK)
		rc = read_token(s, &p, signer, &own, a);
	cert_set_free(&own);
	return rc;
}

int stamp_read(struct ac_stamp *ret_s, enum ac_stamp_kind kind, struct span der,
    const struct pkcs7_signer *signer, struct cert_set *certs, struct arena *a)
{
	struct ac_stamp s = { .kind = kind, .time = TS_NONE };
	int rc = kind == AC_STAMP_LEGACY ? read_legacy(&s, der, signer, certs, a)
					 : read_rfc3161(&s, der, signer, a);

	if (rc < 0)
		return rc;
	s.result = (enum ac_result)rc;
	*ret_s = s;
	return 0;
}
