/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * watch_seen: what the sensor saw, into the record (seen/seen.h), so that `seen` and `intel retro`
 * answer for the network, too.
 *
 * An observation is a value and the place where it was seen; here the place says who, and with what:
 *
 *   name         network: client 10.0.0.5                                  asked for
 *                network: client 10.0.0.5, asked for www.example.com       led to
 *                network: client 10.0.0.5, answer 192.0.2.7                resolved
 *                network: client 10.0.0.5, address 192.0.2.7, ja4 t13d…    said hello to
 *                network: client 10.0.0.5, address 192.0.2.7, http         requested from
 *   address      network: client 10.0.0.5, answer for www.example.com      resolved
 *                network: client 10.0.0.5                                  connected to
 *                network: client 10.0.0.5, name www.example.com            as
 *   ja4, ja3     network: client 10.0.0.5, address 192.0.2.7, name www.example.com
 *   certificate  network: client 10.0.0.5, address 192.0.2.7, name www.example.com
 *
 * (of a capture, its path stands for "network"). They are gathered in memory, each once with first,
 * last and count, and written now and then and whenever the table is full; only while that is done
 * is the record open, and its lock held.
 *
 * A flood of random names must not fill the disk, nor a capture of them take longer to record than to
 * read: new observations are WATCH_SEEN_BURST at once and WATCH_SEEN_RATE a second of the capture,
 * the last quarter of them for what is not DNS. Those left out are counted.
 */

#include "base/fault.h"
#include "sense/net/event.h"

#define WATCH_SEEN_MEMORY (8u << 20)
#define WATCH_SEEN_EVERY (5 * TS_MINUTE)
#define WATCH_SEEN_BURST 32768
#define WATCH_SEEN_RATE 1000

struct watch_seen;

/* state_dir, place: borrowed. place: what "network" is above. */
FB_MUST int watch_seen_new(struct watch_seen **ret_w, const char *state_dir, const char *place);
struct watch_seen *watch_seen_free(struct watch_seen *w); /* without writing */
/* joined: the name that the connection is known by (names.h, an earlier hello); may be empty. 0, or
 * negative with fault: what was gathered could not be written, and is forgotten (counted). */
FB_MUST int watch_seen_event(struct watch_seen *w, const struct net_event *e, struct span joined,
    struct fault *f);
/* Writes what was gathered; unless force, only when it is time. now: any clock that goes on. */
FB_MUST int watch_seen_flush(struct watch_seen *w, bool force, ts now, struct fault *f);
/* Observations that were not recorded. */
uint64_t watch_seen_left_out(const struct watch_seen *w);
