/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hunt: one hunt: a set of indicators, what was observed, and the hits.
 *
 *   hunt_set.c      fills the set (--indicators, --case, the state)
 *   hunt_match.c    the only file that asks the set: lookups, and the claims of a hit
 *   hunt_observe.c  observations in, hits and problems out; every source goes through it
 *   hunt_tree.c     trees: digests, names, what is not read again
 *   hunt_probe.c    what is seen in the bytes that a tree reads
 *   hunt_record.c   the record of observations (seen/seen.h): what is known, what is new
 *   hunt_progress.c progress on a terminal
 *   hunt_wire.c     captures; hunt_events.c what is in them
 *   hunt_source.c   the table of other sources: processes, packages, rules …
 *   hunt_report.c, hunt_json.c, … tell; hunt_signal.c hands hits on
 *
 * A source observes things and calls hunt_observe (digests and names of something that is a file),
 * hunt_fact (one more value of it: imphash, signer, path) or hunt_find (something that speaks for
 * itself: a rule that matched, a file that differs from its package). It never asks the set.
 *
 * Everything lives in c->arena, but for the set. Paths, names and details are raw bytes here and
 * escaped where they are printed.
 */

#include "base/map.h"
#include "cli/cli.h"
#include "intel/shelf.h"
#include "seen/seen.h"
#include "sense/net/net.h"
#include "sense/tree.h"

#define HUNT_HITS_MAX 100000     /* kept; more are counted */
#define HUNT_NAMES_MAX 50000     /* of them names and paths of files, which anybody can make */
#define HUNT_PROBLEMS_MAX 10000  /* likewise */
#define HUNT_SIGNALS_MAX 1000    /* different hits handed on by one hunt */
#define HUNT_PROBES_MAX 8

/* Where indicators came from. */
struct hunt_origin {
	const char *name; /* escaped: "edr.csv", "case 3cx-2023", "state /var/lib/firebreak" */
	uint64_t claims, rejected;
	const char *first_reject; /* "line 4: not an IP address"; NULL */
};

/* What matched. */
enum hunt_kind {
	HUNT_FILE_DIGEST = 0,
	HUNT_FILE_NAME,
	HUNT_FILE_PATH, /* a pattern of the whole path */
	HUNT_FILE_FACT, /* imphash, Authenticode digest, certificate of a program */
	HUNT_RULE,      /* YARA */
	HUNT_SIDELOAD,  /* a library where a program would load it instead of its own */
	HUNT_PACKAGE,   /* a file that is not what its package installed */
	HUNT_DNS,       /* a name asked for or answered with */
	HUNT_TLS,       /* a name in a ClientHello */
	HUNT_ADDRESS,   /* an address that was answered, or talked to */
	HUNT_HTTP,      /* a host or URL that was asked for over HTTP */
	HUNT_FINGERPRINT, /* JA3, JA4 of a hello */
	HUNT_CERTIFICATE, /* digest, serial number or names of a certificate that was shown */
	HUNT_KINDS,
};
const char *hunt_kind_name(enum hunt_kind k); /* "file-digest" "file-name" "file-path" "file-fact"
						 "rule" "side-loading" "package" "dns" "tls" "address" "http"
						 "fingerprint" "certificate" */

/* Where it was observed. */
enum hunt_place {
	HUNT_IN_TREE = 0,
	HUNT_IN_ARCHIVE, /* a member; path is "ARCHIVE!MEMBER" */
	HUNT_IN_IMAGE,   /* the same for a disk image */
	HUNT_IN_PROCESS,
	HUNT_IN_PACKAGE,
	HUNT_IN_AUTOSTART,
	HUNT_IN_CAPTURE,
	HUNT_IN_RECORD, /* intel retro: seen by an earlier hunt */
	HUNT_PLACES,
};
const char *hunt_place_name(enum hunt_place p); /* "tree" "archive" "image" "process" "package"
						   "autostart" "capture" "record" */

/* Something that is, or was, a file. */
struct hunt_obs {
	enum hunt_place place;
	const char *path;
	const char *name;   /* what file-name indicators compare; NULL: what follows the last slash */
	const char *detail; /* "process 812 (nginx), mapped library"; NULL: nothing to add */
	const struct digest *digest; /* [DIGEST_ALGS], unset ones are not compared; NULL: not read */
	uint64_t size;
	ts mtime;                  /* TS_NONE: not known */
	const struct sense_id *id; /* who the file is, where its bytes can be told to be unchanged by
				      that; NULL: not recorded for the next hunt */
	ts at;                     /* when it was observed; 0: now */
	ts first;		   /* of the record: with at as the last time, and how often */
	uint64_t count;
	/* trees only: what the record says of it, and what probes reported */
	const struct seen_known *known;
	uint64_t probe;
	struct span found;
};

