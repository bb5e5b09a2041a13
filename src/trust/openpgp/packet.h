/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * packet: the outside of OpenPGP data (RFC 4880 4, 6, 7; RFC 9580): ASCII armor, the frame of a
 * clear-signed text, packet headers. Nothing is verified here: gpgv does that. This is read first so
 * that gpgv gets only what has the right shape, and so that its reading can be held against ours.
 *
 * Guarantees: pure but for pgp_armor_read's output buffer. Strict: one kind of armor where one is
 * expected, nothing but blank lines around it, base64 and CRC-24 right, packet lengths that are
 * definite and fill the bytes exactly.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

enum pgp_form {
	PGP_FORM_NONE = 0,
	PGP_FORM_CLEAR,     /* -----BEGIN PGP SIGNED MESSAGE----- */
	PGP_FORM_SIGNATURE, /* armored or binary signature packets */
	PGP_FORM_KEYS,      /* armored or binary certificates (or private keys, to be refused) */
	PGP_FORM_KEYBOX,    /* GnuPG's own container: not read here */
};

#define PGP_HEAD 4096

/* By the first PGP_HEAD bytes, or the whole file. */
enum pgp_form pgp_form_of(struct span head);

/*
 * Appends what is inside one or (many) several armor blocks of a type, such as "SIGNATURE" or
 * "PUBLIC KEY BLOCK". 0, -EBADMSG with fault, the buffer's error.
 */
FB_MUST int pgp_armor_read(struct buf *out, struct span text, const char *type, bool many,
    struct fault *f);

#define PGP_TAG_SIGNATURE 2
#define PGP_TAG_SECRET_KEY 5
#define PGP_TAG_KEY 6
#define PGP_TAG_SECRET_SUBKEY 7
#define PGP_TAG_SUBKEY 14

struct pgp_packet {
	unsigned tag;
	struct span body;
};

/* Takes the next packet off *rest. 1, 0 at the end, -EBADMSG. */
FB_MUST int pgp_packet_next(struct span *rest, struct pgp_packet *ret_p);

/* Are these bytes signature packets and nothing else? How many, or -EBADMSG with fault. */
FB_MUST int pgp_count_signatures(struct span bytes, struct fault *f);

/*
 * A clear-signed text, taken apart (RFC 9580 7): signed_text gets the text without dash escapes and
 * trailing white space, each line with one LF, which is how gpgv gives it out; sig the binary
 * signature packets. Nothing may stand before the first line, and blank lines only behind the last;
 * there may be no CR. 0, -EBADMSG with fault, the buffers' errors.
 */
FB_MUST int pgp_clear_split(struct buf *signed_text, struct buf *sig, struct span text,
    struct fault *f);
