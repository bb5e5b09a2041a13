/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rekor: the body of a log entry (canonicalizedBody): which signature by whom over what it records.
 *
 * Kinds: hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.2 (rekor pkg/types/…/_schema.json) of Rekor v1;
 * hashedrekord 0.0.2 and dsse 0.0.2 (protobuf-specs service-protos/rekor/v2) of Rekor v2. Others
 * are refused; intoto 0.0.1 among them, because it does not record the signature.
 *
 * Members that are not needed are ignored (the log signs the body as a whole); those that are needed
 * must be there once, with the right type. Private to sigstore/.
 */

#include "trust/sigstore/bundle.h"
#include "trust/sigstore/keydetails.h"
#include "trust/sigstore/reason.h"

enum rekor_kind { REKOR_HASHEDREKORD, REKOR_DSSE, REKOR_INTOTO };

struct rekor_body {
	enum rekor_kind kind;
	bool v2;
	const char *name;         /* "hashedrekord 0.0.1", static */
	struct digest content;    /* HASHEDREKORD: of what was signed; DSSE, INTOTO: of the payload */
	struct span payload_type; /* INTOTO */
	struct span signature;    /* never empty */
	struct span cert, key;    /* DER of a certificate or of an SPKI; one of them is empty */
	struct keydetails details; /* v2: what the signature was made with */
};

/*
 * 0; SIGSTORE_R_ENTRY_KIND: not supported, or not the kind and version that the entry announces;
 * SIGSTORE_R_ENTRY_FORM; SIGSTORE_R_ENTRY_SIGNATURE: one that no envelope could have; each with
 * fault; -ENOMEM.
 */
FB_MUST int rekor_body_read(struct rekor_body *ret_b, const struct sigstore_entry *e,
    struct arena *a, struct fault *f);
