/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * reason: what of a Sigstore bundle failed or is missing, each with a stable name for policies,
 * JSON and people. docs/sigstore.md lists the names.
 */

#include <stdbool.h>

enum sigstore_reason {
	SIGSTORE_NONE = 0,
	/* the bundle as a document */
	SIGSTORE_R_MALFORMED,  /* not JSON; an unknown, repeated, missing or mistyped field */
	SIGSTORE_R_MEDIA_TYPE, /* no bundle, or of a version that is not known */
	SIGSTORE_R_MATERIAL,   /* certificates or key hint not as this bundle version has them */
	SIGSTORE_R_SIGNATURES, /* a DSSE envelope with another number of signatures than one */
	SIGSTORE_R_NO_PROMISE, /* v0.1 without inclusion promise */
	SIGSTORE_R_NO_PROOF,   /* v0.2 and later without inclusion proof or checkpoint */
	/* signer */
	SIGSTORE_R_SIGNER_KIND, /* signed under a certificate where a key was given, or the reverse */
	SIGSTORE_R_NO_ROOT,     /* MISSING: a certificate cannot be judged without a trusted root */
	SIGSTORE_R_KEY,         /* a key of a kind that is not supported */
	SIGSTORE_R_HINT,        /* key hint and the envelope's key id contradict each other */
	/* transparency log */
	SIGSTORE_R_NO_ENTRY,    /* MISSING: no log entry */
	SIGSTORE_R_LOG_UNKNOWN, /* of a log that the trusted root does not have */
	SIGSTORE_R_LOG_WINDOW,  /* outside of the log's validity in the trusted root */
	SIGSTORE_R_PROMISE,     /* signed entry timestamp does not verify */
	SIGSTORE_R_CHECKPOINT_FORM,
	SIGSTORE_R_CHECKPOINT,      /* not signed by the log */
	SIGSTORE_R_CHECKPOINT_TREE, /* signed, but of another tree than the proof is of */
	SIGSTORE_R_PROOF,           /* inclusion proof does not lead to the root hash */
	SIGSTORE_R_ENTRY_FORM,      /* body is not what its kind and version say it is */
	SIGSTORE_R_ENTRY_KIND,      /* kind or version not supported, or not the one announced */
	SIGSTORE_R_ENTRY_SIGNATURE, /* body has another signature than the bundle */
	SIGSTORE_R_ENTRY_SIGNER,    /* body has another certificate or key */
	SIGSTORE_R_ENTRY_CONTENT,   /* body has another digest than what was signed */
	SIGSTORE_R_ENTRY_REPEATED,  /* the same entry twice */
	/* times */
	SIGSTORE_R_TIMESTAMP,           /* RFC 3161 token is malformed or does not verify */
	SIGSTORE_R_TIMESTAMP_IMPRINT,   /* over something else than the bundle's signature */
	SIGSTORE_R_TIMESTAMP_UNTRUSTED, /* by none of the trusted root's authorities */
	SIGSTORE_R_TIMESTAMP_WINDOW,    /* its time is outside of the authority's validity */
	SIGSTORE_R_NO_TIME,             /* MISSING: nothing says when it was signed */
	/* certificate */
	SIGSTORE_R_CERTIFICATE,  /* is none, or has an extension that cannot be read */
	SIGSTORE_R_CHAIN,        /* leads to no CA of the trusted root */
	SIGSTORE_R_CHAIN_WINDOW, /* was not valid at a verified time */
	SIGSTORE_R_USAGE,        /* not for code signing, or a CA */
	SIGSTORE_R_NO_SCT,       /* no certificate timestamp */
	SIGSTORE_R_SCT,          /* none that verifies under a CT log of the trusted root */
	SIGSTORE_R_SAN,          /* not exactly one subject alternative name that is understood */
	/* signature and artifact */
	SIGSTORE_R_SIGNATURE,       /* over the envelope or the artifact: does not verify */
	SIGSTORE_R_ARTIFACT_DIGEST, /* the bundle says that it is about other bytes */
	SIGSTORE_R_NEED_BYTES,  /* MISSING: pure Ed25519 signs bytes, and only digests are here */
	SIGSTORE_R_NEED_DIGEST, /* MISSING: a digest of an algorithm that was not computed */
	/* for callers that compare the signer */
	SIGSTORE_R_IDENTITY,
	SIGSTORE_R_ISSUER,
	SIGSTORE_REASONS,
};

/* "evidence.sigstore-promise" …: static. */
const char *sigstore_code(enum sigstore_reason r);
/* Is it about something that is not there (as opposed to: contradicted)? */
bool sigstore_is_missing(enum sigstore_reason r);
