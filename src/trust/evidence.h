/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * evidence: files of attestations and signatures -> attestations, each with what became of its
 * signature and who made it.
 *
 * Accepted files: one DSSE envelope; several, one a line (.jsonl); a Sigstore bundle; the
 * {"attestations": [...]} answer of a package registry with such bundles inside; any of these, one
 * a line; a detached signature (trust/detached); OpenPGP signatures and the files of Debian archives
 * (trust/debian), which may be larger than EVIDENCE_FILE_MAX.
 *
 * Guarantees: a payload is parsed only after a signature over it verified. What cannot be read is an
 * attestation too, in state BROKEN: it is never skipped. Whether the signer is welcome is decided by
 * accept_signer alone.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "trust/accept.h"
#include "trust/artifact.h"
#include "trust/debian/archive.h"
#include "trust/detached/detached.h"
#include "trust/envelope.h"
#include "trust/sbom/sbom.h"
#include "trust/slsa.h"
#include "trust/statement.h"
#include "trust/vsa.h"

#define EVIDENCE_FILE_MAX (16u << 20)
#define EVIDENCE_ENVELOPES_MAX 1024 /* over all files */
#define EVIDENCE_SCRATCH_MAX (512u << 20)

struct sigstore_root;
struct sigstore_result;

/* Sigstore's trusted root, read when the first bundle asks for it: most evidence needs none. */
struct evidence_root {
	struct span text; /* JSON; empty: none is given */
	struct sigstore_root *root;
	bool tried;
};
/* NULL if there is none (or it is malformed, or memory is short: bundles are PARTIAL then). */
const struct sigstore_root *evidence_root(struct evidence_root *r);

/* What signatures are checked against. */
struct evidence_trust {
	const struct keyring *keys;
	const struct accept *accept;
	struct evidence_root *root; /* NULL: certificates are not verified */
	bool ignore_log; /* bundles by a given key: as if there were no trusted root */
	struct detached_trust detached;
	struct debian_opts debian;
	ts now;
};

enum attestation_state {
	ATTESTATION_BROKEN = 0, /* cannot be read; why says what and where */
	ATTESTATION_FORGED,     /* a signature, certificate or proof in it does not verify */
	ATTESTATION_STRANGER,   /* signed by none of the given keys; why says who it names */
	ATTESTATION_UNNAMED,    /* verifies; signer is one whom nobody named */
	ATTESTATION_PARTIAL,    /* nothing contradicts, but a proof that is required is not in it */
	ATTESTATION_OTHER,      /* nothing that is used here; why says what it is */
	ATTESTATION_REFUSED,    /* verifies, but by a key that is known and may not sign */
	ATTESTATION_GOOD,       /* verifies, by a signer who may (detached: see kind) */
};

enum attestation_kind {
	ATTESTATION_STATEMENT = 0, /* an in-toto statement: st */
	ATTESTATION_BUNDLE,        /* Sigstore, over the artifact itself: bundle */
	ATTESTATION_DETACHED,      /* over the artifact itself: detached; GOOD only says that it could
				    * be read, the signature is checked with each artifact */
};

enum predicate_kind {
	PREDICATE_OTHER = 0,
	PREDICATE_SLSA,
	PREDICATE_VSA,
	PREDICATE_SBOM,
	PREDICATE_BROKEN, /* provenance or summary that cannot be read: why says where */
};

struct attestation {
	enum attestation_state state;
	enum attestation_kind kind;
	const char *file;     /* the evidence file, with ":LINE" if it has several lines */
	struct digest digest; /* SHA-256 of the file */
	const char *why;      /* not REFUSED, GOOD, or the predicate is BROKEN: in words */
	const char *code;     /* BROKEN, FORGED: the reason's code if it has one of its own; static */
	struct signer signer; /* UNNAMED, REFUSED, GOOD (not detached) */
	bool sigstore;        /* came in a Sigstore bundle */
	bool log_ignored;     /* whose transparency log was not looked at */
	/* STATEMENT, in state UNNAMED, REFUSED, GOOD: */
	struct statement st;
	enum predicate_kind predicate;
	struct slsa slsa;
	struct vsa vsa;
	struct sbom *sbom;    /* SBOM: in the arena; NULL: it cannot be read, as sbom_why says */
	const char *sbom_why;
	/* BUNDLE, DETACHED: */
	struct sigstore_result *bundle; /* in the arena */
	const struct detached *detached;
};

struct evidence {
	struct attestation *item;
	size_t n, cap;
	struct arena *keep;
	struct debian *archive; /* OpenPGP signatures and Debian archives; NULL: none */
};

/*
 * Reads one file and appends its attestations. name is what people are shown. -errno with fault
 * only when the file cannot be opened or read; whatever is in it is told by the attestations.
 */
FB_MUST int evidence_load(struct evidence *e, const char *path, const char *name,
    const struct evidence_trust *t, struct fault *f);
/* The same for bytes. 0 or -ENOMEM. */
FB_MUST int evidence_add(struct evidence *e, struct span text, const char *name,
    const struct evidence_trust *t);
/* After the last file: brings those together that belong together. -errno with fault. */
FB_MUST int evidence_settle(struct evidence *e, struct fault *f);
/* What the artifacts must have for all of it: HASH_SET bits, perhaps ARTIFACT_NEEDS_BYTES. */
unsigned evidence_needs(const struct evidence *e);
/* Gives back what is not in the arena. */
void evidence_done(struct evidence *e);
