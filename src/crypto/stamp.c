/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/stamp.h"

#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/tst.h"

#include <errno.h>

/* The stamper's chain, of the certificates that came with it. */
static int whose(struct ac_stamp *s, const struct cert *cert, const struct cert_set *set,
    struct ac_reading *r)
{
	struct ac_question q = { .roots = r->trust ? r->trust->stamp : NULL,
		.leaf = cert,
		.set = set,
		.t = s->time,
		.t_sha1 = s->time,
		.purpose = CHAIN_COUNTERSIGNING,
		.weak = s->sha1 };

	return ac_chain(&s->chain, &q, r);
}

/* What a stamp's SignerInfo may not have: another version than its form asks for (RFC 5652 5.3),
 * unsigned attributes, signed ones that are more than a stamp needs. */
static bool check_form(const struct pkcs7_signer *x, struct ac_reading *r)
{
	if (x->version != (x->key_id.n ? 3 : 1))
		return false;
	if (x->unsigned_attrs.n)
		ac_loose_add(r, AC_LOOSE_ATTRIBUTE, true, x->unsigned_attrs, NULL);
	if (x->attrs.n > AC_SIGNED_ROOM)
		ac_loose_add(r, AC_LOOSE_ROOM, true, x->attrs, "the signed attributes");
	return true;
}

/* PKCS#9 countersignature (RFC 2985 5.3.6): a SignerInfo over the signature's octets. */
static int read_legacy(struct ac_stamp *s, struct ac_reading *r)
{
	struct signed_content content = { SPAN_NONE, r->signer.signature };
	const struct cert *cert = NULL;
	struct pkcs7_signer x;
	struct der time;

	if (pkcs7_signer_read(&x, s->der, NULL) != PKCS7_OK)
		return AC_BAD_DER;
	int rc = signer_check(&x, &r->certs, &content, &cert, NULL);
	if (rc < 0)
		return rc;
	if (pkcs7_attr_find(pkcs7_attr_set(x.attrs), OID_SIGNING_TIME, &time) == PKCS7_OK) {
		struct cur c = cur_of(time.all);
		s->time = der_time(&c);
	}
	if (cert && cert_facts(&s->signer, cert, r->arena) < 0)
		return -ENOMEM;
	if (rc != AC_OK)
		return rc;
	cert_set_mark_chain(&r->certs, cert);
	if (s->time == TS_NONE || s->time == TS_FOREVER || !check_form(&x, r))
		return AC_STRUCTURE;
	s->sha1 = digest_of_oid(x.digest_oid) == DIGEST_SHA1;
	return whose(s, cert, &r->certs, r);
}

/* AC_OK when the TSTInfo is about these octets; *ret_time as soon as it is read. */
static int read_tst(struct span der, struct span stamped, struct ac_stamp *s)
{
	struct digest d;
	struct tst t;

	if (!tst_read(&t, der))
		return AC_BAD_DER;
	s->time = t.time;
	if (t.imprint.alg == DIGEST_NONE)
		return AC_ALGORITHM;
	s->sha1 |= t.imprint.alg == DIGEST_SHA1;
	int rc = hash_span(t.imprint.alg, stamped, &d);
	if (rc < 0)
		return rc;
	return digest_eq(&d, &t.imprint) ? AC_OK : AC_CONTENT_DIGEST;
}

/* Known digests, none twice, the signer's among them: anything else could carry data. */
static bool check_digests(struct span algs, struct span signer)
{
	struct cur c = cur_of(algs);
	unsigned seen = 0;

	while (cur_left(&c)) {
		enum digest_alg alg = digest_of_oid(der_algorithm(&c, NULL));
		if (c.err || alg == DIGEST_NONE || seen & HASH_SET(alg))
			return false;
		seen |= HASH_SET(alg);
	}
	return seen & HASH_SET(digest_of_oid(signer));
}

/* The token: SignedData over TSTInfo with one signer. */
static int read_token(
    struct ac_stamp *s, const struct pkcs7 *p, struct cert_set *own, struct ac_reading *r)
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
	if (cert && cert_facts(&s->signer, cert, r->arena) < 0)
		return -ENOMEM;
	s->sha1 = digest_of_oid(x.digest_oid) == DIGEST_SHA1;
	int rc = read_tst(p->content.body, r->signer.signature, s);
	if (rc == AC_OK)
		rc = signature;
	if (rc == AC_OK && (p->version != 3 || !check_digests(p->digest_algs, x.digest_oid) ||
			       !check_form(&x, r)))
		rc = AC_STRUCTURE;
	if (rc != AC_OK)
		return rc;
	if (p->content.body.n > AC_SIGNED_ROOM)
		ac_loose_add(r, AC_LOOSE_ROOM, true, p->content.body, "TSTInfo");
	cert_set_mark_chain(own, cert);
	rc = ac_loose_certs(r, own, p->crls, cert);
	return rc < 0 ? rc : whose(s, cert, own, r);
}

static int read_rfc3161(struct ac_stamp *s, struct ac_reading *r)
{
	struct pkcs7 p;
	struct cert_set own;

	if (pkcs7_read(&p, s->der, NULL) != PKCS7_OK)
		return AC_BAD_DER;
	int rc = cert_set_read(&own, p.certs, r->arena, NULL);
	if (rc == AC_OK)
		rc = read_token(s, &p, &own, r);
	cert_set_free(&own);
	return rc;
}

int stamp_read(
    struct ac_stamp *ret_s, enum ac_stamp_kind kind, struct span der, struct ac_reading *r)
{
	struct ac_stamp s = { .kind = kind, .time = TS_NONE, .der = der };
	int rc = kind == AC_STAMP_LEGACY ? read_legacy(&s, r) : read_rfc3161(&s, r);

	if (rc < 0)
		return rc;
	s.result = (enum ac_result)rc;
	*ret_s = s;
	return 0;
}
