/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/apple_cms.h"

#include "crypto/ac_priv.h"
#include "crypto/oid.h"
#include "crypto/signer.h"
#include "crypto/stamp.h"
#include "wire/ber.h"

#include <errno.h>

/* 1.2.840.113635.100.9.1 and .2 */
#define OID_APPLE_HASHES_PLIST SPAN_LIT("\x2a\x86\x48\x86\xf7\x63\x64\x09\x01")
#define OID_APPLE_HASHES SPAN_LIT("\x2a\x86\x48\x86\xf7\x63\x64\x09\x02")

struct reading {
	struct apple_cms out;
	struct pkcs7 p7;
	struct pkcs7_signer signer;
	struct cert_set certs;
	struct ac_reading loose; /* collects the loose parts */
	struct arena *arena;
	struct fault *f;
};

/* The value in DER, in the arena: everything else borrows from it. */
static int to_der(struct reading *r, struct span bytes, struct span *ret_der)
{
	size_t n = 0;
	int err = 0;

	if (bytes.n > APPLE_CMS_MAX)
		return fault_set(r->f, AC_STRUCTURE, "a CMS signature of more than %u bytes",
		    APPLE_CMS_MAX);
	if (ber_is(bytes)) {
		uint8_t *p = arena_alloc(r->arena, BER_ROOM(bytes.n));
		if (!p)
			return -ENOMEM;
		if (ber_to_der(p, bytes, &n, &r->out.used) < 0)
			return fault_set(r->f, AC_BAD_DER, "malformed BER");
		*ret_der = span_of(p, n);
		return AC_OK;
	}
	struct cur c = cur_of(bytes);
	struct der v = der_take(&c, DER_SEQ);
	if (c.err)
		return fault_set(r->f, AC_BAD_DER, "%s", der_strerror(c.err));
	r->out.used = v.all.n;
	*ret_der = arena_dup(r->arena, v.all, &err);
	return err;
}

static int read_outline(struct reading *r, struct span der)
{
	size_t off = 0;
	int rc = pkcs7_read(&r->p7, der, &off);

	if (rc == PKCS7_NOT_SIGNED_DATA)
		return fault_set(r->f, AC_NOT_SIGNED_DATA, "a CMS value that is not SignedData");
	if (rc != PKCS7_OK || r->p7.len != der.n)
		return fault_set(r->f, AC_BAD_DER, "offset %zu: not a CMS SignedData", off);
	if (!span_eq(r->p7.content_oid, OID_DATA) || r->p7.content.all.n)
		return fault_set(r->f, AC_STRUCTURE, "it is no detached signature over data");
	struct cur algs = cur_of(r->p7.digest_algs), signers = cur_of(r->p7.signers);
	struct span digest_oid = der_algorithm(&algs, NULL);
	struct der signer = der_take(&signers, DER_SEQ);
	if (!der_done(&algs) || !der_done(&signers) || r->p7.version != 1)
		return fault_set(
		    r->f, AC_STRUCTURE, "not version 1 with one digest algorithm and one signer");
	if (pkcs7_signer_read(&r->signer, signer.all, &off) != PKCS7_OK)
		return fault_set(r->f, AC_BAD_DER, "SignerInfo: offset %zu: malformed", off);
	if (r->signer.version != 1 || !span_eq(digest_oid, r->signer.digest_oid) ||
	    !r->signer.issuer.n || !r->signer.attrs.n)
		return fault_set(r->f, AC_STRUCTURE,
		    "signer and SignedData do not agree, or nothing is signed but the content");
	return AC_OK;
}

/* SET OF SEQUENCE { digest algorithm OID, OCTET STRING } */
static int read_digests(struct reading *r, struct span values)
{
	struct cur c = cur_of(values);

	while (cur_left(&c)) {
		struct cur one = der_enter(&c, DER_SEQ);
		enum digest_alg alg = digest_of_oid(der_oid(&one));
		struct span d = der_octets(&one);
		der_leave(&c, &one);
		if (c.err || r->out.ndigests == APPLE_CMS_DIGESTS_MAX || alg == DIGEST_NONE ||
		    d.n != digest_len(alg))
			return fault_set(r->f, AC_STRUCTURE,
			    "the attribute with digests of CodeDirectories is malformed");
		r->out.digest[r->out.ndigests++] = digest_of(alg, d.p);
	}
	return AC_OK;
}

static int read_time(struct reading *r, struct span values)
{
	struct cur c = cur_of(values);

	r->out.claimed = der_time(&c);
	return der_done(&c) ? AC_OK :
			      fault_set(r->f, AC_STRUCTURE, "a malformed signingTime attribute");
}

