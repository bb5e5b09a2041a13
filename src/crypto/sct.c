/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/sct.h"

#include "crypto/cert.h"
#include "crypto/der_put.h"
#include "crypto/hash.h"
#include "crypto/oid.h"

#include <errno.h>

/* RFC 5246 7.4.1.4.1 */
#define HASH_SHA256 4
#define SIGNATURE_RSA 1
#define SIGNATURE_ECDSA 3

#define MS (TS_SECOND / 1000)

/* SignedCertificateTimestamp (RFC 6962 3.2), all of c. False when it is not one. */
static bool read_one(struct sct *s, struct cur *c)
{
	uint8_t version = cur_u8(c);
	struct span id = cur_take(c, SCT_LOG_ID_LEN);

	s->timestamp = cur_be64(c);
	s->extensions = cur_take(c, cur_be16(c));
	uint8_t hash = cur_u8(c);
	s->signature_alg = cur_u8(c);
	s->signature = cur_take(c, cur_be16(c));
	if (c->err || cur_left(c) || version != 0 || hash != HASH_SHA256 || !s->signature.n ||
	    (s->signature_alg != SIGNATURE_RSA && s->signature_alg != SIGNATURE_ECDSA) ||
	    s->timestamp >= (uint64_t)(TS_FOREVER / MS))
		return false;
	memcpy(s->log_id, id.p, SCT_LOG_ID_LEN);
	s->time = (ts)s->timestamp * MS;
	return true;
}

/* SignedCertificateTimestampList: opaque SCTs of 1 to 2^16 - 1 bytes in a vector, at least one. */
static bool read_list(struct sct_list *l, struct span bytes)
{
	struct cur c = cur_of(bytes), list = cur_sub(&c, cur_be16(&c));

	if (c.err || cur_left(&c) || !cur_left(&list))
		return false;
	while (cur_left(&list)) {
		size_t len = cur_be16(&list);
		struct cur one = cur_sub(&list, len);
		if (list.err || l->n == SCT_MAX || !read_one(&l->sct[l->n], &one))
			return false;
		l->n++;
	}
	return !list.err;
}

int sct_read(struct sct_list *ret_l, const struct cert *c, struct fault *f)
{
	struct sct_list l = { 0 };
	struct x509_ext e;

	if (x509_extension(&e, c, OID_SCT_LIST) != X509_OK)
		return fault_set(f, SCT_ABSENT, "the certificate has no SCT");
	struct cur v = cur_of(e.value);
	struct span list = der_octets(&v);
	if (!der_done(&v) || !read_list(&l, list))
		return fault_set(f, SCT_MALFORMED, "the certificate's list of SCTs is malformed");
	*ret_l = l;
	return SCT_OK;
}

/* The extensions but that of the SCTs, each with its own octets; nothing if there is no other. */
static void put_extensions(struct buf *out, const struct cert *c)
{
	size_t start = out->n, explicit = der_open(out, DER_CTXC(3));
	size_t list = der_open(out, DER_SEQ);
	struct cur exts = cur_of(c->exts);
	struct x509_ext e;

	for (size_t from = 0; cert_ext_next(&exts, &e); from = exts.off)
		if (!span_eq(e.oid, OID_SCT_LIST))
			buf_put_span(out, span_cut(c->exts, from, exts.off - from));
	if (out->n == list) {
		out->n = start;
		return;
	}
	der_close(out, list);
	der_close(out, explicit);
}

void sct_precert_free(struct sct_precert *p)
{
	buf_free(&p->tbs);
}

int sct_precert(
    struct sct_precert *p, const struct cert *c, const struct cert *issuer, struct fault *f)
{
	struct x509_ext e;

	if (x509_extension(&e, c, OID_SCT_LIST) != X509_OK)
		return fault_set(f, SCT_ABSENT, "the certificate has no SCT");
	buf_reset(&p->tbs);
	size_t at = der_open(&p->tbs, DER_SEQ);
	struct cur tbs = cur_of(c->tbs), s = der_enter(&tbs, DER_SEQ);
	while (cur_left(&s)) {
		struct der v = der_any(&s);
		if (v.tag == DER_CTXC(3))
			put_extensions(&p->tbs, c);
		else
			buf_put_span(&p->tbs, v.all);
	}
	der_close(&p->tbs, at);
	if (s.err)
		return fault_set(f, SCT_MALFORMED, "the certificate does not parse");
	struct digest id = sha256_of(issuer->spki);
	memcpy(p->issuer_key_hash, id.b, sizeof(p->issuer_key_hash));
	return buf_err(&p->tbs);
}

/* What is signed (RFC 6962 3.2) in front of and behind the TBSCertificate. */
static void put_head(struct buf *b, const struct sct *s, const struct sct_precert *p)
{
	buf_putc(b, 0); /* v1 */
	buf_putc(b, 0); /* certificate_timestamp */
	buf_put_be32(b, (uint32_t)(s->timestamp >> 32));
	buf_put_be32(b, (uint32_t)s->timestamp);
	buf_put_be16(b, 1); /* precert_entry */
	buf_put(b, p->issuer_key_hash, sizeof(p->issuer_key_hash));
	buf_putc(b, (char)(p->tbs.n >> 16));
	buf_put_be16(b, (uint16_t)p->tbs.n);
}

int sct_verify(
    const struct sct *s, const struct sct_precert *p, const struct key *log, struct fault *f)
{
	AUTO_BUF struct buf msg = BUF_INIT(2 * X509_DER_MAX);
	struct digest id = key_id(log);
	enum key_kind kind = key_kind_of(log);
	enum key_scheme scheme = s->signature_alg == SIGNATURE_RSA ? KEY_PKCS1 : KEY_ECDSA;

	if (memcmp(id.b, s->log_id, SCT_LOG_ID_LEN) != 0)
		return fault_set(f, SCT_WRONG_LOG, "the SCT is of another log");
	if (kind == KEY_ED25519 || (kind == KEY_RSA) != (scheme == KEY_PKCS1))
		return fault_set(f, SCT_BAD_SIGNATURE,
		    "the SCT's signature is not of the kind of its log's key");
	put_head(&msg, s, p);
	buf_put_span(&msg, buf_span(&p->tbs));
	buf_put_be16(&msg, (uint16_t)s->extensions.n);
	buf_put_span(&msg, s->extensions);
	int rc = buf_err(&msg);
	if (rc == 0)
		rc = key_verify_as(log, scheme, DIGEST_SHA256, buf_span(&msg), s->signature);
	if (rc == KEY_BAD_SIGNATURE)
		return fault_set(f, SCT_BAD_SIGNATURE,
		    "the signature of the SCT does not verify under its log's key");
	return rc;
}
