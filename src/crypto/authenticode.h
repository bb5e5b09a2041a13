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
 * What it does not mean: that the certificate is trusted: that is `chain`, and only where anchors
 * were given; that `digest` is the digest of any file (the caller recomputes and compares it); that
 * nothing follows the value (the caller looks at der_len). Revocation is not looked at. Whoever can
 * write the file can sign it with a certificate of his own making.
 *
 * Unsigned parts (unauthenticated attributes, certificates that nobody needs) can be changed by
 * anyone without breaking the signature. They are listed: attributes in `attr`, and whatever could
 * carry something else than what it is for in `loose`.
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
#include "crypto/chain.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "model/digest.h"

#define AC_DER_MAX (16u << 20)
#define AC_CERTS_MAX 64
#define AC_ATTRS_MAX 32
#define AC_STAMPS_MAX 8 /* more: AC_STRUCTURE */
#define AC_LOOSE_MAX 64 /* listed */
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

/* What signatures are judged against; either anchors may be NULL. Borrowed. */
struct ac_trust {
	const struct chain_roots *code, *stamp;
	ts now; /* an instant */
	bool allow_sha1; /* signatures and certificates with SHA-1 count */
};

enum ac_chain_state {
	AC_CHAIN_NONE = 0, /* no anchors were given */
	AC_CHAIN_FAILED,   /* does not lead to one of them */
	AC_CHAIN_SHA1,	   /* does, but only where SHA-1 counts, and it was not allowed */
	AC_CHAIN_ANCHORED,
};

/*
 * Whether a certificate leads to an anchor (chain.h): the signer's for CODE_SIGNING at the time of
 * an anchored time stamp, or at `now` where there is none or the certificate is for lifetime signing
 * (1.3.6.1.4.1.311.10.3.13: a stamp does not prolong it); the stamper's for COUNTERSIGNING at the
 * time of its stamp.
 */
struct ac_chain {
	enum ac_chain_state state;
	enum chain_result result; /* FAILED, SHA1: why */
	const char *why;	  /* the same in words; NULL otherwise */
	ts at;			  /* ANCHORED: the instant it holds for */
};

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
	struct ac_chain chain;	  /* of the stamper; NONE unless result is AC_OK */
	bool sha1;		  /* it, or what it stamps, is a SHA-1 digest */
	struct span der;
};

/*
 * Bytes of a signature that nothing vouches for, or that have room for more than they are for. What
 * is not listed is either covered by a signature that was verified, or has one form only.
 */
enum ac_loose_kind {
	AC_LOOSE_NONE = 0,
	AC_LOOSE_ATTRIBUTE,   /* an unsigned attribute that is none of those that are known */
	AC_LOOSE_CERTIFICATE, /* in no chain of this signature or its stamps, or no certificate */
	AC_LOOSE_ALTERED,     /* in a chain, but its issuer, who is known, did not sign it so */
	AC_LOOSE_CRL,	      /* certificate revocation lists: no signer of programs adds them */
	AC_LOOSE_ROOM,	      /* larger than what it is for needs: a certificate over AC_CERT_ROOM … */
	AC_LOOSE_LINK,	      /* signed: SpcPeImageData with a moniker or link of unknown meaning */
	AC_LOOSE_COPY,	      /* a certificate for the second time */
	AC_LOOSE_UNVOUCHED,   /* a certificate that leads to no anchor (without anchors: whose issuer is
				 not embedded), or a time-stamping device's attribute certificate: has
				 its form, but anybody can make another */
	AC_LOOSE_KINDS,
};
#define AC_CERT_ROOM 4096u     /* one certificate; those of signers and CAs are below 2 KiB */
#define AC_UNVOUCHED_ROOM 3072u /* one that nobody vouches for */
#define AC_CHAINS_MAX 12	/* certificates in the chains of one set; more: AC_LOOSE_CERTIFICATE */
#define AC_UNVOUCHED_MAX 6	/* of those in a signature and its stamps; more: AC_LOOSE_CERTIFICATE */
#define AC_CERT_PART_ROOM 1024u /* a name, an extension or the signature in it */
#define AC_KNOWN_EXT_ROOM 512u /* an extension of a certificate that nobody vouches for … */
#define AC_OTHER_EXT_ROOM 32u  /* … when no CA of signers is known to use it */
#define AC_CONTENT_ROOM 512u   /* SpcIndirectData without page hashes; about 100 */
#define AC_SIGNED_ROOM 4096u   /* signed attributes */

struct ac_loose {
	enum ac_loose_kind kind;
	bool in_stamp;
	struct span where; /* in the bytes read */
	const char *what;  /* OID, or subject, escaped */
};

struct ac_attr {
	const char *oid; /* dotted */
	size_t len;	 /* of its values */
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
	struct span pages;	 /* page hashes of SpcPeImageData: offset (32 bits, little endian) and
				    digest by turns; n == 0: none. Borrowed; not checked here */
	enum digest_alg pages_alg; /* SHA-1 or SHA-256 */
	struct ac_chain chain;
	bool lifetime; /* the signer's certificate is for lifetime signing */

	struct ac_stamp stamp; /* the countersignature that counts: the first that is anchored, else
				  the first that verifies, else the first */
	const struct ac_stamp *stamps; /* all of them */
	size_t nstamps;

	uint32_t ncerts;           /* embedded certificates */
	uint32_t ncerts_unrelated; /* neither in the signer's nor in a legacy stamp's chain of embedded
				      certificates (by name and signature), or doubled, or not X.509 */
	size_t cert_bytes;         /* of all embedded certificates */

	const struct ac_attr *attr; /* the unauthenticated attributes, in order */
	size_t nattr;
	size_t attr_bytes;       /* of all unauthenticated attributes */

	struct span nested[AC_NESTED_MAX]; /* further signatures (1.3.6.1.4.1.311.2.4.1): each a
					      PKCS#7 value to read with this function; borrowed */
	size_t nnested;

	const struct ac_loose *loose;
	size_t nloose;
	size_t nloose_more; /* beyond AC_LOOSE_MAX */
};

/* trust may be NULL: then every chain is AC_CHAIN_NONE. Texts and arrays are in the arena, spans are
 * borrowed from bytes. */
FB_MUST int authenticode_read(struct authenticode *ret_a, struct span bytes,
    const struct ac_trust *trust, struct arena *a, struct fault *f);

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
