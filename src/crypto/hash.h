/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hash: message digests (FIPS 180-4, RFC 1321, RFC 7693) over OpenSSL's EVP. Several algorithms in one pass.
 *
 * Guarantees: digests are fetched once for the process. One hasher is used by one thread at a time.
 * Memory: a fixed state per algorithm; files are read in HASH_BLOCK blocks.
 *
 * Result codes: 0, -errno (-ENOTSUP: this OpenSSL does not offer the algorithm; -ENOMEM; what
 * read(2) gave). After an error a hasher is only good for hasher_free.
 */

#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#include <sys/stat.h>

#define HASH_BLOCK (256u << 10)
#define HASH_HOLES_MAX (64ull << 30) /* bytes that take no space on disk, of one file */

struct hasher; /* one pass, any set of algorithms */

#define HASH_SET(alg) (1u << (alg))
#define HASH_TRIO (HASH_SET(DIGEST_MD5) | HASH_SET(DIGEST_SHA1) | HASH_SET(DIGEST_SHA256))

/* The set must name at least one algorithm (-EINVAL). */
FB_MUST int hasher_new(struct hasher **ret_h, unsigned set);
struct hasher *hasher_free(struct hasher *h);
void hasher_free_p(struct hasher **h);
#define AUTO_HASHER FB_CLEANUP(hasher_free_p)
FB_MUST int hasher_update(struct hasher *h, const void *p, size_t n);
/* Fills out[alg] for each algorithm in the set, leaves the others unset (zero), and starts anew.
 * out has DIGEST_ALGS elements. */
FB_MUST int hasher_final(struct hasher *h, struct digest *out);

/* One shot over bytes. */
FB_MUST int hash_span(enum digest_alg alg, struct span s, struct digest *ret_d);
/* SHA-256 that aborts on OpenSSL failure (out of memory only). One context a thread is kept. */
struct digest sha256_of(struct span s);
/* MD5, SHA-1 and SHA-256 the same way, of something short; out: 16, 20, 32 bytes. */
void hash_quick(enum digest_alg alg, struct span s, uint8_t *out);
/* SHA-256 over the parts one after the other. */
void sha256_parts(const struct span *part, size_t n, uint8_t out[static 32]);
/* Reads fd from its current offset to the end; h must be fresh. ret_size may be NULL. */
FB_MUST int hash_fd(struct hasher *h, int fd, struct digest *out, uint64_t *ret_size);
/* The same of a regular file that anybody may have made: -EFBIG when it is too hollow, -EBUSY when it
 * changed meanwhile. */
FB_MUST int hash_file_of_others(struct hasher *h, int fd, struct digest *out, uint64_t *ret_size);
/* Anybody can make a file of 8 EiB that takes no space; to hash it takes a century. */
bool hash_too_hollow(const struct stat *st);
