/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pkcs7: the outline of a SignedData (RFC 2315 section 9, RFC 5652 section 5), strict DER: what is
 * where, as spans into the input. It judges nothing; crypto/ does.
 *
 * Guarantees: pure; no allocation, no I/O; nothing is written on an error.
 *
 * Result codes: enum pkcs7_result; ret_off (where given) is the offset of the first error.
 */

#include "base/cur.h"
#include "base/util.h"
#include "wire/der.h"

enum pkcs7_result {
	PKCS7_OK = 0,
	PKCS7_BAD_DER,         /* not DER, or not these structures */
	PKCS7_NOT_SIGNED_DATA, /* a well-formed ContentInfo of another type */
	PKCS7_ABSENT,          /* pkcs7_attr_find: no such attribute */
	PKCS7_DOUBLED,         /* pkcs7_attr_find: several of them, or not exactly one value */
};

struct pkcs7 {
	size_t len;              /* of the whole value; bytes behind it are the caller's matter */
	uint64_t version;
	struct span digest_algs; /* content of the SET OF AlgorithmIdentifier */
	struct span content_oid;
	struct der content;      /* the value inside [0] EXPLICIT; all.n == 0 when absent */
	struct span certs;       /* content of [0] IMPLICIT certificates */
	struct span crls;        /* content of [1] IMPLICIT crls */
	struct span signers;     /* content of the SET OF SignerInfo */
};

struct pkcs7_signer {
	uint64_t version;
	struct span issuer, serial; /* Name with tag and length, INTEGER's content; or … */
	struct span key_id;         /* … subjectKeyIdentifier (CMS), with issuer.n == 0 */
	struct span digest_oid;
	struct span attrs;          /* signed attributes with tag [0] and length; n == 0: none */
	struct span sig_oid, sig_params;
	struct span signature;
	struct span unsigned_attrs; /* content of [1] */
};

/* The first value of bytes, which must be a ContentInfo with SignedData. */
FB_MUST int pkcs7_read(struct pkcs7 *ret_p, struct span bytes, size_t *ret_off);
/* bytes are exactly one SignerInfo. */
FB_MUST int pkcs7_signer_read(struct pkcs7_signer *ret_s, struct span bytes, size_t *ret_off);

/* The next Attribute: its OID and the content of its SET of values. False at the end and when
 * c->err was set. */
bool pkcs7_attr_next(struct cur *c, struct span *ret_oid, struct span *ret_values);
/* The one value of the one attribute with this OID: PKCS7_OK, _ABSENT, _DOUBLED, _BAD_DER. attrs is
 * the content of the SET. */
FB_MUST int pkcs7_attr_find(struct span attrs, struct span oid, struct der *ret_value);
/* Signed attributes as content of the SET (without their [0] tag and length). */
struct span pkcs7_attr_set(struct span attrs);
