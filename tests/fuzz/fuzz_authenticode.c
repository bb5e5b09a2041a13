/* SPDX-License-Identifier: Apache-2.0 */

/*
 * authenticode: an error means zeroed output but der_len; twice means the same; what is handed out
 * lies in the input. The same bytes as a certificate.
 */

#include "crypto/authenticode.h"

#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void inside(struct span outer, struct span s)
{
	check(
	    !s.n || (s.p >= outer.p && s.n <= outer.n && (size_t)(s.p - outer.p) <= outer.n - s.n));
}

static void check_good(const struct authenticode *x, struct span s)
{
	check(
	    digest_is_set(&x->digest) && x->signer.subject && x->signer.issuer && x->signer.serial);
	check(x->ncerts >= 1 && x->ncerts_unrelated < x->ncerts && x->nattr <= AC_ATTRS_MAX);
	inside(s, x->signer.der);
	for (size_t i = 0; i < x->nnested; i++)
		inside(s, x->nested[i]);
	for (size_t i = 0; i < x->nattr; i++)
		check(x->attr[i].oid && x->attr[i].oid[0]);
	check(x->stamp.result != AC_OK || !x->stamp.kind ||
	      (x->stamp.time != TS_NONE && x->stamp.signer.subject));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4 << 20);
	struct span s = span_of(data, size);
	struct authenticode x, y;
	struct x509_facts cert = { 0 }, none = { 0 };
	struct fault f = FAULT_INIT;

	memset(&x, 0xa5, sizeof(x));
	int rc = authenticode_read(&x, s, NULL, &a, &f);
	check(rc >= 0 && rc < AC_RESULTS && x.der_len <= size);
	check(authenticode_read(&y, s, NULL, &a, NULL) == rc && x.der_len == y.der_len);
	if (rc == AC_OK) {
		check_good(&x, s);
	} else {
		struct authenticode zero = { .der_len = x.der_len };
		check(f.text[0] && memcmp(&x, &zero, sizeof(x)) == 0);
	}
	if (x509_read(&cert, s, &a, NULL) != 0)
		check(memcmp(&cert, &none, sizeof(cert)) == 0);
	else
		check(cert.subject && cert.issuer && cert.serial && cert.key);
	check(ERR_peek_error() == 0);
	return 0;
}
