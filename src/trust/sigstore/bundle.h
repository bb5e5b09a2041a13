/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bundle: a Sigstore bundle (dev.sigstore.bundle.v1.Bundle as JSON) as a typed value. Nothing in it
 * is verified here; sigstore.h does that.
 *
 * Accepted media types: application/vnd.dev.sigstore.bundle+json;version=0.1, 0.2, 0.3 and
 * application/vnd.dev.sigstore.bundle.v0.3+json. JSON as the client specification section 5 has it:
 * lowerCamelCase names, enums by name; null is absent, int64 is a string or a number, base64 in
 * either alphabet, strict. Unknown and repeated members are refused.
 *
 * Rules by version:
 *   v0.1  certificate chain or key hint; each log entry has an inclusion promise. A self-issued
 *         certificate is only accepted where the format of that time put it: last, behind its own
 *         subordinates in issuing order (it is not trusted by being there)
 *   v0.2  certificate chain (no self-issued certificate) or key hint; each log entry has an inclusion
 *         proof with checkpoint
 *   v0.3  as v0.2, and one certificate instead of a chain
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/merkle.h"
#include "model/digest.h"
#include "wire/json.h"

#define SIGSTORE_BUNDLE_MAX (16u << 20) /* bytes of JSON */
#define SIGSTORE_ENTRIES_MAX 16
#define SIGSTORE_TIMESTAMPS_MAX 16
#define SIGSTORE_TIMES_MAX (SIGSTORE_ENTRIES_MAX + SIGSTORE_TIMESTAMPS_MAX)
#define SIGSTORE_CERTS_MAX 8
#define SIGSTORE_LOG_ID_MAX 64
#define SIGSTORE_SECONDS_MAX (TS_FOREVER / TS_SECOND - 1) /* integratedTime */

enum sigstore_bundle_version { SIGSTORE_V01 = 1, SIGSTORE_V02, SIGSTORE_V03 };

struct sigstore_entry {
	int64_t index;      /* logIndex, >= 0 */
	struct span log_id; /* keyId, never empty */
	struct span kind, version;
	int64_t integrated; /* integratedTime; 0 if not given */
	struct span promise; /* signedEntryTimestamp; empty if not given */
	bool has_proof;
	uint64_t proof_index, proof_size;
	struct mhash proof_root;
	struct mhash *proof;
	size_t nproof;
	struct span checkpoint; /* envelope; empty if not given (v0.1 only) */
	struct span body;       /* canonicalizedBody, decoded; never empty */
	struct span body_text;  /* as base64 text (standard alphabet, padded: what a SET signs) */
};

struct sigstore_bundle {
	enum sigstore_bundle_version version;
	struct span cert[SIGSTORE_CERTS_MAX]; /* DER; [0] is the signer's */
	size_t ncerts;                        /* 0: a managed key */
	const char *hint;                     /* publicKey.hint; "" if none */
	struct sigstore_entry entry[SIGSTORE_ENTRIES_MAX];
	size_t nentries;
	struct span timestamp[SIGSTORE_TIMESTAMPS_MAX]; /* DER TimeStampResp */
	size_t ntimestamps;
	struct span signature; /* never empty */
	bool is_dsse;
	struct digest claimed; /* messageSignature.messageDigest; unset if not given */
	struct span payload, payload_type;
	const char *keyid; /* DSSE; "" if none */
};

/* Is v a bundle rather than something else? (It has a mediaType of one, or verificationMaterial.) */
bool sigstore_bundle_is(struct json_val v);

/*
 * 0, or enum sigstore_reason (sigstore.h: MALFORMED, MEDIA_TYPE, MATERIAL, SIGNATURES, NO_PROMISE,
 * NO_PROOF) with fault and *ret_b zeroed, or -ENOMEM. Bytes live in the arena or in v's text.
 */
FB_MUST int sigstore_bundle_read(struct sigstore_bundle *ret_b, struct json_val v, struct arena *a,
    struct fault *f);
/* The same from text: exactly one JSON value. */
FB_MUST int sigstore_bundle_parse(struct sigstore_bundle *ret_b, struct span text, struct arena *a,
    struct fault *f);