/* Something that needs no indicator to be a hit. Texts are copied. */
struct hunt_finding {
	enum hunt_kind kind;
	const char *name;     /* "SUSP_Sigflip_Appended_Data"; what identifies it */
	const char *source;   /* who says so: rule file or author, "dpkg" */
	const char *category; /* "malware", "modified" …; NULL */
	const char *text;     /* one sentence for a person; NULL */
	const char *next;     /* what to do; NULL: what its kind says (hunt_next) */
	int confidence;       /* 0..100 */
};

struct hunt_hit {
	enum hunt_kind kind;
	enum hunt_place place;
	struct shelf_hit m;
	const struct hunt_finding *finding; /* then m says nothing; NULL: an indicator matched */
	bool expired;
	const char *path, *detail; /* the file or capture */
	/* files */
	struct digest sha256; /* unset when it could not be read */
	uint64_t size;
	ts mtime;
	/* captures: the first time it was seen, and in how many packets; of what is only in the record
	 * the first and last time, and how often */
	uint64_t packet, last_packet, count;
	ts time, last;
	const char *observed; /* the name or address that matched; of a fact its value */
	const char *asked;    /* the name first asked for, when another one matched; NULL */
	const char *client, *server; /* addresses */
	const char *how;      /* "query", "answer", "chain", "sni", "quic-sni" … */
};

struct hunt_problem {
	const char *path;
	const char *text;
};

struct hunt_capture {
	const char *path;
	struct digest sha256; /* evidence for signals; unset if none was wanted */
	struct net_stats stats;
};

struct hunt;

/*
 * Looks at the bytes of files that trees read anyway. look runs in worker processes, found here with
 * what look reported of one file: bytes from a worker, to be checked like outside bytes; it calls
 * hunt_fact or hunt_find. A file that is unchanged since a hunt with the same key is not read again:
 * what was reported then is given to found.
 */
struct hunt_probe {
	const char *name;
	uint64_t key; /* stands for all that decides the report: rules, version; 0: always read */
	void *ctx;
	int (*start)(void *ctx); /* once a worker; NULL */
	/* As sense_probe's; out is this probe's own, and capped. */
	int (*look)(void *ctx, const char *path, const struct sense_id *id, struct span bytes,
	    struct buf *out);
	uint64_t max_size; /* larger files are not shown to it: rc is -EFBIG; 0: none is too large */
	/* Before a file is opened: must it be looked at? NULL: every file. Asked again in a worker, and
	 * for what is recorded, with h NULL: then it counts nothing. */
	bool (*wants)(void *ctx, struct hunt *h, const char *path, const struct sense_id *id);
	/* rc is what look returned. Only reports with rc 0 are kept for the next hunt. */
	int (*found)(void *ctx, struct hunt *h, const struct hunt_obs *o, struct span report, int rc);
};

/* Where observations come from, but for trees and captures. Every member may be NULL. */
struct hunt_source {
	const char *name;
	/* With the options parsed and the set filled: checks what was asked for, adds probes. -1 to
	 * go on, or an exit code after telling why. */
	int (*start)(struct hunt *h);
	bool (*asked)(const struct cli *c); /* does it look somewhere without a PATH? */
	int (*look)(struct hunt *h);	    /* 0; negative: memory. Problems go to hunt_problem */
	void (*print)(const struct hunt *h); /* its counts, whole lines on stdout */
	void (*json)(const struct hunt *h, struct jw *w); /* its counts, members into an open object */
	void (*end)(struct hunt *h);
};
/* Ended by NULL. In hunt_source.c: a new source is a line there. */
extern const struct hunt_source *const hunt_sources[];

struct hunt_set {
	uint64_t n[INDICATOR_TYPES]; /* indicators by type, those not looked for included */
	uint64_t indicators;	     /* that are looked for */
	uint64_t early;		     /* claims of --indicators and --case left out: they begin later */
};

