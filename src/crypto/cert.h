/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cert: one certificate taken apart as far as matching, chaining and verifying need. Private to
 * crypto/.
 */

#include "crypto/ossl.h"
#include "crypto/x509.h"

#include <openssl/x509.h>

OSSL_FREE_FN(X509, X509_free)

struct cert {
	struct span der, issuer, subject; /* Names with tag and length; all borrowed */
	struct span serial;               /* INTEGER's content */
	ts not_before, not_after;
	X509 *x; /* owned */
};

/* Exactly one DER certificate. 0; -EBADMSG with fault. Free with cert_free, also a zeroed one. */
FB_MUST int cert_read(struct cert *ret_c, struct span der, struct fault *f);
void cert_free(struct cert *c);
/* Borrowed; NULL when OpenSSL cannot use the key. */
EVP_PKEY *cert_key(const struct cert *c);
FB_MUST int cert_facts(struct x509_facts *ret_x, const struct cert *c, struct arena *a);
/* Is issuer the name in c, and does its key verify c's signature? */
bool cert_issued_by(const struct cert *c, const struct cert *issuer);
