/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * secret: private key files in the forms of the tools that verify what is signed here.
 *
 * Read: PEM (crypto/key.h: PKCS#8, "EC PRIVATE KEY", "RSA PRIVATE KEY"), minisign (made with -W),
 * signify (made with -n), OpenSSH; all unencrypted. Encrypted ones are refused with the command
 * that decrypts them.
 *
 * A key from PEM or OpenSSH has no key number; where one is needed (minisign, signify) it is the
 * first eight bytes of key_id, so that the same key always has the same number.
 *
 * Guarantees: text of private keys is wiped from memory that this module used; what it writes into
 * a caller's buffer the caller wipes.
 *
 * Result codes: 0; -EBADMSG with fault; -EINVAL with fault (a form that this kind of key does not
 * have); -ENOMEM.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "crypto/key.h"

enum secret_form {
	SECRET_PEM = 0,
	SECRET_MINISIGN,
	SECRET_SIGNIFY,
	SECRET_SSH,
	SECRET_FORMS,
};
/* "pem" "minisign" "signify" "ssh". */
const char *secret_form_name(enum secret_form f);
/* 0 or -EINVAL. */
FB_MUST int secret_form_of(struct span name, enum secret_form *ret_f);

struct secret {
	struct key *key;
	enum secret_form form; /* of the file */
	uint8_t number[8];
};

FB_MUST int secret_read(struct secret *ret_s, struct span text, struct fault *f);
/* A new key; minisign and signify have a random number and only Ed25519. */
FB_MUST int secret_generate(struct secret *ret_s, enum secret_form form, enum key_kind kind,
    struct fault *f);
void secret_free(struct secret *s);
#define AUTO_SECRET_KEY FB_CLEANUP(secret_free)

/* The private key file, and the public one, appended; comment may be NULL. The forms minisign and
 * signify are for Ed25519 keys (-EINVAL). */
FB_MUST int secret_write(const struct secret *s, enum secret_form form, const char *comment,
    struct buf *out, struct fault *f);
FB_MUST int secret_write_public(const struct key *k, const uint8_t number[static 8],
    enum secret_form form, const char *comment, struct buf *out, struct fault *f);
/* The number of a key that came without one. */
void secret_number(const struct key *k, uint8_t out[static 8]);
