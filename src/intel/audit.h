/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * audit: how far each feed can be trusted, by counting. docs/intel-weigh.md says what each number is.
 *
 * All benign claims go in first, then all bad ones, those of one value together (as shelf_each gives
 * them). A feed is a source of bad claims; an entry of it is a value that it names.
 *
 *   on       the value itself is on a benign list
 *   below    domains: a name above it is (lists of exact names count, too: a rank says something of
 *            a site, whoever owns what is below it). Addresses: a listed network holds it, the whole
 *            of it for a network
 *            Below public suffixes is nobody; below a hosting name is a tenant: counted there, but
 *            not as listed
 *   held     weigh.h would hold it: one's own, or poison
 *   tenants  a claim on a hosting name, which speaks for that name only
 *   expired  every claim of this feed on it is over
 *   faded    in force, but aged below WEIGH_BLOCK_MIN
 *   only     no other feed names it
 *   shared   with another feed, pairwise, for the first AUDIT_COMPARED feeds
 *
 * Memory: 16 bytes a benign name or digest, 64 a benign network, AUDIT_COMPARED squared counters.
 * Result codes: 0, -ENOMEM.
 */

#include "intel/weigh.h"

#define AUDIT_COMPARED 256
#define AUDIT_FEEDS_MAX 65536

enum audit_age { AUDIT_WEEK = 0, AUDIT_MONTH, AUDIT_QUARTER, AUDIT_YEAR, AUDIT_OLDER, AUDIT_UNDATED,
	AUDIT_AGES };
/* "7d" "30d" "90d" "365d" "older" "undated" */
const char *audit_age_name(enum audit_age a);

struct audit_cover {
	uint64_t on, below; /* an entry counts once: on before below */
};

struct audit_feed {
	const char *source;
	size_t number; /* for audit_shared */
	uint64_t entries, kinds[INDICATOR_TYPES];
	uint64_t only, expired, faded, tenants;
	uint64_t held_own, held_poison, held_private;
	uint64_t ages[AUDIT_AGES]; /* of entries, by when this feed last saw them */
	ts newest, oldest;	   /* TS_NONE: no date */
	struct audit_cover names[BENIGN_CATEGORIES], addresses[BENIGN_CATEGORIES],
	    others[BENIGN_CATEGORIES];
	struct audit_cover any_name, any_address, any_other;
};

struct audit;

FB_MUST int audit_new(struct audit **ret_a, const struct weigh_rules *rules, ts now);
struct audit *audit_free(struct audit *a);
void audit_free_p(struct audit **a);
#define AUTO_AUDIT FB_CLEANUP(audit_free_p)

FB_MUST int audit_benign(struct audit *a, const struct indicator *i);
FB_MUST int audit_bad(struct audit *a, const struct indicator *i);
/* After the last one. Sorts feeds by size, then name. */
FB_MUST int audit_end(struct audit *a);

size_t audit_feeds(const struct audit *a);
const struct audit_feed *audit_feed(const struct audit *a, size_t i);
/* Entries that both name; 0 beyond AUDIT_COMPARED. */
uint64_t audit_shared(const struct audit *a, const struct audit_feed *x, const struct audit_feed *y);
/* All entries, and those with one source. */
uint64_t audit_entries(const struct audit *a);
uint64_t audit_single(const struct audit *a);
/* Benign claims of a category. */
uint64_t audit_listed(const struct audit *a, enum benign_category c);
