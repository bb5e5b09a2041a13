/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * detect: joins what was observed with the indicators. The set is built in memory for one hunt:
 * detect_new, detect_add for each claim, then lookups.
 *
 * What matches:
 *   digest     the same digest
 *   file name  the same base name, ASCII letters of either case
 *   name       the same domain; and a sub-domain of a domain unless the claim is exact. Labels are
 *              compared whole: notevil.example never matches evil.example, and a name never
 *              matches an indicator below it
 *   address    the same address, a network that holds it, and the same address with the same port
 * URLs and e-mail addresses cannot be seen in what is observed here; they are counted, not kept.
 *
 * Time: a claim that begins after now is left out (and counted). A claim that begins earlier speaks
 * for what was observed before it, too: that is what hunting back is for. A claim that had expired
 * when the observation was made matches as expired only.
 *
 * Guarantees: compares are exact (a hash collision never matches); the hash is seeded, so nobody
 * outside can choose values that collide; lookups do not allocate and cost one probe a label or
 * network size. Memory for n indicators of l bytes is about n * (l + 50) bytes (measured in
 * tests/bench/bench_detect.c); at most DETECT_MAX.
 *
 * Result codes: 0; -ENOMEM; -ENOSPC past DETECT_MAX indicators or 4 GiB of text.
 */

#include "model/indicator.h"

#define DETECT_MAX (1u << 28)
#define DETECT_MATCHES_MAX 136 /* labels of a name, or network sizes, and some */

struct detect;

struct detect_stats {
	uint64_t n[INDICATOR_TYPES]; /* indicators by type, those not looked for included */
	uint64_t indicators;         /* different ones that are looked for */
	uint64_t claims;             /* all claims on them */
	uint64_t early;              /* claims left out because they begin after now */
	uint64_t memory;             /* bytes */
};

FB_MUST int detect_new(struct detect **ret_d, ts now);
struct detect *detect_free(struct detect *d);
void detect_free_p(struct detect **d);
#define AUTO_DETECT FB_CLEANUP(detect_free_p)

/* Copies what it needs. Adding the same claim again changes nothing. */
FB_MUST int detect_add(struct detect *d, const struct indicator *i);
void detect_stats(const struct detect *d, struct detect_stats *ret_st);

/* Is the type one that lookups can find? */
bool detect_looks_for(enum indicator_type t);

struct detect_match {
	uint32_t entry;
	bool parent;  /* the indicator is a parent domain or network of what was observed */
	bool expired; /* all claims that apply had expired when it was observed */
	ts at;
};

/* Each returns the number of matches, the most specific first. at is when it was observed. */
size_t detect_digest(const struct detect *d, const struct digest *x, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX]);
size_t detect_file_name(const struct detect *d, struct span name, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX]);
/* A host name as text; case, and a final dot, do not matter. */
size_t detect_name(const struct detect *d, struct span name, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX]);
/* family 4 or 6, b in network order; port 0: none. An IPv4 address mapped into IPv6 is IPv4. */
size_t detect_ip(const struct detect *d, int family, const uint8_t *b, uint16_t port, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX]);

/* What was matched: valid as long as d. */
enum indicator_type detect_type(const struct detect *d, const struct detect_match *m);
const char *detect_value(const struct detect *d, const struct detect_match *m);
/*
 * The claims that apply, in the order in which they were added: *pos starts at 0; false when there
 * is no more. Expired ones are given too: ret_i->valid_until <= m->at.
 */
bool detect_claim(const struct detect *d, const struct detect_match *m, uint32_t *pos,
    struct indicator *ret_i);
