/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* judge_parts: the kinds of evidence, each judged in a file of its own. Private to trust/judge*.c. */

#include "trust/judge.h"

#define JUDGE_CLOCK_SKEW (5 * TS_MINUTE) /* somebody else's clock may be this much ahead */

/* What the evidence came to, over all attestations, for one artifact. */
struct tally {
	const struct attestation *accepted; /* provenance without any problem */
	const struct attestation *vsa;	    /* verification summary without any problem */
	const struct attestation *signature; /* any signature or statement that counts */
	size_t provenance, vsas;	     /* about these bytes, accepted or not */
	size_t files;			     /* signatures over the file itself that count */
	size_t about;			     /* signed statements about these bytes, of any kind */
	size_t sbom, strangers, unnamed, others, notes;
	bool partial;
	const struct attestation *replaced;
	const struct subject *replaced_subject;
};

/* All evidence, the artifact's own behind the session's; NULL behind the last. */
const struct attestation *judge_item(const struct judge *j, size_t i);
/* What the policies require: enum policy_need. */
unsigned judge_demanded(const struct judge *j);
/* Adds what is missing, and the statement that counts as the signature that was demanded. */
void judge_require(const struct judge *j, struct verify_artifact *art, const struct tally *t,
    bool expected);

/* Fills in where a reason comes from. */
struct reason *judge_from(struct reason *r, const struct attestation *a);
/* A remark that changes nothing; so many of them are kept that they never crowd out a reason. */
void judge_note(struct verdict *v, struct tally *t, const struct attestation *a, const char *code,
    const char *text);
/* This attestation counts for the artifact, as what. */
void judge_counts(const struct judge *j, struct verify_artifact *art, const struct attestation *a,
    const struct signer *by, const char *what);
/* One by a signer whom nobody named: told, counted in t, and of no other use. */
void judge_unnamed(const struct judge *j, struct verify_artifact *art, const struct attestation *a,
    const struct signer *by, const char *words, struct tally *t);
enum subject_match judge_match(
    const struct attestation *a, const struct verify_artifact *art, const struct subject **ret_s);
/* Is a a signed statement about these bytes, by somebody known, of this kind? */
bool judge_candidate(const struct attestation *a, const struct verify_artifact *art,
    enum predicate_kind kind);
const char *judge_or_none(const char *s);
/* The first items of a list, safe to print. */
const char *judge_allowed(const struct policy_list *l, struct arena *a);

/* One problem of an attestation: FAIL, or WARN when another one is accepted. */
#define PROBLEM(v, kind, a, code, ...)                                                             \
	judge_from(verdict_add((v), (kind), (code), __VA_ARGS__), (a))

/* Adds every problem that the policies have with it as a reason of this kind; returns how many. */
typedef size_t judge_problems(const struct judge *j, const struct verify_artifact *art,
    const struct attestation *a, struct verdict *v, enum reason_kind kind);
judge_problems judge_slsa, judge_vsa;

/* Time t of what (words) against a greatest age; as judge_problems. */
struct judge_age {
	ts t, max;
	const char *time_code, *stale_code, *what;
};
size_t judge_time(const struct judge *j, const struct judge_age *x, const struct attestation *a,
    struct verdict *v, enum reason_kind kind);
/* Does the subject name the package that the policies ask for? NULL: yes, or none is asked for. */
const char *judge_package(const struct policy *p, const struct subject *s, struct arena *a);

/* OpenPGP and Debian archives: last, because what they miss is a note when something else proves.
 * 0, -errno. */
FB_MUST int judge_archives(const struct judge *j, struct verify_artifact *art, struct tally *t);
/* A signed SBOM about the artifact: counts it, and compares the contents where that is demanded. Then
 * the one that was given unsigned: it can contradict and leave gaps, it never proves. 0, -errno. */
FB_MUST int judge_signed_sbom(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t);
FB_MUST int judge_unsigned_sbom(const struct judge *j, struct verify_artifact *art);
/* A signature over the file itself. 0, -errno. */
FB_MUST int judge_file_signature(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t);
