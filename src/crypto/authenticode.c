/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/authenticode.h"

#include "crypto/ac_priv.h"
#include "crypto/oid.h"

#include <errno.h>

const char *ac_result_name(int result)
{
	static const char *const names[AC_RESULTS] = {
		[AC_OK] = "ok",
		[AC_BAD_DER] = "bad-der",
		[AC_NOT_SIGNED_DATA] = "not-signed-data",
		[AC_NOT_AUTHENTICODE] = "not-authenticode",
		[AC_STRUCTURE] = "structure",
		[AC_ALGORITHM] = "algorithm",
		[AC_NO_CERTIFICATE] = "no-certificate",
		[AC_CONTENT_DIGEST] = "content-digest",
		[AC_BAD_SIGNATURE] = "bad-signature",
	};
	return result >= 0 && result < AC_RESULTS ? names[result] : "error";
}

int ac_bad_der(struct ac_reading *r, const char *what, const struct cur *c)
{
	return fault_set(
	    r->f, AC_BAD_DER, "%s: offset %zu: %s", what, c->off, der_strerror(c->err));
}

/* SignedData with one digest algorithm, one signer of the version that goes with it. */
static int read_outline(struct ac_reading *r, struct span value)
{
	size_t off = 0;
	int rc = pkcs7_read(&r->p7, value, &off);

	if (rc == PKCS7_NOT_SIGNED_DATA)
		return fault_set(r->f, AC_NOT_SIGNED_DATA, "a PKCS#7 value that is not SignedData");
	if (rc != PKCS7_OK)
		return fault_set(
		    r->f, AC_BAD_DER, "offset %zu: not a PKCS#7 SignedData in DER", off);
	if (!span_eq(r->p7.content_oid, OID_SPC_INDIRECT))
		return fault_set(
		    r->f, AC_NOT_AUTHENTICODE, "the signed content is not SpcIndirectData");
	struct cur algs = cur_of(r->p7.digest_algs), signers = cur_of(r->p7.signers);
	struct span digest_oid = der_algorithm(&algs, NULL);
	struct der signer = der_take(&signers, DER_SEQ);
	if (!der_done(&algs) || !der_done(&signers) || r->p7.version != 1)
		return fault_set(
		    r->f, AC_STRUCTURE, "not version 1 with one digest algorithm and one signer");
	rc = pkcs7_signer_read(&r->signer, signer.all, &off);
	if (rc != PKCS7_OK)
		return fault_set(r->f, AC_BAD_DER, "SignerInfo: offset %zu: malformed", off);
	if (r->signer.version != 1 || !span_eq(digest_oid, r->signer.digest_oid) ||
	    !r->signer.issuer.n)
		return fault_set(r->f, AC_STRUCTURE, "signer and SignedData do not agree");
	return AC_OK;
}

static int check_signer(struct ac_reading *r)
{
	struct signed_content content = { OID_SPC_INDIRECT, r->p7.content.body };
	struct x509_facts x;
	int rc = signer_check(&r->signer, &r->certs, &content, &r->cert, r->f);

	if (r->cert && rc > 0 && cert_facts(&x, r->cert, r->arena) == 0)
		return fault_wrap(r->f, rc, "signer %s", QUOTE(span_str(x.subject)));
	if (rc != AC_OK)
		return rc;
	cert_set_mark_chain(&r->certs, r->cert);
	r->out.digest_alg = digest_of_oid(r->signer.digest_oid);
	if (r->signer.attrs.n > AC_SIGNED_ROOM)
		ac_loose_add(r, AC_LOOSE_ROOM, false, r->signer.attrs, "the signed attributes");
	return cert_facts(&r->out.signer, r->cert, r->arena);
}

/* At the time of the stamp that counts, unless the certificate is for lifetime signing. */
static int check_chain(struct ac_reading *r)
{
	const struct ac_stamp *s = &r->out.stamp;
	struct cert_eku eku;

	r->out.lifetime = cert_eku(&eku, r->cert) && eku.lifetime_signing;
	if (!r->trust)
		return 0;
	struct ac_question q = { .roots = r->trust->code,
		.leaf = r->cert,
		.set = &r->certs,
		.t = r->trust->now,
		.t_sha1 = r->trust->now,
		.purpose = CHAIN_CODE_SIGNING,
		.weak = r->out.digest_alg == DIGEST_SHA1 || r->out.digest.alg == DIGEST_SHA1 };
	if (!r->out.lifetime && s->chain.state == AC_CHAIN_ANCHORED)
		q.t = q.t_sha1 = s->time;
	else if (!r->out.lifetime && s->chain.state == AC_CHAIN_SHA1)
		q.t_sha1 = s->time;
	return ac_chain(&r->out.chain, &q, r);
}

static int check_loose(struct ac_reading *r)
{
	int rc = ac_loose_certs(r, &r->certs, r->p7.crls, NULL);

	r->out.loose = r->loose;
	r->out.ncerts = (uint32_t)(r->certs.n + r->certs.nodd);
	r->out.cert_bytes = r->p7.certs.n;
	for (size_t i = 0; i < r->out.nloose; i++)
		r->out.ncerts_unrelated += !r->loose[i].in_stamp &&
		    (r->loose[i].kind == AC_LOOSE_CERTIFICATE || r->loose[i].kind == AC_LOOSE_COPY);
	return rc;
}

static int read_all(struct ac_reading *r, struct span value)
{
	int rc = read_outline(r, value);

	if (rc == AC_OK)
		rc = ac_read_content(r);
	if (rc == AC_OK)
		rc = cert_set_read(&r->certs, r->p7.certs, r->arena, r->f);
	if (rc == AC_OK)
		rc = check_signer(r);
	if (rc == AC_OK)
		rc = ac_read_unsigned(r);
	if (rc == AC_OK)
		rc = check_chain(r);
	if (rc == AC_OK)
		rc = check_loose(r);
	if (rc == AC_OK)
		ac_read_opus(r);
	return rc;
}

int authenticode_read(struct authenticode *ret_a, struct span bytes, const struct ac_trust *trust,
    struct arena *a, struct fault *f)
{
	struct ac_reading r = { .trust = trust, .arena = a, .f = f };
	struct cur c = cur_of(bytes);
	OSSL_SCOPE;

	*ret_a = (struct authenticode){ 0 };
	if (bytes.n > AC_DER_MAX)
		return fault_set(f, AC_STRUCTURE, "a signature larger than %u bytes", AC_DER_MAX);
	struct der value = der_take(&c, DER_SEQ);
	if (c.err)
		return ac_bad_der(&r, "signature", &c);
	ret_a->der_len = value.all.n;
	r.stamp = arena_array(a, AC_STAMPS_MAX, sizeof(*r.stamp));
	r.loose = arena_array(a, AC_LOOSE_MAX, sizeof(*r.loose));
	int rc = r.stamp && r.loose ? read_all(&r, value.all) : -ENOMEM;
	if (rc == AC_OK) {
		r.out.der_len = value.all.n;
		*ret_a = r.out;
	}
	cert_set_free(&r.certs);
	return rc;
}
