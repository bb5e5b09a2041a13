/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * make: writes links and signs links and layouts, so that in-toto-verify and this program take
 * them.
 *
 * Signatures are made under the key's default scheme (RSA: PSS) and name the key by its keyid
 * (pubkey.h). ECDSA P-521 keys have no scheme in in-toto: -EINVAL.
 */

#include "trust/intoto/layout.h"

struct link_parts {
	struct span name;
	const struct artifacts *materials, *products;
	const struct words *command; /* NULL: none */
	bool ran;		     /* the command was run: return_value, out, err are set */
	int return_value;
	struct span out, err; /* what it wrote, if recorded */
	const char *workdir;  /* NULL: not recorded */
};

/* The link's body as JSON, appended. */
FB_MUST int make_link(struct buf *out, const struct link_parts *p);

/*
 * Signs body (JSON text) and appends the signed document: a metablock, or with dsse an envelope.
 * others: signatures that stand already, but for one under the same keyid; may be NULL. An envelope
 * takes none (its signatures are over other bytes): -EINVAL. -EBADMSG with fault if body is no JSON
 * or has a number that is no integer.
 */
FB_MUST int make_signed(struct buf *out, struct span body, const struct key *k, bool dsse,
    struct json_val others, struct arena *a, struct fault *f);
