/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * taxii: a client for TAXII 2.1 (OASIS Standard, 10 June 2021), reading only.
 *
 * A collection's objects come page by page (section 3.4): by "next" where the server gives one,
 * else by added_after with what X-TAXII-Date-Added-Last said. An answer must have the media type
 * application/taxii+json, version 2.1 if it names one; an error may be an error message (section
 * 3.6), whose title is told.
 *
 * Refused: redirects; the same "next" twice, or a date that does not advance; "more" without a way
 * to ask for it; more than TAXII_PAGES_MAX pages or the caller's bytes; a page that is no envelope.
 *
 * Guarantees: nothing is asked but the URL given, what is below it, and API roots of the same
 * server. What pages hold is checked as JSON, and nothing more: it is for stix.c.
 *
 * Result codes: 0, or those of http.h; -EBADMSG for an answer that is not TAXII, -ELOOP, -E2BIG.
 */

#include "base/arena.h"
#include "fetch/http.h"

#define TAXII_MEDIA "application/taxii+json;version=2.1"
#define TAXII_PAGES_MAX 10000
#define TAXII_PAGE_BYTES (64u << 20)
#define TAXII_DATE_MAX 64
#define TAXII_ROOTS_MAX 64

struct taxii {
	struct http *http;
	const char *authorization; /* NULL */
	size_t max;		   /* bytes of all pages */
	unsigned pages_max;	   /* 0: TAXII_PAGES_MAX */
};

/* Does it end in "/collections/ID/"? (The final slash may be missing.) */
bool taxii_is_collection(const char *url);

struct taxii_got {
	uint64_t pages, objects;
	char
	    added_last[TAXII_DATE_MAX]; /* where to go on next time; "" if the server did not say */
};

/*
 * All objects that were added after the instant (RFC 3339; "": all), appended to out as one TAXII
 * envelope. On an error out holds what it held.
 */
FB_MUST int taxii_objects(const struct taxii *t, const char *collection, const char *added_after,
    struct buf *out, struct taxii_got *ret_g, struct fault *f);

struct taxii_collection {
	const char *url, *id, *title, *description; /* the last may be NULL */
	bool can_read;
};

/*
 * What a server offers. url is that of its discovery resource (section 4.1) or of an API root. Each
 * collection to fn; -ECANCELED from it ends that. Texts are valid during the call.
 */
FB_MUST int taxii_discover(const struct taxii *t, const char *url,
    int (*fn)(void *ctx, const struct taxii_collection *c), void *ctx, struct fault *f);
