/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * names: which name a client had an address from, as far as the line showed it: for connections that
 * carry no name, or only a public one (ECH). For the collector; one table, in capture order.
 *
 * (client, address) → the name that was asked for, the end of its chain of aliases, and when. Who
 * got the answer is the client: a resolver for what it asks itself, the address behind a NAT that
 * the sensor sees. Answers on multicast (mDNS) hold for everybody.
 *
 * What is found says "was resolved from" and no more: anybody can answer with an address that is not
 * theirs, and many names share one. So the newest names of the pair are kept beside each other
 * (NAMES_FOUND_MAX are told), and ambiguous says that more than one of them could be meant.
 *
 * Taken are addresses (A, AAAA, hints of SVCB and HTTPS, NB) whose owner the question leads to
 * through CNAME, SRV, MX, SVCB or HTTPS records of the same message (a DNAME comes with its CNAME, RFC
 * 6672 section 3.1); without a question (mDNS, NBNS) the owner is the name. Glue, zone transfers and
 * errors are not.
 *
 * Memory is that given, whatever comes: what was resolved longest ago goes first (counted).
 */

#include "sense/net/event.h"

#define NAMES_MEMORY_MIN (64u << 10)
#define NAMES_FOUND_MAX 4
#define NAMES_TTL_FLOOR (60 * TS_SECOND)  /* an answer holds at least so long … */
#define NAMES_TTL_CEILING TS_DAY	  /* … at most so long, … */
#define NAMES_KEEP TS_DAY		  /* … and is told, as expired, for so long after that */

struct names;

FB_MUST int names_new(struct names **ret_t, size_t bytes);
struct names *names_free(struct names *t);

/* Every event may be given; only answers are looked at. */
void names_learn(struct names *t, const struct net_event *e);

struct names_one {
	struct span name; /* as it was asked for */
	struct span last; /* whose address it is: the end of the chain; the same as name without one */
	ts at;		  /* when it was last answered */
	uint32_t ttl;	  /* as it was said then */
	bool expired;	  /* longer ago than that (and NAMES_TTL_FLOOR) */
	bool multicast;	  /* answered to everybody */
};

struct names_found {
	size_t n;
	bool ambiguous; /* more than one that has not expired; or more than one, and all have */
	struct names_one one[NAMES_FOUND_MAX]; /* those not expired first; of each the newest first */
};

/* How many. at: when the connection began, now: when that is asked, by the clock of the capture;
 * answers between do not count. The spans are valid until the next names_learn. */
size_t names_find(struct names *t, const struct sense_addr *client, const struct sense_addr *address,
    ts at, ts now, struct names_found *ret_f);

struct names_stats {
	uint64_t learned;   /* addresses with a name, each time */
	uint64_t forgotten; /* places for an address that others took over before it expired */
	uint64_t bytes;
};
void names_stats(const struct names *t, struct names_stats *ret_s);
