/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/authenticode.h"

#include "base/utf8.h"
#include "crypto/oid.h"
#include "crypto/signer.h"
#include "crypto/stamp.h"
#include "wire/pkcs7.h"

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

/* What one call works on. */
struct reading {
	struct authenticode out;
	struct pkcs7 p7;
	struct pkcs7_signer signer;
	struct cert_set certs;
	struct arena *arena;
	struct fault *f;
};

static int bad_der(struct reading *r, const char *what, const struct cur *c)
{
	return fault_set(
	    r->f, AC_BAD_DER, "%s: offset %zu: %s", what, c->off, der_strerror(c->err));
}

/* SignedData with one digest algorithm, one signer of the version that goes with it. */
static int read_outline(struct reading *r, struct span value)
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

static enum ac_subject subject_of(struct span oid)
{
	if (span_eq(oid, OID_SPC_PE))
		return AC_SUBJECT_PE;
	if (span_eq(oid, OID_SPC_CAB))
		return AC_SUBJECT_CAB;
	return span_eq(oid, OID_SPC_SIP) ? AC_SUBJECT_SIP : AC_SUBJECT_OTHER;
}

/* Does SpcPeImageData's file link hold the page hash moniker? Anything else there is no. */
static bool has_page_hashes(struct span image_data)
{
	static const struct span class_id =
	    SPAN_LIT("\xa6\xb5\x86\xd5\xb4\xa1\x24\x66\xae\x05\xa2\x17\xda\x8e\x60\xd6");
	struct cur c = cur_of(image_data);
	struct cur image = der_enter(&c, DER_SEQ);

	if (der_is(&image, DER_BITS))
		(void)der_any(&image);
	struct cur file = der_enter(&image, DER_CTXC(0)), moniker = der_enter(&file, DER_CTXC(1));
	struct span id = der_octets(&moniker);
	return !moniker.err && span_eq(id, class_id);
}

/* SpcIndirectDataContent ::= SEQUENCE { SpcAttributeTypeAndOptionalValue, DigestInfo } */
static int read_content(struct reading *r)
{
	struct cur c = cur_of(r->p7.content.all);
	struct cur spc = der_enter(&c, DER_SEQ), data = der_enter(&spc, DER_SEQ);
	struct span type = der_oid(&data), value = SPAN_NONE;

	if (cur_left(&data))
		value = der_any(&data).all;
	der_leave(&spc, &data);
	struct cur info = der_enter(&spc, DER_SEQ);
	enum digest_alg alg = digest_of_oid(der_algorithm(&info, NULL));
	struct span digest = der_octets(&info);
	der_leave(&spc, &info);
	der_leave(&c, &spc);
	if (!der_done(&c))
		return bad_der(r, "SpcIndirectData", &c);
	if (alg == DIGEST_NONE)
		return fault_set(r->f, AC_ALGORITHM, "the file's digest algorithm is not accepted");
	if (digest.n != digest_len(alg))
		return fault_set(r->f, AC_STRUCTURE, "the file's digest has the wrong length");
	r->out.digest = digest_of(alg, digest.p);
	r->out.subject = subject_of(type);
	r->out.page_hashes = r->out.subject == AC_SUBJECT_PE && has_page_hashes(value);
	return AC_OK;
}

static int check_signer(struct reading *r)
{
	struct signed_content content = { OID_SPC_INDIRECT, r->p7.content.body };
	const struct cert *cert = NULL;
	struct x509_facts x;
	int rc = signer_check(&r->signer, &r->certs, &content, &cert, r->f);

	if (cert && rc > 0 && cert_facts(&x, cert, r->arena) == 0)
		return fault_wrap(r->f, rc, "signer %s", QUOTE(span_str(x.subject)));
	if (rc != AC_OK)
		return rc;
	cert_set_mark_chain(&r->certs, cert);
	r->out.digest_alg = digest_of_oid(r->signer.digest_oid);
	return cert_facts(&r->out.signer, cert, r->arena);
}

/* Text of an SpcString or URL, escaped; NULL when it is not one. */
static const char *spc_text(struct der v, struct arena *a)
{
	uint8_t utf8[QUOTE_MAX + 4];
	size_t n = 0;

	if (v.tag == DER_CTX(1)) /* ascii */
		return arena_str(a, span_str(QUOTE(v.body)));
	if (v.tag != DER_CTX(0) || v.body.n % 2)
		return NULL;
	for (size_t i = 0; i < v.body.n && n < QUOTE_MAX; i += 2) /* BMPString */
		n += utf8_put(utf8 + n, (uint32_t)v.body.p[i] << 8 | v.body.p[i + 1]);
	return arena_str(a, span_str(QUOTE(span_of(utf8, n))));
}

