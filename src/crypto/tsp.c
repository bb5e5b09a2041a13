/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/tsp.h"

#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/signer.h"
#include "crypto/tsp_authority.h"
#include "crypto/tst.h"

#include <errno.h>

const char *tsp_result_name(int result)
{
	static const char *const names[TSP_RESULTS] = {
		[TSP_OK] = "ok",
		[TSP_MALFORMED] = "malformed",
		[TSP_NOT_GRANTED] = "not-granted",
		[TSP_ALGORITHM] = "algorithm",
		[TSP_OTHER_BYTES] = "other-bytes",
		[TSP_NO_CERTIFICATE] = "no-certificate",
		[TSP_OTHER_TSA] = "other-tsa",
		[TSP_UNTRUSTED] = "untrusted",
		[TSP_BAD_SIGNATURE] = "bad-signature",
	};
	return result >= 0 && result < TSP_RESULTS ? names[result] : "error";
}

static int malformed(struct fault *f, const char *why)
{
	return fault_set(f, TSP_MALFORMED, "the time stamp is malformed: %s", why);
}

static bool is_sha2(enum digest_alg alg)
{
	return alg == DIGEST_SHA256 || alg == DIGEST_SHA384 || alg == DIGEST_SHA512;
}

/*
 * TimeStampResp ::= SEQUENCE { PKIStatusInfo, ContentInfo OPTIONAL } (RFC 3161 2.4.2), or a
 * ContentInfo, which begins with an OID where the other has a SEQUENCE.
 */
static int find_token(struct span bytes, struct span *ret_token, struct fault *f)
{
	struct cur c = cur_of(bytes), resp = der_enter(&c, DER_SEQ);

	if (der_is(&resp, DER_OID)) {
		*ret_token = bytes;
		return TSP_OK;
	}
	struct cur info = der_enter(&resp, DER_SEQ);
	uint64_t status = der_uint(&info, 255);
	if (der_is(&info, DER_SEQ)) /* statusString */
		(void)der_any(&info);
	if (der_is(&info, DER_BITS)) /* failInfo */
		(void)der_any(&info);
	der_leave(&resp, &info);
	*ret_token = der_is(&resp, DER_SEQ) ? der_any(&resp).all : SPAN_NONE;
	der_leave(&c, &resp);
	if (!der_done(&c))
		return malformed(f, der_strerror(c.err));
	if (status > 1)
		return fault_set(f, TSP_NOT_GRANTED,
		    "the time stamp was refused by its authority (status %u)", (unsigned)status);
	return ret_token->n ? TSP_OK : malformed(f, "granted, but no token");
}

/* RFC 5652 5.1: digestAlgorithms lists the digests of the signers. */
static bool lists_digest(struct span algs, struct span oid)
{
	struct cur c = cur_of(algs);
	bool found = false;

	while (cur_left(&c))
		found |= span_eq(der_algorithm(&c, NULL), oid);
	return found && !c.err;
}

/* Nobody signs these, but the RFCs leave no choice: RFC 5652 5.1 and 5.3. */
static bool versions_ok(const struct tsp *t)
{
	return t->cms.version == 3 && t->signer.version == (t->signer.key_id.n ? 3 : 1);
}

static int read_signer(struct tsp *t, struct fault *f)
{
	struct cur c = cur_of(t->cms.signers);
	struct der one = der_take(&c, DER_SEQ);

	if (!der_done(&c))
		return malformed(f, "not exactly one signer");
	if (pkcs7_signer_read(&t->signer, one.all, NULL) != PKCS7_OK)
		return malformed(f, "the signer information does not parse");
	if (!versions_ok(t))
		return malformed(f, "a version that a time stamp does not have");
	if (!lists_digest(t->cms.digest_algs, t->signer.digest_oid))
		return malformed(f, "the signer's digest is not among those listed");
	if (!is_sha2(digest_of_oid(t->signer.digest_oid)))
		return fault_set(
		    f, TSP_ALGORITHM, "the time stamp is signed with a digest other than SHA-2");
	return TSP_OK;
}

static int read_content(struct tsp *t, struct fault *f)
{
	struct tst tst;

	if (!span_eq(t->cms.content_oid, OID_TST_INFO) || t->cms.content.tag != DER_OCTETS ||
	    !tst_read(&tst, t->cms.content.body))
		return malformed(f, "no TSTInfo inside");
	if (!is_sha2(tst.imprint.alg))
		return fault_set(
		    f, TSP_ALGORITHM, "the time stamp is over a digest other than SHA-2");
	t->time = tst.time;
	t->policy = tst.policy;
	t->serial = tst.serial;
	t->imprint = tst.imprint;
	return TSP_OK;
}

int tsp_read(struct tsp *ret_t, struct span bytes, struct fault *f)
{
	struct tsp t = { 0 };
	struct span token;

	if (bytes.n > TSP_MAX)
		return malformed(f, "it is too large");
	int rc = find_token(bytes, &token, f);
	if (rc != TSP_OK)
		return rc;
	if (pkcs7_read(&t.cms, token, NULL) != PKCS7_OK || t.cms.len != token.n)
		return malformed(f, "the token is no SignedData");
	rc = read_content(&t, f);
	if (rc == TSP_OK)
		rc = read_signer(&t, f);
	if (rc == TSP_OK)
		*ret_t = t;
	return rc;
}

