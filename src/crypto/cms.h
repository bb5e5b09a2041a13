/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cms: CMS / PKCS#7 SignedData without content (RFC 5652, RFC 2315): a detached signature.
 *
 * Accepted: strict DER, or one PEM block (CMS, PKCS7) with it; content type id-data, no content
 * inside; 1 to CMS_SIGNERS_MAX signers, each with SHA-256, SHA-384 or SHA-512 and RSA (PKCS#1 v1.5
 * or PSS, RFC 4056), ECDSA (RFC 5753) or Ed25519 (RFC 8419), with or without signed attributes.
 * SHA-1, MD5, DSA, BER, S/MIME text and other content types are refused by name.
 *
 * Signed attributes: contentType and messageDigest exactly once each, and hold; signingTime and
 * signingCertificate(V2) at most once; others are signed, and ignored.
 *
 * What no signature covers: the order and number of SignerInfos, certificates and CRLs, the version
 * numbers, unsigned attributes; who a SignerInfo says signed, where no signingCertificate binds it.
 *
 * A signature over content without signed attributes is also one over a content that looks like
 * those attributes: RFC 5652 leaves that open. So content that is a DER SET of attributes with a
 * messageDigest is refused where there are no signed attributes.
 *
 * Guarantees: struct cms holds spans into the text or the arena and no other memory. Result codes:
 * enum cms_result with fault; -EBADMSG with fault where reading; -ENOMEM.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "model/digest.h"

#define CMS_MAX (1u << 20)
#define CMS_SIGNERS_MAX 16
#define CMS_CERTS_MAX 32

struct cms;

/* Does it begin as one, or as something that is surely meant as one (BER, S/MIME text)? */
bool cms_is(struct span text);
FB_MUST int cms_read(struct cms **ret_c, struct span text, struct arena *a, struct fault *f);

size_t cms_signers(const struct cms *c);
/* The digest algorithm of a signer. */
enum digest_alg cms_digest(const struct cms *c, size_t signer);
/* False: the signature is over the content itself; cms_verify then needs all of it. */
bool cms_has_attributes(const struct cms *c, size_t signer);
/* The embedded certificates, DER. */
size_t cms_certs(const struct cms *c);
struct span cms_cert(const struct cms *c, size_t i);
/* False when this embedded certificate was changed, as far as that can be seen here: it is its own
 * issuer, or its issuer is embedded, too, and did not sign it. */
bool cms_cert_holds(const struct cms *c, size_t i);
/* Does the SignerInfo name this certificate (issuer and serial, or subject key identifier)? */
bool cms_names(const struct cms *c, size_t signer, struct span cert);
/* signingTime, the signer's claim; TS_NONE. */
ts cms_signing_time(const struct cms *c, size_t signer);
/* The one time stamp token (RFC 3161) among the unsigned attributes, and what it stamps; false if
 * there is not exactly one. */
bool cms_time_stamp(const struct cms *c, size_t signer, struct span *ret_token,
    struct span *ret_stamped);

struct cms_content {
	const struct digest *digest; /* [DIGEST_ALGS], the signer's is set */
	struct span bytes;           /* for signers without attributes */
};

enum cms_result {
	CMS_OK = 0,
	CMS_OTHER_CONTENT,   /* the message digest is of other content */
	CMS_BAD_SIGNATURE,
	CMS_OTHER_CERTIFICATE, /* signingCertificate refers to another than cert */
	CMS_WRONG_KEY,       /* the algorithm does not go with the key */
	CMS_CONFUSED,        /* content that could be signed attributes */
};
/* Does the signature hold under this key? cert: the certificate that the key came from, DER;
 * empty if it did not. */
FB_MUST int cms_verify(const struct cms *c, size_t signer, const struct key *k, struct span cert,
    const struct cms_content *content, struct fault *f);

/*
 * Appends DER of a detached SignedData by one signer, with the attributes contentType, signingTime,
 * messageDigest and signingCertificateV2. cert is the certificate of k (-EINVAL if it is not);
 * digest is the content's, SHA-256, SHA-384 or SHA-512 (Ed25519: SHA-512 only). extra: certificates
 * to put in.
 */
struct cms_sign {
	const struct key *key;
	struct span cert;
	const struct span *extra;
	size_t nextra;
	struct digest digest;
	ts time;
};
FB_MUST int cms_sign(const struct cms_sign *s, struct buf *out, struct fault *f);
