/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verdict: what was concluded about one artifact, and why.
 *
 * Fail closed: a verdict starts at FAIL. verdict_conclude is the only way to PASS, and it takes it
 * only when no reason fails, nothing that was required is missing, and at least one reason proves.
 * UNKNOWN is "nothing contradicts it, but required or any evidence is missing"; never PASS.
 * A reason that is added later takes the conclusion back: FAIL until it is concluded again.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/signal.h"
#include "wire/json.h"

#define VERDICT_REASONS_MAX 512

enum verdict_status { VERDICT_FAIL = 0, VERDICT_UNKNOWN, VERDICT_PASS };

enum reason_kind {
	REASON_FAIL = 0, /* contradicted */
	REASON_MISSING,  /* evidence that was required, or that would be needed, is not there */
	REASON_WARN,     /* worth a look, changes nothing */
	REASON_PROVEN,   /* positive evidence */
	REASON_NOTE,     /* a fact that proves nothing by itself */
};

struct reason {
	enum reason_kind kind;
	const char *code;       /* stable, dotted: "pe.slack", "provenance.builder-id" */
	const char *text;       /* one sentence for a person */
	const char *file;       /* evidence or artifact file it comes from; NULL if none */
	struct digest evidence; /* digest of that evidence; may be unset */
	bool has_off;
	uint64_t off, len;      /* where in the artifact */
};

struct verdict {
	enum verdict_status status;
	struct reason *reason; /* in arena */
	size_t n, cap;
	bool overflow; /* more than VERDICT_REASONS_MAX: the rest is counted as FAIL ("verdict.overflow") */
	struct arena *arena;
};

void verdict_init(struct verdict *v, struct arena *a);
/* Adds one reason and gives it to fill (code must be static; text is formatted into the arena).
 * Never NULL: when memory or the cap is reached a shared dummy is returned and overflow is set. */
struct reason *verdict_add(struct verdict *v, enum reason_kind kind, const char *code,
    const char *fmt, ...) FB_PRINTF(4, 5);
/* Adds a copy of every reason of from (texts stay in from's arena). */
void verdict_append(struct verdict *v, const struct verdict *from);
/*
 * What a reason asks for. MISSING: SIGNAL_PROVENANCE_GAP. FAIL, by the family of its code (the
 * part before the dot): "provenance", "evidence" and "vsa" are SIGNAL_PROVENANCE_GAP; every other family
 * speaks of the artifact's own bytes: SIGNAL_RELEASE_INTEGRITY. Other kinds: SIGNAL_NONE. The
 * codes are listed in docs/verify.md.
 */
enum signal_kind reason_signal(const struct reason *r);
/* The gravest signal over all reasons: integrity before provenance before none. */
enum signal_kind verdict_signal(const struct verdict *v);
/* The one path to PASS. After an overflow the last reason that was kept gives way to "verdict.overflow". */
enum verdict_status verdict_conclude(struct verdict *v);
bool verdict_has(const struct verdict *v, enum reason_kind kind);
/* The first reason with this code; NULL. */
const struct reason *verdict_find(const struct verdict *v, const char *code);

const char *verdict_name(enum verdict_status s); /* "PASS" "FAIL" "UNKNOWN" */
const char *reason_name(enum reason_kind k);     /* "fail" "missing" "warn" "proven" "note" */

/* {"missing":[…],"reasons":[…],"verdict":"PASS"}: members only, into an object already open. */
void verdict_json(struct jw *w, const struct verdict *v);
