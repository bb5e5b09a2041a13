/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * der: a pull reader for ITU-T X.690 DER on top of struct cur.
 *
 * A parser enters a constructed value (der_enter gives a cursor over its content), reads its
 * members in order, and leaves it (der_leave takes over its error, and makes bytes that nobody
 * read one). All errors latch, so a whole structure is read and c->err checked once at the end;
 * c->off is then where it went wrong, counted in the outermost cursor.
 *
 * Guarantees: pure; no allocation, no I/O; refuses indefinite and non-minimal lengths, lengths over
 * 2^31 - 1, multi-byte tags, and the universal types whose content would not be DER (below).
 *
 * Result codes: c->err is 0, CUR_SHORT, or enum der_err.
 */

#include "base/clock.h"
#include "base/cur.h"

#define DER_OID_TEXT_MAX 64

enum der_err {
	DER_E_TAG = 1, /* another type than the structure has here, or a multi-byte tag */
	DER_E_LENGTH,  /* indefinite, not minimal, or too large */
	DER_E_VALUE,   /* content that DER does not allow for its type, or out of range */
	DER_E_TRAILING, /* bytes behind the last member */
};

/* For enum der_err and CUR_SHORT. */
const char *der_strerror(int err);

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUM = 0x0a,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18, /* GeneralizedTime */
	DER_BMP = 0x1e,
	DER_SEQ = 0x30,
	DER_SET = 0x31,
};
#define DER_CTX(n) (0x80 | (n))  /* [n] IMPLICIT of a primitive type */
#define DER_CTXC(n) (0xa0 | (n)) /* [n] EXPLICIT, or IMPLICIT of a constructed type */

struct der {
	uint8_t tag;
	struct span body; /* content octets */
	struct span all;  /* with tag and length */
};

/* The next value, whatever it is. Zero after an error. */
struct der der_any(struct cur *c);
/* The next value if it has this tag (DER_E_TAG otherwise). */
struct der der_take(struct cur *c, unsigned tag);
/* Is the next value's tag this? False at the end and after an error. */
bool der_is(const struct cur *c, unsigned tag);
/* A cursor over the content of the next value, which must have this tag. */
struct cur der_enter(struct cur *c, unsigned tag);
/* Hands sub's error, or DER_E_TRAILING if it has unread bytes, to the cursor it came from. */
void der_leave(struct cur *c, const struct cur *sub);
/* Whether everything was read without error; bytes left over latch DER_E_TRAILING. */
bool der_done(struct cur *c);

/* Content of an INTEGER, minimal two's complement, as it stands. */
struct span der_integer(struct cur *c);
/* An INTEGER from 0 to max. */
uint64_t der_uint(struct cur *c, uint64_t max);
/* Content of an OBJECT IDENTIFIER, checked: every arc minimal and complete. */
struct span der_oid(struct cur *c);
/* Content of an OCTET STRING (primitive). */
struct span der_octets(struct cur *c);
/* Content of a BIT STRING of whole octets. */
struct span der_bits(struct cur *c);
/*
 * A UTCTime or GeneralizedTime in the DER form (seconds, "Z"; a fraction without trailing zero for
 * GeneralizedTime). A UTCTime year below 50 is 20xx (RFC 5280 4.1.2.5.1). Dates past what ts holds
 * give TS_FOREVER, before 1970 TS_NONE.
 */
ts der_time(struct cur *c);
/* AlgorithmIdentifier: the OID; parameters absent or NULL, or given through ret_params (may be
 * NULL: then anything else is DER_E_VALUE). */
struct span der_algorithm(struct cur *c, struct span *ret_params);

/* Dotted text of an OID's content ("1.2.840.113549"); "?" when it does not fit. Returns out. */
char *der_oid_text(struct span oid, char out[static DER_OID_TEXT_MAX]);
