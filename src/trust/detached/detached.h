/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * detached: signatures over a file itself, kept beside it: who made them, and do they hold?
 *
 * Kinds, each recognised by its content:
 *   minisign     legacy and prehashed, with trusted comment (jedisct1/minisign)
 *   signify      OpenBSD signify(1)
 *   signify list signify -S -e over SHA256 (file) = … lines: a signed list of digests
 *   ssh          ssh-keygen -Y sign (OpenSSH PROTOCOL.sshsig)
 *   cms          CMS / PKCS#7 SignedData without content, DER or PEM (RFC 5652)
 *   raw          the bare signature, or its base64: openssl dgst -sign, cosign sign-blob
 *
 * Use: read the signature file once, ask what it needs of the artifact, hand that in. One struct
 * detached serves any number of artifacts, and threads: nothing here changes it.
 *
 *	rc = detached_read(&d, text, arena, &f);            -EBADMSG: malformed (BROKEN evidence)
 *	needs = detached_needs(d);                          digests, and perhaps the bytes
 *	rc = detached_verify(&check, d, &artifact, &trust, arena);
 *
 * Guarantees: starts from failure, one path to GOOD. Reads no clock, and no file but the artifact.
 * What a kind leaves unsigned (untrusted comments, line lengths of the armor, unsigned attributes
 * …) is listed in docs/detached.md and can never make a signature good. Strict: a second block or
 * bytes behind the end are errors.
 *
 * Names in a signature (key number, certificate, public key) prove nothing by themselves: they
 * select the key to check with. One that names a given key which did not sign these bytes is BAD.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "trust/artifact.h"
#include "trust/keyring.h"
#include "trust/signer.h"

#define DETACHED_TEXT_MAX (1u << 20) /* bytes of a signature file */
#define DETACHED_LIST_MAX 8192       /* files in a signify list */

enum detached_kind {
	DETACHED_NONE = 0, /* nothing that is read here */
	DETACHED_MINISIGN,
	DETACHED_SIGNIFY,
	DETACHED_SIGNIFY_LIST,
	DETACHED_SSH,
	DETACHED_CMS,
	DETACHED_RAW,
};

/* "minisign" "signify" "signify-list" "ssh" "cms" "raw"; "none". */
const char *detached_kind_name(enum detached_kind k);

/*
 * Which kind is it? By its first bytes; RAW is guessed from the form alone (an ECDSA signature's
 * DER, 64 bytes, 256 to 1024 bytes that are no text, or base64 of such), so ask for it last: JSON
 * and OpenPGP first. NONE for everything else.
 */
enum detached_kind detached_kind_of(struct span text);

struct detached; /* lives in the arena */

/* Reads a signature file; text must stay. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int detached_read(struct detached **ret_d, struct span text, struct arena *a,
    struct fault *f);
enum detached_kind detached_kind(const struct detached *d);

/* What the artifact must have: HASH_SET bits, and perhaps ARTIFACT_NEEDS_BYTES. */
unsigned detached_needs(const struct detached *d);

struct detached_ca; /* roots for CMS certificates */

/*
 * roots, and time-stamping roots (may be empty): one or more certificates in PEM each. 0, -EBADMSG
 * with fault, -ENOMEM. Free accepts NULL.
 */
FB_MUST int detached_ca_read(struct detached_ca **ret_ca, struct span roots, struct span tsa_roots,
    struct fault *f);
struct detached_ca *detached_ca_free(struct detached_ca *ca);

struct detached_trust {
	const struct keyring *keys;
	const char *ssh_namespace;    /* that an ssh signature must be for; NULL: "file" */
	const char *ssh_principal;    /* that must have signed (ssh-keygen's -I); NULL: any */
	const struct detached_ca *ca; /* NULL: a CMS certificate counts only if its key was given */
	ts now;                       /* certificates and valid-before= are held against it */
};

enum detached_result {
	DETACHED_GOOD = 0,
	DETACHED_BAD,      /* names a given key, which did not sign this file; or may not sign so */
	DETACHED_STRANGER, /* signed by no key that was given */
	DETACHED_SILENT,   /* a good list that says nothing about this file */
	DETACHED_REPLACED, /* a good list that names this file with other bytes */
	DETACHED_NO_FILE,  /* not decided: it needs the file, and only digests are known */
};

struct detached_check {
	/* Bit i: key i of the keyring made the signature (GOOD, SILENT, REPLACED). 0 with GOOD: the
	 * signer is a certificate that is trusted through detached_ca alone. */
	uint32_t good;
	const struct trust_key *named; /* BAD: the key that it names, if it is one of the keyring */
	/*
	 * GOOD, SILENT, REPLACED: who. KEY of the first good key (one that may sign before others),
	 * or CERTIFICATE. identity: ssh principals, the certificate's alternative name; time:
	 * proven by an RFC 3161 time stamp under the time-stamping roots. may_sign is left false.
	 */
	struct signer signer;
	const char *comment; /* signed free text: minisign's trusted comment; NULL: none */
	ts claimed;          /* when it was signed as the signer says (CMS); TS_NONE */
	const char *why;     /* not GOOD: in words, safe to print */
};

/*
 * enum detached_result, -EINVAL (a digest that is needed is not set), -ENOMEM, what artifact_bytes
 * says. *ret_c is always written; its strings live in the arena, in the keyring or in d.
 */
FB_MUST int detached_verify(struct detached_check *ret_c, const struct detached *d,
    struct artifact *art, const struct detached_trust *t, struct arena *a);
