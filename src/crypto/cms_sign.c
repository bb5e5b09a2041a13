/* SPDX-License-Identifier: Apache-2.0 */

/* cms_sign: a detached SignedData by one signer (RFC 5652 5.1, 5.3; RFC 5035). */

#include "crypto/cms.h"

#include "crypto/der_put.h"
#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/ossl.h"

#include <errno.h>
#include <time.h>

static struct span digest_oid(enum digest_alg alg)
{
	return alg == DIGEST_SHA256 ? OID_SHA256 : alg == DIGEST_SHA384 ? OID_SHA384 : OID_SHA512;
}

/* Absent parameters for digests (RFC 5754 2), NULL for RSA (RFC 3370 3.2). */
static void put_signature_algorithm(struct buf *b, const struct key *k, enum digest_alg alg)
{
	if (k->kind == KEY_RSA)
		der_put_algorithm(b, OID_RSA, true);
	else if (k->kind == KEY_ED25519)
		der_put_algorithm(b, OID_ED25519, false);
	else
		der_put_algorithm(b,
		    alg == DIGEST_SHA256   ? OID_ECDSA_SHA256
		    : alg == DIGEST_SHA384 ? OID_ECDSA_SHA384
					   : OID_ECDSA_SHA512,
		    false);
}

static size_t open_attribute(struct buf *b, struct span oid, size_t *ret_set)
{
	size_t at = der_open(b, DER_SEQ);

	der_put(b, DER_OID, oid);
	*ret_set = der_open(b, DER_SET);
	return at;
}

static void close_attribute(struct buf *b, size_t at, size_t set)
{
	der_close(b, set);
	der_close(b, at);
}

/* UTCTime until 2049, then GeneralizedTime (RFC 5652 11.3). */
static bool put_time(struct buf *b, ts t)
{
	time_t secs = (time_t)(t / TS_SECOND);
	struct tm tm;
	char text[32];

	if (t < 0 || !gmtime_r(&secs, &tm))
		return false;
	bool utc = tm.tm_year < 150;
	size_t n = strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	der_put(b, utc ? DER_UTC_TIME : DER_TIME, span_from(span_of(text, n), utc ? 2 : 0));
	return n > 0;
}

/* The four attributes in the order of their encodings (DER's SET OF): the shorter first, since the
 * length is what differs first. */
static bool put_attributes(struct buf *b, const struct cms_sign *s)
{
	struct digest id = sha256_of(s->cert);
	size_t set, at = open_attribute(b, OID_CONTENT_TYPE, &set);

	der_put(b, DER_OID, OID_DATA);
	close_attribute(b, at, set);
	at = open_attribute(b, OID_SIGNING_TIME, &set);
	bool good = put_time(b, s->time);
	close_attribute(b, at, set);
	struct buf digest = BUF_INIT(256), cert = BUF_INIT(256);
	at = open_attribute(&digest, OID_MESSAGE_DIGEST, &set);
	der_put(&digest, DER_OCTETS, span_of(s->digest.b, s->digest.len));
	close_attribute(&digest, at, set);
	/* SigningCertificateV2 { certs { ESSCertIDv2 { certHash } } }, SHA-256 by default */
	at = open_attribute(&cert, OID_SIGNING_CERT_V2, &set);
	size_t v2 = der_open(&cert, DER_SEQ), certs = der_open(&cert, DER_SEQ);
	size_t one = der_open(&cert, DER_SEQ);
	der_put(&cert, DER_OCTETS, span_of(id.b, id.len));
	der_close(&cert, one);
	der_close(&cert, certs);
	der_close(&cert, v2);
	close_attribute(&cert, at, set);
	bool digest_first = span_cmp(buf_span(&digest), buf_span(&cert)) < 0;
	buf_put_span(b, buf_span(digest_first ? &digest : &cert));
	buf_put_span(b, buf_span(digest_first ? &cert : &digest));
	good = good && buf_err(&digest) == 0 && buf_err(&cert) == 0;
	buf_free(&digest);
	buf_free(&cert);
	return good;
}

/* Over the attributes as a SET OF. */
static int sign_attributes(const struct cms_sign *s, struct span attrs, struct buf *sig)
{
	AUTO_BUF struct buf set = BUF_INIT(4096);
	const char *md =
	    s->key->kind == KEY_ED25519 ? NULL : EVP_MD_get0_name(ossl_md(s->digest.alg));
	size_t n = (size_t)EVP_PKEY_get_size(s->key->pkey);
	OSSL_AUTO(EVP_MD_CTX, EVP_MD_CTX_free) ctx = EVP_MD_CTX_new();

	der_put(&set, DER_SET, attrs);
	int rc = buf_err(&set);
	if (rc == 0)
		rc = buf_reserve(sig, n);
	if (rc < 0)
		return rc;
	if (!ctx || EVP_DigestSignInit_ex(ctx, NULL, md, NULL, NULL, s->key->pkey, NULL) != 1 ||
	    EVP_DigestSign(ctx, sig->p + sig->n, &n, set.p, set.n) != 1)
		return -ENOMEM;
	sig->n += n;
	return 0;
}

