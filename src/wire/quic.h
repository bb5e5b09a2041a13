/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * quic: long headers of QUIC packets and the frames of Initial packets.
 *
 * Guarantees: pure; bounded by the bytes given; no allocation. Spans are borrowed. Outputs are
 * zeroed on error. Nothing here is decrypted: crypto/quic_initial.h does that.
 *
 * Sources: RFC 8999 (what holds for every version), RFC 9000 sections 16, 17 and 19, RFC 9369
 * (version 2), RFC 9287 (the fixed bit may be clear).
 */

#include "base/cur.h"
#include "base/util.h"

enum quic_err {
	QUIC_OK = 0,
	QUIC_SHORT,	/* ends inside a field */
	QUIC_NOT_LONG,	/* a short header, or none */
	QUIC_BAD,	/* a length that cannot be */
	QUIC_FORBIDDEN, /* a frame that an Initial packet may not have (RFC 9000 table 3) */
};

#define QUIC_CID_MAX 20	   /* RFC 9000 section 17.2: of the versions that are known */
#define QUIC_CID_FIRST 8   /* section 7.2: the least a client's first Initial may have */
#define QUIC_DATAGRAM 1200 /* section 14.1: datagrams with Initials are not smaller */
#define QUIC_TAG 16	   /* of AEAD_AES_128_GCM, and of a Retry */

#define QUIC_V1 0x00000001u
#define QUIC_V2 0x6b3343cfu
#define QUIC_V2_DRAFT 0x709a50c4u /* draft-ietf-quic-v2 until it was changed before publication */
#define QUIC_DRAFT(n) (0xff000000u | (n))
#define QUIC_T050 0x54303530u /* Google's, with TLS: their own salts and frames */
#define QUIC_T051 0x54303531u

/*
 * Versions whose Initials can be read, by what they have in common. Drafts 33 and 34 are version 1
 * in all but their number. mvfst (Facebook) has numbers of its own.
 */
enum quic_family {
	QUIC_FAMILY_NONE = 0, /* not known */
	QUIC_FAMILY_V1,
	QUIC_FAMILY_V2,
	QUIC_FAMILY_V2_DRAFT,
	QUIC_FAMILY_DRAFT_29, /* 29 to 32 */
	QUIC_FAMILY_DRAFT_23, /* 23 to 28 */
	QUIC_FAMILY_DRAFT_22,
	QUIC_FAMILY_T050,
	QUIC_FAMILY_T051,
	QUIC_FAMILIES,
};
enum quic_family quic_family_of(uint32_t version);
/* Version 2 and its draft: other packet types, other labels. */
static inline bool quic_family_is_v2(enum quic_family f)
{
	return f == QUIC_FAMILY_V2 || f == QUIC_FAMILY_V2_DRAFT;
}
static inline bool quic_family_is_google(enum quic_family f)
{
	return f == QUIC_FAMILY_T050 || f == QUIC_FAMILY_T051;
}
/* 0x?a?a?a?a: never a version, forces a negotiation (RFC 9000 section 15). */
static inline bool quic_version_reserved(uint32_t version)
{
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

enum quic_type {
	QUIC_INITIAL = 1,
	QUIC_ZERO_RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_NEGOTIATION, /* version 0: the server's list of versions */
	QUIC_UNKNOWN,	  /* a version that is not known: only what RFC 8999 says is there */
};

struct quic_long {
	enum quic_type type;
	uint32_t version;
	bool fixed; /* the fixed bit is set */
	struct span dcid, scid;
	struct span token;  /* of an Initial, of a Retry */
	struct span packet; /* all of it: header, and what Length covers */
	size_t pn_at;	    /* of Initial, 0-RTT, Handshake: where the packet number is */
};

/* The first packet of a datagram; the next one is behind h->packet. enum quic_err. */
FB_MUST int quic_long_parse(struct span datagram, struct quic_long *ret_h);

/* Section 16; latches CUR_SHORT. */
uint64_t quic_varint(struct cur *c);

enum quic_frame_type {
	QUIC_PADDING = 0x00, /* all that follow one another */
	QUIC_PING = 0x01,
	QUIC_ACK = 0x02, /* and 0x03, with ECN counts */
	QUIC_CRYPTO = 0x06,
	QUIC_CLOSE = 0x1c,
};

struct quic_frame {
	enum quic_frame_type type;
	uint64_t offset;  /* CRYPTO */
	struct span data; /* CRYPTO; CLOSE: the reason */
	uint64_t error;	  /* CLOSE */
};

/* Takes one frame off c, which has bytes left. enum quic_err. */
FB_MUST int quic_frame_next(struct cur *c, struct quic_frame *ret_f);
/* The same of quic_family_is_google: CRYPTO is type 8, acknowledgements 0x40 and 0x60. */
FB_MUST int quic_frame_google(struct cur *c, struct quic_frame *ret_f);
