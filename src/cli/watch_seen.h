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
 *                network: client 10.0.0.5, address 192.0.2.7, over http    requested from
 *   address      network: client 10.0.0.5, answer for www.example.com      resolved
 *                network: client 10.0.0.5                                  connected to
 *                network: client 10.0.0.5, name www.example.com            as
 *   ja4, ja3     network: client 10.0.0.5, address 192.0.2.7, name www.example.com
 *   certificate  network: client 10.0.0.5, address 192.0.2.7, name www.example.com
 *
 * (of a capture, its path stands for "network"). They are gathered in memory, each once with first,
 * last and count, and written whenever the table is full.
 *
 *   live       into the record, every WATCH_SEEN_EVERY, by a process of its own: packets do not wait
 *              for the disk. The record is open, and its lock held, only while that is done. A flood of names must not fill the disk: WATCH_SEEN_BURST new
 *              observations at once and WATCH_SEEN_RATE a second, the last quarter of them for what
 *              is not DNS. What is left out is counted.
 *   captures   into a journal beside the record, everything: who asks the record next takes it in
 *              (watch_seen_absorb). It is not synced: the capture is still there.
 */

#include "base/fault.h"
#include "sense/net/event.h"

#define WATCH_SEEN_MEMORY (8u << 20)
#define WATCH_SEEN_EVERY (5 * TS_MINUTE)
#define WATCH_SEEN_BURST 32768
#define WATCH_SEEN_RATE 1000

struct watch_seen;

/* state_dir, place: borrowed. place: what "network" is above. */
FB_MUST int watch_seen_new(struct watch_seen **ret_w, const char *state_dir, const char *place, bool live);
struct watch_seen *watch_seen_free(struct watch_seen *w); /* without writing */
/* joined: the name that the connection is known by (names.h, an earlier hello); may be empty. 0, or
 * negative with fault: what was gathered could not be written, and is forgotten (counted). */
FB_MUST int watch_seen_event(struct watch_seen *w, const struct net_event *e, struct span joined,
    struct fault *f);
/* Writes what was gathered when it is time, or when it is over. now: any clock that goes on. */
FB_MUST int watch_seen_flush(struct watch_seen *w, bool over, ts now, struct fault *f);
/* Observations that were not recorded. */
uint64_t watch_seen_left_out(const struct watch_seen *w);

/* Takes journals that nobody writes any more into the record. Damaged ones are told on stderr. 0, also
 * when there are none; else negative with fault, and they stay. One that is killed between putting
 * and removing is taken in again: counts then are too high. */
FB_MUST int watch_seen_absorb(const char *state_dir, struct fault *f);
