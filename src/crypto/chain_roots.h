/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* chain_roots: inside of struct chain_roots. Private to crypto/. */

#include "crypto/chain_facts.h"
#include "model/digest.h"

#define CHAIN_ANCHOR SIZE_MAX

struct chain_ca {
	struct cert *cert; /* owned */
	struct chain_facts facts;
	size_t parent; /* index of the CA whose signature on it was verified; CHAIN_ANCHOR: none */
};

struct chain_roots {
	struct chain_ca *ca;
	size_t n, cap;
	struct cert **leaf; /* signers' own certificates that are trusted; owned */
	size_t nleaves;
	struct digest *digest; /* of such certificates or their keys; owned */
	size_t ndigests;
};

/* Is the certificate itself trusted as a signer's? */
bool chain_roots_trust(const struct chain_roots *r, const struct cert *leaf);
