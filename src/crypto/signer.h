/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * signer: does a PKCS#7 SignerInfo hold? Private to crypto/. One procedure for the three places
 * where Authenticode has one: the signature itself, a legacy countersignature, an RFC 3161 token.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/authenticode.h"
#include "crypto/cert.h"
#include "wire/pkcs7.h"

/* A member of the certificates field that is not one more certificate. */
struct cert_odd {
	enum cert_odd_kind { CERT_COPY = 1, CERT_ATTRIBUTE, CERT_UNREADABLE } kind;
	struct span all;
};

/* The embedded certificates of one SignedData. */
struct cert_set {
	struct cert *cert; /* in the arena, n of them */
	bool *used;	   /* by cert_set_mark_chain */
	size_t n;
	struct cert_odd *odd; /* in the arena */
	size_t nodd;
};

/* certs is the content of the certificates field. AC_OK, AC_BAD_DER, AC_STRUCTURE, -ENOMEM. Free
 * also after an error. */
FB_MUST int cert_set_read(struct cert_set *s, struct span certs, struct arena *a, struct fault *f);
void cert_set_free(struct cert_set *s);
/* Marks leaf and every certificate of the set that (transitively) issued it. */
void cert_set_mark_chain(struct cert_set *s, const struct cert *leaf);

enum digest_alg digest_of_oid(struct span oid);

/* What the signed attributes must say about the content. */
struct signed_content {
	struct span type;  /* OID; n == 0: contentType must be absent or id-data */
	struct span bytes; /* that messageDigest is the digest of */
};

/* Does the SignerInfo name this certificate, by issuer and serial or by key identifier? */
bool signer_is(const struct cert *c, const struct pkcs7_signer *x);

/*
 * Everything that the SignerInfo says under this certificate, the certificate itself not:
 * algorithms, the signed attributes, the signature. AC_OK; AC_STRUCTURE, AC_ALGORITHM,
 * AC_NO_CERTIFICATE (another one is referred to), AC_CONTENT_DIGEST, AC_BAD_SIGNATURE with fault;
 * -ENOMEM.
 */
FB_MUST int signer_check_under(const struct pkcs7_signer *x, const struct cert *cert,
    const struct signed_content *content, struct fault *f);

/*
 * The same for the certificate in the set that the SignerInfo names, whose embedded issuer, if
 * there is one, must have signed it. AC_OK with the signer's certificate (in s) when everything
 * holds; otherwise AC_STRUCTURE, AC_ALGORITHM, AC_NO_CERTIFICATE, AC_CONTENT_DIGEST,
 * AC_BAD_SIGNATURE, AC_BAD_DER with fault, or -ENOMEM. *ret_cert is also written when only the
 * digest or the signature is wrong.
 */
FB_MUST int signer_check(const struct pkcs7_signer *x, const struct cert_set *s,
    const struct signed_content *content, const struct cert **ret_cert, struct fault *f);

/* The digest of the first certificate that the value of a signingCertificate attribute (V2 or not)
 * names; false if malformed. */
bool signer_ess_digest(struct span value, bool v2, struct digest *ret_d);
