/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * weigh: what the claims on an observed value say in all, now. docs/intel-weigh.md.
 *
 * A lookup (shelf.h) finds entries; each goes through here with all of its claims and with the benign
 * claims on what was observed, and comes out as one verdict:
 *
 *   MATCH    it is a hit, with a confidence, and perhaps to be blocked
 *   EXPIRED  every claim that applies ended before the observation: shown, not counted
 *   TENANT   a claim on a name under which everybody has their own (github.io, s3.amazonaws.com,
 *            dynamic DNS): it speaks for exactly this name, not for tenant.github.io. No hit
 *   HELD     quarantined: the claim is on what is the organisation's own, or on what cannot be
 *            evidence anywhere (poison.h). Shown by `intel list --quarantined`, counted; no hit
 *
 * Ageing: a claim's confidence falls from what its source gave, over the life that the rules give to
 * its kind and category, by the polynomial of MISP's decaying models (c * (1 - (t/life)^(1/speed)), t
 * since it was last seen), but not below the rule's floor: an old claim is a weak one, not none.
 * Digests do not age. Only valid_until retires a claim.
 *
 * Benign lists: what they cover is still a hit. Its confidence is lowered by the strongest list's
 * category, and blocking is forbidden; only OWN takes the hit away. Public top-site lists contain
 * avsvmcloud.com, which was SUNBURST's C2. A list covers what was observed: a benign child says
 * nothing of its parent.
 *
 * Tenants: let H be a hosting name (of a benign claim of category hosting or suffix, or of
 * poison_hosting) and what was observed be below H. A PARENT match through a claim on H, or on a name above it, is
 * dropped: TENANT. And what lists say of H or a name above it says nothing of its tenants, good or
 * bad: it does not lower, and does not forbid blocking. So a hosting name counts exactly.
 *
 * No allocation, no I/O.
 */

#include "intel/db/db.h"

enum benign_category {
	BENIGN_NONE = 0,
	BENIGN_SINKHOLE,   /* known bad, taken over: contact is evidence of infection */
	BENIGN_SUFFIX,	   /* public suffixes: everybody's names are below them; exact names only */
	BENIGN_HOSTING,	   /* shared hosting, dynamic DNS, URL shorteners: exact names only */
	BENIGN_CDN,	   /* content networks, clouds, VPN exits: many tenants behind one address */
	BENIGN_SCANNER,	   /* research scanners: noise, not harm */
	BENIGN_TOP_SITE,   /* popular; not proof of anything */
	BENIGN_VENDOR,	   /* known vendors' own names, addresses, certificates and files */
	BENIGN_RESOLVER,   /* public DNS, what-is-my-address services */
	BENIGN_INVALID,	   /* reserved names and addresses, trivial files */
	BENIGN_OWN,	   /* the organisation's own */
	BENIGN_CATEGORIES, /* in order of how much they take away */
};
/* "sinkhole" "suffix" "hosting" "cdn" "scanner" "top-site" "vendor" "resolver" "invalid" "own"; "" for NONE.
 * What the category of a benign claim says. */
const char *benign_category_name(enum benign_category c);
/* NONE when unknown. */
enum benign_category benign_category_of(struct span s);
/* Percent of the confidence that is left. */
unsigned benign_factor(enum benign_category c);
/* SUFFIX and HOSTING: names under which everybody has their own. */
bool benign_is_house(enum benign_category c);
/* What kind of list it is: the 136 of MISP/misp-warninglists by their folders' names, others by words
 * in their names; VENDOR when nothing is known of it. */
enum benign_category benign_of_list(struct span name);
/* Of a benign claim: its category, or else by its source. */
enum benign_category benign_of(const struct indicator *i);

/* --- ageing --- */

#define WEIGH_RULES_MAX 64
#define WEIGH_CATEGORY_MAX 32

struct weigh_rule {
	uint32_t types;			   /* bits 1 << enum indicator_type; 0: all */
	char category[WEIGH_CATEGORY_MAX]; /* part of a claim's category, without case; "": any */
	ts life;			   /* 0: does not age */
	unsigned speed;			   /* 1..10 */
	unsigned floor;			   /* percent that stays */
};

/* The first rule that fits counts; none: it does not age. */
struct weigh_rules {
	struct weigh_rule rule[WEIGH_RULES_MAX];
	size_t n;
	bool deliberate; /* a few claims that somebody gave for this case: addresses of private use are
			    meant */
};

/* What share/intel/ageing.yaml says as shipped. */
extern const struct weigh_rules weigh_rules_default;
/* Reads such a file. 0, -EBADMSG "NAME:LINE:COL: …", -errno. *ret_r is left alone then. */
FB_MUST int weigh_rules_load(struct weigh_rules *ret_r, const char *path, struct fault *f);

/* The confidence of one claim at an instant; 0..100. Expiry is not considered. */
int weigh_aged(const struct weigh_rules *r, const struct indicator *i, ts at);

/* --- weighing --- */

#define WEIGH_BLOCK_MIN 30 /* percent: the threshold of MISP's default models */

enum weigh_verdict { WEIGH_NONE = 0, WEIGH_HELD, WEIGH_TENANT, WEIGH_EXPIRED, WEIGH_MATCH };
/* "held" "tenant" "expired" "match"; "" for NONE (no claim was given). */
const char *weigh_verdict_name(enum weigh_verdict v);

struct weighing {
	enum weigh_verdict verdict;
	const char *why;	     /* HELD, TENANT: static text; else NULL */
	int confidence;		     /* 0..100: of the surest claim in force, aged and lowered */
	int claimed;		     /* the same before ageing and lowering */
	bool block;		     /* MATCH, at least WEIGH_BLOCK_MIN, nothing benign covers it */
	enum benign_category benign; /* the strongest that covers it */
	char benign_list[64];	     /* one of that category: its source, cut; "" */
	unsigned sources, benign_lists;
};

struct weigh {
	const struct weigh_rules *rules;
	enum indicator_type type;
	const char *value;
	enum intel_how how;
	ts at;
	unsigned force; /* claims in force */
	size_t edge;	/* length of the longest hosting name above what was observed */
	struct {
		size_t n; /* length of the longest name of this category, 0: none */
		char list[64];
	} cover[BENIGN_CATEGORIES];
	struct weighing out;
};

/*
 * An entry that was found: its type and value, how it matched, and what was observed, as text
 * (a name, an address, hex; SPAN_NONE: the value itself). value must stay valid until weigh_end.
 * rules NULL: weigh_rules_default.
 */
void weigh_begin(struct weigh *w, const struct weigh_rules *rules, enum indicator_type type,
    const char *value, enum intel_how how, struct span seen, ts at);
/* Each of its claims, once a source. */
void weigh_claim(struct weigh *w, const struct indicator *i);
/*
 * Each claim of each benign entry that covers what was observed: value is the benign entry's, how
 * it covers. Shelf: shelf_value(s, INDICATOR_BENIGN, type of seen, seen, at, …).
 */
void weigh_benign(struct weigh *w, const char *value, enum intel_how how,
    const struct indicator *i);
void weigh_end(struct weigh *w, struct weighing *ret_w);
