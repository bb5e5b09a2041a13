/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/cert.h"

#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/spki.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdlib.h>

/* Name ::= SEQUENCE OF SET OF SEQUENCE { OID, value } */
static struct span read_name(struct cur *c)
{
	struct cur before = *c, rdns = der_enter(c, DER_SEQ);

	while (cur_left(&rdns)) {
		struct cur set = der_enter(&rdns, DER_SET);
		do {
			struct cur pair = der_enter(&set, DER_SEQ);
			(void)der_oid(&pair);
			(void)der_any(&pair);
			der_leave(&set, &pair);
		} while (cur_left(&set));
		der_leave(&rdns, &set);
	}
	der_leave(c, &rdns);
	return c->err ? SPAN_NONE : span_of(before.p + before.off, c->off - before.off);
}

bool cert_ext_next(struct cur *c, struct x509_ext *ret_e)
{
	if (!cur_left(c))
		return false;
	struct cur s = der_enter(c, DER_SEQ);
	struct x509_ext e = { .oid = der_oid(&s) };
	if (der_is(&s, DER_BOOLEAN)) { /* FALSE is the default, but old CAs write it out */
		struct span b = der_any(&s).body;
		if (!s.err && (b.n != 1 || (b.p[0] != 0 && b.p[0] != 0xff)))
			cur_fail(&s, DER_E_VALUE);
		e.critical = !s.err && b.p[0];
	}
	e.value = der_octets(&s);
	der_leave(c, &s);
	if (c->err)
		return false;
	*ret_e = e;
	return true;
}

/* [3] EXPLICIT Extensions: at least one, each once. */
static void read_extensions(struct cur *c, struct cert *x)
{
	struct span seen[X509_EXTENSIONS_MAX];
	struct x509_ext e;
	size_t n = 0;

	struct cur outer = der_enter(c, DER_CTXC(3));
	struct cur list = cur_of(der_take(&outer, DER_SEQ).body);
	list.err = outer.err;
	x->exts = span_of(list.p, list.n);
	if (x->version != 3 || (!list.err && !list.n))
		cur_fail(&list, DER_E_VALUE);
	while (cert_ext_next(&list, &e)) {
		for (size_t i = 0; i < n; i++)
			if (span_eq(seen[i], e.oid))
				cur_fail(&list, DER_E_VALUE);
		if (n == X509_EXTENSIONS_MAX)
			cur_fail(&list, DER_E_VALUE);
		else
			seen[n++] = e.oid;
	}
	der_leave(&outer, &list);
	der_leave(c, &outer);
}

static void read_tbs(struct cur *c, struct cert *x, struct span *ret_alg)
{
	x->version = 1;
	if (der_is(c, DER_CTXC(0))) {
		struct cur v = der_enter(c, DER_CTXC(0));
		x->version = 1 + (unsigned)der_uint(&v, 2);
		der_leave(c, &v);
	}
	x->serial = der_integer(c);
	*ret_alg = der_take(c, DER_SEQ).all;
	x->issuer = read_name(c);
	struct cur validity = der_enter(c, DER_SEQ);
	x->not_before = der_time(&validity);
	x->not_after = der_time(&validity);
	der_leave(c, &validity);
	x->subject = read_name(c);
	x->spki = der_take(c, DER_SEQ).all;
	for (unsigned id = 1; id <= 2; id++) /* issuerUniqueID, subjectUniqueID */
		if (der_is(c, DER_CTX(id)))
			(void)der_any(c);
	if (cur_left(c))
		read_extensions(c, x);
}

static void read_all(struct cur *c, struct cert *x)
{
	struct span inner = SPAN_NONE;

	struct cur outer = der_enter(c, DER_SEQ), peek = outer;
	x->tbs = der_any(&peek).all;
	struct cur tbs = der_enter(&outer, DER_SEQ);
	read_tbs(&tbs, x, &inner);
	der_leave(&outer, &tbs);
	peek = outer;
	if (!outer.err && !span_eq(der_any(&peek).all, inner))
		cur_fail(&outer, DER_E_VALUE);
	x->sig_oid = der_algorithm(&outer, &x->sig_params);
	x->signature = der_bits(&outer);
	der_leave(c, &outer);
}

/* Kinds that spki_pkey does not know; NULL when OpenSSL does not, either. */
static EVP_PKEY *slow_key(struct span spki)
{
	const unsigned char *p = spki.p;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, (long)spki.n);

	if (k && p == spki.p + spki.n)
		return k;
	EVP_PKEY_free(k);
	return NULL;
}

