/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * keyring: the public keys that were given, by their names, and which of them may sign.
 */

#include "crypto/key.h"
#include "model/digest.h"

#define KEYRING_MAX 32

struct trust_key {
	struct key *key;
	struct digest id;  /* key_id(key) */
	struct digest ssh; /* its OpenSSH fingerprint (ECDSA and Ed25519; unset for RSA) */
	const char *name;  /* the file it came from */
	bool may_sign;     /* false: known, but a policy does not list it */
};

struct keyring {
	struct trust_key key[KEYRING_MAX];
	size_t n;
};

/* Takes key; name is kept. 0 (also when the key is there already: then it may sign if either says
 * so), -ENOSPC, -ENOMEM; the key is freed then. */
FB_MUST int keyring_add(struct keyring *r, struct key *key, const char *name, bool may_sign);
void keyring_free(struct keyring *r);

/*
 * Does keyid name this key? Forms: hex of SHA-256 of the SubjectPublicKeyInfo, with or without
 * "sha256:"; "SHA256:" and unpadded base64, of the same or of the OpenSSH public key blob (RFC 4253
 * 6.6, RFC 5656 3.1, RFC 8709 4: what ssh-keygen -l prints and npm's registry uses).
 */
bool keyring_names(const char *keyid, const struct trust_key *k);
