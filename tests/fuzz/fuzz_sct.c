/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sct: a certificate, whatever it says: its names, Fulcio's claims, its SCTs, its place in a chain.
 * An error has words and leaves nothing; what is handed out points into the certificate; a
 * precertificate is shorter by the SCT extension and the same each time; nothing verifies under
 * keys that did not sign.
 */

#include "crypto/chain.h"
#include "crypto/sct.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static const struct key *a_log(void)
{
	static struct key *k;

	if (!k)
		check(key_generate(&k, KEY_P256) == 0);
	return k;
}

static void claims(const struct cert *c)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	static const struct fulcio_claims zero;
	struct fulcio_claims x = zero;
	struct x509_names n = { 0 };
	struct x509_facts facts;
	struct fault f = FAULT_INIT;
	int rc = x509_alt_names(&n, c, &a, &f);

	check(rc == X509_OK ? n.n > 0 && n.n <= X509_NAMES_MAX : !n.n && !n.name);
	check(rc != -EBADMSG || f.text[0]);
	for (size_t i = 0; i < n.n; i++)
		check(n.name[i].kind == X509_NAME_OTHER ? !n.name[i].text : n.name[i].text[0]);
	f = FAULT_INIT;
	rc = fulcio_read(&x, c, &a, &f);
	check(rc == 0 || (rc == -EBADMSG && f.text[0] && memcmp(&x, &zero, sizeof(x)) == 0));
	check(x509_facts_of(&facts, c, &a) == 0 && facts.subject && facts.issuer);
}

static void scts(const struct cert *c)
{
	static const struct sct_list zero;
	AUTO_PRECERT struct sct_precert p = SCT_PRECERT_INIT;
	struct sct_list l = zero;
	struct span der = x509_der(c);
	struct fault f = FAULT_INIT;
	int rc = sct_read(&l, c, &f);

	if (rc != SCT_OK) {
		check(f.text[0] && memcmp(&l, &zero, sizeof(l)) == 0);
		return;
	}
	check(l.n >= 1 && l.n <= SCT_MAX);
	check(sct_precert(&p, c, c, &f) == SCT_OK && p.tbs.n < der.n && p.tbs.p[0] == 0x30);
	for (size_t i = 0; i < l.n; i++) {
		struct sct s = l.sct[i];
		check(s.signature.p > der.p && s.signature.p + s.signature.n <= der.p + der.n);
		check(sct_verify(&s, &p, a_log(), NULL) == SCT_WRONG_LOG);
		struct digest id = key_id(a_log());
		memcpy(s.log_id, id.b, sizeof(s.log_id));
		check(sct_verify(&s, &p, a_log(), NULL) == SCT_BAD_SIGNATURE);
	}
}

static void chains(const struct cert *c, struct span der)
{
	AUTO_ROOTS struct chain_roots *r = NULL;
	const struct cert *extra[] = { c, c };
	struct chain_path p = { 0 };
	struct fault f = FAULT_INIT;

	check(chain_roots_new(&r) == 0);
	check(chain_verify(&p, r, c, extra, 2, x509_not_before(c) > 0 ? x509_not_before(c) : 1,
		  CHAIN_ANY, &f) != CHAIN_OK &&
	      !p.n);
	int rc = chain_roots_add_chain(r, &der, 1, &f);
	check(rc == 0 ? chain_roots_count(r) == 1 : f.text[0] && !chain_roots_count(r));
	check(chain_verify(&p, r, c, extra, 2, 1, CHAIN_CODE_SIGNING, &f) != CHAIN_OK && !p.n);
	check(f.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CERT struct cert *c = NULL;
	AUTO_KEY struct key *k = NULL;
	struct fault f = FAULT_INIT;
	int rc = x509_open(&c, span_of(data, size), &f);

	check(ERR_peek_error() == 0);
	if (rc < 0) {
		check(!c && f.text[0]);
		return 0;
	}
	check(span_eq(x509_der(c), span_of(data, size)));
	claims(c);
	scts(c);
	chains(c, span_of(data, size));
	f = FAULT_INIT;
	check(x509_key(&k, c, &f) == 0 ? key_kind_of(k) != KEY_NONE : !k && f.text[0]);
	check(ERR_peek_error() == 0);
	return 0;
}
