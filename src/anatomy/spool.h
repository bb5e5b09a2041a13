/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * spool: keeps the bytes of one archive entry after the other, for those who have to look at them
 * again.
 *
 * The first SPOOL_MEMORY bytes of every entry are kept in memory (a memfd that is mapped). Where an
 * entry is longer it is dropped, but for its last SPOOL_TAIL bytes, or, when wanted, goes on in a
 * temporary file without a name: $TMPDIR, else /var/tmp, else /tmp. The file is used again for the
 * next entry. Nothing is left behind, whatever ends the process.
 */

#include "anatomy/format.h"
#include "base/fault.h"
#include "base/span.h"

#define SPOOL_MEMORY (1u << 20)
#define SPOOL_TAIL FORMAT_TAIL

struct spool {
	uint64_t n; /* bytes of the entry so far */
	/* private */
	int mem, file; /* -1: none */
	uint8_t *map;  /* SPOOL_MEMORY bytes of mem */
	enum { SPOOL_IN_MEMORY = 0, SPOOL_IN_FILE, SPOOL_DROPPED } where;
	size_t ntail;
	uint8_t tail[2 * SPOOL_TAIL];
};

#define SPOOL_INIT ((struct spool){ .mem = -1, .file = -1 })

/* A temporary file without a name. fd, -errno with fault. */
FB_MUST int spool_nameless(struct fault *f);

void spool_free(struct spool *s);
/* Ready for the next entry. 0 or -errno. */
FB_MUST int spool_reset(struct spool *s);
/*
 * The next bytes. keep is asked once, when memory is full and before more is taken: what begins like
 * this (SPOOL_MEMORY bytes), is it wanted? 0, -errno with fault.
 */
FB_MUST int spool_put(struct spool *s, struct span bytes, bool (*keep)(void *ctx, struct span head),
    void *ctx, struct fault *f);
/* Are all bytes still here? */
static inline bool spool_whole(const struct spool *s)
{
	return s->where != SPOOL_DROPPED;
}
/* The first bytes (SPOOL_MEMORY at most), and the last SPOOL_TAIL. */
struct span spool_head(const struct spool *s);
struct span spool_tail(const struct spool *s);
/* A descriptor of a file of exactly these bytes, the spool's own; only if spool_whole. fd or -errno. */
FB_MUST int spool_fd(struct spool *s);
