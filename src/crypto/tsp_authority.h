/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* tsp_authority: inside of struct tsp_authority. Private to crypto/. */

#include "crypto/chain_roots.h"
#include "crypto/tsp.h"

struct tsp_authority {
	struct chain_roots *own;	 /* owned; NULL: none, or borrowed */
	const struct chain_roots *roots; /* NULL: a lone pinned certificate */
	struct cert *pinned;		 /* owned; NULL: none */
	struct chain_facts facts;	 /* of the pinned one */
	const struct chain_facts
	    *path[CHAIN_DEPTH_MAX]; /* of it: its signatures are known to hold */
	size_t n;
};
