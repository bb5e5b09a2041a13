/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * section: a section that is written front to back, at its place in the output or, when that is not
 * known yet, in a file without a name. Its digest is made on the way. Private to intel/db.
 *
 * The first error latches; later puts do nothing.
 */

#include "base/fault.h"
#include "base/span.h"
#include "crypto/hash.h"
#include "intel/db/format.h"

#define SECTION_BUFFER (256u << 10)

struct section {
	int fd; /* owned when at is 0 */
	uint64_t at, len;
	struct hasher *h;
	uint8_t *buf;
	size_t n; /* in buf */
	int err;
	bool own;
};

/* To fd at an offset. */
FB_MUST int section_to(struct section *s, int fd, uint64_t at);
/* To a new file in tmp_dir (-1: memory). */
FB_MUST int section_new(struct section *s, int tmp_dir);
void section_free(struct section *s);
#define AUTO_SECTION FB_CLEANUP(section_free)

void section_put(struct section *s, const void *p, size_t n);
void section_u32(struct section *s, uint32_t v);
static inline uint64_t section_len(const struct section *s)
{
	return s->len + s->n;
}
/* Ends it: its length and digest go to the place. 0 or the first error. */
FB_MUST int section_end(struct section *s, struct db_place *ret_p, struct fault *f);
/* Copies an ended section to fd at an offset. */
FB_MUST int section_copy(const struct section *s, int fd, uint64_t at, struct fault *f);
