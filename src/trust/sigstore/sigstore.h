/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sigstore: verifying a Sigstore bundle against a trusted root (sigstore client specification,
 * section 4; sigstore/protobuf-specs; rekor-v2-spec). docs/sigstore.md has the long form.
 *
 * The work is cut in two, because one bundle may speak for many artifacts and one artifact have
 * many bundles: sigstore_verify does, once, everything that does not depend on the artifact;
 * sigstore_artifact compares with one artifact, by its digests alone.
 *
 * Order of sigstore_verify; the first step that fails decides:
 *   1. each log entry: log of the trusted root, its promise (SET), inclusion proof and checkpoint;
 *   2. each RFC 3161 timestamp: over the bundle's signature, by a TSA of the trusted root;
 *      together they give the verified times: at least SIGSTORE_TIMES_MIN for a certificate;
 *   3. the certificate: chain to a CA of the trusted root, at every verified time; code signing;
 *      SIGSTORE_SCTS_MIN certificate timestamps by CT logs of the trusted root;
 *   4. each log entry's body: the same signature, the same signer, the same content;
 *   5. a DSSE envelope's signature. (That of a message needs the artifact: sigstore_artifact.)
 * Everything that a bundle brings must verify: a bad second entry or timestamp is not outvoted.
 *
 * Guarantees: no I/O; no clock; starts from failure with one path to SIGSTORE_GOOD; a payload is
 * handed out only in that state. Who the signer *should* be is not decided here: compare
 * result.signer with what is expected (identity.h). A result without that proves that somebody
 * signed.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "model/digest.h"
#include "trust/sigstore/bundle.h"
#include "trust/sigstore/identity.h"
#include "trust/sigstore/root.h"

#define SIGSTORE_ENTRIES_MIN 1 /* log entries (when a trusted root is given) */
#define SIGSTORE_TIMES_MIN 1   /* verified times, for certificates */
#define SIGSTORE_SCTS_MIN 1    /* good certificate timestamps, for certificates */

enum sigstore_state {
	SIGSTORE_BAD = 0, /* something in it does not verify, or cannot be read */
	SIGSTORE_MISSING, /* what there is holds, but something required is not there */
	SIGSTORE_GOOD,
};

/* What exactly failed or is missing; sigstore_code() gives the stable name. */
enum sigstore_reason {
	SIGSTORE_NONE = 0,
	/* the bundle as a document */
	SIGSTORE_R_MALFORMED,  /* not JSON, an unknown, repeated, missing or mistyped field */
	SIGSTORE_R_MEDIA_TYPE, /* no bundle, or of a version that is not known */
	SIGSTORE_R_MATERIAL,   /* certificates or key hint not as this bundle version has them */
	SIGSTORE_R_SIGNATURES, /* a DSSE envelope with another number of signatures than one */
	SIGSTORE_R_NO_PROMISE, /* v0.1 without inclusion promise */
	SIGSTORE_R_NO_PROOF,   /* v0.2 and later without inclusion proof or checkpoint */
	/* signer */
	SIGSTORE_R_SIGNER_KIND, /* signed under a certificate where a key was given, or the reverse */
	SIGSTORE_R_NO_ROOT,     /* MISSING: a certificate cannot be judged without a trusted root */
	SIGSTORE_R_KEY,         /* the key or certificate holds a key that is not supported */
	/* transparency log */
	SIGSTORE_R_NO_ENTRY,    /* MISSING: no log entry */
	SIGSTORE_R_LOG_UNKNOWN, /* of a log that the trusted root does not have */
	SIGSTORE_R_LOG_WINDOW,  /* outside of the log's validity in the trusted root */
	SIGSTORE_R_PROMISE,     /* signed entry timestamp does not verify */
	SIGSTORE_R_CHECKPOINT_FORM,
	SIGSTORE_R_CHECKPOINT,  /* not signed by the log */
	SIGSTORE_R_CHECKPOINT_TREE, /* signed, but of another tree than the proof is of */
	SIGSTORE_R_PROOF,       /* inclusion proof does not lead to the root hash */
	SIGSTORE_R_ENTRY_FORM,  /* body is not what its kind and version say it is */
	SIGSTORE_R_ENTRY_KIND,  /* kind or version not supported, or not the one announced */
	SIGSTORE_R_ENTRY_SIGNATURE, /* body has another signature than the bundle */
	SIGSTORE_R_ENTRY_SIGNER,    /* body has another certificate or key */
	SIGSTORE_R_ENTRY_CONTENT,   /* body has another digest than what was signed */
	/* times */
	SIGSTORE_R_TIMESTAMP,         /* RFC 3161 token is malformed or does not verify */
	SIGSTORE_R_TIMESTAMP_IMPRINT, /* it is over something else than the bundle's signature */
	SIGSTORE_R_TIMESTAMP_UNTRUSTED, /* by none of the trusted root's authorities */
	SIGSTORE_R_TIMESTAMP_WINDOW,  /* its time is outside of the authority's validity */
	SIGSTORE_R_NO_TIME,           /* MISSING: nothing says when it was signed */
	/* certificate */
	SIGSTORE_R_CHAIN,        /* leads to no CA of the trusted root */
	SIGSTORE_R_CHAIN_WINDOW, /* was not valid at a verified time */
	SIGSTORE_R_USAGE,        /* not for code signing, or a CA */
	SIGSTORE_R_NO_SCT,       /* no certificate timestamp */
	SIGSTORE_R_SCT,          /* one that does not verify, or of an unknown CT log */
	SIGSTORE_R_SAN,          /* no subject alternative name, or not exactly one */
	/* signature and artifact */
	SIGSTORE_R_SIGNATURE,       /* over the envelope or the artifact: does not verify */
	SIGSTORE_R_ARTIFACT_DIGEST, /* the bundle is about other bytes */
	SIGSTORE_R_NEED_BYTES,      /* MISSING: pure Ed25519 signs bytes, and only digests are here */
	SIGSTORE_R_NEED_DIGEST,     /* MISSING: a digest of an algorithm that the caller did not give */
	SIGSTORE_R_PAYLOAD_TYPE,    /* DSSE payload is no in-toto statement */
	/* for callers that compare the signer */
	SIGSTORE_R_IDENTITY,
	SIGSTORE_R_ISSUER,
	SIGSTORE_REASONS,
};

