/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * status: the lines that gpgv writes to --status-fd (GnuPG doc/DETAILS, "Format of the --status-fd
 * output") -> one record a signature.
 *
 * Guarantees: pure. Strict: every line begins "[GNUPG:] ", every keyword is one that this knows,
 * the lines of a signature come in their order and once, the key id of GOODSIG is the end of the
 * fingerprint of VALIDSIG. Anything else is -EBADMSG and a zeroed result: gpgv's exit status alone
 * says too little (it is 0 for signatures by expired and by revoked keys).
 */

#include "base/fault.h"
#include "base/span.h"

#define PGP_SIGS_MAX 32
#define PGP_FPR_MAX 65
#define PGP_USER_MAX 161

enum pgp_sig_state {
	PGP_SIG_NONE = 0,    /* gpgv has not said what it is: never in a result */
	PGP_SIG_BAD,         /* BADSIG: not by that key over these bytes */
	PGP_SIG_ERROR,       /* ERRSIG: could not be checked; error says why */
	PGP_SIG_NO_KEY,      /* NO_PUBKEY: by a key that was not given */
	PGP_SIG_EXPIRED,     /* EXPSIG: the signature has expired */
	PGP_SIG_KEY_EXPIRED, /* EXPKEYSIG */
	PGP_SIG_KEY_REVOKED, /* REVKEYSIG */
	PGP_SIG_GOOD,        /* GOODSIG with VALIDSIG */
	/* Not from gpgv: what openpgp.c makes of a GOOD one that is not good enough. */
	PGP_SIG_WEAK,   /* digest or key too weak */
	PGP_SIG_FUTURE, /* made in the future */
	PGP_SIG_TYPE,   /* not over the bytes as they are: another signature type */
};

struct pgp_sig {
	enum pgp_sig_state state;
	char keyid[PGP_FPR_MAX]; /* upper-case hex: key id or fingerprint, as gpgv has it */
	/* of VALIDSIG: */
	char fingerprint[PGP_FPR_MAX]; /* of the key that signed, may be a subkey */
	char primary[PGP_FPR_MAX];     /* of its certificate */
	char user[PGP_USER_MAX];       /* user id, percent-escapes as gpgv wrote them, cut */
	int64_t created, expires;      /* seconds since 1970; expires 0: never */
	unsigned key_algo, hash_algo, type; /* OpenPGP's numbers; type 0: bytes, 1: text */
	unsigned error; /* ERRSIG: gpg-error code */
};

struct pgp_status {
	struct pgp_sig sig[PGP_SIGS_MAX];
	size_t n;
	char trouble[32]; /* NODATA, ERROR, FAILURE, …: gpgv could not read all of it; "" if none */
};

/* 0 or -EBADMSG with fault. */
FB_MUST int pgp_status_parse(struct pgp_status *ret_s, struct span text, struct fault *f);
