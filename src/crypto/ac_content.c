/* SPDX-License-Identifier: Apache-2.0 */

/* ac_content: what is signed: SpcIndirectData, and SpcSpOpusInfo among the signed attributes. */

#include "crypto/ac_priv.h"

#include "base/utf8.h"
#include "crypto/oid.h"

static enum ac_subject subject_of(struct span oid)
{
	if (span_eq(oid, OID_SPC_PE))
		return AC_SUBJECT_PE;
	if (span_eq(oid, OID_SPC_CAB))
		return AC_SUBJECT_CAB;
	return span_eq(oid, OID_SPC_SIP) ? AC_SUBJECT_SIP : AC_SUBJECT_OTHER;
}

/* SpcSerializedObject's data of the page hash moniker: SET { SEQUENCE { OID, SET { OCTETS } } }. */
static int read_pages(struct ac_reading *r, struct span data)
{
	struct cur c = cur_of(data);
	struct cur set = der_enter(&c, DER_SET), one = der_enter(&set, DER_SEQ);
	struct span oid = der_oid(&one);
	struct cur values = der_enter(&one, DER_SET);
	struct span table = der_octets(&values);

	der_leave(&one, &values);
	der_leave(&set, &one);
	der_leave(&c, &set);
	if (!der_done(&c))
		return fault_set(r->f, AC_BAD_DER, "the page hashes are malformed");
	if (span_eq(oid, OID_SPC_PAGES_V2))
		r->out.pages_alg = DIGEST_SHA256;
	else if (span_eq(oid, OID_SPC_PAGES_V1))
		r->out.pages_alg = DIGEST_SHA1;
	else
		return fault_set(r->f, AC_ALGORITHM, "page hashes of an unknown kind");
	if (!table.n || table.n % (4 + digest_len(r->out.pages_alg)))
		return fault_set(r->f, AC_STRUCTURE, "the page hashes have an odd length");
	r->out.pages = table;
	return AC_OK;
}

/* The link of an image that has nothing to link to: SpcString "" or "<<<Obsolete>>>". */
static bool is_empty_link(struct span file)
{
	static const char obsolete[] = "\0<\0<\0<\0O\0b\0s\0o\0l\0e\0t\0e\0>\0>\0>";
	struct cur c = cur_of(file), link = der_enter(&c, DER_CTXC(2));
	struct der s = der_any(&link);

	der_leave(&c, &link);
	return der_done(&c) && (s.tag == DER_CTX(0) || s.tag == DER_CTX(1)) &&
	       (!s.body.n || span_eq(s.body, span_of(obsolete, sizeof(obsolete) - 1)));
}

static const struct span page_moniker =
    SPAN_LIT("\xa6\xb5\x86\xd5\xb4\xa1\x24\x66\xae\x05\xa2\x17\xda\x8e\x60\xd6");

/* SpcPeImageData ::= SEQUENCE { flags BIT STRING, [0] EXPLICIT SpcLink OPTIONAL } */
static int read_image(struct ac_reading *r, struct span value)
{
	struct cur c = cur_of(value), image = der_enter(&c, DER_SEQ);
	struct span flags = der_is(&image, DER_BITS) ? der_any(&image).body : SPAN_NONE;
	struct span file = der_is(&image, DER_CTXC(0)) ? der_any(&image).body : SPAN_NONE;

	der_leave(&c, &image);
	if (!der_done(&c) || flags.n > 2) {
		ac_loose_add(r, AC_LOOSE_LINK, false, value, NULL);
		return AC_OK;
	}
	struct cur f = cur_of(file), moniker = der_enter(&f, DER_CTXC(1));
	struct span id = der_octets(&moniker), data = der_octets(&moniker);
	der_leave(&f, &moniker);
	if (der_done(&f) && span_eq(id, page_moniker))
		return read_pages(r, data);
	if (file.n && !is_empty_link(file))
		ac_loose_add(r, AC_LOOSE_LINK, false, file, NULL);
	return AC_OK;
}

/* SpcIndirectDataContent ::= SEQUENCE { SpcAttributeTypeAndOptionalValue, DigestInfo } */
int ac_read_content(struct ac_reading *r)
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
		return ac_bad_der(r, "SpcIndirectData", &c);
	if (alg == DIGEST_NONE)
		return fault_set(r->f, AC_ALGORITHM, "the file's digest algorithm is not accepted");
	if (digest.n != digest_len(alg))
		return fault_set(r->f, AC_STRUCTURE, "the file's digest has the wrong length");
	r->out.digest = digest_of(alg, digest.p);
	r->out.subject = subject_of(type);
	int rc = r->out.subject == AC_SUBJECT_PE && value.n ? read_image(r, value) : AC_OK;
	if (rc == AC_OK && r->p7.content.all.n - r->out.pages.n > AC_CONTENT_ROOM)
		ac_loose_add(r, AC_LOOSE_ROOM, false, r->p7.content.all, "SpcIndirectData");
	return rc;
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
void ac_read_opus(struct ac_reading *r)
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
