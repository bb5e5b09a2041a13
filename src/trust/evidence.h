/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * evidence: files of attestations -> attestations, each with what became of its signature.
 *
 * Accepted files: one DSSE envelope; several, one a line (.jsonl); a Sigstore bundle with a
 * dsseEnvelope; the {"attestations": [...]} answer of a package registry with such bundles inside;
 * any of these, one a line.
 *
 * Guarantees: a payload is parsed only after a signature over it verified under one of the keys
 * given. What cannot be read is an attestation too, in state BROKEN: it is never skipped. Sigstore
 * certificates, timestamps and log proofs are not verified here: a bundle counts only if one of
 * the given keys signed its envelope.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "trust/envelope.h"
#include "trust/slsa.h"
#include "trust/statement.h"

#define EVIDENCE_FILE_MAX (16u << 20)
#define EVIDENCE_ENVELOPES_MAX 1024 /* over all files */
#define EVIDENCE_SCRATCH_MAX (512u << 20)

enum attestation_state {
	ATTESTATION_BROKEN = 0, /* cannot be read; why says what and where */
	ATTESTATION_FORGED,     /* names a given key, which did not sign it */
	ATTESTATION_STRANGER,   /* signed by none of the given keys */
	ATTESTATION_OTHER,      /* nothing that is used here; why says what it is */
	ATTESTATION_REFUSED,    /* a statement, but signed only by keys that may not sign */
	ATTESTATION_GOOD,       /* a statement, signed by a key that may */
};

struct attestation {
	enum attestation_state state;
	const char *file;     /* the evidence file, with ":LINE" if it has several lines */
	struct digest digest; /* SHA-256 of the file */
	const char *why;      /* BROKEN, FORGED, STRANGER, OTHER: in words */
	bool sigstore;        /* in a Sigstore bundle, signed under a certificate */
	/* REFUSED, GOOD: */
	const struct trust_key *signer;
	struct statement st;
	bool is_slsa;
	struct slsa slsa;
};

struct evidence {
	struct attestation *item;
	size_t n, cap;
	struct arena *keep;
};

/*
 * Reads one file and appends its attestations. name is what people are shown. -errno with fault
 * only when the file cannot be opened or read; whatever is in it is told by the attestations.
 */
FB_MUST int evidence_load(struct evidence *e, const char *path, const char *name,
    const struct keyring *keys, struct fault *f);
/* The same for bytes. 0 or -ENOMEM. */
FB_MUST int evidence_add(struct evidence *e, struct span text, const char *name,
    const struct keyring *keys);
