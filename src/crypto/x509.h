/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * x509: what one certificate says (RFC 5280), and making a self-signed one.
 *
 * Nothing here says that a certificate is trusted: names, dates, extensions and usages are its
 * issuer's claims. Whether they hold is chain.h's matter.
 *
 * Guarantees: a certificate is read only when it is exactly one DER value whose extensions each
 * occur once. An opened certificate (struct cert) holds its own copy of the bytes; it may be read
 * by several threads at a time.
 *
 * Result codes: 0; X509_ABSENT; -EBADMSG with fault (not one DER certificate, bytes behind it, a
 * key that cannot be used, a malformed extension); -ENOMEM.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/key.h"
#include "model/digest.h"

#define X509_DER_MAX (64u << 10)
#define X509_EXTENSIONS_MAX 64
#define X509_NAMES_MAX 64

struct x509_facts {
	/* Names are outside text: UTF-8, control characters escaped (RFC 4514), most significant
	 * part last; QUOTE() them when printing. */
	const char *subject, *issuer;
	const char *common_name;  /* the subject's last CN; NULL if none or not plain text */
	const char *serial;	  /* hex, lower case, at least one byte */
	const char *key;	  /* "rsa-2048", "ecdsa-p256", "ed25519" … */
	ts not_before, not_after; /* TS_FOREVER beyond what ts holds ("99991231235959Z") */
	struct digest id;	  /* SHA-256 of the certificate's DER */
	struct digest key_id;	  /* SHA-256 of its SPKI DER, as key_id(); unset when the key is
				     of an unknown kind */
	bool self_issued;	  /* subject and issuer are the same name */
	bool eku_code_signing, eku_time_stamping;
	struct span der; /* borrowed from what was read */
};

/* ---- an opened certificate: parsed once, asked many times ---- */

struct cert;
FB_MUST int x509_open(struct cert **ret_c, struct span der, struct fault *f);
struct cert *x509_close(struct cert *c);
void x509_close_p(struct cert **c);
#define AUTO_CERT FB_CLEANUP(x509_close_p)

/* Borrowed from c, like every span that is asked of it: the whole DER, its SubjectPublicKeyInfo. */
struct span x509_der(const struct cert *c);
struct span x509_spki(const struct cert *c);
ts x509_not_before(const struct cert *c);
ts x509_not_after(const struct cert *c);
/* Strings in the arena; ret_x->der is c's own. */
FB_MUST int x509_facts_of(struct x509_facts *ret_x, const struct cert *c, struct arena *a);
/* The subject's key; -EBADMSG when it is not of a kind that key.h accepts. */
FB_MUST int x509_key(struct key **ret_k, const struct cert *c, struct fault *f);

enum x509_result { X509_OK = 0, X509_ABSENT };

struct x509_ext {
	struct span oid;   /* content octets */
	struct span value; /* content of extnValue's OCTET STRING */
	bool critical;
};
/* The extension with this OID (content octets). X509_OK, X509_ABSENT. */
FB_MUST int x509_extension(struct x509_ext *ret_e, const struct cert *c, struct span oid);

/* subjectAltName (RFC 5280 4.2.1.6). */
enum x509_name_kind {
	X509_NAME_OTHER = 0, /* directoryName, iPAddress, another otherName …: text is NULL */
	X509_NAME_URI,
	X509_NAME_EMAIL,
	X509_NAME_DNS,
	X509_NAME_FULCIO, /* otherName 1.3.6.1.4.1.57264.1.7, a UTF8String: user name ! domain */
};
const char *x509_name_kind_text(
    enum x509_name_kind kind); /* "URI" "e-mail" "DNS" "user name" "other" */
struct x509_name {
	enum x509_name_kind kind;
	const char *text; /* not empty, UTF-8 (ASCII but for FULCIO), no NUL inside; QUOTE() it */
};
struct x509_names {
	const struct x509_name *name;
	size_t n;
	bool critical;
};
/* In the certificate's order. X509_OK (n >= 1), X509_ABSENT, -EBADMSG, -ENOMEM. */
FB_MUST int x509_alt_names(
    struct x509_names *ret_n, const struct cert *c, struct arena *a, struct fault *f);

/*
 * What Fulcio says about the identity (sigstore/fulcio docs/oid-info.md): extension
 * 1.3.6.1.4.1.57264.1.N is claim[N], NULL when absent. N from 1 to 6 are bare bytes, from 8 on
 * UTF8Strings in DER. Every text is UTF-8 without NUL and may be empty, or hold control characters:
 * QUOTE() it. Arcs beyond FULCIO_LAST are ignored (unless critical: then chain.h refuses them).
 */
enum fulcio_claim {
	FULCIO_ISSUER_V1 = 1, /* the OIDC issuer; FULCIO_ISSUER is the same in DER */
	FULCIO_GITHUB_TRIGGER = 2,
	FULCIO_GITHUB_SHA = 3,
	FULCIO_GITHUB_NAME = 4,
	FULCIO_GITHUB_REPOSITORY = 5,
	FULCIO_GITHUB_REF = 6,
	FULCIO_ISSUER = 8,
	FULCIO_BUILD_SIGNER_URI = 9,
	FULCIO_BUILD_SIGNER_DIGEST = 10,
	FULCIO_RUNNER_ENVIRONMENT = 11,
	FULCIO_SOURCE_URI = 12,
	FULCIO_SOURCE_DIGEST = 13,
	FULCIO_SOURCE_REF = 14,
	FULCIO_SOURCE_ID = 15,
	FULCIO_SOURCE_OWNER_URI = 16,
	FULCIO_SOURCE_OWNER_ID = 17,
	FULCIO_BUILD_CONFIG_URI = 18,
	FULCIO_BUILD_CONFIG_DIGEST = 19,
	FULCIO_BUILD_TRIGGER = 20,
	FULCIO_RUN_URI = 21,
	FULCIO_SOURCE_VISIBILITY = 22,
	FULCIO_DEPLOYMENT_ENVIRONMENT = 23,
	FULCIO_TOKEN_SUBJECT = 24,
	FULCIO_LAST = FULCIO_TOKEN_SUBJECT,
};
struct fulcio_claims {
	const char *claim[FULCIO_LAST + 1];
};
/* The issuer: claim[8], else claim[1]. NULL when neither is there. */
const char *fulcio_issuer(const struct fulcio_claims *x);
/* 0 (also when there are none), -EBADMSG, -ENOMEM. */
FB_MUST int fulcio_read(
    struct fulcio_claims *ret_x, const struct cert *c, struct arena *a, struct fault *f);

/* Strings in the arena. */
FB_MUST int x509_read(struct x509_facts *ret_x, struct span der, struct arena *a, struct fault *f);

struct x509_self {
	const char *common_name;  /* UTF-8, 1 to 64 bytes (RFC 5280 ub-common-name) */
	const char *organization; /* NULL: none */
	ts not_before, not_after; /* whole seconds; not_before <= not_after */
};
/*
 * Appends the DER of an end-entity certificate (v3: basicConstraints CA:FALSE, keyUsage
 * digitalSignature, extendedKeyUsage codeSigning, subject key id) signed by its own key. The serial
 * is derived from the request and the key, so that the same request gives the same certificate
 * where the signature scheme is deterministic (RSA, Ed25519). -EINVAL for a bad request.
 */
FB_MUST int x509_self_signed(const struct key *k, const struct x509_self *req, struct buf *out);