int cert_read(struct cert *ret_c, struct span der, struct fault *f)
{
	struct cert x = { .der = der };
	struct cur c = cur_of(der);
	OSSL_SCOPE;

	if (der.n > X509_DER_MAX)
		return fault_set(f, -EBADMSG, "a certificate larger than %u bytes", X509_DER_MAX);
	read_all(&c, &x);
	if (!der_done(&c))
		return fault_set(f, -EBADMSG, "not an X.509 certificate: offset %zu: %s", c.off,
		    der_strerror(c.err));
	x.pkey = spki_pkey(x.spki);
	x.quick_key = x.pkey;
	if (!x.pkey)
		x.pkey = slow_key(x.spki);
	*ret_c = x;
	return 0;
}

void cert_free(struct cert *c)
{
	EVP_PKEY_free(c->pkey);
	*c = (struct cert){ 0 };
}

EVP_PKEY *cert_key(const struct cert *c)
{
	return c->pkey;
}

bool cert_signed_by(const struct cert *c, EVP_PKEY *key)
{
	struct sigalg a;

	return key && sigalg_read(&a, c->sig_oid, c->sig_params) &&
	       sigalg_verify(&a, key, &c->tbs, 1, c->signature);
}

bool cert_issued_by(const struct cert *c, const struct cert *issuer)
{
	return span_eq(c->issuer, issuer->subject) && cert_signed_by(c, issuer->pkey);
}

struct span cert_key_id(const struct cert *c)
{
	struct x509_ext e;

	if (x509_extension(&e, c, OID_SUBJECT_KEY_ID) != X509_OK)
		return SPAN_NONE;
	struct cur v = cur_of(e.value);
	struct span id = der_octets(&v);
	return der_done(&v) ? id : SPAN_NONE;
}

bool cert_eku(struct cert_eku *ret_e, const struct cert *c)
{
	struct x509_ext e;
	struct cert_eku u = { 0 };

	if (x509_extension(&e, c, OID_EXT_KEY_USAGE) == X509_OK) {
		struct cur v = cur_of(e.value), s = der_enter(&v, DER_SEQ);
		u.present = true;
		u.critical = e.critical;
		do {
			struct span oid = der_oid(&s);
			u.code_signing |= span_eq(oid, OID_EKU_CODE_SIGNING);
			u.time_stamping |= span_eq(oid, OID_EKU_TIME_STAMPING);
			u.any |= span_eq(oid, OID_EKU_ANY);
			u.lifetime_signing |= span_eq(oid, OID_EKU_LIFETIME);
			u.n++;
		} while (cur_left(&s));
		der_leave(&v, &s);
		if (!der_done(&v))
			return false;
	}
	*ret_e = u;
	return true;
}

/* ---- opened certificates ---- */

/* One allocation: the struct, then the bytes. */
int x509_open(struct cert **ret_c, struct span der, struct fault *f)
{
	if (der.n > X509_DER_MAX)
		return fault_set(f, -EBADMSG, "a certificate larger than %u bytes", X509_DER_MAX);
	struct cert *c = malloc(sizeof(*c) + der.n);
	if (!c)
		return -ENOMEM;
	if (der.n)
		memcpy(c + 1, der.p, der.n);
	int rc = cert_read(c, span_of(c + 1, der.n), f);
	if (rc < 0) {
		free(c);
		return rc;
	}
	*ret_c = c;
	return 0;
}

struct cert *x509_close(struct cert *c)
{
	if (c)
		cert_free(c);
	free(c);
	return NULL;
}

void x509_close_p(struct cert **c)
{
	x509_close(*c);
}

struct span x509_der(const struct cert *c)
{
	return c->der;
}

struct span x509_spki(const struct cert *c)
{
	return c->spki;
}

ts x509_not_before(const struct cert *c)
{
	return c->not_before;
}

ts x509_not_after(const struct cert *c)
{
	return c->not_after;
}

int x509_key(struct key **ret_k, const struct cert *c, struct fault *f)
{
	OSSL_SCOPE;

	if (!c->pkey)
		return fault_set(f, -EBADMSG, "the certificate's key cannot be used");
	EVP_PKEY_up_ref(c->pkey);
	return key_from_pkey(ret_k, c->pkey, false, f);
}

int x509_extension(struct x509_ext *ret_e, const struct cert *c, struct span oid)
{
	struct cur exts = cur_of(c->exts);
	struct x509_ext e;

	while (cert_ext_next(&exts, &e)) {
		if (!span_eq(e.oid, oid))
			continue;
		*ret_e = e;
		return X509_OK;
	}
	return X509_ABSENT;
}
