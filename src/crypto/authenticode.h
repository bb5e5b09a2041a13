/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * authenticode: what the PKCS#7 SignedData of one attribute certificate says and proves, after
 * "Windows Authenticode Portable Executable Signature Format" (Microsoft, 2008) and RFC 2315.
 *
 * What AC_OK means, all of it: the bytes are one strict-DER SignedData over SpcIndirectData with
 * exactly one signer; the signer's certificate is embedded; the signed attributes hold exactly one
 * contentType and one messageDigest; messageDigest is the digest of the SpcIndirectData (its
 * content octets, as Authenticode has it); the signature over the attributes verifies under the
 * embedded certificate's key; if that certificate is its own issuer, or its issuer is embedded too,
 * then the certificate's own signature verifies; and if the signed attributes refer to the
 * certificate by digest (RFC 5035; stamps do, and signatures made here), it is that one.
 *
 * What it does not mean: that the certificate is trusted, valid at any time, or meant for code
 * (there is no chain, revocation or policy here); that `digest` is the digest of any file (the
 * caller recomputes and compares it); that nothing follows the value (the caller looks at der_len).
 * Whoever can write the file can sign it with a certificate of his own making.
 *
 * Unsigned parts (unauthenticated attributes, certificates that nobody needs) can be changed by
 * anyone without breaking the signature: they are listed as facts, and what they say is a claim.
 *
 * Guarantees: reads only the span; strings and arrays come from the arena; the outputs are zeroed,
 * der_len excepted, when the result is not AC_OK.
 *
 * Result codes: enum ac_result; -ENOMEM (arena full).
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "model/digest.h"

#define AC_DER_MAX (16u << 20)
#define AC_CERTS_MAX 64
#define AC_ATTRS_MAX 32
#define AC_NESTED_MAX 8 /* deeper or more: AC_STRUCTURE */

enum ac_result {
	AC_OK = 0,
	AC_BAD_DER,          /* not DER, or a structure inside does not parse */
	AC_NOT_SIGNED_DATA,  /* a PKCS#7 value of another type */
	AC_NOT_AUTHENTICODE, /* SignedData over something else than SpcIndirectData */
	AC_STRUCTURE,        /* not the Authenticode profile: versions, not one signer, attributes
				missing or doubled, algorithms that contradict each other, over a cap */
	AC_ALGORITHM,        /* a digest (MD5 is one) or signature algorithm that is not accepted */
	AC_NO_CERTIFICATE,   /* the signer's certificate is not embedded, not usable, or not the one
				that the signed attributes refer to */
	AC_CONTENT_DIGEST,   /* messageDigest is not the digest of the SpcIndirectData */
	AC_BAD_SIGNATURE,    /* the signature, or that on the signer's certificate, does not verify */
	AC_RESULTS,
};

/* "ok", "bad-der", "content-digest" …: the stable words that reason codes are made of. */
const char *ac_result_name(int result);

/* OTHER is also what some signers of UEFI images write where PE belongs (seen: Debian's fwupd). */
enum ac_subject { AC_SUBJECT_OTHER = 0, AC_SUBJECT_PE, AC_SUBJECT_CAB, AC_SUBJECT_SIP };

enum ac_stamp_kind { AC_STAMP_NONE = 0, AC_STAMP_LEGACY, AC_STAMP_RFC3161 };

/*
 * A countersignature. time is a claim of whoever holds the stamp's certificate. result is AC_OK
 * when the stamp covers this very signature and verifies under its embedded certificate, with the
 * same limits as above; otherwise time may say anything.
 */
struct ac_stamp {
	enum ac_stamp_kind kind;
	enum ac_result result;
	ts time; /* TS_NONE when it could not be read */
	struct x509_facts signer; /* subject NULL when not found */
};

struct authenticode {
	size_t der_len; /* of the one DER value; what follows it in the span is slack.
			   0 when not even that could be read */
	enum ac_subject subject; /* what SpcIndirectData is about */
	struct digest digest;    /* of the file, as signed */
	enum digest_alg digest_alg; /* of messageDigest and the signature */
	struct x509_facts signer;
	const char *program;     /* SpcSpOpusInfo programName (signed); NULL if none; escaped */
	const char *url;         /* SpcSpOpusInfo moreInfo (signed); NULL if none; escaped */
	bool page_hashes;        /* SpcPeImageData carries them (they are not checked) */

	struct ac_stamp stamp;   /* the first countersignature */
	size_t nstamps;

	uint32_t ncerts;           /* embedded certificates */
	uint32_t ncerts_unrelated; /* neither in the signer's nor in a legacy stamp's chain of embedded
				      certificates (by name and signature), or doubled, or not X.509 */
	size_t cert_bytes;         /* of all embedded certificates */

	const char *const *attr; /* dotted OIDs of the unauthenticated attributes, in order */
	size_t nattr;
	size_t attr_bytes;       /* of all unauthenticated attributes */

	struct span nested[AC_NESTED_MAX]; /* further signatures (1.3.6.1.4.1.311.2.4.1): each a
					      PKCS#7 value to read with this function; borrowed */
	size_t nnested;
};

FB_MUST int authenticode_read(struct authenticode *ret_a, struct span bytes, struct arena *a,
    struct fault *f);

/*
 * Signs the digest of a PE image: appends the DER of a SignedData with the certificate embedded and
 * no time stamp. k is the private key of the certificate (ECDSA P-256 with SHA-256, P-384 with
 * SHA-384, RSA with SHA-256; Ed25519 is -EINVAL, Authenticode does not know it). The SignedData's
 * own digest algorithm is that of the key's scheme; pe_digest is SHA-256 or SHA-384 (-EINVAL
 * otherwise), and must be of that algorithm too.
 */
FB_MUST int authenticode_sign(const struct digest *pe_digest, const struct key *k, struct span cert,
    struct buf *out);
/* The digest algorithm that authenticode_sign wants for this key; DIGEST_NONE if it cannot sign. */
enum digest_alg authenticode_digest_for(const struct key *k);
