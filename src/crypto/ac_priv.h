/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* ac_priv: what the parts of authenticode_read share. Private to crypto/. */

#include "crypto/authenticode.h"
#include "crypto/signer.h"
#include "wire/pkcs7.h"

/* What one call works on. */
struct ac_reading {
	struct authenticode out;
	struct pkcs7 p7;
	struct pkcs7_signer signer;
	struct cert_set certs;
	const struct cert *cert; /* the signer's, in certs */
	struct ac_stamp *stamp;	 /* out.nstamps of them */
	struct ac_loose *loose;	 /* out.nloose of them */
	unsigned nunvouched;	 /* certificates */
	const struct ac_trust *trust;
	struct arena *arena;
	struct fault *f;
};

int ac_bad_der(struct ac_reading *r, const char *what, const struct cur *c);

/* SpcIndirectData: what it is about, the digest, page hashes. enum ac_result, -ENOMEM. */
FB_MUST int ac_read_content(struct ac_reading *r);
/* SpcSpOpusInfo, where there is one. */
void ac_read_opus(struct ac_reading *r);
/* The unsigned attributes: stamps, nested signatures, others. */
FB_MUST int ac_read_unsigned(struct ac_reading *r);

/*
 * Does leaf lead to one of roots (NULL: NONE)? At time t, or t_sha1 where SHA-1 counts; weak: what
 * the leaf signed is a SHA-1 digest. set are the certificates beside it. 0, -ENOMEM, -EINVAL.
 */
struct ac_question {
	const struct chain_roots *roots;
	const struct cert *leaf;
	const struct cert_set *set;
	ts t, t_sha1;
	enum chain_purpose purpose;
	bool weak;
};
FB_MUST int ac_chain(struct ac_chain *ret_c, const struct ac_question *q, struct ac_reading *r);

/* One more loose part; what may be NULL. */
void ac_loose_add(struct ac_reading *r, enum ac_loose_kind kind, bool in_stamp, struct span where,
    const char *what);
/* Looks through the certificates and lists of one SignedData whose chains are marked: of a time
 * stamp's token by stamper, or of the signature itself (NULL). -ENOMEM. */
FB_MUST int ac_loose_certs(
    struct ac_reading *r, const struct cert_set *s, struct span crls, const struct cert *stamper);
