/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shipped: the trust material that is built into the program: Sigstore's production trusted root
 * and the TUF root that leads from it to newer ones. The files are share/trust/; where they come
 * from, and which versions they are, share/trust/README.md says.
 *
 * Guarantees: constant bytes, there for the life of the process; no file is read. That they are
 * what they are called is checked by tests/unit/test_shipped.c.
 */

#include "base/clock.h"
#include "base/span.h"

/* trusted_root.json (application/vnd.dev.sigstore.trustedroot+json;version=0.1). */
struct span trusted_root_shipped(void);
/* The instant until which Sigstore's signed timestamp called this trusted root its current one. It
 * stays usable after that: an old root only knows less. */
ts trusted_root_shipped_date(void);
/* Version of the TUF targets metadata that lists it. */
#define TRUSTED_ROOT_SHIPPED_TARGETS 14
/* The root metadata (root.json) of Sigstore's TUF repository at that time. */
struct span tuf_root_shipped(void);
#define TUF_ROOT_SHIPPED_VERSION 15
