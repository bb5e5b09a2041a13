/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * record: drills in the ledger. A run is an entry "drill.run" of subject "drill:ID" that holds the
 * findings and the digest of the result document (a blob); "drill.resolve" answers one finding with
 * evidence, an owner and words; "drill.close" ends it, and is refused while a finding is open.
 *
 * Result codes: 0, -errno, or enum record_result.
 */

#include "base/arena.h"
#include "store/ledger.h"
#include "store/store.h"

#define RECORD_FINDINGS_MAX 512
#define RECORD_ID_MAX 24

enum record_result {
	RECORD_NO_SUCH = 1, /* no such drill, or finding */
	RECORD_OPEN = 2,    /* close refused: findings are open */
	RECORD_DONE = 3,    /* closed, or resolved, already */
};

struct record_who {
	const char *actor;
	ts at;
	bool clock_injected;
};

struct record_finding {
	const char *id, *finding, *control, *runbook, *owner, *tripwire;
	bool resolved;
	const char *why; /* of the resolution */
	const char *resolved_by;
	struct digest evidence;
};

struct record {
	const char *id; /* "2026-0001" */
	const char *scenario, *actor;
	ts at;
	int64_t met, missed;
	struct digest result;
	struct record_finding finding[RECORD_FINDINGS_MAX];
	size_t nfindings, nopen;
	bool closed;
};

/* Appends the run; result is its JSON text, kept as a blob. id gets the new drill's name. */
FB_MUST int record_run(struct store *s, const struct record_who *who, struct span result,
    char id[static RECORD_ID_MAX], struct fault *f);
/* 0, RECORD_NO_SUCH. Strings live in the arena. */
FB_MUST int record_load(
    struct store *s, const char *id, struct arena *a, struct record *ret_r, struct fault *f);
/* The id of the newest drill: 0, RECORD_NO_SUCH. */
FB_MUST int record_newest(struct store *s, char id[static RECORD_ID_MAX], struct fault *f);
/* Calls cb with each drill's id in order. */
FB_MUST int record_each(
    struct store *s, int (*cb)(void *ctx, const char *id), void *ctx, struct fault *f);
/* evidence is a file's content. 0, RECORD_NO_SUCH, RECORD_DONE. */
FB_MUST int record_resolve(struct store *s, const char *id, const struct record_who *who,
    const char *finding, const char *why, struct span evidence, struct fault *f);
/* 0, RECORD_NO_SUCH, RECORD_OPEN, RECORD_DONE. */
FB_MUST int record_close(struct store *s, const char *id, const struct record_who *who,
    const char *why, struct fault *f);
