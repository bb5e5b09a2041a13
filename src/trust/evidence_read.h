/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* evidence_read: what the files that read evidence share. Private to trust/evidence*.c. */

#include "trust/evidence.h"
#include "wire/json.h"

/* One evidence file while it is read. */
struct evidence_reader {
	struct evidence *e;
	const struct evidence_trust *t;
	const char *name;
	struct digest digest;
	struct arena scratch;
};

/* Sets state and words; 0 or -ENOMEM. */
FB_MUST int evidence_say(struct evidence_reader *r, struct attestation *a,
    enum attestation_state state, const char *why);
/* A parser's error as a BROKEN attestation. */
FB_MUST int evidence_broken(struct evidence_reader *r, struct attestation *a, int rc,
    const struct fault *f);
/* A signature verified: asks who may sign, and sets UNNAMED, REFUSED or GOOD. */
FB_MUST int evidence_signed(struct evidence_reader *r, struct attestation *a);
/* The payload of something that verified: statement and predicate. */
FB_MUST int evidence_payload(struct evidence_reader *r, struct attestation *a,
    struct span payload_type, struct span payload);
/* A DSSE envelope, signed with keys. */
FB_MUST int evidence_envelope(struct evidence_reader *r, struct attestation *a, struct json_val v);
/* Is the file at fd one of debian/archive.h's? 1: it was read; 0: no; -errno with fault. */
FB_MUST int evidence_archive(struct evidence *e, int fd, const char *name,
    const struct evidence_trust *t, struct fault *f);
/* A Sigstore bundle. */
FB_MUST int evidence_bundle(struct evidence_reader *r, struct attestation *a, struct json_val v);
