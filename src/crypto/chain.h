/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * chain: is a certificate good for a purpose at a time, under given trust anchors? Certification
 * path validation after RFC 5280 section 6.1.
 *
 * What CHAIN_OK means, for a path leaf, intermediates, anchor: each certificate's signature
 * verifies under the next one's key, with SHA-256, SHA-384, SHA-512 or Ed25519, and keys of the
 * kinds that key.h accepts; names (octet by octet, as CAs copy them) and key identifiers chain;
 * every certificate, the anchor too, is valid at the time asked for (both ends count); no
 * certificate has an unknown critical extension, a doubled or a malformed one; every CA is one
 * (version 3, basicConstraints, keyCertSign where keyUsage is there), keeps path lengths, name
 * constraints and policy constraints of those above it; where a CA lists extended key usages, the
 * purpose (or any) is among them; and the leaf has the usage:
 *   - CODE_SIGNING: extendedKeyUsage has codeSigning; keyUsage, if there, has digitalSignature;
 *     Netscape's certificate type, where it is in use, has object signing (of CAs, too);
 *   - TIME_STAMPING: extendedKeyUsage is critical and timeStamping alone (RFC 3161 2.3); keyUsage,
 *     if there, has digitalSignature or nonRepudiation and nothing else;
 *   - COUNTERSIGNING, what Windows takes for time stamps: extendedKeyUsage has timeStamping;
 *     keyUsage, if there, has digitalSignature or nonRepudiation;
 *   - ANY: keyUsage, if there, has digitalSignature or nonRepudiation.
 * A leaf is never a CA and never an anchor itself, unless its own certificate was given for that
 * (chain_roots_add_trusted, chain_roots_add_digest): then it is the whole path, and its dates and usage count.
 *
 * What it does not mean: that nothing was revoked (no CRL, no OCSP is asked), and that the
 * certificate's names are those that the caller wants.
 *
 * An anchor is a CA certificate that the caller trusts. Its own signature is not checked, but what
 * it says (dates, lengths, constraints, usages) is obeyed. Old anchors of version 1 are taken when
 * they are self-issued.
 *
 * Cost: what stands above the leaf in chain_roots_add_chain is verified when it is added, and
 * remembered: a leaf issued by it then costs one signature verification.
 *
 * Guarantees: no clock is read, nothing is fetched. A path search does at most
 * CHAIN_SIGNATURES_MAX verifications. chain_roots that are no longer added to may be used by
 * several threads at a time.
 *
 * Result codes: enum chain_result with fault; -ENOMEM.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/x509.h"
#include "model/digest.h"

#define CHAIN_DEPTH_MAX 8    /* certificates in a path, leaf and anchor included */
#define CHAIN_ROOTS_MAX 1024 /* certificates in one chain_roots */
#define CHAIN_EXTRA_MAX 64   /* intermediates with one leaf */
#define CHAIN_SIGNATURES_MAX 32
#define CHAIN_PEM_MAX (4u << 20)

enum chain_purpose {
	CHAIN_ANY = 0,
	CHAIN_CODE_SIGNING,
	CHAIN_TIME_STAMPING,
	CHAIN_COUNTERSIGNING,
	CHAIN_PURPOSES,
};

/* Of several paths that fail, the one that got furthest is reported. */
enum chain_result {
	CHAIN_OK = 0,
	CHAIN_NO_ISSUER,      /* no path by name to an anchor */
	CHAIN_LEAF_IS_ANCHOR, /* the leaf is itself among the anchors */
	CHAIN_LEAF_IS_CA,
	CHAIN_NOT_CA, /* a certificate above the leaf is no CA, or may not sign certificates */
	CHAIN_BAD_SIGNATURE,
	CHAIN_EXPIRED, /* some certificate, at the time asked for */
	CHAIN_NOT_YET_VALID,
	CHAIN_WRONG_USAGE, /* of the leaf or of a CA */
	CHAIN_PATH_LENGTH, /* basicConstraints pathLen, or CHAIN_DEPTH_MAX */
	CHAIN_NAMES,	   /* name constraints */
	CHAIN_POLICY,	   /* policy constraints */
	CHAIN_CRITICAL,	   /* an unknown critical extension */
	CHAIN_MALFORMED,   /* an extension that does not parse, or not version 3 */
	CHAIN_ALGORITHM,   /* of a signature or a key */
	CHAIN_TOO_MANY,	   /* over a cap of this header */
	CHAIN_RESULTS,
};
/* "ok", "no-issuer", "expired" …: the stable words that reason codes are made of. */
const char *chain_result_name(int result);

struct chain_roots;
FB_MUST int chain_roots_new(struct chain_roots **ret_r);
struct chain_roots *chain_roots_free(struct chain_roots *r);
void chain_roots_free_p(struct chain_roots **r);
#define AUTO_ROOTS FB_CLEANUP(chain_roots_free_p)
/* Certificates and digests in it. */
size_t chain_roots_count(const struct chain_roots *r);

/*
 * A chain as a Sigstore trusted root states it: the issuing CA first, the root last; the last one
 * is the anchor. Each must be a CA and signed by the next (whatever the time). One alone may be an
 * intermediate: it is then the anchor itself. 0; enum chain_result or -EBADMSG with fault: the
 * roots are as before.
 */
FB_MUST int chain_roots_add_chain(
    struct chain_roots *r, const struct span *der, size_t n, struct fault *f);
/* A roots file: CERTIFICATE blocks (RFC 7468), each an anchor, with any text between them, or one
 * certificate in DER. An empty file, another kind of block, or a certificate that is no CA is
 * -EBADMSG with the block's line; the roots are then as before. */
FB_MUST int chain_roots_add_file(struct chain_roots *r, struct span bytes, struct fault *f);
/* The same, and a certificate in it that is no CA's, or is its own issuer, is trusted itself, as a
 * signer's. */
FB_MUST int chain_roots_add_trusted(struct chain_roots *r, struct span bytes, struct fault *f);
/* A signer's own certificate is trusted by its SHA-256, or that of its public key (key_id()). 0,
 * -ENOMEM, CHAIN_TOO_MANY with fault. */
FB_MUST int chain_roots_add_digest(
    struct chain_roots *r, const struct digest *sha256, struct fault *f);
/* The trusted certificate that c is, or was before somebody changed it: of the same issuer and serial
 * number, or with the same signature. NULL: none. Borrowed. */
const struct cert *chain_roots_find(const struct chain_roots *r, const struct cert *c);

struct chain_path {
	const struct cert *cert[CHAIN_DEPTH_MAX]; /* leaf first, anchor last; borrowed */
	size_t n;
};

struct chain_rules {
	ts t;
	enum chain_purpose purpose;
	bool sha1; /* certificates signed with SHA-1 count */
};

/*
 * extra are certificates that came with the leaf, in any order; nothing in them is trusted. t is an
 * instant (not TS_NONE or TS_FOREVER: -EINVAL). ret_p may be NULL.
 */
FB_MUST int chain_verify(struct chain_path *ret_p, const struct chain_roots *r,
    const struct cert *leaf, const struct cert *const *extra, size_t nextra, ts t,
    enum chain_purpose purpose, struct fault *f);
FB_MUST int chain_verify_by(struct chain_path *ret_p, const struct chain_roots *r,
    const struct cert *leaf, const struct cert *const *extra, size_t nextra,
    const struct chain_rules *rules, struct fault *f);
