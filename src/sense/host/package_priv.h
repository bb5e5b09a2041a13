/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* package_priv: how packages are kept. Private to package*.c. */

#include "base/arena.h"
#include "base/map.h"
#include "sense/host/package.h"

enum entry_flag {
	ENTRY_CONFIG = 1,
	ENTRY_OPTIONAL = 2,
	ENTRY_PROVEN = 4,
};

struct entry {
	const char *path;
	const uint8_t *want; /* of alg; NULL: none */
	const char *target;
	uint32_t package;
	uint8_t alg, type, flags;
};

/* What was found at an entry's path: in memory that is shared with the processes that look. */
struct found {
	uint64_t dev, ino, bytes;
	uint8_t have[DIGEST_LEN_MAX];
	uint16_t err;
	uint8_t what; /* FOUND_PENDING: nobody looked yet */
	uint8_t now;  /* DT_* */
};
#define FOUND_PENDING 255

struct packages {
	int root;
	struct arena arena;
	struct package *package;
	size_t npackages, cap_packages;
	struct entry *entry;
	size_t n, cap;
	/* shared */
	struct found *found;
	uint64_t *next; /* entry that nobody took yet */
	size_t shared_size;
	/* by identity: entry + 1, open addressing */
	uint32_t *slot;
	size_t nslots;
	struct map paths; /* packages_prove: path -> entry + 1 */
	const char *excludes[PACKAGE_EXCLUDES_MAX]; /* '-' or '+', then the pattern */
	size_t nexcludes;
};

/* *ret_i is the index. 0, -ENOMEM, -E2BIG. */
FB_MUST int packages_put_package(struct packages *p, const struct package *x, uint32_t *ret_i);
FB_MUST int packages_put(struct packages *p, const struct entry *e);
/* Reads a document below the root: 0, -ENOENT, -errno with fault. */
struct buf;
FB_MUST int packages_document(struct packages *p, const char *path, struct buf *out, struct fault *f);
