/* SPDX-License-Identifier: Apache-2.0 */

/* ac_loose: which of the embedded certificates can be believed to be what their issuers made, and
 * which have room for something else? */

#include "crypto/ac_priv.h"

#include "crypto/chain_roots.h"
#include "crypto/oid.h"
#include "crypto/ossl.h"

#include <errno.h>

void ac_loose_add(struct ac_reading *r, enum ac_loose_kind kind, bool in_stamp, struct span where,
    const char *what)
{
	if (r->out.nloose == AC_LOOSE_MAX)
		r->out.nloose_more++;
	else
		r->loose[r->out.nloose++] = (struct ac_loose){ kind, in_stamp, where, what };
}

/* Who vouches for a certificate's bytes? */
enum vouched {
	VOUCHED_NOT = 0, /* nobody who is known here */
	VOUCHED,	 /* its issuer's signature verifies, or it is itself trusted */
	VOUCHED_FALSE,	 /* its issuer is here, and did not sign these bytes */
};

static bool can_verify(const struct cert *c)
{
	struct sigalg a;

	return sigalg_read(&a, c->sig_oid, c->sig_params);
}

static enum vouched by_embedded(const struct cert *c, const struct cert_set *s)
{
	bool named = false;

	for (size_t i = 0; i < s->n; i++) {
		if (!span_eq(s->cert[i].subject, c->issuer))
			continue;
		if (cert_issued_by(c, &s->cert[i]))
			return VOUCHED;
		named = true;
	}
	return named && can_verify(c) ? VOUCHED_FALSE : VOUCHED_NOT;
}

static enum vouched by_anchor(const struct cert *c, const struct chain_roots *roots)
{
	const struct cert *same = roots ? chain_roots_find(roots, c) : NULL;

	if (!roots)
		return VOUCHED_NOT;
	if (same)
		return span_eq(same->der, c->der) ? VOUCHED : VOUCHED_FALSE;
	for (size_t i = 0; i < roots->n; i++)
		if (cert_issued_by(c, roots->ca[i].cert))
			return VOUCHED;
	return VOUCHED_NOT;
}

/* Whatever a vouched certificate issued is vouched, too. Each is asked once about each. */
static void spread(enum vouched v[], const struct cert_set *s)
{
	size_t todo[AC_CERTS_MAX], n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (v[i] == VOUCHED)
			todo[n++] = i;
	while (n) {
		const struct cert *issuer = &s->cert[todo[--n]];
		for (size_t i = 0; i < s->n; i++) {
			if (v[i] != VOUCHED_NOT || !span_eq(s->cert[i].issuer, issuer->subject) ||
			    !cert_issued_by(&s->cert[i], issuer))
				continue;
			v[i] = VOUCHED;
			todo[n++] = i;
		}
	}
}

/*
 * With anchors only what leads to one is vouched for: anybody can make a second certificate of a
 * CA's name and key, and a root above it. Without them it is enough that the set agrees with itself;
 * a self-issued one stands in it, so that its own key is asked.
 */
static void vouch_all(enum vouched v[], const struct cert_set *s, const struct ac_trust *trust)
{
	bool anchors = trust && (trust->code || trust->stamp);

	for (size_t i = 0; i < s->n; i++) {
		v[i] = anchors ? by_anchor(&s->cert[i], trust->code) : VOUCHED_NOT;
		if (v[i] == VOUCHED_NOT && anchors)
			v[i] = by_anchor(&s->cert[i], trust->stamp);
	}
	spread(v, s);
	for (size_t i = 0; i < s->n; i++) {
		if (v[i] != VOUCHED_NOT)
			continue;
		v[i] = by_embedded(&s->cert[i], s);
		if (anchors && v[i] == VOUCHED)
			v[i] = VOUCHED_NOT;
	}
}

/* Arcs that extensions of code-signing certificates and their CAs are from. */
static bool known_arc(struct span oid)
{
	static const struct span arc[] = {
		SPAN_LIT("\x55\x1d"),				/* 2.5.29: X.509 */
		SPAN_LIT("\x2b\x06\x01\x05\x05\x07\x01"),	/* 1.3.6.1.5.5.7.1: PKIX */
		SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37"),	/* 1.3.6.1.4.1.311: Microsoft */
		OID_SCT_LIST,
		SPAN_LIT("\x60\x86\x48\x01\x86\xf8\x42\x01"), /* 2.16.840.1.113730.1: Netscape */
		SPAN_LIT("\x60\x86\x48\x01\x86\xf8\x45"),	/* 2.16.840.1.113733: VeriSign */
	};

	for (size_t i = 0; i < ARRAY_LEN(arc); i++)
		if (oid.n >= arc[i].n && span_eq(span_cut(oid, 0, arc[i].n), arc[i]))
			return true;
	return false;
}