static int read_signed(struct reading *r)
{
	struct cur c = cur_of(pkcs7_attr_set(r->signer.attrs));
	struct span oid, values;
	bool time = false;
	int rc = AC_OK;

	while (rc == AC_OK && pkcs7_attr_next(&c, &oid, &values)) {
		bool plist = span_eq(oid, OID_APPLE_HASHES_PLIST);
		bool list = span_eq(oid, OID_APPLE_HASHES), when = span_eq(oid, OID_SIGNING_TIME);
		if ((plist && r->out.plist.n) || (list && r->out.has_digests) || (when && time))
			return fault_set(r->f, AC_STRUCTURE, "a signed attribute is there twice");
		r->out.has_digests |= list;
		time |= when;
		if (list)
			rc = read_digests(r, values);
		else if (when)
			rc = read_time(r, values);
		else if (plist) {
			struct cur v = cur_of(values);
			r->out.plist = der_octets(&v);
			if (!der_done(&v) || !r->out.plist.n)
				return fault_set(r->f, AC_STRUCTURE,
				    "the attribute with the list of digests is malformed");
		}
	}
	return rc == AC_OK && c.err ? fault_set(r->f, AC_BAD_DER, "signed attributes") : rc;
}

static int note_stamps(struct reading *r, struct span values)
{
	struct cur c = cur_of(values);

	r->loose.signer = r->signer;
	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return fault_set(r->f, AC_BAD_DER, "time stamp: %s", der_strerror(c.err));
		if (r->out.nstamps++)
			continue;
		r->out.token = v.all;
		r->out.stamped = r->signer.signature;
		int rc = stamp_read(&r->out.stamp, AC_STAMP_RFC3161, v.all, &r->loose);
		if (rc < 0)
			return rc;
	}
	return AC_OK;
}

static int read_unsigned(struct reading *r)
{
	struct cur c = cur_of(r->signer.unsigned_attrs);
	struct span oid, values;
	int rc = AC_OK;

	r->out.unsigned_attrs = r->p7.crls.n != 0;
	while (rc == AC_OK && pkcs7_attr_next(&c, &oid, &values)) {
		if (span_eq(oid, OID_TIME_STAMP_TOKEN))
			rc = note_stamps(r, values);
		else
			r->out.unsigned_attrs++;
	}
	return rc == AC_OK && c.err ? fault_set(r->f, AC_BAD_DER, "unsigned attributes") : rc;
}

/* Did an embedded certificate (or it itself) sign it? *ret_named: one has its issuer's name. */
static bool is_vouched(const struct cert_set *s, const struct cert *c, bool *ret_named)
{
	*ret_named = false;
	for (size_t i = 0; i < s->n; i++) {
		if (!span_eq(s->cert[i].subject, c->issuer))
			continue;
		if (cert_issued_by(c, &s->cert[i]))
			return true;
		*ret_named = true;
	}
	return false;
}

static int check_signer(struct reading *r, struct span directory)
{
	struct signed_content content = { SPAN_NONE, directory };
	const struct cert *cert = NULL;
	int rc = signer_check(&r->signer, &r->certs, &content, &cert, r->f);

	if (rc != AC_OK)
		return rc;
	cert_set_mark_chain(&r->certs, cert);
	r->out.digest_alg = digest_of_oid(r->signer.digest_oid);
	r->out.ncerts = (uint32_t)r->certs.n;
	for (size_t i = 0; i < r->certs.n; i++) {
		bool named;
		r->out.cert[i] = r->certs.cert[i].der;
		r->out.vouched[i] = is_vouched(&r->certs, &r->certs.cert[i], &named);
		r->out.ncerts_altered += !r->out.vouched[i] && named;
	}
	rc = cert_facts(&r->out.signer, cert, r->arena);
	return rc < 0 ? rc : ac_loose_certs(&r->loose, &r->certs, SPAN_NONE, NULL);
}

static void count_loose(struct reading *r)
{
	const struct authenticode *ac = &r->loose.out;

	r->out.loose = r->loose.loose;
	r->out.nloose = ac->nloose;
	r->out.nloose_more = ac->nloose_more;
	for (size_t i = 0; i < ac->nloose; i++)
		r->out.ncerts_unrelated += !r->loose.loose[i].in_stamp &&
		    (r->loose.loose[i].kind == AC_LOOSE_CERTIFICATE ||
			r->loose.loose[i].kind == AC_LOOSE_COPY);
}

static int read_all(struct reading *r, struct span bytes, struct span directory)
{
	struct span der;
	int rc = to_der(r, bytes, &der);

	if (rc == AC_OK)
		rc = read_outline(r, der);
	if (rc == AC_OK)
		rc = cert_set_read(&r->certs, r->p7.certs, r->arena, r->f);
	if (rc == AC_OK)
		rc = check_signer(r, directory);
	if (rc == AC_OK)
		rc = read_signed(r);
	return rc == AC_OK ? read_unsigned(r) : rc;
}

int apple_cms_read(struct apple_cms *ret_c, struct span bytes, struct span directory,
    const struct ac_trust *trust, struct arena *a, struct fault *f)
{
	struct reading r = { .arena = a, .f = f, .out.claimed = TS_NONE };
	OSSL_SCOPE;

	*ret_c = (struct apple_cms){ .claimed = TS_NONE };
	r.loose.trust = trust;
	r.loose.arena = a;
	r.loose.loose = arena_array(a, AC_LOOSE_MAX, sizeof(*r.loose.loose));
	int rc = r.loose.loose ? read_all(&r, bytes, directory) : -ENOMEM;
	if (rc == AC_OK)
		count_loose(&r);
	if (rc == AC_OK)
		*ret_c = r.out;
	else
		ret_c->used = r.out.used;
	cert_set_free(&r.certs);
	return rc;
}
