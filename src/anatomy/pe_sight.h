/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe_sight: what a hunt wants to know of a PE file, at a glance: the digests that indicators name, who
 * signed it, and whether the signature holds. For judging an artifact there is anatomy.h, which is
 * stricter and says why.
 *
 * Of the file's bytes in memory, in place; texts are in the arena. A file that is no PE gives 0 with
 * `is_pe` false. Result: 0; -ENOMEM.
 */

#include "base/arena.h"
#include "base/span.h"
#include "model/digest.h"

enum pe_sight_state {
	PE_SIGHT_UNSIGNED = 0,
	PE_SIGHT_INVALID, /* a signature that does not verify, or is of other bytes */
	PE_SIGHT_SIGNED,  /* verifies under the certificate in it; whose that is, is a claim */
};

struct pe_sight {
	bool is_pe, library;
	struct digest authenticode_sha1, authenticode_sha256; /* recomputed, also of unsigned files */
	struct digest imphash;
	enum pe_sight_state state;
	bool slack;	    /* bytes inside the certificate table or behind it that no signature covers */
	const char *signer; /* common name of the first signature's signer; "" */
	const char *serial; /* of its certificate: hex without leading zero bytes; "" */
	struct digest cert_sha1, cert_sha256;
};

FB_MUST int pe_sight(struct pe_sight *ret_s, struct span file, struct arena *a);
