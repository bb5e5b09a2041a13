/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * facts: what an advisory says, once. CSAF, text, HTML and the indicator list are drawn from this
 * one value and decide nothing themselves, so they cannot disagree.
 *
 * What gets in is what is meant for customers: versions, digests, indicators, what to do, and the
 * bare steps of the case. What reporters and analysts wrote (summaries, reasons, notes, names)
 * stays inside, unless it is given as the title or the overview.
 *
 * Guarantees: every string that is added was made safe (incident/prose.h), is not empty, and lives
 * in the arena (the publisher's own words are its own);
 * versions, files, digests and indicators occur once; an affected version stays affected whatever
 * else is added for it. Pure.
 */

#include "incident/case.h"
#include "incident/publisher.h"

#define FACTS_PRODUCTS_MAX 256
#define FACTS_VERSIONS_MAX 4096
#define FACTS_INDICATORS_MAX 100000

/* What is known of a version, the worst last: adding the same version again keeps the worse. */
enum facts_status {
	FACTS_NOT_AFFECTED = 0,
	FACTS_FIXED,
	FACTS_INVESTIGATING,
	FACTS_AFFECTED,
};

struct facts_file {
	const char *name;
	bool reported; /* this very file was reported */
	struct digest digest[DIGEST_ALGS];
};

struct facts_version {
	const char *version, *id; /* id: CSAF product_id */
	enum facts_status status;
	bool recommended; /* the one to move to */
	struct facts_file *file;
	size_t nfile;
};

struct facts_product {
	const char *vendor, *name;
	const char *uninstall; /* NULL if nothing is known */
	struct facts_version *version;
	size_t nversion;
	/* what follows, NULL when no version of it is bad */
	const char *move; /* "Move to 1.2." or that there is nothing to move to */
	bool has_move, has_fix; /* a version to move to; and it is a fixed one */
};

struct facts_indicator {
	const char *type, *value; /* as model/indicator.h spells them */
	const char *source, *note;
};

struct facts_event {
	ts seen, learned;
	const char *text, *source; /* source: where it was published; NULL if from the case */
};

struct facts_reference {
	const char *title, *url;
};

struct facts_revision {
	int64_t number;
	ts date;
	const char *summary;
};

struct facts {
	struct arena *a;
	const struct publisher *pub;
	const char *case_id;
	/* tracking */
	const char *tracking, *file_name; /* "example-sa-2026-0001" without ".json" */
	const char *status;               /* "draft" "interim" "final" */
	int64_t number;
	ts initial, current;
	struct facts_revision *revision;
	size_t nrevision;
	const char *tlp, *title, *overview;
	enum severity severity;
	enum conclusion verdict;
	bool gap_only; /* every signal is a provenance gap: nothing is shown to be tampered with */
	const char *cve;           /* NULL if none */
	const char *cwe_id, *cwe_name;
	ts first_seen, first_learned;
	const char *hunt;      /* how to look for it */
	const char *move;      /* what to do now: the products' moves together */
	size_t bad;            /* versions that are affected or being looked into */
	const char *uninstall; /* where a product does not say how; NULL if nothing is bad */
	struct facts_product *product;
	size_t nproduct;
	struct facts_indicator *indicator;
	size_t nindicator;
	struct facts_event *event;
	size_t nevent;
	struct facts_reference *reference;
	size_t nreference;
};

/* What advising takes besides the case. NULL: the default. */
struct facts_request {
	const char *status;   /* required */
	const char *summary;  /* of this revision */
	const char *title, *overview;
	const char *tlp;      /* NULL: the publisher's */
	ts now;
};

/*
 * Begins with what the case knows: tracking and revision history, signals' observables and digests
 * as indicators, the steps of the case as timeline.
 * 0; INCIDENT_REFUSED (the clock is before the last advisory); -ENOMEM.
 */
FB_MUST int facts_begin(struct facts *x, const struct incident *c, const struct publisher *pub,
    const struct facts_request *r, struct arena *a, struct fault *f);

/* A version of a product; ret_v may be NULL. -ENOMEM, -E2BIG. */
FB_MUST int facts_add_version(struct facts *x, const char *vendor, const char *product,
    const char *version, enum facts_status status, struct facts_version **ret_v);
/* A file of it. digest has DIGEST_ALGS elements, any of them unset. */
FB_MUST int facts_add_file(struct facts *x, struct facts_version *v, const char *name,
    const struct digest *digest, bool reported);
FB_MUST int facts_set_uninstall(struct facts *x, const char *vendor, const char *product,
    const char *text);
FB_MUST int facts_add_indicator(struct facts *x, const char *type, const char *value,
    const char *source, const char *note);
FB_MUST int facts_add_event(struct facts *x, ts seen, ts learned, const char *text,
    const char *source);
/* url must be a URL (publisher_is_url); others are left out. */
FB_MUST int facts_add_reference(struct facts *x, const char *title, const char *url);
/* Each only where nothing was said before. */
FB_MUST int facts_set_title(struct facts *x, const char *text);
FB_MUST int facts_set_overview(struct facts *x, const char *text);
FB_MUST int facts_set_cve(struct facts *x, const char *cve);

/* The status that a version named by the case has: by what was decided. */
enum facts_status facts_status_of(const struct facts *x);

/* Ends: sorts, numbers the products, and words what follows from the rest. */
FB_MUST int facts_end(struct facts *x);

size_t facts_count(const struct facts *x, enum facts_status s);
const char *facts_status_text(enum facts_status s); /* "affected" … for people */
/* Is this digest of a file worth a line for people? (Longer ones are not, beside a SHA-256.) */
bool facts_shows(const struct facts_file *f, enum digest_alg alg);
/* "2023-03-22T14:00:00Z" and, where it differs, " (learned …)". In the arena. */
const char *facts_when(struct facts *x, const struct facts_event *e);
/* A domain, address or URL that nobody clicks by mistake: example[.]com, hxxps://… In the arena. */
const char *facts_defang(struct facts *x, const struct facts_indicator *i);
