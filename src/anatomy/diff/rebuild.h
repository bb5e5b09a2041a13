/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rebuild: two independent builds of the same source, and where they may differ. If somebody got at
 * one builder, the other one's bytes say so; what is left to trust is that nobody got at both.
 *
 * PASS: the same tree (paths, types, rights, link targets), and every byte that differs is explained
 * by a rule that is about signing or about when and where it was built (rebuild_allowed). Anything
 * else, and anything that could not be looked at, is FAIL: one path leads to PASS. A component that
 * differs and whose own inspection fails in either build is never explained: what hides in a
 * certificate table is no signature.
 *
 * Signed and unsigned twins agree: certificate table, code signature and what signing writes into
 * headers are left out, and padding in front of it must be zero.
 *
 * Guarantees: deterministic; at most two components' bytes are mapped at a time; differences are
 * capped (REBUILD_RANGES_MAX for one component, REBUILD_MAX in all: beyond it FAIL with `cut`).
 */

#include "anatomy/diff/diff.h"

#define REBUILD_MAX 20000u
#define REBUILD_RANGES_MAX 24u
#define REBUILD_BUILDS_MAX 16

enum rebuild_rule {
	/* not allowed */
	REBUILD_CONTENT = 0,
	REBUILD_MISSING, /* in the first only */
	REBUILD_EXTRA,	 /* in the second only */
	REBUILD_TYPE,
	REBUILD_MODE,
	REBUILD_OWNER,
	REBUILD_ATTRIBUTES,
	REBUILD_LINK,
	REBUILD_STRUCTURE,
	REBUILD_UNREAD,
	/* allowed */
	REBUILD_SIGNATURE,
	REBUILD_CHECKSUM, /* of a PE file: no signature covers it */
	REBUILD_TIME,	  /* a link time */
	REBUILD_BUILD_ID, /* PDB GUID, LC_UUID, GNU build id */
	REBUILD_DEBUG_LINK, /* the checksum of the separate debug file */
	REBUILD_ARCHIVE, /* order, times and compression: what is in it is compared for itself */
	REBUILD_RULES,
};
bool rebuild_allowed(enum rebuild_rule r);
const char *rebuild_rule_name(enum rebuild_rule r); /* "content" "missing" … "build-id" */
const char *rebuild_rule_why(enum rebuild_rule r);

struct rebuild_difference {
	enum rebuild_rule rule;
	uint32_t a, b; /* components; COMPONENT_NONE */
	const char *arch; /* NULL: no slices */
	bool has_off;
	uint64_t off, len; /* in a (or, when it is in b only, in b) */
	const char *what;  /* printable */
};

enum rebuild_result { REBUILD_FAIL = 0, REBUILD_PASS };

struct rebuild {
	enum rebuild_result result;
	struct rebuild_difference *d;
	uint32_t n, cap, findings; /* findings: those not allowed */
	uint32_t same; /* components with the same digest */
	bool cut;
	struct arena arena;
};

/* *ret_r is to be freed by rebuild_free in every case. 0, -ENOMEM, -errno of a bytes function. */
FB_MUST int rebuild_compare(struct rebuild *ret_r, const struct diff_side *a,
    const struct diff_side *b, struct fault *f);
void rebuild_free(struct rebuild *r);

/* {"differences":[…],"findings":N,"verdict":"PASS"}: members only. */
void rebuild_json(struct jw *w, const struct rebuild *r, const struct diff_side *a,
    const struct diff_side *b);

/*
 * The vote: agree[i * n + k] says whether builds i and k agree. The builds that most agree with each
 * other, if they are more than half: odd[i] for those that are not among them. Returns how many are
 * odd; n when there is no majority (then all are).
 */
unsigned rebuild_vote(const bool *agree, unsigned n, bool odd[REBUILD_BUILDS_MAX]);
