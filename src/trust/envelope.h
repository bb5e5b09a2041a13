/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * envelope: reading and verifying DSSE v1.0.2 JSON envelopes (secure-systems-lab/dsse envelope.md
 * and protocol.md). Making them is crypto/dsse.h.
 *
 * Guarantees: reads one JSON value, touches no file. Fields that the specification does not name
 * are ignored, as it demands; what it names must be there with the right type. Base64 is strict in
 * either alphabet (RFC 4648: no white space, no surplus bits). The payload is not looked at: it is
 * bytes until a signature over it verified. ECDSA signatures may be DER or r || s.
 *
 * keyid is not signed, so it proves nothing. It is used two ways: a signature that names one of
 * the given keys is checked with that key only, and if it does not verify, the whole envelope is
 * bad (somebody claims a signer who did not sign). A signature that names no given key is tried
 * with all of them.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "trust/keyring.h"
#include "wire/json.h"

#define ENVELOPE_SIGS_MAX 32
#define ENVELOPE_KEYID_MAX 1024

struct envelope_sig {
	const char *keyid; /* "" if none */
	struct span sig;
};

struct envelope {
	struct span payload_type; /* not empty */
	struct span payload;
	struct envelope_sig sig[ENVELOPE_SIGS_MAX];
	size_t nsigs; /* at least 1 */
};

/* Bytes live in the arena or in v's text. 0, -EBADMSG with fault (*ret_e zeroed), -ENOMEM. */
FB_MUST int envelope_read(struct envelope *ret_e, struct json_val v, struct arena *a,
    struct fault *f);

/* Is v an envelope rather than something else? (It has a "payloadType" or a "signatures".) */
bool envelope_is(struct json_val v);

enum envelope_result {
	ENVELOPE_GOOD = 0,
	ENVELOPE_STRANGER, /* no signature by any of the keys */
	ENVELOPE_BAD,      /* a signature names a given key and is not by it */
};

struct envelope_check {
	uint32_t good; /* bit i: key i made one of the signatures */
	size_t bad_key, bad_sig; /* ENVELOPE_BAD: which key was named, by which signature */
};

/* enum envelope_result, or -errno. */
FB_MUST int envelope_verify(struct envelope_check *ret_c, const struct envelope *e,
    const struct keyring *keys);
