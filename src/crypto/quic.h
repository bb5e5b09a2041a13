/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * quic: the protection of QUIC's Initial packets. Their keys come from what everyone on the way can
 * see, the first connection ID that the client chose for the server, so it hides nothing; but what
 * authenticates with them is an Initial of that connection and nothing else.
 *
 * Guarantees: no allocation and no look-up of algorithms after quic_crypto_new: about 0.7 µs for
 * the keys of one side, 0.8 µs to open a packet of 1200 bytes. A packet that does not authenticate
 * gives no bytes. One struct is used by one thread at a time.
 *
 * Sources: RFC 9001 section 5, RFC 9369 section 3.3, RFC 5869, RFC 8446 section 7.1 (labels).
 */

#include "base/span.h"
#include "base/util.h"
#include "wire/quic.h"

#define QUIC_SECRET 32
#define QUIC_PACKET_MAX 65535 /* no UDP datagram is longer */

enum quic_side { QUIC_CLIENT = 0, QUIC_SERVER };

enum quic_open_err {
	QUIC_OPENED = 0,
	QUIC_SEALED, /* does not authenticate with these keys */
	QUIC_CUT,    /* too short to have been sealed */
};

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

struct quic_crypto;

/* Loads the ciphers: before the process is confined. 0, -ENOMEM, -ENOTSUP. */
FB_MUST int quic_crypto_new(struct quic_crypto **ret_q);
struct quic_crypto *quic_crypto_free(struct quic_crypto *q);
void quic_crypto_free_p(struct quic_crypto **q);
#define AUTO_QUIC_CRYPTO FB_CLEANUP(quic_crypto_free_p)

/* Section 5.2. family is known; dcid of at most QUIC_CID_MAX bytes. */
void quic_initial_secret(const struct quic_crypto *q, enum quic_family family, struct span dcid,
    uint8_t ret_secret[static QUIC_SECRET]);
void quic_initial_keys(enum quic_family family, enum quic_side side,
    const uint8_t secret[static QUIC_SECRET], struct quic_keys *ret_k);

/*
 * Takes the protection off a packet (sections 5.3, 5.4). *number: one more than the largest packet
 * number of this side so far, 0 when there is none; raised on success. out has room for
 * h->packet.n bytes; *ret_payload is in it. enum quic_open_err.
 */
FB_MUST int quic_open(struct quic_crypto *q, const struct quic_keys *k, const struct quic_long *h,
    uint64_t *number, uint8_t *out, struct span *ret_payload);

/* Section 5.8: a Retry is the answer to an Initial with this destination. family is known. (Drafts
 * before 25 had no tag: false.) */
FB_MUST bool quic_retry_genuine(
    struct quic_crypto *q, enum quic_family family, struct span dcid, const struct quic_long *h);