/* "evidence.sigstore-promise" …: static, listed in docs/sigstore.md. */
const char *sigstore_code(enum sigstore_reason r);
/* Is it about something that is not there (as opposed to: contradicted)? */
bool sigstore_is_missing(enum sigstore_reason r);

struct sigstore_trust {
	const struct sigstore_root *root; /* NULL only with a key: then log entries and timestamps
					     are not verified (result.log_checked is false) */
	const struct key *key;            /* a managed key, borrowed; NULL: signers are certificates */
	ts now; /* only for a managed key's bundle without any verified time: is its log valid now? */
};

enum sigstore_time_source { SIGSTORE_TIME_LOG, SIGSTORE_TIME_TSA };
struct sigstore_time {
	enum sigstore_time_source source;
	ts at;
	const char *authority; /* the log's baseUrl or the TSA's uri */
};

struct sigstore_log {
	const char *log;      /* baseUrl */
	int64_t index;        /* logIndex, global; of a v1 entry without promise it is only claimed */
	ts integrated;        /* TS_NONE: none, or not signed */
	const char *kind;     /* "hashedrekord 0.0.2" */
};

struct sigstore_result {
	enum sigstore_state state;
	enum sigstore_reason reason; /* NONE when GOOD */
	struct fault words;          /* one line; "" when GOOD */
	/* GOOD: */
	struct sigstore_signer signer; /* identity.h; of a managed key: kind SIGSTORE_SAN_NONE */
	const struct key *key;       /* what verifies the signature: the managed key, or own_key */
	struct digest certificate;   /* SHA-256 of the leaf; unset for managed keys */
	bool log_checked;            /* false: no trusted root was given */
	size_t ntimes, nlogs;
	struct sigstore_time time[SIGSTORE_TIMES_MAX];
	struct sigstore_log log[SIGSTORE_ENTRIES_MAX];
	const struct sigstore_bundle *bundle; /* borrowed: must outlive the result */
	bool is_dsse;
	struct span payload, payload_type; /* DSSE: verified */
	/* private */
	struct key *own_key;
	struct digest logged; /* content digest that the log entries agree on; may be unset */
};

/*
 * Verifies everything but the artifact. The outcome is in *ret_r (its texts live in a, or in bundle
 * and root); the return value is 0, or -ENOMEM. Free with sigstore_result_free in any case.
 */
FB_MUST int sigstore_verify(struct sigstore_result *ret_r, const struct sigstore_bundle *b,
    const struct sigstore_trust *t, struct arena *a);
void sigstore_result_free(struct sigstore_result *r);

struct sigstore_artifact {
	const struct digest *digest; /* DIGEST_ALGS of them, by algorithm; unset ones are not known */
	struct span bytes;           /* SPAN_NONE unless the whole artifact is in memory; only pure
					Ed25519 signatures need it */
};

/*
 * Is the (GOOD) result's signature over this artifact? 0: yes. SIGSTORE_R_SIGNATURE,
 * _ARTIFACT_DIGEST, _NEED_BYTES, _NEED_DIGEST with words. For a DSSE bundle this is not the
 * question: read the statement in r->payload (trust/statement.h) and match its subjects; here it is
 * -EINVAL, as for a result that is not GOOD. -ENOMEM.
 */
FB_MUST int sigstore_artifact(const struct sigstore_result *r, const struct sigstore_artifact *art,
    struct fault *words);
