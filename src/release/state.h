/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * state: a channel's state as a document that a client can check offline: canonical JSON in a DSSE
 * envelope of type STATE_TYPE, signed with the ledger key, versioned and expiring (docs/release.md
 * has the schema).
 *
 *   {"channel","checkpoint","current":{"artifacts":[{"name","sha256","size"}],"published","version"}
 *    or null,"expires","freezes":[{"case"?,"condition","expires","id","owner","reason","scope":[…],
 *    "since"}],"issued","state":"active"|"frozen"|"rolled-back","v":1,"version":N,
 *    "withdrawn":[{"artifacts":["sha256:…"],"version"}]}
 *
 * version is the number of entries in the ledger when it was issued, which is also the size of the
 * checkpoint in it: it never falls, so a client that remembers it cannot be shown an older state.
 * An empty scope means every release.
 *
 * Guarantees: nothing of a document is given out before its signature was good; every changed bit
 * and every cut is refused; a judgement starts at FAIL.
 */

#include "crypto/key.h"
#include "model/verdict.h"
#include "release/release.h"

#define STATE_TYPE "application/vnd.firebreak.channel-state.v1+json"
#define STATE_TEXT_MAX (16u << 20)
#define STATE_SKEW (5 * TS_MINUTE) /* a client's clock may be behind by this */

struct state_withdrawn {
	const char *version;
	struct digest *sha256;
	size_t n;
};

struct state_doc {
	const char *channel;
	uint64_t version;
	ts issued, expires;
	enum release_state state;
	const char *current; /* version; NULL if there is none */
	ts published;
	struct release_artifact *artifact; /* of the current release: name, size, SHA-256 only */
	size_t nartifacts;
	struct release_frozen *freeze; /* open ones */
	size_t nfreezes;
	struct state_withdrawn *withdrawn;
	size_t nwithdrawn;
	struct span checkpoint; /* signed note */
};

/* Issues a document for the channel as it is at now, appended with a line end. Opens its own
 * transaction (so that nothing changes in between), appends nothing to the ledger. */
FB_MUST int state_issue(struct store *s, const char *channel, ts now, struct buf *out,
    struct fault *f);
/* Issues one and replaces DIR/channels/NAME.state.json. */
FB_MUST int state_publish(struct store *s, const char *channel, ts now, struct fault *f);

/* The payload by itself: -EBADMSG with fault, -ENOMEM. */
FB_MUST int state_decode(struct span payload, struct arena *a, struct state_doc *ret_d,
    struct fault *f);
/* A whole document: 0, KEY_BAD_SIGNATURE, -EBADMSG, -ENOMEM. Checks the checkpoint in it too. */
FB_MUST int state_open(struct span text, const struct key *k, struct arena *a,
    struct state_doc *ret_d, struct fault *f);

struct state_question {
	ts now;
	const char *channel;      /* NULL: any */
	uint64_t min_version;     /* the newest that the client has seen; 0: none */
	const struct release_artifact *artifact; /* about to be installed: name, SHA-256 */
	size_t nartifacts;
};

/* What a client may conclude from an opened document; v must be initialised, and is concluded. */
void state_judge(const struct state_doc *d, const struct state_question *q, struct verdict *v);
