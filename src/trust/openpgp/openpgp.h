/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * openpgp: signatures over clear-signed texts and beside files, checked by GnuPG's gpgv under the
 * certificates that were given, and by no other: never the user's own keyring.
 *
 * gpgv runs by absolute path in sandbox/tool.h's confinement, with an empty home; text, signature,
 * keys and artifact are handed over as descriptors. What it reports counts only if
 * - its status lines parse (status.h) and agree with its exit status and with the number of
 *   signatures that we see ourselves (packet.h);
 * - the signing key is one of the certificates given, RSA or DSA of at least 2048 bits or an
 *   elliptic curve;
 * - the digest is SHA-256, SHA-384 or SHA-512; the signature is over the bytes (type 0) beside a
 *   file, over text (type 1) in a clear-signed one; it was not made in the future.
 * gpgv decides by the system's clock whether a key has expired; the future is held against now.
 *
 * Several signatures: one good one is enough, those by keys that were not given are ignored; one
 * that is *wrong* makes the whole thing BAD.
 *
 * Memory: keys 16 MiB, text PGP_TEXT_MAX, twice while it is checked. Files of any size are read by
 * gpgv from their descriptor.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "trust/openpgp/packet.h"
#include "trust/openpgp/status.h"
#include "trust/signer.h"

#define PGP_GPGV "/usr/bin/gpgv"
#define PGP_TEXT_MAX (32u << 20)
#define PGP_SIGNATURE_MAX (1u << 20)
#define PGP_KEYRING_MAX (16u << 20)
#define PGP_KEYS_MAX 4096 /* keys and subkeys */
#define PGP_BITS_MIN 2048
#define PGP_SKEW (5 * TS_MINUTE) /* a signer's clock may be this much ahead */

struct pgp_key {
	char fingerprint[PGP_FPR_MAX];
	unsigned algo, bits; /* bits: of RSA and DSA, else 0 */
};

struct pgp_keys {
	struct buf packets; /* all certificates, binary */
	struct pgp_key *key;
	size_t n, cap;
	int fd; /* a sealed copy for gpgv, made at first use; -1 */
};

#define PGP_KEYS_INIT ((struct pgp_keys){ .packets = BUF_INIT(PGP_KEYRING_MAX), .fd = -1 })
#define AUTO_PGP_KEYS FB_CLEANUP(pgp_keys_free)

/* Adds the certificates of one file: armored or binary, any number. name is for the fault.
 * 0, -EBADMSG (no certificates, a private key, a keybox, damaged), -EMSGSIZE, -ENOMEM. */
FB_MUST int pgp_keys_add(struct pgp_keys *k, struct span text, const char *name, struct fault *f);
void pgp_keys_free(struct pgp_keys *k);

enum pgp_result {
	PGP_GOOD = 0,
	PGP_BAD,      /* a signature that is wrong, or gpgv and this program read it differently */
	PGP_UNUSABLE, /* by a given key, but expired, revoked, weak, from the future */
	PGP_STRANGER, /* by none of the keys that were given, or none were given */
	PGP_BROKEN,   /* not what it should be: armor, packets, frame */
	PGP_NO_GPGV,  /* gpgv is not installed, or cannot be run here: nothing is known */
};

struct pgp_opts {
	ts now;
	const char *gpgv; /* NULL: PGP_GPGV */
	ts timeout;       /* 0: a minute, and more for large files */
};

struct pgp_check {
	struct pgp_status status;
	char why[FAULT_MAX]; /* not GOOD: in words, safe to print */
};

/*
 * A clear-signed text. GOOD appends to ret_text exactly the text that was signed, as gpgv gives it
 * out (no trailing white space on lines, LF). enum pgp_result or -errno with fault.
 */
FB_MUST int pgp_verify_clear(struct pgp_check *ret_c, struct span text, struct pgp_keys *keys,
    const struct pgp_opts *o, struct buf *ret_text, struct fault *f);

/* A detached signature (armored or binary) over all of fd, whose size is given. fd is not moved. */
FB_MUST int pgp_verify_detached(struct pgp_check *ret_c, struct span sig, int fd, uint64_t size,
    struct pgp_keys *keys, const struct pgp_opts *o, struct fault *f);
/* The same over bytes. */
FB_MUST int pgp_verify_bytes(struct pgp_check *ret_c, struct span sig, struct span bytes,
    struct pgp_keys *keys, const struct pgp_opts *o, struct fault *f);

/* The signer of a GOOD signature; strings into the arena. 0 or -ENOMEM. */
FB_MUST int pgp_signer(struct signer *ret_s, const struct pgp_sig *sig, struct arena *a);
/* "good" "bad" "key expired" … */
const char *pgp_sig_state_name(enum pgp_sig_state s);
