/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * watch: firebreak watch, the collector's side of the network sensor: events come in the order of
 * the capture (sense/net/net.h), are matched, and go out as lines.
 *
 *   cmd_watch.c    options, the run, exit codes
 *   watch_json.c   events as JSON lines          watch_text.c   the same for people
 *   watch_out.c    where lines go: standard output or files that are rotated
 *
 * Everything from events is borrowed for the call.
 */

#include "cli/hunt.h"
#include "cli/wire.h"
#include "model/signal.h"
#include "cli/watch_line.h"
#include "cli/watch_seen.h"
#include "detect/beacon.h"
#include "sense/host/socket.h"
#include "sense/net/community.h"
#include "sense/net/names.h"
#include "sense/net/net.h"

#include <stdio.h>

#define WATCH_PAIRS_MAX 65536

/* Of --memory, what this process takes: names of addresses, beacons, clients with hits; fixed tables.
 * The record's WATCH_SEEN_MEMORY comes to that. */
#define WATCH_NAMES_SHARE 32
#define WATCH_BEACONS_SHARE 16
#define WATCH_PAIRS_SHARE 16
#define WATCH_FIXED (2u << 20)

/* A client and an indicator that it met: what becomes a signal. Texts are raw bytes. */
struct watch_pair {
	struct watch_pair *next; /* of those not handed on, newest first */
	enum indicator_type type;
	const char *value;	     /* the indicator */
	const char *client, *server; /* addresses */
	const char *observed, *query, *category;
	const char *where; /* as Zeek says it: "DNS::IN_REQUEST" */
	int confidence;
	uint64_t count;
	ts first, last;
	struct digest evidence; /* of a file of --pcap-hits; unset */
	const char *process;	/* "curl (17)"; "" */
};

struct watch_pairs {
	struct arena arena;
	struct map map;
	struct watch_pair *fresh;
	size_t nfresh;
	uint64_t forgotten; /* times that the table was full and began anew */
};

#define WATCH_CAPTURES_MAX 16

/* The text of the second at hand. */
struct watch_second {
	ts at;
	char text[TS_TEXT_MAX];
};

struct watch_out;
struct watch_misses;
struct watch_evidence;
struct watch_beacons;
struct watch_processes;
struct flow_name;

struct watch {
	struct cli *c;
	struct net *net;
	struct net_source *src;
	size_t nsrc;
	struct net_opts opts;
	bool all;      /* --events all */
	uint64_t salt; /* of uids */
	struct hunt h; /* the set */
	struct watch_misses *misses;
	bool ports;   /* the set has addresses with ports */
	bool expired; /* --include-expired */
	struct watch_pairs pairs;
	struct names *names;
	struct flow_name *flow_name;
	struct watch_beacons *beacons;
	struct watch_processes *processes; /* NULL: no --processes */
	struct watch_seen *record;	   /* NULL: nothing is recorded */
	uint64_t hits;
	uint64_t memory; /* of all processes together */
	struct watch_second second;
	bool community;	     /* --community-id */
	struct hasher *sha1; /* for it */
	bool json;
	/* --signal */
	char case_id[WIRE_CASE_ID_MAX]; /* which the signals of this run join */
	size_t signals, today;
	ts day; /* by clock_mono: since when today counts */
	uint64_t left_out;
	bool digested;
	struct digest capture[WATCH_CAPTURES_MAX]; /* read from files */
	size_t ncapture;
	int code;	     /* an exit code that was told already; -1 */
	uint64_t lines_lost; /* no memory for a line */
	struct watch_out *out;
	struct watch_evidence *evidence; /* NULL: no --pcap-hits */
	bool live, progress;
	ts looked, dated, handed, shown; /* by clock_mono: when that was last done */
	bool refused;			 /* newer indicators were not good */
	uint64_t reloads;
	struct net_stats stats; /* once it is over */
	struct fault f;
};

/* --- where lines go --- */

struct watch_out_opts {
	const char *path;     /* NULL: standard output */
	uint64_t rotate_size; /* 0: never */
	ts rotate_age;	      /* 0: never */
	unsigned keep;	      /* old files: FILE.1 … */
};

/* Result codes: 0; -EPIPE: whoever read has gone; other -errno with fault. */
FB_MUST int watch_out_open(
    struct watch_out **ret_o, const struct watch_out_opts *o, struct fault *f);
struct watch_out *watch_out_close(struct watch_out *o);
/* Lines are put here: whole ones. */
struct buf *watch_out_buf(struct watch_out *o);
/* Is there so much that it should be written? */
static inline bool watch_out_full(const struct buf *b)
{
	return b->n >= 256u << 10;
}
FB_MUST int watch_out_flush(struct watch_out *o, struct fault *f);
/* SIGHUP: the file may have been renamed. */
FB_MUST int watch_out_again(struct watch_out *o, struct fault *f);

