/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pkcs7.h"

static const uint8_t oid_signed_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };

static int bad(const struct cur *c, size_t *ret_off)
{
	if (ret_off)
		*ret_off = c->off;
	return PKCS7_BAD_DER;
}

/* SignedData ::= SEQUENCE { version, digestAlgorithms, contentInfo, [0] certificates OPTIONAL,
 * [1] crls OPTIONAL, signerInfos } */
static void signed_data(struct cur *c, struct pkcs7 *p)
{
	struct cur s = der_enter(c, DER_SEQ);

	p->version = der_uint(&s, 100);
	p->digest_algs = der_take(&s, DER_SET).body;
	struct cur info = der_enter(&s, DER_SEQ);
	p->content_oid = der_oid(&info);
	if (der_is(&info, DER_CTXC(0))) {
		struct cur content = der_enter(&info, DER_CTXC(0));
		p->content = der_any(&content);
		der_leave(&info, &content);
	}
	der_leave(&s, &info);
	if (der_is(&s, DER_CTXC(0)))
		p->certs = der_any(&s).body;
	if (der_is(&s, DER_CTXC(1)))
		p->crls = der_any(&s).body;
	p->signers = der_take(&s, DER_SET).body;
	der_leave(c, &s);
}

int pkcs7_read(struct pkcs7 *ret_p, struct span bytes, size_t *ret_off)
{
	struct cur c = cur_of(bytes);
	struct pkcs7 p = { 0 };
	struct cur info = der_enter(&c, DER_SEQ);
	struct span oid = der_oid(&info);

	p.len = c.off;
	if (!info.err && !span_eq(oid, span_of(oid_signed_data, sizeof(oid_signed_data))))
		return PKCS7_NOT_SIGNED_DATA;
	struct cur outer = der_enter(&info, DER_CTXC(0));
	signed_data(&outer, &p);
	der_leave(&info, &outer);
	der_leave(&c, &info);
	if (c.err)
		return bad(&c, ret_off);
	*ret_p = p;
	return PKCS7_OK;
}

static void signer_id(struct cur *s, struct pkcs7_signer *x)
{
	if (der_is(s, DER_CTX(0))) {
		x->key_id = der_any(s).body;
		return;
	}
	struct cur id = der_enter(s, DER_SEQ);
	x->issuer = der_take(&id, DER_SEQ).all;
	x->serial = der_integer(&id);
	der_leave(s, &id);
}

int pkcs7_signer_read(struct pkcs7_signer *ret_s, struct span bytes, size_t *ret_off)
{
	struct cur c = cur_of(bytes);
	struct pkcs7_signer x = { 0 };
	struct cur s = der_enter(&c, DER_SEQ);
	struct span params;

	x.version = der_uint(&s, 100);
	signer_id(&s, &x);
	x.digest_oid = der_algorithm(&s, NULL);
	if (der_is(&s, DER_CTXC(0)))
		x.attrs = der_any(&s).all;
	x.sig_oid = der_algorithm(&s, &params);
	x.sig_params = params;
	x.signature = der_octets(&s);
	if (der_is(&s, DER_CTXC(1)))
		x.unsigned_attrs = der_any(&s).body;
	der_leave(&c, &s);
	if (!der_done(&c))
		return bad(&c, ret_off);
	*ret_s = x;
	return PKCS7_OK;
}

bool pkcs7_attr_next(struct cur *c, struct span *ret_oid, struct span *ret_values)
{
	if (!cur_left(c))
		return false;
	struct cur attr = der_enter(c, DER_SEQ);
	struct span oid = der_oid(&attr), values = der_take(&attr, DER_SET).body;
	der_leave(c, &attr);
	if (c->err)
		return false;
	*ret_oid = oid;
	*ret_values = values;
	return true;
}

int pkcs7_attr_find(struct span attrs, struct span oid, struct der *ret_value)
{
	struct cur c = cur_of(attrs);
	struct span each, values;
	struct der found = { 0 };
	bool doubled = false;

	while (pkcs7_attr_next(&c, &each, &values)) {
		if (!span_eq(each, oid))
			continue;
		struct cur v = cur_of(values);
		doubled = doubled || found.all.n;
		found = der_any(&v);
		doubled = doubled || v.err || cur_left(&v);
	}
	if (c.err)
		return PKCS7_BAD_DER;
	if (doubled)
		return PKCS7_DOUBLED;
	if (!found.all.n)
		return PKCS7_ABSENT;
	*ret_value = found;
	return PKCS7_OK;
}

struct span pkcs7_attr_set(struct span attrs)
{
	struct cur c = cur_of(attrs);

	return der_any(&c).body;
}
