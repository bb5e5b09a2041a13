/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * key: values as they are stored, and their keyed hashes. Private to intel/db.
 *
 * Stored are: digests and fingerprints as bytes; addresses as bytes and prefix length; an address
 * with a port as 16 bytes (IPv4 mapped into IPv6) and the port; everything else as its text.
 *
 * The hash is SipHash-1-3's compression and finish over 64-bit words: the type, then the value's
 * bytes as SipHash takes them; those of a domain in words from its end. So one pass over a name
 * gives the hashes of all names above it: at each dot, the state is finished on the side with what
 * of the current word is behind the dot.
 */

#include "base/span.h"
#include "base/util.h"
#include "model/indicator.h"

#define KEY_MAX INDICATOR_VALUE_MAX
#define NAME_MAX_BYTES 253
#define NAME_MAX_LABELS 254 /* dots and one more, whether or not it can be a name */

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

/* Without the final dot. False: too long or too short to be a name. */
static inline bool name_trim(struct span *name)
{
	name->n -= name->n && name->p[name->n - 1] == '.';
	return name->n > 0 && name->n <= NAME_MAX_BYTES;
}

#define NAMES 512 /* a multiple of 8 */

/* Names whose hashes are being made: states, each with its last word; then (v[0]) the hashes. */
struct names {
	size_t n;
	uint64_t v[4][NAMES + 8], last[NAMES + 8]; /* not a page apart: caches */
	uint8_t at[NAMES];    /* where it starts in what was asked for */
	uint32_t asked[NAMES]; /* the caller's */
};

/* Adds a trimmed name, in any case, and all above it: the shortest first, from the one of skip + 1
 * labels on. There is room for NAME_MAX_LABELS more. */
void names_add(struct names *o, struct sip start, struct span name, size_t skip, uint32_t asked);
/* Makes the hashes of all. */
void names_end(struct names *o);
static inline uint64_t names_end_one(const struct names *o, size_t i)
{
	struct sip s = { { o->v[0][i], o->v[1][i], o->v[2][i], o->v[3][i] } };

	sip_word(&s, o->last[i]);
	return sip_end(s);
}
/* Can it be a name: labels of 1 to 63 bytes? */
bool name_ok(struct span name);
/* The hash of a normalised domain. */
uint64_t name_hash(struct sip start, struct span domain);
