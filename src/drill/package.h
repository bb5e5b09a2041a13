/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * package: the stand-in product of a drill: its components (drill/pe_build.h), their signatures,
 * its provenance and its policy. Files are made below work (drill/stage.h has the layout).
 *
 * Errors: -errno with a fault.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "wire/json.h"

/* The builder that the policy trusts. */
extern const char package_builder[];

struct package {
	const char *work;
	const char *name; /* folder */
	const char *version;
	const char *implant; /* component that gets other content; NULL: none */
};

/* policy.yaml: anatomy, signed by the vendor's certificate, and provenance, from our builder, signed
 * with its key. After package_vendor_key. */
FB_MUST int package_policy(
    const char *work, const struct key *builder, struct arena *a, struct fault *f);
/* keys/vendor-signing.{key,crt}: a code-signing key with a self-signed certificate. */
FB_MUST int package_vendor_key(const char *work, struct arena *a, struct fault *f);
/* Every component, signed. */
FB_MUST int package_build(const struct package *p, struct arena *a, struct fault *f);
/* One component, signed. */
FB_MUST int package_component(
    const struct package *p, const char *component, struct arena *a, struct fault *f);
/* NAME.intoto.jsonl: SLSA provenance v1 over the components as they are now, signed by the builder.
 */
FB_MUST int package_prove(
    const struct package *p, const char *builder_id, struct arena *a, struct fault *f);
/* n bytes inside the certificate table of a component (pe_build_stuff). */
FB_MUST int package_stuff(const char *work, const char *name, const char *component, size_t n,
    struct arena *a, struct fault *f);
/* The components as a customer has them: FOLDER/Program Files/Desk Phone/. */
FB_MUST int package_install(
    const char *work, const char *name, const char *folder, struct arena *a, struct fault *f);