struct hunt {
	struct cli *c;
	struct shelf *shelf; /* the set */
	struct hunt_set set; /* what is in it */
	struct hunt_origin *origin;
	size_t norigin;
	struct hunt_hit *hit;
	size_t nhit, caphit, nname;
	size_t told; /* of them by --jsonl */
	uint64_t nhits;    /* including those not kept, without the expired */
	uint64_t nexpired; /* matches of expired indicators only: in hit, but not hits */
	struct hunt_problem *problem;
	size_t nproblem, capproblem;
	uint64_t nproblems;
	struct sense_tree_stats tree; /* summed */
	struct hunt_capture *capture;
	size_t ncapture;
	struct map seen; /* network hits by what makes them different */
	struct shelf_hit match[SHELF_HITS_MAX]; /* room for those of one value */
	struct hunt_probe probe[HUNT_PROBES_MAX];
	size_t nprobe;
	/* what sources keep between start and end */
	struct hunt_places *places;
	struct hunt_yara *yara;
	struct hunt_record *record; /* NULL: nothing is recorded, nothing known */
	bool recorded; /* and all of it was kept */
	struct hunt_progress *progress;
	uint64_t unchanged, unchanged_bytes; /* files of trees that were not read again */
	uint64_t unread;		     /* files of trees of which only the name counted */
	uint32_t since; /* only claims that were imported after this (indicator.first_import); 0: all */
	unsigned jobs; /* processes that hash; 0: one for each CPU */
	ts now;
	struct fault f;
};

/* --indicators, --case, or what the state holds, or the shipped cases. -1 or an exit code. */
FB_MUST int hunt_set(struct hunt *h);
/* Looks at one tree or file, or one capture. 0; negative: memory. Problems are collected. */
FB_MUST int hunt_tree(struct hunt *h, const char *path);
FB_MUST int hunt_capture(struct hunt *h, const char *path);
/* -ENOSPC: HUNT_PROBES_MAX. */
FB_MUST int hunt_add_probe(struct hunt *h, const struct hunt_probe *p);
/* Set by Ctrl-C: whoever takes long ends soon. */
extern volatile sig_atomic_t hunt_stop;

/* --- observations: 0, or negative (memory) --- */

/* A file: its digests, name and path are compared. It counts as looked at, and is recorded. */
FB_MUST int hunt_observe(struct hunt *h, const struct hunt_obs *o);
/* Only what is told of one digest of it; only its name and path. */
FB_MUST int hunt_digest(struct hunt *h, const struct hunt_obs *o, enum digest_alg a);
FB_MUST int hunt_name(struct hunt *h, const struct hunt_obs *o);
/* One more value of a file, normalised text; bytes of a digest kind are given as hex. */
FB_MUST int hunt_fact(struct hunt *h, const struct hunt_obs *o, enum indicator_type t,
    struct span value);
FB_MUST int hunt_find(struct hunt *h, const struct hunt_obs *o, const struct hunt_finding *x);
/* What could not be looked at, and why: "Permission denied". Its name still counts: see hunt_observe
 * with no digest. */
FB_MUST int hunt_problem(struct hunt *h, const char *path, const char *why);
/* One that is filled already. Its texts live as long as h; *ret_hit is NULL when it is only counted. */
FB_MUST int hunt_add_hit(struct hunt *h, const struct hunt_hit *x, struct hunt_hit **ret_hit);
/* A copy in the arena; NULL when it is full. */
const char *hunt_text(struct hunt *h, const char *s);

/* --- the record --- */

/* Is there a state? hunt makes none. */
bool hunt_has_state(const struct cli *c);
/* Opens the state's record, if there is a state and --no-record was not given. What goes wrong is a
 * warning: a hunt without a record still hunts. */
void hunt_record_open(struct hunt *h);
/* Makes it durable, and closes it. */
void hunt_record_close(struct hunt *h);
/* A tree that is given as path: what is below it is recorded under its real path. */
void hunt_record_root(struct hunt *h, const char *path);
/* What is computed of a file: digests that the set has, and the SHA-256 that names it in hits and in
 * the record. 0: only names count. */
unsigned hunt_digests(const struct hunt *h);
/* Is the file known from an earlier hunt, and its id the same since? Then what ret_k has need not be
 * read. */
bool hunt_known(struct hunt *h, const char *path, const struct sense_id *id,
    struct seen_known *ret_k);
/* The same for later: a number that is not 0, and what it stands for. false: damaged meanwhile. */
uint64_t hunt_known_note(const struct seen_known *k);
bool hunt_known_again(struct hunt *h, uint64_t note, struct seen_known *ret_k);
/* Called by hunt_observe and hunt_fact. */
FB_MUST int hunt_record_file(struct hunt *h, const struct hunt_obs *o);
FB_MUST int hunt_record_value(struct hunt *h, enum indicator_type t, struct span value,
    const char *where, ts at);

/* --- probes, for hunt_tree.c --- */