/* issuerAndSerialNumber of a certificate (RFC 5280 4.1). */
static bool put_issuer_serial(struct buf *b, struct span cert)
{
	struct cur all = cur_of(cert);
	struct cur outer = der_enter(&all, DER_SEQ), tbs = der_enter(&outer, DER_SEQ);

	if (der_is(&tbs, DER_CTXC(0)))
		(void)der_any(&tbs);
	struct span serial = der_integer(&tbs);
	(void)der_take(&tbs, DER_SEQ);
	struct span issuer = der_take(&tbs, DER_SEQ).all;
	size_t at = der_open(b, DER_SEQ);
	buf_put_span(b, issuer);
	der_put(b, DER_INTEGER, serial);
	der_close(b, at);
	return !tbs.err;
}

static int put_signer(struct buf *b, const struct cms_sign *s)
{
	AUTO_BUF struct buf attrs = BUF_INIT(4096), sig = BUF_INIT(4096);
	size_t at = der_open(b, DER_SEQ);

	der_put_small(b, 1);
	if (!put_issuer_serial(b, s->cert) || !put_attributes(&attrs, s))
		return -EINVAL;
	int rc = buf_err(&attrs);
	if (rc == 0)
		rc = sign_attributes(s, buf_span(&attrs), &sig);
	if (rc < 0)
		return rc;
	der_put_algorithm(b, digest_oid(s->digest.alg), false);
	der_put(b, DER_CTXC(0), buf_span(&attrs));
	put_signature_algorithm(b, s->key, s->digest.alg);
	der_put(b, DER_OCTETS, buf_span(&sig));
	der_close(b, at);
	return 0;
}

/* As DER's SET OF wants them, by encoding; the signer's own among them. */
static void put_certs(struct buf *b, const struct cms_sign *s)
{
	struct span done = SPAN_NONE;
	size_t at = der_open(b, DER_CTXC(0));

	for (;;) {
		struct span next = SPAN_NONE;
		for (size_t i = 0; i <= s->nextra; i++) {
			struct span x = i < s->nextra ? s->extra[i] : s->cert;
			if ((!done.n || span_cmp(x, done) > 0) &&
			    (!next.n || span_cmp(x, next) < 0))
				next = x;
		}
		if (!next.n)
			break;
		buf_put_span(b, next);
		done = next;
	}
	der_close(b, at);
}

static int check_request(const struct cms_sign *s, struct fault *f)
{
	AUTO_KEY struct key *k = NULL;
	enum digest_alg alg = s->digest.alg;

	if (alg < DIGEST_SHA256 || alg > DIGEST_SHA512 ||
	    (s->key->kind == KEY_ED25519 && alg != DIGEST_SHA512))
		return fault_set(
		    f, -EINVAL, "digest %s cannot be signed so with this key", digest_name(alg));
	if (!s->key->is_private)
		return fault_set(f, -EINVAL, "not a private key");
	int rc = key_public(&k, s->cert, f);
	if (rc < 0)
		return rc;
	if (!digest_eq(&k->id, &s->key->id))
		return fault_set(f, -EINVAL, "the certificate is not for this key");
	return 0;
}

int cms_sign(const struct cms_sign *s, struct buf *out, struct fault *f)
{
	OSSL_SCOPE;
	int rc = check_request(s, f);

	if (rc < 0)
		return rc;
	size_t info = der_open(out, DER_SEQ);
	der_put(out, DER_OID, OID_SIGNED_DATA);
	size_t outer = der_open(out, DER_CTXC(0)), data = der_open(out, DER_SEQ);
	der_put_small(out, 1);
	size_t algs = der_open(out, DER_SET);
	der_put_algorithm(out, digest_oid(s->digest.alg), false);
	der_close(out, algs);
	size_t content = der_open(out, DER_SEQ);
	der_put(out, DER_OID, OID_DATA);
	der_close(out, content);
	put_certs(out, s);
	size_t signers = der_open(out, DER_SET);
	rc = put_signer(out, s);
	if (rc < 0)
		return rc;
	der_close(out, signers);
	der_close(out, data);
	der_close(out, outer);
	der_close(out, info);
	return buf_err(out);
}
