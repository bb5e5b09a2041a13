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
#include "cli/watch_line.h"
#include "sense/net/net.h"

struct watch_out;

struct watch {
	struct cli *c;
	struct net *net;
	struct net_source *src;
	size_t nsrc;
	struct net_opts opts;
	bool all;	/* --events all */
	uint64_t salt;	/* of uids */
	uint64_t hits;
	uint64_t lines_lost; /* no memory for a line */
	struct watch_out *out;
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
FB_MUST int watch_out_open(struct watch_out **ret_o, const struct watch_out_opts *o, struct fault *f);
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
	struct span domain; /* the name that the client resolved the server's address from */
};

void watch_json_event(struct watch *w, struct buf *b, const struct net_event *e,
    const struct watch_more *m);
/* The members that every line begins with: _path, ts, uid, addresses, proto. */
struct line watch_json_head(const struct watch *w, struct buf *b, const char *path,
    const struct net_event *e, ts at);
/* vlan, tunnel_depth, packet, and the end. False: the line is not there. */
bool watch_json_tail(struct line *l, const struct net_event *e);
void watch_json_stats(struct jw *w, const struct net_stats *st, uint64_t hits);

/* "C" and 11 characters: the same for everything of one flow. */
#define WATCH_UID_MAX 16
char *watch_uid(const struct watch *w, uint64_t flow, char out[static WATCH_UID_MAX]);
