/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * apple_cms: the CMS wrapper of an Apple code signature: a detached SignedData by one signer over the
 * primary CodeDirectory, with the digests of all CodeDirectories as signed attributes.
 *
 * What AC_OK means: the bytes are one SignedData (strict DER; outer shells of indefinite length, as
 * Apple's own tools write them, are taken) without content, with one signer whose certificate is
 * embedded; contentType and messageDigest hold over the CodeDirectory; the signature over the
 * attributes verifies under that certificate's key; and if the certificate's issuer is embedded, too,
 * it signed it. Each of the two attributes with digests of CodeDirectories is there at most once.
 *
 * What it does not mean: that the certificate is anybody's (chain.h), or that the digests listed are
 * those of the CodeDirectories beside this one: the caller compares.
 *
 * Guarantees: everything handed out is in the arena. Result codes: enum ac_result with fault; -ENOMEM.
 */

#include "crypto/authenticode.h"

#define APPLE_CMS_MAX (1u << 20)
#define APPLE_CMS_DIGESTS_MAX 8

struct apple_cms {
	size_t used; /* of the bytes; what follows is the caller's matter. 0: not even that is known */
	enum digest_alg digest_alg;
	struct x509_facts signer;
	ts claimed; /* signingTime: the signer's word; TS_NONE */
	struct ac_stamp stamp; /* the first time stamp */
	size_t nstamps;
	struct span token; /* of the stamp, DER; n == 0: none */
	struct span stamped; /* the octets that it stamps */
	struct span cert[AC_CERTS_MAX]; /* all that are embedded, the signer's too */
	bool vouched[AC_CERTS_MAX]; /* its issuer, embedded or itself, signed it */
	uint32_t ncerts, ncerts_unrelated; /* the latter: in no chain of the signer */
	uint32_t ncerts_altered; /* … whose issuer, who is embedded or itself, did not sign it so */
	/* What of the certificates, here and in the stamp, nobody vouches for or has room for something
	 * else (authenticode.h); nloose_more: beyond AC_LOOSE_MAX. Spans are in the arena. */
	const struct ac_loose *loose;
	size_t nloose, nloose_more;
	size_t unsigned_attrs; /* other than time stamps; revocation lists count as one */
	/* 1.2.840.113635.100.9.2: full digests of the CodeDirectories */
	bool has_digests;
	struct digest digest[APPLE_CMS_DIGESTS_MAX];
	size_t ndigests;
	struct span plist; /* 1.2.840.113635.100.9.1: a plist with the cut digests; n == 0: none */
};

/* trust: for what vouches for certificates; NULL: the set itself. */
FB_MUST int apple_cms_read(struct apple_cms *ret_c, struct span bytes, struct span directory,
    const struct ac_trust *trust, struct arena *a, struct fault *f);
