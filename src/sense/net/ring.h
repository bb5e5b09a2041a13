/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ring: records of bytes from one process to another through memory that both have, private to this
 * room. One writer (a worker), one reader (the collector).
 *
 * Guarantees: no lock and no system call as long as neither side waits. The writer's side never
 * trusts, nor needs to, what the reader's side says beyond how much room there is; the reader takes
 * copies and checks every number that the writer can write: a writer gone bad gets -EBADMSG, not a
 * read outside of the ring, and nothing that it changes later is seen.
 * Records are whole: one that does not fit before the end begins at the start again.
 */

#include "base/span.h"
#include "base/util.h"

#include <stdatomic.h>

#define RING_MIN (64u << 10)

/* In shared memory. The fields of each side have a cache line of their own. */
struct ring_head {
	_Alignas(64) _Atomic uint64_t put; /* bytes ever written: the writer's */
	_Alignas(64) _Atomic uint64_t got; /* bytes ever read: the reader's */
	_Alignas(64) _Atomic uint32_t room; /* futex: the writer waits here */
	_Atomic uint32_t waiting;	    /* … and says so … */
	_Atomic uint64_t wake_at;	    /* … and for what: until got is this */
};

struct ring {
	struct ring_head *h;
	uint8_t *data;
	uint64_t size;	   /* a power of two */
	uint64_t limit;	   /* the writer's: it waits when so much is unread */
	uint64_t put, got; /* writer: put, not yet published, and got as last seen. Reader: got */
};

/* Both sides do this, with the same zeroed memory. size: RING_MIN at least. */
void ring_init(struct ring *r, struct ring_head *h, void *data, uint64_t size);
/* The longest record that a ring of this size takes, whatever it holds: half of it. */
size_t ring_record_max(const struct ring *r);

/* --- the writer --- */

/* False: there is no room now. */
FB_MUST bool ring_put(struct ring *r, struct span head, struct span body);
/* Bytes that were put and are not published. */
static inline uint64_t ring_unpublished(const struct ring *r)
{
	return r->put - atomic_load_explicit(&r->h->put, memory_order_relaxed);
}
void ring_publish(struct ring *r);
/* Waits until there may be room for n bytes, or milliseconds are over. */
void ring_wait_room(struct ring *r, size_t n, int milliseconds);

/* --- the reader --- */

/* The next record into buf. 1: *ret_n bytes; 0: there is none; -EBADMSG. */
FB_MUST int ring_get(struct ring *r, uint8_t *buf, size_t size, size_t *ret_n);
bool ring_empty(const struct ring *r);

/* --- waiting, for both --- */

/* While *word is value, for at most milliseconds. */
void futex_wait_shared(_Atomic uint32_t *word, uint32_t value, int milliseconds);
void futex_wake_shared(_Atomic uint32_t *word);
