/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * digest: a typed digest value. Text forms: "sha256:<hex>" (canonical), and bare hex where the
 * length tells the algorithm.
 */

#include "base/span.h"
#include "base/util.h"

enum digest_alg {
	DIGEST_NONE = 0,
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
	DIGEST_BLAKE2B, /* BLAKE2b-512 (RFC 7693), as minisign uses it */
	DIGEST_SHA224,  /* this and SHA-3 (FIPS 202): bills of materials */
	DIGEST_SHA3_224,
	DIGEST_SHA3_256,
	DIGEST_SHA3_384,
	DIGEST_SHA3_512,
	DIGEST_ALGS,
};

#define DIGEST_LEN_MAX 64
#define DIGEST_TEXT_MAX (16 + 2 * DIGEST_LEN_MAX + 1)

struct digest {
	uint8_t alg; /* enum digest_alg */
	uint8_t len;
	uint8_t b[DIGEST_LEN_MAX];
};

size_t digest_len(enum digest_alg alg);          /* 0 for NONE */
const char *digest_name(enum digest_alg alg);    /* "sha256" as in-toto's DigestSet names it */
enum digest_alg digest_alg_of(struct span name); /* "sha256", "SHA-256"; NONE if unknown */
bool digest_eq(const struct digest *a, const struct digest *b);
static inline bool digest_is_set(const struct digest *d)
{
	return d->alg != DIGEST_NONE;
}
struct digest digest_of(enum digest_alg alg, const uint8_t *b);
/* "sha256:…", "sha1:…", or bare hex of 32, 40, 64, 96, 128 digits. 0 or -EINVAL. */
FB_MUST int digest_parse(struct span s, struct digest *ret_d);
/* Hex of a known algorithm. */
FB_MUST int digest_parse_hex(enum digest_alg alg, struct span hex, struct digest *ret_d);
/* "sha256:<hex>"; "" when not set. Returns out. */
char *digest_text(const struct digest *d, char out[static DIGEST_TEXT_MAX]);
/* Hex only. */
char *digest_hex(const struct digest *d, char out[static DIGEST_TEXT_MAX]);
#define DIGEST_TEXT(d) digest_text((d), (char[DIGEST_TEXT_MAX]){ 0 })
#define DIGEST_HEX(d) digest_hex((d), (char[DIGEST_TEXT_MAX]){ 0 })