/* The key of what must look at this file; 0: nothing. count: ask for the first time. */
uint64_t hunt_probe_key(struct hunt *h, const char *path, const struct sense_id *id, bool count);
/* All of them as one, for sense_tree; false: there are none. */
bool hunt_probe_all(struct hunt *h, struct sense_probe *ret_p);
/* Tells those for which the file is too large: -EFBIG. */
FB_MUST int hunt_probe_large(struct hunt *h, const struct hunt_obs *o, const struct sense_id *id);
/* Gives each its part. *ret_key: of those that looked without an error, 0 when one had any. */
FB_MUST int hunt_probe_found(struct hunt *h, const struct hunt_obs *o, struct span found,
    uint64_t *ret_key);

/* --- progress --- */

/* A second process counts what is below the paths, so that the first can say how long it takes. */
void hunt_progress_start(struct hunt *h);
void hunt_progress(struct hunt *h, uint64_t packets);
void hunt_progress_end(const struct hunt *h);

/* --- the set --- */

/* The most specific first; at is when it was observed. Each returns how many match. */
size_t hunt_match_digest(const struct hunt *h, const struct digest *x, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
/* These digests are compared soon. */
void hunt_match_soon(const struct hunt *h, const struct digest x[static DIGEST_ALGS]);
size_t hunt_match_file_name(const struct hunt *h, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t hunt_match_text(const struct hunt *h, enum indicator_type t, struct span value, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t hunt_match_name(const struct hunt *h, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
size_t hunt_match_ip(const struct hunt *h, const struct sense_addr *a, uint16_t port, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
/* Digests that are no files': JA3, certificates. */
size_t hunt_match_bytes(const struct hunt *h, enum indicator_type t, struct span bytes, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
/* URL and URL path; what names the host of it alone is left out. */
size_t hunt_match_url(const struct hunt *h, const char *url, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX]);
bool hunt_match_expired(const struct shelf_hit *m);
uint64_t hunt_match_id(const struct shelf_hit *m); /* one a value of the set */
/* Is this a type that can be observed by a hunt? */
bool hunt_can_look(enum indicator_type t);
/* Does the set hold any indicator of this type? */
bool hunt_looks_for(const struct hunt *h, enum indicator_type t);

/* What was matched: type and value of the indicator; NONE and the name of a finding. */
enum indicator_type hunt_hit_type(const struct hunt *h, const struct hunt_hit *x);
const char *hunt_hit_value(const struct hunt *h, const struct hunt_hit *x);
bool hunt_hit_parent(const struct hunt_hit *x); /* the indicator is above what was observed */
/* The claims that apply, in order: *pos starts at 0. A finding makes one. */
bool hunt_hit_claim(const struct hunt *h, const struct hunt_hit *x, uint32_t *pos,
    struct indicator *ret_i);
bool hunt_claim_expired(const struct hunt_hit *x, const struct indicator *i);
/* How sure, weighed now: 0..100. */
int hunt_hit_confidence(const struct hunt *h, const struct hunt_hit *x);
/* The same in full; not of a finding. */
void hunt_weigh(const struct hunt *h, const struct hunt_hit *x, struct weighing *ret_w);
/* Is one of its claims newer than h->since? */
bool hunt_hit_newer(const struct hunt *h, const struct hunt_hit *x);
/* The surest of the claims that are in force; NULL source when there is none. */
struct indicator hunt_best_claim(const struct hunt *h, const struct hunt_hit *x);

/* --- telling --- */

static inline bool hunt_is_file(const struct hunt_hit *x)
{
	return x->kind < HUNT_DNS;
}
/* Was there anything that could not be looked at? */
bool hunt_incomplete(const struct hunt *h);
void hunt_print(struct hunt *h);
void hunt_print_hits(struct hunt *h);
void hunt_json(struct hunt *h, struct jw *w); /* members into an open object */
void hunt_json_hits(struct hunt *h, struct jw *w);
void hunt_json_rest(struct hunt *h, struct jw *w);
void hunt_hit_json(const struct hunt *h, const struct hunt_hit *x, struct jw *w);
/* --jsonl: hits that were not told yet; all: with those of captures, and the summary. */
void hunt_jsonl(struct hunt *h, bool all);

/* --sarif, --stix: writes the file. 0 or -errno with fault. */
FB_MUST int hunt_sarif(const struct hunt *h, const char *path, struct fault *f);
FB_MUST int hunt_stix(const struct hunt *h, const char *path, struct fault *f);

const char *hunt_by(enum hunt_kind k);					       /* "digest" */
const char *hunt_hit_what(const struct hunt *h, const struct hunt_hit *x);     /* "sha256", "rule" */
const char *hunt_next(const struct hunt_hit *x); /* what to do about it, in a sentence */
/* --signal: each different hit becomes a downstream-impact signal. -1 or an exit code. */
FB_MUST int hunt_signals(struct hunt *h, struct jw *w);
FB_MUST int hunt_signals_quietly(struct hunt *h);
