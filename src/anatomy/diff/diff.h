/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * diff: two releases of one artifact, compared component by component, and what of it looks like
 * tampering.
 *
 * Nearly everything in an honest release changes, too. So each difference has a weight (the table in
 * kinds.c, printed in docs/diff.md), and the weight is judged against the release itself: what
 * most of the changed components have in common is not news; a program that changed although its
 * version did not, or while those beside it stayed as they were, is. Findings come ranked: the
 * component that looks worst first, and its gravest finding first.
 *
 * Nothing here is a proof. A release without findings may be tampered with, and one with findings
 * may be honest: they are what a person should look at before the release goes out.
 *
 * Guarantees: deterministic; texts are printable (outside bytes escaped). The facts of at most two
 * programs are in memory at once, BINARY_ARENA_MAX each; findings are capped (DIFF_FINDINGS_MAX, and
 * DIFF_ARENA_MAX for their texts): beyond it `cut` is set and DIFF_CUT is the first finding.
 */

#include "anatomy/component.h"
#include "base/arena.h"
#include "base/fault.h"
#include "model/verdict.h"
#include "wire/json.h"

#define DIFF_FINDINGS_MAX 200000u
#define DIFF_ARENA_MAX (160u << 20)
#define DIFF_TEXT_MAX (8u << 20) /* texts and scripts up to this many bytes are looked into */

enum diff_level { DIFF_INFO = 0, DIFF_LOW, DIFF_MEDIUM, DIFF_HIGH, DIFF_LEVELS };
#define DIFF_LOW_FROM 10 /* scores from here on are "low" … */
#define DIFF_MEDIUM_FROM 35
#define DIFF_HIGH_FROM 65
#define DIFF_SCORE_MAX 100
const char *diff_level_name(enum diff_level l); /* "info" "low" "medium" "high" */
FB_MUST int diff_level_of(struct span name, enum diff_level *ret_l); /* 0 or -EINVAL */
enum diff_level diff_score_level(unsigned score);

enum diff_kind {
	DIFF_CUT = 0,
	/* the tree */
	DIFF_ADDED,
	DIFF_ADDED_PROGRAM,
	DIFF_SIDELOAD,
	DIFF_AUTOSTART,
	DIFF_REMOVED,
	DIFF_MOVED,
	DIFF_CHANGED,
	DIFF_TYPE,
	DIFF_BECAME_PROGRAM,
	DIFF_SETUID,
	DIFF_EXECUTABLE,
	DIFF_WRITABLE,
	DIFF_OWNER,
	DIFF_ATTRIBUTES,
	DIFF_SPECIAL,
	DIFF_LINK,
	DIFF_LINK_OUT,
	DIFF_CLOSED,
	DIFF_STRUCTURE,
	DIFF_STRUCTURE_ODD,
	/* signatures */
	DIFF_SIG_BROKEN,
	DIFF_SIG_GONE,
	DIFF_SIG_NEW,
	DIFF_SIG_SIGNER,
	DIFF_SIG_RESIGNED,
	DIFF_SIG_CERTIFICATE,
	DIFF_SIG_CHAIN,
	DIFF_SIG_STAMP,
	/* programs */
	DIFF_UNREADABLE,
	DIFF_TABLE,
	DIFF_OVERLAY,
	DIFF_OVERLAY_GROWN,
	DIFF_SLICE_NEW,
	DIFF_SLICE_GONE,
	DIFF_SLICE_ONLY,
	DIFF_INIT_FIRST,
	DIFF_INIT_MORE,
	DIFF_CAPABILITY,
	DIFF_IMPORTS,
	DIFF_EXPORTS,
	DIFF_LIBRARY,
	DIFF_LIBRARY_SIBLING,
	DIFF_SEARCH,
	DIFF_SEARCH_OPEN,
	DIFF_SECTION,
	DIFF_SECTION_WX,
	DIFF_SECTION_FLAGS,
	DIFF_ENTROPY,
	DIFF_ENTRY,
	DIFF_SIBLING,
	DIFF_HOST,
	DIFF_HOST_RAW,
	DIFF_KEY,
	DIFF_COMMAND,
	DIFF_COMMAND_HIDDEN,
	DIFF_ODD,
	DIFF_IDENTITY,
	DIFF_SAME_VERSION,
	DIFF_OUTLIER,
	DIFF_LOADER,
	DIFF_IMPLANT,
	/* scripts and texts */
	DIFF_MAINTAINER,
	DIFF_MAINTAINER_COMMAND,
	DIFF_LIFECYCLE,
	DIFF_LIFECYCLE_CHANGED,
	DIFF_INSTALLER,
	DIFF_DEPENDENCY,
	DIFF_DEPENDENCY_ODD,
	DIFF_SCRIPT,
	DIFF_PACKAGE_VERSION,
	DIFF_KINDS,
};

struct diff_kind_info {
	const char *code; /* stable, dotted: "initialiser.first"; as a reason: "diff.initialiser.first" */
	unsigned weight;
	bool soft; /* what honest releases have, too: weighed by version and by how common it is */
	const char *why;
};
const struct diff_kind_info *diff_kind_of(enum diff_kind k);

struct diff_finding {
	enum diff_kind kind;
	uint16_t score; /* 0 … DIFF_SCORE_MAX */
	uint32_t old, new_; /* components; COMPONENT_NONE */
	const char *arch;   /* of the slice; NULL: the whole component, or its only slice */
	bool has_off;
	uint64_t off, len;  /* in the new component */
	const char *what;   /* printable */
	uint32_t about;	    /* the component that it names (DIFF_SIBLING); COMPONENT_NONE */
	/* private: what makes two findings the same news, and their order */
	uint64_t same;
	uint32_t rank, seq;
};

struct diff_counts {
	uint32_t old, new_, same, changed, added, removed, moved;
	uint32_t unread; /* changed, but their bytes were not at hand */
};

struct diff {
	struct diff_finding *f;
	uint32_t n, cap;
	bool cut;
	struct diff_counts count;
	struct arena arena;
};

/* One release, and how to get at the bytes of a component of it: *ret_bytes stays valid until the
 * next call with the same ctx. 0, -ENOENT (not at hand), -errno. */
typedef int diff_bytes_fn(void *ctx, uint32_t i, struct span *ret_bytes);
struct diff_side {
	const struct component_tree *tree;
	diff_bytes_fn *bytes; /* NULL: no bytes, only what the trees say */
	void *ctx;
};

/* Whose bytes diff_trees may ask for: programs, scripts and small texts. */
bool diff_wants(const char *path, enum format f, uint64_t size);

/* *ret_d is to be freed by diff_free in every case. 0, -ENOMEM, -errno of a bytes function. */
FB_MUST int diff_trees(struct diff *ret_d, const struct diff_side *old, const struct diff_side *new_,
    struct fault *f);
void diff_free(struct diff *d);

/* The level of the first finding; DIFF_INFO when there is none. */
enum diff_level diff_worst(const struct diff *d);

/* {"counts":{…},"findings":[…],"level":"high",…}: members only; at most limit findings (0: all) of
 * at least from. The schema is in docs/diff.md. */
void diff_json(struct jw *w, const struct diff *d, const struct diff_side *old,
    const struct diff_side *new_, uint32_t limit, enum diff_level from);

/* Findings of at least `fail` become REASON_FAIL "diff.CODE", those of at least `warn` REASON_WARN. */
void diff_reasons(const struct diff *d, const struct component_tree *new_tree, enum diff_level fail,
    enum diff_level warn, struct verdict *v);
