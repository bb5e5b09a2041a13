/* SPDX-License-Identifier: Apache-2.0 */

/*
 * authenticode_sign: the SignedData that signtool would make, without time stamp. Byte for byte the
 * same for the same input where the signature scheme is deterministic (RSA).
 */

#include "crypto/authenticode.h"
#include "crypto/cert.h"
#include "crypto/der_put.h"
#include "crypto/hash.h"
#include "crypto/oid.h"

#include <errno.h>

enum digest_alg authenticode_digest_for(const struct key *k)
{
	switch (key_kind_of(k)) {
	case KEY_P256:
	case KEY_RSA:
		return DIGEST_SHA256;
	case KEY_P384:
		return DIGEST_SHA384;
	default:
		return DIGEST_NONE;
	}
}

static struct span digest_oid(enum digest_alg alg)
{
	return alg == DIGEST_SHA384 ? OID_SHA384 : OID_SHA256;
}

/* SpcPeImageData with no flags and the customary empty file name ("<<<Obsolete>>>" in UTF-16). */
static void put_image_data(struct buf *b)
{
	static const char obsolete[] = "<<<Obsolete>>>";
	uint8_t utf16[2 * (sizeof(obsolete) - 1)];

	for (size_t i = 0; i < sizeof(obsolete) - 1; i++) {
		utf16[2 * i] = 0;
		utf16[2 * i + 1] = (uint8_t)obsolete[i];
	}
	size_t image = der_open(b, DER_SEQ);
	der_put(b, DER_BITS, SPAN_LIT("\0"));
	size_t link = der_open(b, DER_CTXC(0)), file = der_open(b, DER_CTXC(2));
	der_put(b, DER_CTX(0), span_of(utf16, sizeof(utf16)));
	der_close(b, file);
	der_close(b, link);
	der_close(b, image);
}

/* SpcIndirectDataContent, the whole SEQUENCE. */
static void put_content(struct buf *b, const struct digest *d)
{
	size_t spc = der_open(b, DER_SEQ), data = der_open(b, DER_SEQ);

	der_put(b, DER_OID, OID_SPC_PE);
	put_image_data(b);
	der_close(b, data);
	size_t info = der_open(b, DER_SEQ);
	der_put_algorithm(b, digest_oid(d->alg), true);
	der_put(b, DER_OCTETS, span_of(d->b, d->len));
	der_close(b, info);
	der_close(b, spc);
}

static void put_attr(struct buf *b, struct span oid, struct span value)
{
	size_t attr = der_open(b, DER_SEQ);

	der_put(b, DER_OID, oid);
	der_put(b, DER_SET, value);
	der_close(b, attr);
}

/* SigningCertificateV2 (RFC 5035) with SHA-256, its default: binds the certificate. */
static void put_reference(struct buf *b, struct span cert)
{
	struct digest d = sha256_of(cert);
	size_t attr = der_open(b, DER_SEQ), ids = der_open(b, DER_SEQ), id = der_open(b, DER_SEQ);

	der_put(b, DER_OCTETS, span_of(d.b, d.len));
	der_close(b, id);
	der_close(b, ids);
	der_close(b, attr);
}

/* Content of the SET of signed attributes, in DER's order (here: shorter ones first). */
static int put_attrs(struct buf *b, struct span content, struct span cert, enum digest_alg alg)
{
	AUTO_BUF struct buf v = BUF_INIT(1024);
	struct cur c = cur_of(content);
	struct digest d;
	int rc = hash_span(alg, der_any(&c).body, &d);

	if (rc < 0)
		return rc;
	size_t opus = der_open(&v, DER_SEQ);
	der_close(&v, opus);
	put_attr(b, OID_SPC_OPUS, buf_span(&v));
	buf_reset(&v);
	der_put(&v, DER_OID, OID_SPC_INDIRECT);
	put_attr(b, OID_CONTENT_TYPE, buf_span(&v));
	buf_reset(&v);
	size_t type = der_open(&v, DER_SEQ);
	der_put(&v, DER_OID, OID_SPC_CODE_SIGNING);
	der_close(&v, type);
	put_attr(b, OID_SPC_STATEMENT, buf_span(&v));
	buf_reset(&v);
	der_put(&v, DER_OCTETS, span_of(d.b, d.len));
	put_attr(b, OID_MESSAGE_DIGEST, buf_span(&v));
	buf_reset(&v);
	put_reference(&v, cert);
	put_attr(b, OID_SIGNING_CERT_V2, buf_span(&v));
	rc = buf_err(&v);
	return rc < 0 ? rc : buf_err(b);
}

