/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * meta: a signed in-toto document, layout or link, in either of its two wrappings.
 *
 *   metablock  {"signed": {…}, "signatures": [{"keyid", "sig": hex}]}; signatures are over the
 *              canonical JSON of "signed" (wire/json_olpc.h); GPG ones as gpg.h has them
 *   DSSE       {"payload", "payloadType": "application/vnd.in-toto+json", "signatures"}; over the
 *              PAE; the payload is {"_type": "layout" or "link", …} (in-toto ITE-5)
 *
 * Guarantees: reads bytes, touches no file. Nothing of the body may be believed before
 * meta_verify. A metablock has no other members than these, and a signature none but its own:
 * what is not signed is not there. Certificates beside a signature (ITE-7) are refused by name.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "trust/intoto/pubkey.h"
#include "wire/json.h"

#define META_FILE_MAX (64u << 20)
#define META_SIGS_MAX 64
#define META_PAYLOAD_TYPE "application/vnd.in-toto+json"

enum meta_type { META_LAYOUT = 1, META_LINK };

struct meta_sig {
	const char *keyid; /* "": a DSSE signature that names no key */
	struct span sig;
	struct span headers; /* GPG; p NULL: not one */
};

struct meta {
	enum meta_type type;
	bool dsse;
	struct json_val body; /* an object */
	struct span signed_bytes;
	struct meta_sig sig[META_SIGS_MAX];
	size_t nsigs;
};

/* Memory from a; text is borrowed. 0, -EBADMSG with fault (*ret_m zeroed), -ENOMEM. */
FB_MUST int meta_read(struct meta *ret_m, struct span text, struct arena *a, struct fault *f);

enum meta_result {
	META_GOOD = 0,
	META_STRANGER, /* no signature under any id of the key */
	META_BAD,      /* one under such an id, and not by the key */
	META_EXPIRED,  /* a GPG key that was over at now */
	META_UNUSABLE, /* one under such an id, and the key cannot be used (its why) */
};

/* The first signature that names k or a subkey of it decides, as in in-toto-verify. One that names
 * no key (DSSE) counts if it verifies. *ret_id: the id that it was made under; may be NULL. */
FB_MUST int meta_verify(const struct meta *m, const struct pubkey *k, ts now, const char **ret_id);
