/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * feeds: which feeds a state is subscribed to, and how far each was fetched:
 * STATE/intel/feeds.json. No secrets: a feed names the file that holds them.
 *
 * Guarantees: feeds_parse takes what feeds_write wrote and refuses everything else; the file is
 * replaced whole. Whoever changes it does so inside a write transaction of the store.
 *
 * Result codes: 0, -EBADMSG (malformed; the fault says where), -ENOSPC (too many), -ENOMEM, -errno.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "intel/intel.h"

#define FEEDS_MAX 1000
#define FEED_NAME_MAX 64
#define FEED_ETAG_MAX 256
#define FEED_DATE_MAX 64
#define FEED_TEXT_MAX 700

struct feed {
	const char *name; /* feed_name_ok */
	const char *url;  /* TAXII: without "taxii+" */
	bool taxii;
	enum intel_format format;
	const char *source, *category, *campaign, *licence; /* NULL */
	enum tlp tlp;
	int confidence; /* -1: as the format has it */
	bool benign;
	bool keep;  /* what it does not say any more stays */
	bool named; /* sources are as it names them; else all claims are the feed's own */
	const char *credentials; /* path of the file; NULL */
	/* Of the last fetch: */
	ts at;			/* TS_NONE: never */
	const char *result;	/* "imported" "unchanged" "failed" …; NULL */
	const char *message;	/* of a failure; NULL */
	ts imported;		/* TS_NONE: never */
	const char *etag;	/* of what was imported; NULL */
	const char *added_last; /* TAXII; NULL */
	uint64_t claims;	/* that it brought then */
};

struct feeds {
	struct feed *e; /* sorted by name */
	size_t n;
};

/* Letters, digits, "-", "_" and ".", not first; FEED_NAME_MAX at most. */
bool feed_name_ok(const char *name);

/* Texts are in the arena. *ret_f is left alone on errors. */
FB_MUST int feeds_parse(struct feeds *ret_f, struct span text, struct arena *a, struct fault *f);
void feeds_write(const struct feeds *fs, struct buf *out);

/* STATE/intel/feeds.json; none is no feeds. */
FB_MUST int feeds_load(struct feeds *ret_f, const char *state, struct arena *a, struct fault *f);
FB_MUST int feeds_save(const struct feeds *fs, const char *state, struct fault *f);

struct feed *feeds_find(const struct feeds *fs, const char *name);
/* A copy of the list with one more, or one less. */
FB_MUST int feeds_add(struct feeds *fs, const struct feed *x, struct arena *a);
void feeds_remove(struct feeds *fs, struct feed *x);
