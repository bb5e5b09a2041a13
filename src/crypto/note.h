/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * note: C2SP signed-note (c2sp.org/signed-note), tlog-checkpoint (c2sp.org/tlog-checkpoint) and
 * tlog-cosignature (c2sp.org/tlog-cosignature).
 *
 * Two ways to open one: note_open and checkpoint_open for one Ed25519 key with its name (the
 * ledger's), note_verify for several keys of several kinds (logs and witnesses of others).
 *
 * Guarantees: the text of a note is only handed out after a signature by an expected key verified.
 * A note is refused whole when it is not UTF-8, holds a control character other than newline, has
 * a malformed signature line (of whomever), or a line by an expected key that does not verify.
 * Lines of other keys are ignored. note_open and checkpoint_open also refuse a second line by their
 * key, so that every change of a signed checkpoint's bytes is refused or touches only lines of
 * other keys.
 *
 * Result codes: 0; KEY_BAD_SIGNATURE (no line by an expected key, or one that does not verify);
 * -EBADMSG malformed; each with fault. -ENOMEM.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "crypto/merkle.h"

#define NOTE_TEXT_MAX (64u << 10) /* bytes of a whole note */
#define NOTE_SIGS_MAX 64	  /* signature lines; the format asks for 16 at least */
#define NOTE_SIGNERS_MAX 64	  /* expected keys */
#define NOTE_HINT_LEN 4
#define NOTE_NAME_MAX 255

/* Is it a key name: 1 to NOTE_NAME_MAX bytes of UTF-8, no Unicode space, no control, no plus? */
bool note_name_ok(struct span name);

/* Appends text and a signature line by k under name. The text ends in a newline (-EINVAL if not,
 * or if name or text is not allowed, or k is no private Ed25519 key). */
FB_MUST int note_sign(struct span text, const char *name, const struct key *k, struct buf *out);
/* *ret_text is borrowed from note: the signed text with its final newline. */
FB_MUST int note_open(struct span *ret_text, struct span note, const char *name,
    const struct key *k, struct fault *f);

struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size; /* at most MERKLE_SIZE_MAX */
	struct mhash root;
};

/* Appends "origin\nsize\nbase64(root)\n\n— name base64(keyhash||sig)\n"; the key name is the
 * origin. -EINVAL as note_sign. */
FB_MUST int checkpoint_sign(const struct checkpoint *c, const struct key *k, struct buf *out);
/* Requires a good signature by k under the checkpoint's own origin as key name. Extension lines
 * (signed, opaque) are allowed and ignored. */
FB_MUST int checkpoint_open(
    struct checkpoint *ret_c, struct span note, const struct key *k, struct fault *f);

/* ---- several keys ---- */

enum note_type {
	NOTE_ED25519 = 0x01,
	NOTE_ECDSA = 0x02, /* over the text with the curve's own hash; Rekor v1 signs so with any
			      kind of key, and so any kind is taken, as key_verify takes it */
	NOTE_COSIGNATURE = 0x04, /* Ed25519, timestamped (tlog-cosignature) */
};

/* An expected key. A signature line is by it when hint and (unless name is NULL) name are these. */
struct note_signer {
	enum note_type type;
	const char *name; /* borrowed; NULL: any. Rekor v1 signs under its host name, its origin
			     line says more; who wants them the same compares checkpoint.origin */
	const struct key *key; /* borrowed */
	uint8_t hint[NOTE_HINT_LEN];
};

/*
 * Fills in the hint: NOTE_ECDSA's is the first bytes of SHA-256(SPKI), which needs no name; the
 * others' are those of SHA-256(name || 0x0a || type || key). -EINVAL: no valid name where one is
 * needed, or no Ed25519 key. A caller who was told another hint writes it over.
 */
FB_MUST int note_signer_init(
    struct note_signer *ret_s, enum note_type type, const char *name, const struct key *key);

struct note_sigs {
	struct span text; /* borrowed from the note: the signed text with its final newline */
	size_t n;	  /* signers that signed; at least 1 */
	struct {
		size_t signer;	/* index of the signer */
		unsigned lines; /* by it; every one of them verified */
		ts time;	/* NOTE_COSIGNATURE: when, the latest; TS_NONE for the others */
	} sig[NOTE_SIGNERS_MAX];
};

/* nsigners is 1 to NOTE_SIGNERS_MAX (-EINVAL). A note that only witnesses signed opens, too: the
 * caller looks for the signer that he needs. */
FB_MUST int note_verify(struct note_sigs *ret_s, struct span note, const struct note_signer *signer,
    size_t nsigners, struct fault *f);
/* The checkpoint that a verified text is. Extension lines are allowed and ignored; the origin may
 * be any line (Rekor v1's has spaces). */
FB_MUST int checkpoint_read(struct checkpoint *ret_c, struct span text, struct fault *f);

/* Appends the signature line alone of a cosignature over a checkpoint's text at a time (whole
 * seconds since 1970). -EINVAL as note_sign. */
FB_MUST int note_cosign(
    struct span text, const char *name, const struct key *k, ts when, struct buf *out);

/* ---- text form of keys ---- */

/* "name+hhhhhhhh+base64(0x01||pub)": the vkey form (golang.org/x/mod/sumdb/note), appended. */
FB_MUST int note_vkey(const char *name, const struct key *k, struct buf *out);
/* Strict; white space around it (a file's newline) is accepted. */
FB_MUST int note_vkey_parse(
    struct span vkey, char name[static NOTE_NAME_MAX + 1], struct key **ret_k, struct fault *f);
/* The same for a witness's key (type 0x04). */
FB_MUST int note_vkey_witness(const char *name, const struct key *k, struct buf *out);
FB_MUST int note_vkey_parse_witness(
    struct span vkey, char name[static NOTE_NAME_MAX + 1], struct key **ret_k, struct fault *f);
