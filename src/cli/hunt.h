/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hunt: one hunt: a set of indicators, what was observed on disk and in captures, and the hits.
 *
 * hunt_set.c fills the set, hunt_look.c looks, hunt_report.c tells, hunt_signal.c hands hits on.
 * Everything lives in c->arena, but for the set.
 */

#include "base/map.h"
#include "cli/cli.h"
#include "detect/detect.h"
#include "sense/capture.h"

#define HUNT_HITS_MAX 100000     /* kept; more are counted */
#define HUNT_PROBLEMS_MAX 10000  /* likewise */
#define HUNT_SIGNALS_MAX 1000    /* different hits handed on by one hunt */

/* Where indicators came from. */
struct hunt_origin {
	const char *name; /* escaped: "edr.csv", "case 3cx-2023", "state /var/lib/firebreak" */
	uint64_t claims, rejected;
	const char *first_reject; /* "line 4: not an IP address"; NULL */
};

enum hunt_kind {
	HUNT_FILE_DIGEST = 0,
	HUNT_FILE_NAME,
	HUNT_DNS,     /* a name asked for or answered with */
	HUNT_TLS,     /* a name in a ClientHello */
	HUNT_ADDRESS, /* an address that was answered, or talked to */
};

const char *hunt_kind_name(enum hunt_kind k); /* "file-digest" "file-name" "dns" "tls" "address" */

struct hunt_hit {
	enum hunt_kind kind;
	struct detect_match m;
	const char *path; /* the file or capture; raw bytes */
	/* files */
	struct digest sha256; /* unset when it could not be read */
	uint64_t size;
	ts mtime;
	/* captures: the first time it was seen, and in how many packets */
	uint64_t packet, last_packet, count;
	ts time, last;
	const char *observed; /* the name or address that matched */
	const char *asked;    /* the name first asked for, when another one matched; NULL */
	const char *client, *server; /* addresses */
	const char *how;      /* "query", "answer", "cname", "sni" … */
};

struct hunt_problem {
	const char *path; /* raw bytes */
	const char *text;
};

struct hunt_capture {
	const char *path;
	struct digest sha256; /* evidence for signals; unset if none was wanted */
	struct sense_capture_stats stats;
};

struct hunt {
	struct cli *c;
	struct detect *d;
	struct detect_stats set;
	struct hunt_origin *origin;
	size_t norigin;
	struct hunt_hit *hit;
	size_t nhit, caphit;
	uint64_t nhits;    /* including those not kept, without the expired */
	uint64_t nexpired; /* matches of expired indicators only: in hit, but not hits */
	struct hunt_problem *problem;
	size_t nproblem, capproblem;
	uint64_t nproblems;
	struct sense_tree_stats tree; /* summed */
	struct hunt_capture *capture;
	size_t ncapture;
	struct map seen; /* network hits by what makes them different */
	unsigned jobs; /* processes that hash */
	ts now;
	ts shown; /* when progress was drawn last */
	struct fault f;
};

/* --indicators, --case, or what the state holds, or the shipped cases. -1 or an exit code. */
FB_MUST int hunt_set(struct hunt *h);
/* Looks at one tree or file, or one capture. 0; negative: memory. Problems are collected. */
FB_MUST int hunt_tree(struct hunt *h, const char *path);
FB_MUST int hunt_capture(struct hunt *h, const char *path);
void hunt_progress_end(const struct hunt *h);

/* Was there anything that could not be looked at? */
bool hunt_incomplete(const struct hunt *h);
void hunt_print(struct hunt *h);
void hunt_json(struct hunt *h, struct jw *w); /* members into an open object */

/* --signal: each different hit becomes a downstream-impact signal. -1 or an exit code. */
FB_MUST int hunt_signals(struct hunt *h, struct jw *w);
/* The surest of the claims that are in force; NULL source when there is none. */
struct indicator hunt_best_claim(const struct hunt *h, const struct hunt_hit *x);
