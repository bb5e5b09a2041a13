/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key: values as they are stored, and their keyed hashes. Private to intel/db.
 *
 * Stored are: digests and fingerprints as bytes; addresses as bytes and prefix length; an address
 * with a port as 16 bytes (IPv4 mapped into IPv6) and the port; everything else as its text.
 *
 * The hash is SipHash-1-3's compression and finish over 64-bit words: the type, then the value's
 * bytes as SipHash takes them, or, for a domain, its labels from the right, each as words of which
 * the last holds up to seven bytes and, in the highest byte, 128 + the label's length. So one pass
 * over a name gives the hashes of all names above it: the state after each label is finished on the
 * side.
 */

#include "base/span.h"
#include "base/util.h"
#include "model/indicator.h"

#define KEY_MAX INDICATOR_VALUE_MAX
#define NAME_MAX_BYTES 253
#define NAME_MAX_LABELS 127

/* The text as stored. 0 with *ret_n bytes in out, -EINVAL when it is not normalised. */
FB_MUST int key_encode(enum indicator_type t, struct span text, uint8_t out[static KEY_MAX],
    size_t *ret_n);
/* The text of stored bytes. 0, -EBADMSG. */
FB_MUST int key_decode(enum indicator_type t, struct span stored, char out[static KEY_MAX + 64]);
/* An address with its prefix as stored: 5 or 17 bytes. */
static inline size_t key_net(int family, const uint8_t *b, unsigned prefix, uint8_t out[static 17])
{
	size_t n = family == 4 ? 4 : 16;

	memcpy(out, b, n);
	out[n] = (uint8_t)prefix;
	return n + 1;
}
void key_ip_port(int family, const uint8_t *b, uint16_t port, uint8_t out[static 18]);

struct sip {
	uint64_t v[4];
};

static inline uint64_t sip_rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static inline __attribute__((always_inline)) void sip_round(struct sip *s)
{
	s->v[0] += s->v[1];
	s->v[1] = sip_rotl(s->v[1], 13) ^ s->v[0];
	s->v[0] = sip_rotl(s->v[0], 32);
	s->v[2] += s->v[3];
	s->v[3] = sip_rotl(s->v[3], 16) ^ s->v[2];
	s->v[0] += s->v[3];
	s->v[3] = sip_rotl(s->v[3], 21) ^ s->v[0];
	s->v[2] += s->v[1];
	s->v[1] = sip_rotl(s->v[1], 17) ^ s->v[2];
	s->v[2] = sip_rotl(s->v[2], 32);
}

static inline __attribute__((always_inline)) void sip_word(struct sip *s, uint64_t m)
{
	s->v[3] ^= m;
	sip_round(s);
	s->v[0] ^= m;
}

static inline __attribute__((always_inline)) uint64_t sip_end(struct sip s)
{
	s.v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

/* The state after a type's word. */
struct sip sip_start(const uint8_t salt[static 16], enum indicator_type t);
uint64_t sip_bytes(struct sip s, struct span bytes);

/* A name that was asked for. */
struct name {
	uint8_t n, names;		      /* bytes; the name itself and all above it */
	uint8_t start[NAME_MAX_LABELS];	      /* of each, that of one label first */
	uint64_t hash[NAME_MAX_LABELS];	      /* the same */
	uint8_t low[NAME_MAX_BYTES + 3 + 16]; /* in lower case, without a final dot; zeros behind */
};

/* False: it cannot be a name. */
bool name_read(struct name *n, struct sip start, struct span text);
/* The hash of a normalised domain. */
uint64_t name_hash(struct sip start, struct span domain);
