/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * note: C2SP signed-note (c2sp.org/signed-note) and tlog-checkpoint (c2sp.org/tlog-checkpoint)
 * with Ed25519 (algorithm byte 0x01).
 */

#include "base/fault.h"
#include "crypto/key.h"
#include "crypto/merkle.h"

#define NOTE_TEXT_MAX (64u << 10)
#define NOTE_SIGS_MAX 16

struct checkpoint {
	char origin[256];
	uint64_t size;
	struct mhash root;
};

/* Appends "origin\nsize\nbase64(root)\n\n— name base64(keyhash||sig)\n". */
FB_MUST int checkpoint_sign(const struct checkpoint *c, const struct key *k, struct buf *out);
/* Parses strictly and requires a good signature by k under name c->origin.
 * 0, KEY_BAD_SIGNATURE, -EBADMSG with fault. */
FB_MUST int checkpoint_open(struct checkpoint *ret_c, struct span note, const struct key *k,
    struct fault *f);
/* "name+hhhhhhhh+base64(0x01||pub)": the vkey form, appended. */
FB_MUST int note_vkey(const char *name, const struct key *k, struct buf *out);
FB_MUST int note_vkey_parse(struct span vkey, char name[static 256], struct key **ret_k,
    struct fault *f);
