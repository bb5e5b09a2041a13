/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * root: a Sigstore trusted root (dev.sigstore.trustroot.v1.TrustedRoot as JSON): whom to believe,
 * and in which windows of time.
 *
 * Accepted: media types application/vnd.dev.sigstore.trustedroot+json;version=0.1 and 0.2 and
 * application/vnd.dev.sigstore.trustedroot.v0.1+json and .v0.2+json. JSON as proto3 writes it:
 * lowerCamelCase names, null as absent, base64 in either alphabet, enums by name or number, RFC 3339
 * times. Unknown members are refused (proto3 JSON mapping: parsers should reject unknown fields): a
 * member that this program does not know may be a limit.
 *
 * Refused whole: a log, CA or TSA without key or certificates, or without a start of its validity
 * (an end may be missing: not ended yet); an end before the start; a key that is not of the kind
 * that keyDetails says; a Merkle tree of another hash than SHA-256; a CA whose certificates do not
 * issue one another. (Those of a TSA are looked at when the first timestamp asks for it: most bundles
 * have none, and it takes as long as half a bundle. If they are no chain, its timestamps are
 * untrusted.) A log whose key is of an algorithm that is not supported (ML-DSA, LMS,
 * Ed25519ph) is kept, and what it signed is refused with that reason.
 *
 * Windows are closed: an instant is inside when start <= t <= end. Several logs may share an id;
 * windows may overlap or lie in the future.
 *
 * Guarantees: parsed once, then the same for good; the certificates of CAs are parsed and their chains
 * verified here, so that a bundle costs one issuer signature. One thread at a time (struct key); a
 * forked child may go on with its copy.
 */

#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#define SIGSTORE_ROOT_MAX (1u << 20) /* bytes of JSON */
#define SIGSTORE_LOGS_MAX 64         /* of each kind */
#define SIGSTORE_CAS_MAX 64          /* of each kind */
#define SIGSTORE_CA_CHAIN_MAX 8

struct sigstore_root;

/* 0; -EBADMSG with fault; -ENOMEM. text need not outlive the call. */
FB_MUST int sigstore_root_parse(struct sigstore_root **ret_r, struct span text, struct fault *f);
/* Accepts NULL; returns NULL. */
struct sigstore_root *sigstore_root_free(struct sigstore_root *r);
void sigstore_root_free_p(struct sigstore_root **r);
#define AUTO_SIGSTORE_ROOT FB_CLEANUP(sigstore_root_free_p)
/* SHA-256 of the JSON text. */
struct digest sigstore_root_digest(const struct sigstore_root *r);
