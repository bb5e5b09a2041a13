/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cms: a message is read or refused with words; what was read names certificates the same way twice,
 * and verifies under no key that did not make it.
 */

#include "crypto/cms.h"

#include "crypto/hash.h"
#include "crypto/x509.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* The keys inside, over content that nobody signed. */
static void verify(const struct cms *m, size_t signer, const struct digest *d)
{
	struct cms_content content = { d, SPAN_LIT("content that nobody signed") };

	for (size_t i = 0; i < cms_certs(m); i++) {
		AUTO_KEY struct key *k = NULL;
		struct fault f = FAULT_INIT;
		struct span cert = cms_cert(m, i);
		if (key_public(&k, cert, NULL) < 0)
			continue;
		int rc = cms_verify(m, signer, k, cert, &content, &f);
		check(rc > 0 && f.text[0]);
		check(rc == cms_verify(m, signer, k, cert, &content, NULL));
	}
}

static void signer(const struct cms *m, size_t i, const struct digest *d)
{
	struct span token, stamped;

	check(cms_digest(m, i) >= DIGEST_SHA256 && cms_digest(m, i) <= DIGEST_SHA512);
	(void)cms_has_attributes(m, i);
	(void)cms_signing_time(m, i);
	if (cms_time_stamp(m, i, &token, &stamped))
		check(token.n && stamped.n);
	for (size_t j = 0; j < cms_certs(m); j++)
		check(cms_names(m, i, cms_cert(m, j)) == cms_names(m, i, cms_cert(m, j)));
	verify(m, i, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct digest d[DIGEST_ALGS] = { { 0 } };
	struct fault f = FAULT_INIT;
	struct cms *m = NULL;
	struct span s = span_of(data, size);

	for (enum digest_alg alg = DIGEST_SHA256; alg <= DIGEST_SHA512; alg++)
		check(hash_span(alg, SPAN_LIT("content that nobody signed"), &d[alg]) == 0);
	int rc = cms_read(&m, s, &a, &f);
	check(rc == 0 ? cms_signers(m) > 0 : rc < 0 && !m && f.text[0]);
	if (rc == 0) {
		for (size_t i = 0; i < cms_certs(m); i++)
			(void)cms_cert_holds(m, i);
		for (size_t i = 0; i < cms_signers(m); i++)
			signer(m, i, d);
	}
	check(ERR_peek_error() == 0);
	return 0;
}
