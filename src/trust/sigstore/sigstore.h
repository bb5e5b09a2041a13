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
 *   1. each RFC 3161 timestamp: over the bundle's signature, by an authority of the trusted root;
 *   2. each log entry: a log of the trusted root; its promise (SET), which with 1 gives the verified
 *      times: at least SIGSTORE_TIMES_MIN for a certificate; its checkpoint and inclusion proof;
 *   3. the certificate: chain to a CA of the trusted root at every verified time, code signing,
 *      SIGSTORE_SCTS_MIN certificate timestamps by CT logs of the trusted root, who it names;
 *   4. a DSSE envelope's signature (a message's needs the artifact: sigstore_artifact);
 *   5. each log entry's body: the same signature, the same signer, the same content.
 * Everything that a bundle brings must verify: a bad second entry or timestamp is not outvoted.
 *
 * Guarantees: no I/O; no clock; starts from failure with one path to SIGSTORE_GOOD; a payload is
 * handed out only in that state. Who the signer *should* be is not decided here: whoever calls
 * compares result.signer with what is expected, and a result without that only proves that somebody
 * signed.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "model/digest.h"
#include "trust/artifact.h"
#include "trust/signer.h"
#include "trust/sigstore/bundle.h"
#include "trust/sigstore/reason.h"
#include "trust/sigstore/root.h"

#define SIGSTORE_ENTRIES_MIN 1 /* log entries (when a trusted root is given) */
#define SIGSTORE_TIMES_MIN 1   /* verified times, for certificates */
#define SIGSTORE_SCTS_MIN 1    /* good certificate timestamps, for certificates */

enum sigstore_state {
	SIGSTORE_BAD = 0, /* something in it does not verify, or cannot be read */
	SIGSTORE_MISSING, /* what there is holds, but something required is not there */
	SIGSTORE_GOOD,
};

struct sigstore_trust {
	const struct sigstore_root *root; /* NULL only with a key: then log entries and timestamps
					     are not verified (result.log_checked is false) */
	const struct key *key;  /* a managed key, borrowed; NULL: signers are certificates */
	const char *key_name;   /* what people call it: signer.name; may be NULL */
	ts now; /* only for a managed key's bundle without any verified time: is its log valid now? */
};

enum sigstore_time_source { SIGSTORE_TIME_LOG, SIGSTORE_TIME_TSA };
struct sigstore_time {
	enum sigstore_time_source source;
	ts at;
	const char *authority; /* the log's baseUrl or the TSA's uri; "" if the root does not say */
};

struct sigstore_log {
	const char *log;       /* baseUrl */
	int64_t index;         /* logIndex; signed by promise or (v2) proof, else only claimed */
	ts integrated;         /* TS_NONE: not signed by the log */
	const char *kind;      /* "hashedrekord 0.0.2" */
	struct digest content; /* what the entry says was signed: of the artifact (message) or, for
				  DSSE, already compared */
};

struct sigstore_result {
	enum sigstore_state state;
	enum sigstore_reason reason; /* NONE when GOOD */
	struct fault words;          /* one line; "" when GOOD */
	/* GOOD: */
	struct signer signer;        /* SIGNER_IDENTITY or SIGNER_KEY; time is the earliest verified */
	struct digest certificate;   /* SHA-256 of the leaf's DER; unset for managed keys */
	bool log_checked;            /* false: no trusted root was given */
	size_t ntimes, nlogs;
	struct sigstore_time time[SIGSTORE_TIMES_MAX];
	struct sigstore_log log[SIGSTORE_ENTRIES_MAX];
	bool is_dsse;
	struct span payload, payload_type; /* DSSE: verified */
	/* private */
	const struct sigstore_bundle *bundle; /* borrowed: must outlive the result */
	const struct key *key;                /* what verifies the signature */
	enum key_scheme scheme;               /* as the log entry says, or KEY_BY_KIND */
	struct key *own_key;
};

/*
 * Verifies everything but the artifact. The outcome is in *ret_r (its texts live in a, bundle or
 * root); the return value is 0, or -ENOMEM. Free with sigstore_result_free in any case.
 */
FB_MUST int sigstore_verify(struct sigstore_result *ret_r, const struct sigstore_bundle *b,
    const struct sigstore_trust *t, struct arena *a);
void sigstore_result_free(struct sigstore_result *r);
#define AUTO_SIGSTORE_RESULT FB_CLEANUP(sigstore_result_free)

/* HASH_SET bits (crypto/hash.h) of the digests that sigstore_artifact may ask for, and
 * ARTIFACT_NEEDS_BYTES for a pure Ed25519 signature over a message. 0 for DSSE. */
unsigned sigstore_needs(const struct sigstore_result *r);

/*
 * Is the (GOOD) result's signature over this artifact? 0: yes. SIGSTORE_R_SIGNATURE,
 * _ARTIFACT_DIGEST, _ENTRY_CONTENT, _NEED_BYTES, _NEED_DIGEST with words. For a DSSE bundle this is
 * not the question: read the statement in r->payload (trust/statement.h) and match its subjects;
 * here it is -EINVAL, as for a result that is not GOOD. -ENOMEM.
 */
FB_MUST int sigstore_artifact(const struct sigstore_result *r, struct artifact *art,
    struct fault *words);