/* Is some part of it larger than those of certificates are? Where nobody vouches for it, the parts
 * have to be closer to what is usual. */
static bool is_roomy(const struct cert *c, bool is_vouched)
{
	struct cur exts = cur_of(c->exts);
	struct x509_ext e;
	bool roomy = c->der.n > (is_vouched ? AC_CERT_ROOM : AC_UNVOUCHED_ROOM) ||
		     c->signature.n > AC_CERT_PART_ROOM ||
		     c->subject.n > AC_CERT_PART_ROOM || c->issuer.n > AC_CERT_PART_ROOM;

	while (cert_ext_next(&exts, &e))
		roomy |= e.value.n > (is_vouched	 ? AC_CERT_PART_ROOM
				       : known_arc(e.oid) ? AC_KNOWN_EXT_ROOM
							  : AC_OTHER_EXT_ROOM);
	return roomy;
}

static bool holds_tag(const struct cert *c)
{
	struct x509_ext e;

	return x509_extension(&e, c, OID_GOOGLE_TAG) == X509_OK;
}

static int loose_cert(struct ac_reading *r, enum ac_loose_kind kind, bool in_stamp,
    const struct cert *c)
{
	struct x509_facts x;
	int rc = cert_facts(&x, c, r->arena);

	if (rc < 0)
		return rc;
	const char *what = holds_tag(c) ? arena_printf(r->arena, "%s, which carries Google's tag",
					      QUOTE(span_str(x.subject)))
					: arena_str(r->arena, span_str(QUOTE(span_str(x.subject))));
	if (!what)
		return -ENOMEM;
	ac_loose_add(r, kind, in_stamp, c->der, what);
	return 0;
}

/* AttributeCertificateInfo's attributes: the two that nCipher's time-stamping devices write. */
static bool known_attributes(struct span seq)
{
	struct cur c = cur_of(seq);
	struct span oid, values;

	while (pkcs7_attr_next(&c, &oid, &values))
		if (oid.n < OID_NCIPHER_TIME.n ||
		    !span_eq(span_cut(oid, 0, OID_NCIPHER_TIME.n), OID_NCIPHER_TIME))
			return false;
	return !c.err;
}

/* SEQUENCE OF GeneralName: exactly one directoryName. Under tag, as GeneralNames are here. */
static struct span one_name(struct cur *c, unsigned tag)
{
	struct cur names = der_enter(c, tag), directory = der_enter(&names, DER_CTXC(4));
	struct span name = der_take(&directory, DER_SEQ).all;

	der_leave(&names, &directory);
	der_leave(c, &names);
	return c->err ? SPAN_NONE : name;
}

/* Relative names that two Names have in common from their start. */
static size_t common_names(struct span a, struct span b)
{
	struct cur x = cur_of(a), y = cur_of(b);
	struct cur one = der_enter(&x, DER_SEQ), other = der_enter(&y, DER_SEQ);
	size_t n = 0;

	while (cur_left(&one) && cur_left(&other) &&
	       span_eq(der_any(&one).all, der_any(&other).all))
		n++;
	return n;
}

/* The stamper's issuer; or a device of the stamper's own organization (seen: "Microsoft Time Source
 * Master Clock", with the C, ST, L and O of the stamper), whose name has no room for more. */
static bool is_clock(struct span name, const struct cert *stamper)
{
	return span_eq(name, stamper->issuer) ||
	       (common_names(name, stamper->subject) >= 4 && name.n <= stamper->subject.n + 64);
}

static void short_bits(struct cur *c, size_t max)
{
	if (der_bits(c).n > max)
		cur_fail(c, DER_E_VALUE);
}

