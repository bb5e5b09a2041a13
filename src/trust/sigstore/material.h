/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * material: the part of a bundle that says who signed: certificate, chain or key hint, by the rules
 * of the bundle's version (bundle.h). Private to sigstore/.
 *
 * Result codes: 0; SIGSTORE_R_MATERIAL or SIGSTORE_R_MALFORMED with fault; -ENOMEM.
 */

#include "trust/sigstore/bundle.h"

/* v is the verificationMaterial object; its members were checked. */
FB_MUST int sigstore_material_read(struct sigstore_bundle *b, struct json_val v, struct arena *a,
    struct fault *f);
