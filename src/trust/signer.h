/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * signer: who stands behind a signature that verified. Every kind of evidence gives one of these,
 * and the policy and the options decide about it in one place (judge.c).
 *
 * A struct signer says what was proven, not that it is welcome: a signature by a key or under an
 * identity that nobody named has a signer, too. may_sign is the answer to "is it one of those that
 * the policy or the options accept"; whoever verified the signature leaves it false.
 *
 * Guarantees: plain values; strings are borrowed and live as long as the session's arena. Names,
 * identities and claims are outside text: QUOTE() them when printing.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "model/digest.h"
#include "wire/json.h"

enum signer_kind {
	SIGNER_NONE = 0,
	SIGNER_KEY,         /* a public key that was given: key, name */
	SIGNER_IDENTITY,    /* a Fulcio certificate: identity, issuer, claim, key, time */
	SIGNER_CERTIFICATE, /* an X.509 chain to a root that was given: identity, issuer, name, key */
	SIGNER_OPENPGP,     /* an OpenPGP certificate that was given: fingerprint, name */
};

/*
 * What Fulcio put into the certificate about the workload (github.com/sigstore/fulcio
 * docs/oid-info.md): claim[n] is the value of OID 1.3.6.1.4.1.57264.1.n, NULL if it is not there.
 * 1 to 6 are raw strings, 8 on are DER UTF8Strings; both are plain text here.
 */
enum signer_claim {
	CLAIM_ISSUER_V1 = 1,
	CLAIM_GITHUB_TRIGGER = 2,
	CLAIM_GITHUB_SHA = 3,
	CLAIM_GITHUB_NAME = 4,
	CLAIM_GITHUB_REPOSITORY = 5,
	CLAIM_GITHUB_REF = 6,
	CLAIM_ISSUER = 8,
	CLAIM_BUILD_SIGNER_URI = 9,
	CLAIM_BUILD_SIGNER_DIGEST = 10,
	CLAIM_RUNNER_ENVIRONMENT = 11,
	CLAIM_SOURCE_URI = 12,
	CLAIM_SOURCE_DIGEST = 13,
	CLAIM_SOURCE_REF = 14,
	CLAIM_SOURCE_ID = 15,
	CLAIM_OWNER_URI = 16,
	CLAIM_OWNER_ID = 17,
	CLAIM_BUILD_CONFIG_URI = 18,
	CLAIM_BUILD_CONFIG_DIGEST = 19,
	CLAIM_BUILD_TRIGGER = 20,
	CLAIM_RUN_URI = 21,
	CLAIM_VISIBILITY = 22,
	CLAIM_DEPLOYMENT = 23,
	SIGNER_CLAIMS, /* size of the array */
};

struct signer {
	enum signer_kind kind;
	const char *name;        /* the key's file, the certificate's subject, the OpenPGP user id */
	struct digest key;       /* SHA-256 of the SubjectPublicKeyInfo; unset for OPENPGP */
	const char *identity;    /* the certificate's subject alternative name (mail, URI, DNS) */
	const char *issuer;      /* IDENTITY: the OIDC issuer's URL; CERTIFICATE: the issuer's name */
	const char *fingerprint; /* OPENPGP: of the primary key, upper-case hex */
	const char *claim[SIGNER_CLAIMS]; /* IDENTITY */
	ts time;                 /* when it signed, by a log or time-stamping authority; TS_NONE */
	const char *time_by;     /* whose word that is: its URL, "" if not known; NULL without a time */
	const char *log;         /* the transparency log that has it; NULL: none was checked */
	int64_t log_index;       /* where in there */
	bool may_sign;
};

#define SIGNER_INIT ((struct signer){ .time = TS_NONE })

/* "key sha256:… (\"builder.pem\")", "\"https://…\" (issuer \"https://…\")", "OpenPGP key ABCD…
 * (\"A <a@b>\")": safe to print, in the arena; never NULL ("" when the arena is full). */
const char *signer_text(const struct signer *s, struct arena *a);

/* An object: {"kind": "key"|"identity"|"certificate"|"openpgp", …} with the members that are set, in
 * canonical order: "claims" {name: text}, "fingerprint", "identity", "issuer", "key", "kind",
 * "log", "log_index", "name", "time", "time_by". */
void signer_json(struct jw *w, const struct signer *s);

const char *signer_kind_name(enum signer_kind k);
/* "source-repository-uri" …: Fulcio's names in lower case with hyphens; NULL for a hole. */
const char *signer_claim_name(enum signer_claim c);
/* 0 if there is no claim of that name. */
enum signer_claim signer_claim_of(struct span name);
