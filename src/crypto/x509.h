/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * x509: what one certificate says (RFC 5280), and making a self-signed one.
 *
 * Nothing here says that a certificate is trusted: names, dates and usages are its issuer's claims,
 * and there is no path validation in this module.
 *
 * Result codes: 0; -EBADMSG with fault (not one DER certificate, bytes behind it, a key that cannot
 * be used); -ENOMEM.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/key.h"
#include "model/digest.h"

#define X509_DER_MAX (64u << 10)

struct x509_facts {
	/* Names are outside text: UTF-8, control characters escaped (RFC 4514), most significant part
	 * last; QUOTE() them when printing. */
	const char *subject, *issuer;
	const char *common_name;      /* the subject's last CN; NULL if none or not plain text */
	const char *serial;           /* hex, lower case, at least one byte */
	const char *key;              /* "rsa-2048", "ecdsa-p256", "ed25519" … */
	ts not_before, not_after;     /* TS_FOREVER beyond what ts holds ("99991231235959Z") */
	struct digest id;             /* SHA-256 of the certificate's DER */
	struct digest key_id;         /* SHA-256 of its SPKI DER, as key_id(); unset when the key is
					 of an unknown kind */
	bool self_issued;             /* subject and issuer are the same name */
	bool eku_code_signing, eku_time_stamping;
	struct span der;              /* borrowed from what was read */
};

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
