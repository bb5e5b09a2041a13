/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tsp: RFC 3161 time stamps: a TimeStampResp, or the bare token.
 *
 * What TSP_OK of tsp_verify means: the response was granted; the token is one CMS SignedData over a
 * TSTInfo with one signer, of the versions that RFC 5652 gives such a one; messageImprint is the
 * SHA-256, SHA-384 or SHA-512 of exactly the bytes given; the signed attributes have contentType,
 * messageDigest and a signingCertificate(V2) reference (RFC 5816), and all three hold; the
 * signature verifies under the TSA's certificate; and that certificate is this authority's: the
 * pinned one where the authority has one, else one that chains to the authority's CAs for time
 * stamping at genTime. So `time` is a time at which the bytes existed, on the authority's word.
 *
 * What it does not mean: that the authority is trusted at that time by the policy of whoever listed
 * it (a trusted root's validity window: compare tsp.time); accuracy, ordering, nonce, policy and
 * the tsa name are facts, not checked.
 *
 * A token that holds certificates holds its signer's (RFC 3161 2.4.1), which must be the
 * authority's; others beside it are ignored. Where it holds none, the pinned certificate is used,
 * and only that.
 *
 * Guarantees: strict DER; nothing behind the value; SHA-1 and MD5 are refused. (The
 * signingCertificate of RFC 2634, which RFC 3161 asked for first, is taken, though it names the
 * certificate by SHA-1: the certificate has to hold by itself.)
 *
 * Result codes: enum tsp_result with fault; -ENOMEM.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/chain.h"
#include "crypto/x509.h"
#include "model/digest.h"
#include "wire/pkcs7.h"

#define TSP_MAX (256u << 10) /* bytes of a response */
#define TSP_CERTS_MAX 16

enum tsp_result {
	TSP_OK = 0,
	TSP_MALFORMED,	    /* not DER, not these structures, or over a cap */
	TSP_NOT_GRANTED,    /* a well-formed response that says no */
	TSP_ALGORITHM,	    /* a digest or signature algorithm that is not accepted */
	TSP_OTHER_BYTES,    /* messageImprint is of other bytes than those given */
	TSP_NO_CERTIFICATE, /* the signer's certificate is neither in the token nor pinned */
	TSP_OTHER_TSA,	    /* the signer is not this authority's */
	TSP_UNTRUSTED, /* the certificate does not hold for time stamping at that time: the fault
			  has chain.h's words */
	TSP_BAD_SIGNATURE,
	TSP_RESULTS,
};
/* "ok", "malformed", "other-bytes" …: the stable words that reason codes are made of. */
const char *tsp_result_name(int result);

/* One time-stamping authority with its own anchors. */
struct tsp_authority;
/*
 * Certificates as a Sigstore trusted root states them, leaf first, root last: if the first is no CA
 * it is the TSA's own, and pinned; the others are a chain as chain_roots_add_chain takes them. A
 * lone pinned certificate is trusted as it stands (dates and usage count, there is nobody above
 * it). What the pinned one may be used for is looked at by tsp_verify. 0; enum chain_result or
 * -EBADMSG with fault.
 */
FB_MUST int tsp_authority_new(
    struct tsp_authority **ret_a, const struct span *der, size_t n, struct fault *f);
/* Any TSA under these anchors, nothing pinned; r is borrowed and must outlive it. */
FB_MUST int tsp_authority_of_roots(struct tsp_authority **ret_a, const struct chain_roots *r);
struct tsp_authority *tsp_authority_free(struct tsp_authority *a);
void tsp_authority_free_p(struct tsp_authority **a);
#define AUTO_TSA FB_CLEANUP(tsp_authority_free_p)

/* A time stamp as read: claims, until tsp_verify. Everything borrowed from the bytes. */
struct tsp {
	ts time;	    /* genTime */
	struct span policy; /* OID content */
	struct span serial; /* INTEGER content */
	struct digest imprint;
	struct pkcs7 cms;
	struct pkcs7_signer signer;
};

/* TSP_OK, TSP_MALFORMED, TSP_NOT_GRANTED, TSP_ALGORITHM. Cheap: no certificate is parsed. */
FB_MUST int tsp_read(struct tsp *ret_t, struct span bytes, struct fault *f);
/* message is what was stamped (in a Sigstore bundle: the bytes of the signature). */
FB_MUST int tsp_verify(
    const struct tsp *t, struct span message, const struct tsp_authority *a, struct fault *f);
