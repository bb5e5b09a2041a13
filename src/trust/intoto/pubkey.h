/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pubkey: the keys of functionaries and of layout owners, and the signatures that they make.
 *
 * Forms: securesystemslib's object (trust/keyobj.h), its GPG object ("method" pgp+rsa-pkcsv1.5 or
 * pgp+eddsa-ed25519, with subkeys; DSA is refused by name), and for the keys that the user gives
 * also whatever crypto/key.h takes (PEM, DER, certificate).
 *
 * A key's id is a name, not a proof: in a layout it is the member's name. For a key that the user
 * gives it is computed: SHA-256 of the canonical JSON of the key object (in-toto specification
 * 4.2.1), with and without "keyid_hash_algorithms", as securesystemslib has done over the years,
 * and for PEM under each scheme that fits. Two keys are the same when their numbers are.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/key_scheme.h"
#include "wire/json.h"

#define PUBKEY_IDS_MAX 32
#define PUBKEY_SUBKEYS_MAX 64

struct pubkey_id {
	const char *id;
	enum key_method method; /* that a signature under this id has */
};

struct pubkey {
	struct pubkey_id *id; /* at least one; the first is the name to show */
	size_t nids;
	struct key *key; /* NULL: cannot be used; why says it */
	const char *why;
	bool gpg;
	size_t modulus;	    /* GPG RSA: bytes of it */
	ts expires;	    /* GPG; else TS_FOREVER */
	struct pubkey *sub; /* GPG subkeys */
	size_t nsubs;
};

/* A key of a layout, by its name there. A key that cannot be used is no error. 0, -EBADMSG with
 * fault (not even of the shape; or a keyid that is not its name), -ENOMEM. */
FB_MUST int pubkey_of_layout(
    struct pubkey *ret_k, struct json_val name, struct arena *a, struct fault *f);
/* A key file that the user gave. The same results; a key that cannot be used is -EBADMSG here. */
FB_MUST int pubkey_of_file(
    struct pubkey *ret_k, struct span text, struct arena *a, struct fault *f);
void pubkey_free(struct pubkey *k);

/* The id under which k or a subkey of it signs, or NULL. *ret_k is the key itself or the subkey. */
const struct pubkey_id *pubkey_named(
    const struct pubkey *k, const char *keyid, const struct pubkey **ret_k);

/* The key object that goes into a layout or names a signer: with its "keyid", without "private".
 * -EINVAL: no scheme of these for the kind of key. */
FB_MUST int pubkey_object(struct buf *out, const struct key *k, enum key_method m);
/* Its id: 64 hex digits. */
FB_MUST int pubkey_keyid(const struct key *k, enum key_method m, char out[static 65]);