/* Holder: the stamper's subject, and a digest of its device's key. */
static void read_holder(struct cur *info, const struct cert *stamper)
{
	struct cur holder = der_enter(info, DER_SEQ);

	if (!span_eq(one_name(&holder, DER_CTXC(1)), stamper->subject))
		cur_fail(&holder, DER_E_VALUE);
	if (der_is(&holder, DER_CTXC(2))) {
		struct cur object = der_enter(&holder, DER_CTXC(2));
		(void)der_take(&object, DER_ENUM);
		(void)der_algorithm(&object, NULL);
		short_bits(&object, 64);
		der_leave(&holder, &object);
	}
	der_leave(info, &holder);
}

/*
 * The AttributeCertificate of version 1 (X.509 of 1997) that Microsoft's time stamps carry: the time
 * attribute certificate of the nCipher device, which says when its clock was set. It is signed by a
 * key that is published nowhere; so it is held to its form, and to the stamper's names.
 */
static bool is_time_attribute(struct span all, const struct cert *stamper)
{
	struct cur c = cur_of(all);
	struct cur cert = der_enter(&c, DER_CTXC(1)), info = der_enter(&cert, DER_SEQ);

	(void)der_uint(&info, 1); /* version */
	read_holder(&info, stamper);
	struct cur issuer = der_enter(&info, DER_CTXC(0));
	if (!is_clock(one_name(&issuer, DER_SEQ), stamper))
		cur_fail(&issuer, DER_E_VALUE);
	der_leave(&info, &issuer);
	(void)der_algorithm(&info, NULL);
	struct span serial = der_integer(&info);
	struct cur validity = der_enter(&info, DER_SEQ);
	(void)der_time(&validity);
	(void)der_time(&validity);
	der_leave(&info, &validity);
	struct span attributes = der_take(&info, DER_SEQ).body;
	der_leave(&cert, &info);
	(void)der_algorithm(&cert, NULL);
	short_bits(&cert, 512);
	der_leave(&c, &cert);
	return der_done(&c) && serial.n <= 20 && attributes.n <= 256 &&
	       known_attributes(attributes);
}

/* At most one attribute certificate, in a stamp. */
static void odd_ones(struct ac_reading *r, const struct cert_set *s, const struct cert *stamper)
{
	bool in_stamp = stamper, seen = false;

	for (size_t i = 0; i < s->nodd; i++) {
		const struct cert_odd *o = &s->odd[i];
		if (o->kind == CERT_COPY) {
			ac_loose_add(r, AC_LOOSE_COPY, in_stamp, o->all, NULL);
		} else if (o->kind == CERT_ATTRIBUTE && in_stamp && !seen &&
			   is_time_attribute(o->all, stamper)) {
			ac_loose_add(r, AC_LOOSE_UNVOUCHED, in_stamp, o->all,
			    "the attribute certificate of a time-stamping device");
			seen = true;
		} else {
			ac_loose_add(r, AC_LOOSE_CERTIFICATE, in_stamp, o->all,
			    o->kind == CERT_ATTRIBUTE ? "an attribute certificate"
						      : "no X.509 certificate");
		}
	}
}

int ac_loose_certs(
    struct ac_reading *r, const struct cert_set *s, struct span crls, const struct cert *stamper)
{
	enum vouched v[AC_CERTS_MAX];
	bool in_stamp = stamper;
	size_t used = 0;
	int rc = 0;

	vouch_all(v, s, r->trust);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		const struct cert *c = &s->cert[i];
		used += s->used[i];
		if (!s->used[i] || used > AC_CHAINS_MAX)
			rc = loose_cert(r, AC_LOOSE_CERTIFICATE, in_stamp, c);
		else if (v[i] == VOUCHED_FALSE)
			rc = loose_cert(r, AC_LOOSE_ALTERED, in_stamp, c);
		else if (is_roomy(c, v[i] == VOUCHED))
			rc = loose_cert(r, AC_LOOSE_ROOM, in_stamp, c);
		else if (v[i] == VOUCHED_NOT && r->nunvouched++ >= AC_UNVOUCHED_MAX)
			rc = loose_cert(r, AC_LOOSE_CERTIFICATE, in_stamp, c);
		else if (v[i] == VOUCHED_NOT)
			rc = loose_cert(r, AC_LOOSE_UNVOUCHED, in_stamp, c);
	}
	odd_ones(r, s, stamper);
	if (crls.n)
		ac_loose_add(r, AC_LOOSE_CRL, in_stamp, crls, NULL);
	return rc;
}
