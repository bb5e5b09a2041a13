/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cert: one certificate (RFC 5280 4.1) taken apart as far as matching, chaining and verifying need.
 * Private to crypto/.
 *
 * It is read by wire/der alone: OpenSSL 3.0's d2i_X509 takes about 150 us, twice a P-256
 * verification, nearly all of it for the key (see spki.h).
 */

#include "crypto/ossl.h"
#include "crypto/sigalg.h"
#include "crypto/x509.h"
#include "wire/der.h"

struct cert {
	struct span der;
	struct span tbs; /* TBSCertificate; this and all Names with tag and length */
	struct span issuer, subject;
	struct span serial; /* INTEGER's content */
	struct span spki;   /* with tag and length */
	struct span exts;   /* content of the SEQUENCE OF Extension; n == 0: none */
	struct span sig_oid, sig_params, signature;
	ts not_before, not_after;
	unsigned version; /* 1 to 3 */
	EVP_PKEY *pkey;	  /* owned; NULL when OpenSSL cannot use the key */
	bool quick_key;	  /* spki_pkey took it */
};

/*
 * Exactly one DER certificate, borrowed. 0; -EBADMSG with fault. Free with cert_free, also a zeroed
 * one. Each extension occurs once; what is in it is not looked at.
 */
FB_MUST int cert_read(struct cert *ret_c, struct span der, struct fault *f);
void cert_free(struct cert *c);
/* Borrowed; NULL when OpenSSL cannot use the key. */
EVP_PKEY *cert_key(const struct cert *c);
FB_MUST int cert_facts(struct x509_facts *ret_x, const struct cert *c, struct arena *a);
/* Is issuer the name in c (octet by octet), and does its key verify c's signature? */
bool cert_issued_by(const struct cert *c, const struct cert *issuer);
bool cert_signed_by(const struct cert *c, EVP_PKEY *key);
/* The next extension: begin with cur_of(c->exts). False at the end or when c->err was set. */
bool cert_ext_next(struct cur *c, struct x509_ext *ret_e);
/* subjectKeyIdentifier; empty when there is none or it does not parse. */
struct span cert_key_id(const struct cert *c);

/* extendedKeyUsage. */
struct cert_eku {
	bool present, critical, code_signing, time_stamping, any, lifetime_signing;
	size_t n; /* usages listed */
};
/* False: malformed. */
bool cert_eku(struct cert_eku *ret_e, const struct cert *c);
