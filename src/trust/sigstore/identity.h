/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * identity: who a Fulcio certificate says the signer is (fulcio/docs/oid-info.md,
 * certificate-specification.md), and whether that is the one who was expected.
 *
 * Guarantees: values are outside text (UTF-8, no NUL): QUOTE() or cli_safe() them. A pattern is a
 * POSIX extended regular expression (regcomp in the "C" locale: bytes, no backtracking blow-up) that
 * must match the whole value: it is compiled as ^(PATTERN)$, and a value with a line feed matches
 * none. Patterns are at most SIGSTORE_PATTERN_MAX bytes and come from the user, never from evidence.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"

#define SIGSTORE_PATTERN_MAX 1024

enum sigstore_san_kind {
	SIGSTORE_SAN_NONE = 0, /* a managed key */
	SIGSTORE_SAN_EMAIL,
	SIGSTORE_SAN_URI,
	SIGSTORE_SAN_OTHER, /* otherName 1.3.6.1.4.1.57264.1.7 (a username) */
};
const char *sigstore_san_kind_name(enum sigstore_san_kind k); /* "email" "uri" "username" "none" */

/* Extensions 1.3.6.1.4.1.57264.1.N; comments give N. */
enum sigstore_claim {
	SIGSTORE_ISSUER,                 /* 8, else 1 (where both are, they must agree) */
	SIGSTORE_BUILD_SIGNER_URI,       /* 9 */
	SIGSTORE_BUILD_SIGNER_DIGEST,    /* 10 */
	SIGSTORE_RUNNER_ENVIRONMENT,     /* 11 */
	SIGSTORE_SOURCE_URI,             /* 12 */
	SIGSTORE_SOURCE_DIGEST,          /* 13 */
	SIGSTORE_SOURCE_REF,             /* 14 */
	SIGSTORE_SOURCE_ID,              /* 15 */
	SIGSTORE_SOURCE_OWNER_URI,       /* 16 */
	SIGSTORE_SOURCE_OWNER_ID,        /* 17 */
	SIGSTORE_BUILD_CONFIG_URI,       /* 18 */
	SIGSTORE_BUILD_CONFIG_DIGEST,    /* 19 */
	SIGSTORE_BUILD_TRIGGER,          /* 20 */
	SIGSTORE_RUN_URI,                /* 21 */
	SIGSTORE_SOURCE_VISIBILITY,      /* 22 */
	SIGSTORE_DEPLOYMENT_ENVIRONMENT, /* 23 */
	/* GitHub only, before 2023: */
	SIGSTORE_GITHUB_TRIGGER,         /* 2 */
	SIGSTORE_GITHUB_SHA,             /* 3 */
	SIGSTORE_GITHUB_WORKFLOW,        /* 4: name */
	SIGSTORE_GITHUB_REPOSITORY,      /* 5: "owner/name" */
	SIGSTORE_GITHUB_REF,             /* 6 */
	SIGSTORE_CLAIMS,
};
const char *sigstore_claim_name(enum sigstore_claim c); /* "source-uri" … */

struct sigstore_signer {
	enum sigstore_san_kind kind;
	const char *san;                    /* NULL for SIGSTORE_SAN_NONE */
	const char *claim[SIGSTORE_CLAIMS]; /* NULL: the certificate does not say */
};

/* What is expected; NULL members are not looked at. An exact value and a pattern for the same thing
 * must both hold. */
struct sigstore_expect;
struct sigstore_expect_text {
	const char *identity, *identity_regexp;
	const char *issuer, *issuer_regexp;
};

/* Compiles patterns. 0; -EINVAL with fault (malformed, too long, an empty text); -ENOMEM. */
FB_MUST int sigstore_expect_new(struct sigstore_expect **ret_e,
    const struct sigstore_expect_text *text, struct fault *f);
struct sigstore_expect *sigstore_expect_free(struct sigstore_expect *e);
/* 0: it is the one. SIGSTORE_R_IDENTITY or SIGSTORE_R_ISSUER (sigstore.h) with words. */
FB_MUST int sigstore_expect_check(const struct sigstore_expect *e, const struct sigstore_signer *s,
    struct fault *words);
