/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/tst.h"

#include "crypto/cert.h"
#include "crypto/signer.h"

/* MessageImprint ::= SEQUENCE { AlgorithmIdentifier, OCTET STRING }, its length that of the hash */
static void read_imprint(struct cur *c, struct digest *d)
{
	struct cur s = der_enter(c, DER_SEQ);
	enum digest_alg alg = digest_of_oid(der_algorithm(&s, NULL));
	struct span hash = der_octets(&s);

	if (!s.err && alg != DIGEST_NONE && hash.n != digest_len(alg))
		cur_fail(&s, DER_E_VALUE);
	der_leave(c, &s);
	if (!c->err && alg != DIGEST_NONE)
		*d = digest_of(alg, hash.p);
}

/* accuracy, ordering, nonce, tsa, extensions: all optional, in this order. None of the extensions
 * is known here, so none may be critical. */
static void read_options(struct cur *c)
{
	static const unsigned tags[] = { DER_SEQ, DER_BOOLEAN, DER_INTEGER, DER_CTXC(0) };
	struct x509_ext e;

	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (der_is(c, tags[i]))
			(void)der_any(c);
	if (!der_is(c, DER_CTXC(1)))
		return;
	struct cur exts = der_enter(c, DER_CTXC(1));
	while (cert_ext_next(&exts, &e))
		if (e.critical)
			cur_fail(&exts, DER_E_VALUE);
	der_leave(c, &exts);
}

bool tst_read(struct tst *ret_t, struct span der)
{
	struct cur c = cur_of(der);
	struct cur s = der_enter(&c, DER_SEQ);
	struct tst t = { .time = TS_NONE };

	if (der_uint(&s, 1) != 1)
		cur_fail(&s, DER_E_VALUE);
	t.policy = der_oid(&s);
	read_imprint(&s, &t.imprint);
	t.serial = der_integer(&s);
	if (!der_is(&s, DER_TIME))
		cur_fail(&s, DER_E_TAG);
	t.time = der_time(&s);
	if (t.time == TS_NONE || t.time == TS_FOREVER)
		cur_fail(&s, DER_E_VALUE);
	read_options(&s);
	der_leave(&c, &s);
	if (!der_done(&c))
		return false;
	*ret_t = t;
	return true;
}