static int check_imprint(const struct tsp *t, struct span message, struct fault *f)
{
	struct digest d;
	int rc = hash_span(t->imprint.alg, message, &d);

	if (rc < 0)
		return rc;
	return digest_eq(&d, &t->imprint)
		   ? TSP_OK
		   : fault_set(f, TSP_OTHER_BYTES, "the time stamp is over other bytes than these");
}

/* RFC 3161 2.4.2 demands a signed reference to the certificate; signer_check_under compares it. */
static int check_reference(const struct tsp *t, struct fault *f)
{
	struct span attrs = pkcs7_attr_set(t->signer.attrs);
	struct der v;

	if (pkcs7_attr_find(attrs, OID_SIGNING_CERT, &v) == PKCS7_OK ||
	    pkcs7_attr_find(attrs, OID_SIGNING_CERT_V2, &v) == PKCS7_OK)
		return TSP_OK;
	return malformed(f, "no signed reference to the authority's certificate");
}

static int check_signature(const struct tsp *t, const struct cert *c, struct fault *f)
{
	const struct signed_content content = { OID_TST_INFO, t->cms.content.body };
	int rc = check_reference(t, f);

	if (rc != TSP_OK)
		return rc;
	rc = signer_check_under(&t->signer, c, &content, f);
	switch (rc) {
	case AC_OK:
		return TSP_OK;
	case AC_CONTENT_DIGEST:
	case AC_BAD_SIGNATURE:
		rc = TSP_BAD_SIGNATURE;
		break;
	case AC_ALGORITHM:
		rc = TSP_ALGORITHM;
		break;
	case AC_NO_CERTIFICATE:
		rc = TSP_OTHER_TSA;
		break;
	default:
		rc = rc < 0 ? rc : TSP_MALFORMED;
	}
	return rc < 0 ? rc : fault_wrap(f, rc, "time stamp");
}

/* The certificates of the set that the signer names; more than one: NULL and *ret_n says so. */
static const struct cert *named(const struct cert_set *s, const struct tsp *t, size_t *ret_n)
{
	const struct cert *found = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (!signer_is(&s->cert[i], &t->signer))
			continue;
		found = &s->cert[i];
		++*ret_n;
	}
	return *ret_n == 1 ? found : NULL;
}

/* A CA of the same name with another key is another CA. */
static int trust_failed(int rc, struct fault *f)
{
	bool other = rc == CHAIN_NO_ISSUER || rc == CHAIN_BAD_SIGNATURE;

	if (rc <= 0)
		return rc;
	return fault_wrap(
	    f, other ? TSP_OTHER_TSA : TSP_UNTRUSTED, "the time-stamping authority's certificate");
}

/* Only the pinned certificate will do, and its path's signatures are known to hold. A token that
 * holds certificates holds its signer's (RFC 3161 2.4.1). */
static int verify_pinned(
    const struct tsp *t, const struct tsp_authority *a, const struct cert_set *set, struct fault *f)
{
	size_t n;
	const struct cert *embedded = named(set, t, &n);

	if (!signer_is(a->pinned, &t->signer) ||
	    (t->cms.certs.n && (!embedded || !span_eq(embedded->der, a->pinned->der))))
		return fault_set(f, TSP_OTHER_TSA,
		    "the time stamp is not signed by this time-stamping authority's certificate");
	int rc = chain_check_leaf(&a->facts, CHAIN_TIME_STAMPING, f);
	if (rc == CHAIN_OK)
		rc = chain_check_path(a->path, a->n, t->time, CHAIN_TIME_STAMPING, f);
	return rc == CHAIN_OK ? check_signature(t, a->pinned, f) : trust_failed(rc, f);
}

/* Whatever TSA the anchors vouch for, with the other embedded certificates as intermediates. */
static int verify_chained(
    const struct tsp *t, const struct tsp_authority *a, const struct cert_set *set, struct fault *f)
{
	const struct cert *extra[TSP_CERTS_MAX];
	size_t n, nextra = 0;
	const struct cert *c = named(set, t, &n);

	if (n > 1)
		return malformed(f, "two certificates for the one signer");
	if (!c)
		return fault_set(f, TSP_NO_CERTIFICATE,
		    "the time stamp does not hold the certificate of its signer");
	for (size_t i = 0; i < set->n; i++)
		if (&set->cert[i] != c)
			extra[nextra++] = &set->cert[i];
	int rc = chain_verify(NULL, a->roots, c, extra, nextra, t->time, CHAIN_TIME_STAMPING, f);
	return rc == CHAIN_OK ? check_signature(t, c, f) : trust_failed(rc, f);
}

int tsp_verify(
    const struct tsp *t, struct span message, const struct tsp_authority *a, struct fault *f)
{
	AUTO_ARENA struct arena arena = ARENA_INIT(1 << 20);
	struct cert_set set = { 0 };
	int rc = check_imprint(t, message, f);

	if (rc != TSP_OK)
		return rc;
	rc = cert_set_read(&set, t->cms.certs, &arena, f);
	if (rc > 0 || (rc == 0 && set.n > TSP_CERTS_MAX))
		rc = malformed(f, "its certificates do not parse, or are too many");
	if (rc == TSP_OK)
		rc = a->pinned ? verify_pinned(t, a, &set, f) : verify_chained(t, a, &set, f);
	cert_set_free(&set);
	return rc;
}
