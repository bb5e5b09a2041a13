/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * note: C2SP signed-note (c2sp.org/signed-note) and tlog-checkpoint (c2sp.org/tlog-checkpoint)
 * with Ed25519 (signature type 0x01).
 *
 * Guarantees: the text of a note is only handed out after a signature by the expected key verified.
 * A note is refused whole when it is not UTF-8, holds a control character other than newline, has
 * a malformed signature line (of whomever), a second line by the expected key, or a line by it that
 * does not verify. Lines of other keys are ignored. So every change of a signed checkpoint's bytes
 * is refused or touches only lines of other keys.
 *
 * Result codes: 0; KEY_BAD_SIGNATURE (no line by the expected key, or one that does not verify);
 * -EBADMSG malformed; each with fault. -ENOMEM.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "crypto/key.h"
#include "crypto/merkle.h"

#define NOTE_TEXT_MAX (64u << 10) /* bytes of a whole note */
#define NOTE_SIGS_MAX 16
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
FB_MUST int checkpoint_open(struct checkpoint *ret_c, struct span note, const struct key *k,
    struct fault *f);

/* "name+hhhhhhhh+base64(0x01||pub)": the vkey form (golang.org/x/mod/sumdb/note), appended. */
FB_MUST int note_vkey(const char *name, const struct key *k, struct buf *out);
/* Strict; white space around it (a file's newline) is accepted. */
FB_MUST int note_vkey_parse(struct span vkey, char name[static NOTE_NAME_MAX + 1],
    struct key **ret_k, struct fault *f);
