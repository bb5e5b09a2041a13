/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rule: artifact rules (in-toto specification 4.3.3) and what they do with the materials or
 * products of one step. No I/O.
 *
 * Every artifact of the list is in a queue at first. The rules are taken in order; MATCH, CREATE,
 * DELETE, MODIFY and ALLOW take the artifacts that they account for out of it, DISALLOW fails if
 * its pattern finds one that is left, REQUIRE fails if its file (a name, no pattern) is not there
 * any more. What is left at the end is allowed.
 *
 * As in-toto 1.3.1 where the specification leaves it open: keywords in either case; patterns are
 * glob.h's; a prefix is no pattern; REQUIRE names one file; MATCH compares the whole digest sets.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "trust/intoto/glob.h"
#include "wire/json.h"

#define RULE_WORD_MAX 4096
#define RULES_MAX 4096		 /* of one list */
#define ARTIFACTS_MAX (1u << 20) /* of one list */

struct artifact {
	struct span path;
	struct span digests; /* canonical JSON of the digest set */
};

/* In the order of the bytes of their paths. */
struct artifacts {
	struct artifact *item;
	size_t n;
};

const struct artifact *artifacts_find(const struct artifacts *l, struct span path);
/* {"path": {"sha256": "…"}}: every set needs a digest of SHA-256 or stronger, and those that are
 * known must be hex of their length. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int artifacts_read(
    struct artifacts *ret_l, struct json_val v, struct arena *a, struct fault *f);
bool artifacts_eq(const struct artifacts *l, const struct artifacts *m);

enum rule_type {
	RULE_MATCH = 1,
	RULE_CREATE,
	RULE_DELETE,
	RULE_MODIFY,
	RULE_ALLOW,
	RULE_DISALLOW,
	RULE_REQUIRE,
};

struct rule {
	enum rule_type type;
	struct span pattern;
	struct glob glob;
	/* MATCH: */
	struct span source, dest; /* prefixes; empty: none */
	bool products;		  /* with products, not materials */
	struct span from;	  /* step or inspection */
};

struct rules {
	struct rule *item;
	size_t n;
};

/* One rule from its words. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int rule_parse(
    struct rule *ret_r, const struct span *word, size_t n, struct arena *a, struct fault *f);
/* "MATCH * IN a WITH PRODUCTS FROM b", appended. */
void rule_text(struct buf *out, const struct rule *r);

/* What is known of a step or inspection. */
struct rule_link {
	struct span name;
	struct artifacts materials, products;
};

struct rule_links {
	const struct rule_link *item;
	size_t n;
};

enum rule_result {
	RULE_HOLDS = 0,
	RULE_BROKEN, /* a DISALLOW or REQUIRE */
	RULE_ODD,    /* a MATCH whose prefix makes a path that is no artifact's */
};

struct rule_failure {
	size_t rule;	  /* which one */
	struct span path; /* the first artifact that it is about; for REQUIRE the file */
	size_t count;	  /* how many such artifacts */
};

/* Applies the rules to link's products or materials. enum rule_result, or -ENOMEM. When they hold,
 * *ret_f says how many artifacts no rule accounted for, and the first. */
FB_MUST int rules_apply(const struct rules *rules, const struct rule_link *link, bool products,
    const struct rule_links *links, struct arena *a, struct rule_failure *ret_f);
