/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * keyring: the public keys that were given, by their names, and which of them may sign.
 *
 * Forms of a key file, told apart by content (keyring_read):
 *   PEM or DER public key or certificate (crypto/key.h);
 *   minisign.pub and signify .pub (the same format), and minisign's bare base64 key;
 *   OpenSSH public keys, one a line: ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa (2048 bits
 *   and more), sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com;
 *   an npm registry's keys (JSON);
 *   OpenSSH allowed_signers (ssh-keygen(1)): PRINCIPALS [namespaces="…",valid-after="…",
 *   valid-before="…"] KEY; cert-authority is refused.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "model/digest.h"

#define KEYRING_MAX 32

/* What one line of allowed_signers grants to its key. */
struct ssh_grant {
	const char *principals;       /* pattern list, as it is there: "a@b,*@c" */
	const char *namespaces;       /* pattern list; NULL: any */
	ts valid_after, valid_before; /* both ends count; TS_NONE, TS_FOREVER: no limit */
	struct ssh_grant *next;
};

struct trust_key {
	struct key *key;
	struct digest id;  /* key_id(key) */
	struct digest ssh; /* its OpenSSH fingerprint */
	const char *name;  /* the file it came from */
	bool may_sign;     /* false: known, but a policy does not list it */
	/*
	 * May sign what is no ssh signature. False for FIDO keys (they sign in a way of their own), and
	 * for keys that were given in allowed_signers and in no other form: those are granted for ssh.
	 */
	bool general;
	/* what its form says beyond the key; zero if nothing */
	bool limited;              /* given in allowed_signers only: one of its grants must apply */
	struct ssh_grant *grant;
	const char *sk;            /* application of a FIDO key ("ssh:") */
	struct span cert;          /* DER of the certificate that it was given in */
	bool has_number, minisign; /* key file of minisign's and signify's form; surely minisign's */
	uint8_t number[8];         /* its key number */
	ts valid_from, valid_to;   /* npm: when it may have signed; 0: no limit */
};

struct keyring {
	struct trust_key key[KEYRING_MAX];
	size_t n;
};

/* Takes key; name is kept. 0 (also when the key is there already: then it may sign if either says
 * so), -ENOSPC, -ENOMEM; the key is freed then. */
FB_MUST int keyring_add(struct keyring *r, struct key *key, const char *name, bool may_sign);
/* The same for a key with what its form says; k->key is taken, its ids are computed here. */
FB_MUST int keyring_put(struct keyring *r, const struct trust_key *k);
/*
 * Reads a key file in any of the forms above and adds every key in it. Strings live in the arena.
 * 0, -EBADMSG with fault (nothing was added), -ENOSPC, -ENOMEM.
 */
FB_MUST int keyring_read(struct keyring *r, struct span text, const char *name, bool may_sign,
    struct arena *a, struct fault *f);
void keyring_free(struct keyring *r);
/* May the key have signed then? Without a proven time that is now. */
bool keyring_valid_at(const struct trust_key *k, ts at);

/*
 * Does keyid name this key? Forms: hex of SHA-256 of the SubjectPublicKeyInfo, with or without
 * "sha256:"; base64 of the same (Sigstore's key hint) or of the OpenSSH public key blob (RFC 4253
 * 6.6, RFC 5656 3.1, RFC 8709 4), with or without "SHA256:" (ssh-keygen -l, npm's registry).
 */
bool keyring_names(const char *keyid, const struct trust_key *k);
