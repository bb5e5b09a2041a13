/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hash: message digests (FIPS 180-4, RFC 1321) over OpenSSL's EVP. Several algorithms in one pass.
 * Memory: a fixed state per algorithm; files are read in 256 KiB blocks.
 */

#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

struct hasher; /* one pass, any set of algorithms */

#define HASH_SET(alg) (1u << (alg))
#define HASH_TRIO (HASH_SET(DIGEST_MD5) | HASH_SET(DIGEST_SHA1) | HASH_SET(DIGEST_SHA256))

FB_MUST int hasher_new(struct hasher **ret_h, unsigned set);
struct hasher *hasher_free(struct hasher *h);
void hasher_free_p(struct hasher **h);
#define AUTO_HASHER FB_CLEANUP(hasher_free_p)
FB_MUST int hasher_update(struct hasher *h, const void *p, size_t n);
/* Fills out[alg] for each algorithm in the set and starts anew. out has DIGEST_ALGS elements. */
FB_MUST int hasher_final(struct hasher *h, struct digest *out);

/* One shot over bytes. */
FB_MUST int hash_span(enum digest_alg alg, struct span s, struct digest *ret_d);
/* sha256 that aborts on OpenSSL failure (out of memory only). */
struct digest sha256_of(struct span s);
/* Reads fd from its current offset to the end. ret_size may be NULL. */
FB_MUST int hash_fd(struct hasher *h, int fd, struct digest *out, uint64_t *ret_size);
