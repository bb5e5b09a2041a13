/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * known: the files of an artifact against lists of what upstream shipped (model/known.h).
 *
 * Three questions. Which files are upstream's, and of which release? A signed file is asked for
 * without its signature, too: a file of upstream's that a vendor signed again is still upstream's.
 * Which files claim to be upstream's, by name and place (struct known_names, or a list with paths),
 * and are in no release? Are all of upstream's files of one release?
 *
 * Files stand in groups: one product below one folder of one archive. A group counts as an
 * installation of the product when it has a mark of it, or several of its known files; only then is
 * a claim held against it. When less than half of what claims is known, the lists do not have this
 * release (another architecture, a newer version), and nothing is said about the rest: MISSING.
 *
 * Reasons: PROVEN "known-good.whole" (the artifact itself is in a list, or all files of a directory
 * are: one known file does not vouch for its neighbours); FAIL "known-good.unlisted", "known-good.mixed"; MISSING
 * "known-good.coverage", "known-good.alone", "known-good.unread", "known-good.lists"; WARN "known-good.name"; NOTE
 * "known-good.listed", "known-good.resigned", "known-good.altered", "known-good.unused".
 *
 * The tree must come with SHA-1 (tree_opts.sha1) when a list has no SHA-256, and with bare digests.
 *
 * Memory: the result's arena, at most KNOWN_JUDGE_ARENA_MAX.
 */

#include "anatomy/component.h"
#include "model/known.h"
#include "wire/json.h"

#define KNOWN_JUDGE_ARENA_MAX (256u << 20)
#define KNOWN_PATTERNS_MAX 1024
#define KNOWN_TOLD_MAX 40 /* reasons of one code in one group; then a count */

/* How the files of one product are called (share/known-good/PRODUCT.yaml). */
struct known_names {
	const char *product, *label;
	uint32_t several;
	struct known_pattern {
		const char *path; /* relative; "*" is anything but "/"; case does not matter */
		const char *base; /* its last part */
		uint32_t parts;
		bool mark;	  /* whose presence tells the product */
		bool altered;	  /* expected to be changed by who packages it */
		bool claim;	  /* of upstream's: must be in a release, unless altered */
	} *pattern;
	uint32_t npatterns;
	const char **program_product, **program_name; /* of version resources; ended by NULL */
};
/* From a document (conf/yaml.h); texts in the arena. 0, -EBADMSG with json_fault's words, -ENOMEM. */
FB_MUST int known_names_read(
    struct known_names *ret_n, struct json_val doc, struct arena *a, struct fault *f);

struct known_judge_opts {
	const struct known_source *source;
	const struct known_names *names;
	uint32_t nnames;
	const char *product; /* the user says that it is this product's; NULL */
};

enum known_state {
	KNOWN_NOTHING = 0, /* no list has it, and it claims nothing */
	KNOWN_LISTED,	   /* these bytes are in a list */
	KNOWN_RESIGNED,	   /* … but for a signature */
	KNOWN_UNLISTED,	   /* claims, and is in no list */
	KNOWN_ALTERED,	   /* claims, is in no list, and is meant to be altered */
	KNOWN_MIXED,	   /* listed or resigned, of another release than its siblings */
	KNOWN_STATES,
};
const char *known_state_name(enum known_state s); /* "" "listed" "resigned" "unlisted" "altered" "mixed" */

struct known_component {
	enum known_state state;
	const char *product; /* label; NULL: KNOWN_NOTHING */
	const char *text; /* "v19.1.9", "219 releases, v0.25.3 to v3.1.13", "is in no Electron release" */
};

struct known_result {
	struct known_component *c; /* one for each component of the tree */
	uint32_t n;
	uint32_t listed, resigned, unlisted, mixed, altered;
	struct arena arena;
};
void known_result_free(struct known_result *r);

/*
 * Adds reasons to v, unconcluded; one about a component has its path in `file` and is in the
 * component's own verdict, too. *ret_r is to be freed in every case. 0, -errno (of the source, memory).
 */
FB_MUST int known_judge(struct known_result *ret_r, struct component_tree *t,
    const struct known_judge_opts *o, struct verdict *v, struct fault *f);

/* Members "known" and "known_text" of one component into an object that is open; nothing for
 * KNOWN_NOTHING. Names are in order with those of other members from a to z. */
void known_component_json(struct jw *w, const struct known_component *c);