/* SpcSpOpusInfo ::= SEQUENCE { [0] EXPLICIT SpcString OPTIONAL, [1] EXPLICIT SpcLink OPTIONAL } */
static void read_opus(struct reading *r)
{
	struct der v;

	if (pkcs7_attr_find(pkcs7_attr_set(r->signer.attrs), OID_SPC_OPUS, &v) != PKCS7_OK)
		return;
	struct cur c = cur_of(v.all), opus = der_enter(&c, DER_SEQ);
	if (der_is(&opus, DER_CTXC(0))) {
		struct cur name = der_enter(&opus, DER_CTXC(0));
		r->out.program = spc_text(der_any(&name), r->arena);
	}
	if (der_is(&opus, DER_CTXC(1))) {
		struct cur link = der_enter(&opus, DER_CTXC(1));
		if (der_is(&link, DER_CTX(0))) /* url, IA5String */
			r->out.url = arena_str(r->arena, span_str(QUOTE(der_any(&link).body)));
	}
}

static int note_nested(struct reading *r, struct span values)
{
	struct cur c = cur_of(values);

	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return bad_der(r, "nested signature", &c);
		if (r->out.nnested == AC_NESTED_MAX)
			return fault_set(
			    r->f, AC_STRUCTURE, "more than %d nested signatures", AC_NESTED_MAX);
		r->out.nested[r->out.nnested++] = v.all;
	}
	return AC_OK;
}

static int note_stamps(struct reading *r, struct span values, enum ac_stamp_kind kind)
{
	struct cur c = cur_of(values);

	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return bad_der(r, "time stamp", &c);
		if (r->out.nstamps++)
			continue;
		int rc = stamp_read(&r->out.stamp, kind, v.all, &r->signer, &r->certs, r->arena);
		if (rc < 0)
			return rc;
	}
	return AC_OK;
}

static int read_unsigned(struct reading *r)
{
	struct cur c = cur_of(r->signer.unsigned_attrs);
	const char **attr = arena_array(r->arena, AC_ATTRS_MAX, sizeof(*attr));
	struct span oid, values;
	char text[DER_OID_TEXT_MAX];
	int rc = attr ? AC_OK : -ENOMEM;

	r->out.attr = attr;
	r->out.attr_bytes = r->signer.unsigned_attrs.n;
	while (rc == AC_OK && pkcs7_attr_next(&c, &oid, &values)) {
		if (r->out.nattr == AC_ATTRS_MAX)
			return fault_set(
			    r->f, AC_STRUCTURE, "more than %d unsigned attributes", AC_ATTRS_MAX);
		attr[r->out.nattr] = arena_str(r->arena, span_str(der_oid_text(oid, text)));
		if (!attr[r->out.nattr++])
			return -ENOMEM;
		if (span_eq(oid, OID_SPC_NESTED))
			rc = note_nested(r, values);
		else if (span_eq(oid, OID_COUNTER_SIGNATURE))
			rc = note_stamps(r, values, AC_STAMP_LEGACY);
		else if (span_eq(oid, OID_MS_STAMP))
			rc = note_stamps(r, values, AC_STAMP_RFC3161);
	}
	if (rc == AC_OK && c.err)
		return bad_der(r, "unsigned attributes", &c);
	return rc;
}

static void count_certs(struct reading *r)
{
	r->out.ncerts = (uint32_t)r->certs.n + r->certs.foreign;
	r->out.ncerts_unrelated = r->certs.foreign;
	for (size_t i = 0; i < r->certs.n; i++)
		r->out.ncerts_unrelated += !r->certs.used[i];
	r->out.cert_bytes = r->p7.certs.n;
}

static int read_all(struct reading *r, struct span value)
{
	int rc = read_outline(r, value);

	if (rc == AC_OK)
		rc = read_content(r);
	if (rc == AC_OK)
		rc = cert_set_read(&r->certs, r->p7.certs, r->arena, r->f);
	if (rc == AC_OK)
		rc = check_signer(r);
	if (rc == AC_OK)
		rc = read_unsigned(r);
	if (rc != AC_OK)
		return rc;
	read_opus(r);
	count_certs(r);
	return AC_OK;
}

int authenticode_read(
    struct authenticode *ret_a, struct span bytes, struct arena *a, struct fault *f)
{
	struct reading r = { .arena = a, .f = f };
	struct cur c = cur_of(bytes);
	OSSL_SCOPE;

	*ret_a = (struct authenticode){ 0 };
	if (bytes.n > AC_DER_MAX)
		return fault_set(f, AC_STRUCTURE, "a signature larger than %u bytes", AC_DER_MAX);
	struct der value = der_take(&c, DER_SEQ);
	if (c.err)
		return bad_der(&r, "signature", &c);
	ret_a->der_len = value.all.n;
	int rc = read_all(&r, value.all);
	if (rc == AC_OK) {
		r.out.der_len = value.all.n;
		*ret_a = r.out;
	}
	cert_set_free(&r.certs);
	return rc;
}