static int put_signer(
    struct buf *b, const struct key *k, const struct cert *cert, struct span content)
{
	AUTO_BUF struct buf attrs = BUF_INIT(4096), set = BUF_INIT(4096), sig = BUF_INIT(4096);
	enum digest_alg alg = authenticode_digest_for(k);
	int rc = put_attrs(&attrs, content, cert->der, alg);

	if (rc < 0)
		return rc;
	der_put(&set, DER_SET, buf_span(&attrs));
	rc = buf_err(&set);
	if (rc == 0)
		rc = key_sign(k, buf_span(&set), &sig);
	if (rc < 0)
		return rc;
	size_t signer = der_open(b, DER_SEQ);
	der_put_small(b, 1);
	size_t id = der_open(b, DER_SEQ);
	buf_put_span(b, cert->issuer);
	der_put(b, DER_INTEGER, cert->serial);
	der_close(b, id);
	der_put_algorithm(b, digest_oid(alg), true);
	der_put(b, DER_CTXC(0), buf_span(&attrs));
	der_put_algorithm(
	    b, key_kind_of(k) == KEY_RSA ? OID_RSA : OID_EC, key_kind_of(k) == KEY_RSA);
	der_put(b, DER_OCTETS, buf_span(&sig));
	der_close(b, signer);
	return buf_err(b);
}

static int put_all(
    struct buf *b, const struct digest *d, const struct key *k, const struct cert *cert)
{
	AUTO_BUF struct buf content = BUF_INIT(4096);

	put_content(&content, d);
	int rc = buf_err(&content);
	if (rc < 0)
		return rc;
	size_t all = der_open(b, DER_SEQ);
	der_put(b, DER_OID, OID_SIGNED_DATA);
	size_t outer = der_open(b, DER_CTXC(0)), data = der_open(b, DER_SEQ);
	der_put_small(b, 1);
	size_t algs = der_open(b, DER_SET);
	der_put_algorithm(b, digest_oid(d->alg), true);
	der_close(b, algs);
	size_t info = der_open(b, DER_SEQ);
	der_put(b, DER_OID, OID_SPC_INDIRECT);
	der_put(b, DER_CTXC(0), buf_span(&content));
	der_close(b, info);
	der_put(b, DER_CTXC(0), cert->der);
	size_t signers = der_open(b, DER_SET);
	rc = put_signer(b, k, cert, buf_span(&content));
	der_close(b, signers);
	der_close(b, data);
	der_close(b, outer);
	der_close(b, all);
	return rc < 0 ? rc : buf_err(b);
}

int authenticode_sign(
    const struct digest *pe_digest, const struct key *k, struct span cert, struct buf *out)
{
	AUTO_BUF struct buf b = BUF_INIT(2 * X509_DER_MAX);
	struct cert c;
	OSSL_SCOPE;

	if (!key_is_private(k) || !digest_is_set(pe_digest) ||
	    pe_digest->alg != authenticode_digest_for(k))
		return -EINVAL;
	if (cert_read(&c, cert, NULL) < 0)
		return -EINVAL;
	int rc = cert_key(&c) && EVP_PKEY_eq(cert_key(&c), k->pkey) == 1 ? 0 : -EINVAL;
	if (rc == 0)
		rc = put_all(&b, pe_digest, k, &c);
	cert_free(&c);
	if (rc < 0)
		return rc;
	buf_put_span(out, buf_span(&b));
	return buf_err(out);
}
