/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* hunt_wire: a capture that is being read, private to hunt_wire.c and hunt_events.c. */

#include "cli/hunt.h"

struct hunt_look {
	struct hunt *h;
	const char *path; /* of the capture, in the arena */
	struct net *net;
	const struct net_event *e; /* the event at hand */
	struct span query;	   /* the name that its message asks for */
	uint64_t packets;
};

/* What was observed in the event at hand, as kind and how say: value is told, h->match[0..n) is
 * what the set says of it. */
FB_MUST int hunt_wire_hits(
    struct hunt_look *l, enum hunt_kind kind, const char *how, struct span value, size_t n);
/* Everything in it that an indicator can name is asked for. */
FB_MUST int hunt_wire_event(struct hunt_look *l);
