/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * client: the client workflow (section 5) over a repository that is fetched from and a store that
 * keeps what is trusted.
 *
 * Guarantees: all I/O goes through struct tuf_io. Whatever fails, what the store holds stays
 * trustworthy and the next update can succeed: each file is kept when, and only when, it was found
 * good (5.3.8, 5.4.5, 5.5.7, 5.6.6). A file in the store is only trusted after it was verified
 * again, against the delegator that leads to it now: a role that two roles delegate to must be
 * signed for both. Time stands still at start (5.1). Every fetch has a limit; redirects, time
 * limits and the like are the fetcher's.
 *
 * Result codes: enum tuf_result with the report filled; -ENOMEM.
 */

#include "trust/tuf/set.h"

enum tuf_base { TUF_METADATA, TUF_TARGETFILES };

enum tuf_io_result { TUF_IO_DONE = 0, TUF_IO_ABSENT = 1 };

struct tuf_io {
	void *ctx;
	/*
	 * Appends the file to out: TUF_IO_DONE, TUF_IO_ABSENT (the repository says that there is none),
	 * -EMSGSIZE (more than max bytes: stop reading then), other -errno with fault. name is a
	 * relative URL path: made of unreserved characters, "%XX" and, for targets, "/" and what else
	 * a URL's path may have; no segment is "." or "..".
	 */
	int (*fetch)(void *ctx, enum tuf_base base, const char *name, size_t max, struct buf *out,
	    struct fault *f);
	/* The store. Names are file names ("timestamp.json"), safe as such. load: as fetch. */
	int (*load)(void *ctx, const char *name, size_t max, struct buf *out, struct fault *f);
	int (*keep)(void *ctx, const char *name, struct span bytes, struct fault *f);
	int (*drop)(void *ctx, const char *name, struct fault *f); /* 0 also when there is none */
	/* A file that was verified came from the repository. May be NULL. */
	void (*fetched)(void *ctx, const char *name, int64_t version);
};

struct tuf_client;

/* 5.1, 5.2: initial is a root that the caller trusts; if the store has a newer one, that is used. */
FB_MUST int tuf_client_new(struct tuf_client **ret_c, const struct tuf_io *io, struct span initial,
    ts start, struct tuf_report *w);
struct tuf_client *tuf_client_free(struct tuf_client *c);
void tuf_client_free_p(struct tuf_client **c);
#define AUTO_TUF_CLIENT FB_CLEANUP(tuf_client_free_p)

/* 5.3 to 5.6.6. */
FB_MUST int tuf_client_refresh(struct tuf_client *c, struct tuf_report *w);
/* 5.6.7, after a refresh: the first role in order that names the target, or TUF_NO_TARGET. Any
 * failure of a role on the way ends the search with that failure. */
FB_MUST int tuf_client_find(struct tuf_client *c, const char *path, struct tuf_file *ret_file,
    struct tuf_report *w);
/* 5.7.3: at most max bytes, which must have the listed length and hashes; appended. */
FB_MUST int tuf_client_download(struct tuf_client *c, const char *path, const struct tuf_file *file,
    size_t max, struct buf *out, struct tuf_report *w);

/* What is trusted now; members are NULL before they were refreshed. */
const struct tuf_set *tuf_client_set(const struct tuf_client *c);