/* --- lines --- */

/* What is added to an event's line by those who know more about it. */
struct watch_more {
	struct span name, last;	 /* what the client resolved the server's address from, and the end
				  * of its chain; empty: not known */
	bool ambiguous, expired; /* as names.h says */
	const struct socket_owner *owner; /* NULL: not known */
};

void watch_json_event(
    struct watch *w, struct buf *b, const struct net_event *e, const struct watch_more *m);
/* The members that every line begins with: _path, ts, uid, addresses, proto. */
struct line watch_json_head(
    const struct watch *w, struct buf *b, const char *path, const struct net_event *e, ts at);
/* Process, vlan, tunnel_depth, packet, and the end. False: the line is not there. */
bool watch_json_tail(struct line *l, const struct net_event *e, const struct watch_more *m);
void watch_json_dns(struct line *l, const struct net_event *e);
void watch_json_more(struct line *l, const struct watch_more *m);
void watch_json_stats(const struct watch *w, struct jw *j);

/* "C" and 11 characters: the same for everything of one flow. */
#define WATCH_UID_MAX 16
char *watch_uid(const struct watch *w, uint64_t flow, char out[static WATCH_UID_MAX]);

/* --- hits --- */

/* Something that was seen and matches. */
struct watch_sight {
	const struct net_event *e;
	const char *where, *type; /* "DNS::IN_REQUEST", "Intel::DOMAIN" */
	struct span value;	  /* what was seen */
	struct span query;	  /* the name that was asked for, when value is another */
	const struct watch_more *more;
	bool public;	/* value is the outer name of an encrypted hello */
	char file[256]; /* of --pcap-hits; "" */
	struct digest evidence;
};

FB_MUST int watch_match_open(struct watch *w);
/* The set is another one. */
void watch_match_changed(struct watch *w);
/* Looks for everything in the event, and tells hits. 0 or negative. */
FB_MUST int watch_match(struct watch *w, const struct net_event *e, const struct watch_more *m);
FB_MUST int watch_hit(struct watch *w, struct watch_sight *s, const struct shelf_hit *m);

void watch_pairs_init(struct watch *w);
void watch_pairs_free(struct watch *w);
/* --signal: hands on what was not yet. */
FB_MUST int watch_signals_now(struct watch *w);

/* --- for people --- */

void watch_text_event(
    struct watch *w, struct buf *b, const struct net_event *e, const struct watch_more *m);
void watch_text_hit(struct watch *w, struct buf *b, const struct watch_sight *s,
    const struct hunt_hit *x, const struct intel_entry *e);
void watch_text_summary(const struct watch *w, FILE *to);
void watch_json_signal(struct watch *w, const struct signal *s, const struct wire_result *r);

/* --- joins and beacons --- */

FB_MUST int watch_join_open(struct watch *w);
/* Learns from e, and says what is known of its connection's name. Valid until the next call. */
void watch_join(struct watch *w, const struct net_event *e, struct watch_more *ret_m);
/* The name that the connection's hello or request said; empty when none did. */
struct span watch_join_said(const struct watch *w, uint64_t flow);

/* --- the record of the state --- */

FB_MUST int watch_record_open(struct watch *w);
void watch_record_event(struct watch *w, const struct net_event *e, const struct watch_more *m);
/* Writes what was gathered when it is time, or when it is over. */
void watch_record_batch(struct watch *w, bool over);

FB_MUST int watch_beacon_open(struct watch *w);
void watch_beacon_close(struct watch *w);
/* A NET_FLOW_END. */
void watch_beacon_see(struct watch *w, const struct net_event *e, const struct watch_more *m);
/* Now and then, and at the end: lines for those that are new (JSON). */
FB_MUST int watch_beacon_batch(struct watch *w, ts at, bool end);
void watch_beacon_table(struct watch *w); /* --beacons, for people */

/* --- processes --- */

/* -EPERM and -ENOTSUP with w->f. */
FB_MUST int watch_process_open(struct watch *w);
void watch_process_close(struct watch *w);
/* NULL: not asked for, or not known. Valid until the next call. */
const struct socket_owner *watch_process(struct watch *w, const struct net_event *e);
void watch_process_json(struct line *l, const struct socket_owner *o);
void watch_process_text(struct buf *b, const struct socket_owner *o); /* " by curl (17)" */
void watch_process_stats(const struct watch *w, struct jw *j);

/* --- evidence --- */

/* --pcap-hits. 0 or negative with w->f. */
FB_MUST int watch_evidence_open(struct watch *w);
void watch_evidence_close(struct watch *w);
/* Writes the packets of a hit, and names the file in s; what cannot be written is counted. */
void watch_evidence(struct watch *w, struct watch_sight *s);
uint64_t watch_evidence_left_out(const struct watch *w);

/* Everything is open: runs to the end. An exit code. */
int watch_run(struct watch *w);
