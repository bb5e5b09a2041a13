/* SPDX-License-Identifier: Apache-2.0 */

/* x509_claims: who a certificate says its subject is: alternative names, and Fulcio's extensions.
 */

#include "base/utf8.h"
#include "crypto/cert.h"
#include "crypto/oid.h"

#include <errno.h>

/* 1.3.6.1.4.1.57264.1.7 */
#define OID_FULCIO_USER SPAN_LIT("\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07")

const char *x509_name_kind_text(enum x509_name_kind kind)
{
	static const char *const text[] = {
		[X509_NAME_OTHER] = "other",
		[X509_NAME_URI] = "URI",
		[X509_NAME_EMAIL] = "e-mail",
		[X509_NAME_DNS] = "DNS",
		[X509_NAME_FULCIO] = "user name",
	};
	return (size_t)kind < ARRAY_LEN(text) ? text[kind] : "other";
}

/* IA5String as a name: not empty, printable ASCII. */
static bool is_ia5(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.n;
}

static bool is_text(struct span s)
{
	return utf8_check(s) == s.n && span_find(s, 0) == SIZE_MAX;
}

/* AnotherName ::= SEQUENCE { OID, [0] EXPLICIT value }, its outer tag [0]. */
static struct span other_name(struct cur *c, enum x509_name_kind *ret_kind)
{
	struct cur s = der_enter(c, DER_CTXC(0));
	struct span oid = der_oid(&s), text = SPAN_NONE;
	struct cur value = der_enter(&s, DER_CTXC(0));

	if (span_eq(oid, OID_FULCIO_USER)) {
		text = der_take(&value, DER_UTF8).body;
		if (!value.err && (!text.n || !is_text(text)))
			cur_fail(&value, DER_E_VALUE);
		*ret_kind = X509_NAME_FULCIO;
	} else {
		(void)der_any(&value);
	}
	der_leave(&s, &value);
	der_leave(c, &s);
	return text;
}

/* GeneralName (RFC 5280 4.2.1.6): its kind, and its text where it has one. */
static struct span general_name(struct cur *c, enum x509_name_kind *ret_kind)
{
	static const enum x509_name_kind plain[] = {
		[1] = X509_NAME_EMAIL,
		[2] = X509_NAME_DNS,
		[6] = X509_NAME_URI,
	};
	/* x400Address, directoryName, ediPartyName; iPAddress, registeredID */
	static const uint8_t others[] = { DER_CTXC(3), DER_CTXC(4), DER_CTXC(5), DER_CTX(7),
		DER_CTX(8) };

	*ret_kind = X509_NAME_OTHER;
	if (der_is(c, DER_CTXC(0)))
		return other_name(c, ret_kind);
	struct der v = der_any(c);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (!plain[i] || v.tag != DER_CTX(i))
			continue;
		if (!c->err && !is_ia5(v.body))
			cur_fail(c, DER_E_VALUE);
		*ret_kind = plain[i];
		return v.body;
	}
	if (!c->err && !memchr(others, v.tag, sizeof(others)))
		cur_fail(c, DER_E_TAG);
	return SPAN_NONE;
}

int x509_alt_names(struct x509_names *ret_n, const struct cert *c, struct arena *a, struct fault *f)
{
	struct x509_ext e;
	size_t n = 0;

	if (x509_extension(&e, c, OID_ALT_NAME) != X509_OK)
		return X509_ABSENT;
	struct x509_name *name = arena_array(a, X509_NAMES_MAX, sizeof(*name));
	if (!name)
		return -ENOMEM;
	struct cur v = cur_of(e.value), list = der_enter(&v, DER_SEQ);
	do {
		if (n == X509_NAMES_MAX) {
			cur_fail(&list, DER_E_VALUE);
			break;
		}
		struct span text = general_name(&list, &name[n].kind);
		if (!list.err && text.n && !(name[n].text = arena_str(a, text)))
			return -ENOMEM;
		n += !list.err;
	} while (cur_left(&list));
	der_leave(&v, &list);
	if (!der_done(&v))
		return fault_set(f, -EBADMSG,
		    "the certificate's subjectAltName does not parse: offset %zu: %s", v.off,
		    der_strerror(v.err));
	*ret_n = (struct x509_names){ name, n, e.critical };
	return X509_OK;
}

/* The text of a claim; false when it is malformed. */
static bool claim_text(unsigned arc, struct span value, struct span *ret_text)
{
	struct cur v = cur_of(value);

	if (arc > FULCIO_GITHUB_REF) {
		value = der_take(&v, DER_UTF8).body;
		if (!der_done(&v))
			return false;
	}
	*ret_text = value;
	return is_text(value);
}

int fulcio_read(struct fulcio_claims *ret_x, const struct cert *c, struct arena *a, struct fault *f)
{
	struct fulcio_claims x = { 0 };
	struct cur exts = cur_of(c->exts);
	struct x509_ext e;
	struct span text;

	while (cert_ext_next(&exts, &e)) {
		if (e.oid.n != OID_FULCIO.n + 1 || !span_starts(e.oid, OID_FULCIO))
			continue;
		unsigned arc = e.oid.p[OID_FULCIO.n];
		if (arc == 0 || arc == 7 || arc > FULCIO_LAST)
			continue;
		if (!claim_text(arc, e.value, &text))
			return fault_set(f, -EBADMSG,
			    "the certificate's extension 1.3.6.1.4.1.57264.1.%u is malformed", arc);
		x.claim[arc] = arena_str(a, text);
		if (!x.claim[arc])
			return -ENOMEM;
	}
	*ret_x = x;
	return 0;
}

const char *fulcio_issuer(const struct fulcio_claims *x)
{
	return x->claim[FULCIO_ISSUER] ? x->claim[FULCIO_ISSUER] : x->claim[FULCIO_ISSUER_V1];
}
