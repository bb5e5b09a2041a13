/* SPDX-License-Identifier: Apache-2.0 */

/* evidence_bundle: Sigstore bundles. */

#include "trust/evidence_read.h"

int evidence_bundle(struct evidence_reader *r, struct attestation *a, struct json_val v)
{
	a->sigstore = true;
	if (json_ok(json_get(v, "dsseEnvelope")))
		return evidence_envelope(r, a, json_get(v, "dsseEnvelope"));
	return evidence_say(r, a, ATTESTATION_OTHER,
	    "a Sigstore bundle with a signature over the file itself, no statement");
}
