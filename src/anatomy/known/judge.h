/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* known_judge: one run of known_judge, between its steps. Private to anatomy/known*.c. */

#include "anatomy/known/known.h"
#include "base/buf.h"
#include "base/map.h"

#include <stdio.h>

#define KNOWN_NO_GROUP UINT32_MAX

/* A release is a version of a list, numbered over all lists; behind the versions of a list stands
 * one for what it has without a version. */
struct known_hits_of {
	uint32_t product;
	uint32_t list; /* the first that has it */
	struct digest digest; /* by which */
	const uint32_t *rel; /* ascending */
	uint32_t nrel;
	const char *text; /* them in words, once somebody asked */
};

/* Where one content is known; shared by all files of that content. */
struct known_found {
	struct known_hits_of *of; /* one for each product */
	uint32_t n;
	bool bare; /* not as it is, but without its signature */
};

struct known_product {
	const char *name, *label;
	const struct known_names *names; /* NULL: lists only */
	const char *newest; /* version in its lists; NULL */
};

struct known_member {
	uint32_t i; /* component */
	bool altered;
	bool claims;
	bool by_list; /* claims by the path that a list has */
	struct known_hits_of *known;
	bool bare;
};

/* What reasons are about; each kind is told KNOWN_TOLD_MAX times and then counted, for a verdict
 * holds no more than VERDICT_REASONS_MAX. */
enum known_told {
	KNOWN_TELL_LISTED = 0,
	KNOWN_TELL_RESIGNED,
	KNOWN_TELL_ALTERED,
	KNOWN_TELL_UNLISTED,
	KNOWN_TELL_MIXED,
	KNOWN_TELL_UNREAD,
	KNOWN_TELL_COVERAGE,
	KNOWN_TELLS,
};

/* Files of one product in groups that are no installation of it: told together. */
struct known_loose {
	uint32_t known, named; /* in a list; with a name of the product's and in none */
	struct buf known_text, named_text;
};

/* One product below one folder of one archive. */
struct known_group {
	uint32_t product, container;
	const char *root; /* "" or without "/" at its end */
	bool mark;
	struct known_member *m;
	uint32_t n, cap;
	uint32_t claims, known, claims_known; /* altered ones do not count */
};

struct known_run {
	struct component_tree *t;
	const struct known_judge_opts *o;
	struct known_result *r;
	struct verdict *v;
	struct fault *f;
	struct arena *a; /* of the result */
	struct known_product *product;
	uint32_t nproducts;
	uint32_t *list_product; /* of each list */
	uint32_t *rel_base;	/* of each list; [nlists] is how many there are */
	struct known_found **found; /* of each component; NULL */
	uint32_t *by_list; /* of each component: 1 + the product that a list's path gave it; 0 */
	struct map by_content;
	struct map by_place;
	struct known_group *group;
	uint32_t ngroups, group_cap;
	uint32_t *count, *best; /* one for each release: scratch of one group */
	struct known_loose *loose; /* of each product */
	uint32_t told[KNOWN_TELLS];
};

/* find.c: k->found for every file. */
FB_MUST int known_find_all(struct known_run *k);
/* Which list is a release of, and which version? version NULL: none. */
const struct known_info *known_release(
    const struct known_run *k, uint32_t rel, const char **ret_version);
/* "v19.1.9", "v1, v2", "219 releases, v0.25.3 to v3.1.13"; NULL when memory is short. */
const char *known_releases_text(const struct known_run *k, const uint32_t *rel, uint32_t n);

/* The same for a file's, made once. */
const char *known_hits_text(const struct known_run *k, struct known_hits_of *h);

/* claim.c: the groups. */
FB_MUST int known_claim_all(struct known_run *k);

/* group.c: what a group is worth; sets the result of its files. */
FB_MUST int known_group_judge(struct known_run *k, struct known_group *g);
/* After the last group: what was only counted. */
FB_MUST int known_group_rest(struct known_run *k);
