/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The readers of captures and of workers' events, by the first byte:
 * 0  sense/net/walk: what is in a capture does not depend on how its bytes come to be in view;
 * 1  sense/net/event_wire: refused and zeroed, or the same when it is written and read again.
 */

#include "sense/net/event_wire.h"
#include "sense/net/walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct walk w;
static struct chunk_packet p[CHUNK_PACKETS];

/* Walks s, of which step bytes more come into view whenever more are needed. A digest of all
 * packets. */
static uint64_t walk_all(struct span s, size_t step, enum walk_said *said)
{
	uint64_t h = 0;
	size_t n, used, view = step < s.n ? step : s.n;

	w = (struct walk){ .shards = 2 };
	walk_begin(&w);
	for (;;) {
		*said = walk_chunk(&w, span_of(s.p, view), p, &n, &used);
		if (used > view || n > CHUNK_PACKETS)
			abort();
		for (size_t i = 0; i < n; i++) {
			if ((size_t)p[i].at + p[i].captured > view)
				abort();
			h = h * 31 + (uint64_t)p[i].time + p[i].captured + p[i].sent + p[i].link +
			    p[i].shard;
		}
		s = span_from(s, used);
		view = view - used;
		if (*said == WALK_NOT || *said == WALK_BAD)
			return h;
		if (*said == WALK_MORE) {
			if (view == s.n)
				return h;
			view = step < s.n - view ? view + step : s.n;
		}
	}
}

static void fuzz_walk(struct span s)
{
	enum walk_said whole, parts;
	uint64_t h = walk_all(s, s.n, &whole);
	uint64_t packets = w.packets, off = w.off;

	if (walk_all(s, 7, &parts) != h || whole != parts || w.packets != packets || w.off != off)
		abort();
}

static void fuzz_event(struct span s)
{
	static const struct net_event none;
	static struct event_room room;
	static uint8_t one[EVENT_WIRE_MAX], two[EVENT_WIRE_MAX];
	struct net_event e;

	memset(&e, 0xff, sizeof(e));
	if (event_decode(s, &room, &e) < 0) {
		if (memcmp(&e, &none, sizeof(e)) != 0)
			abort();
		return;
	}
	size_t n = event_encode(&e, one, sizeof(one));
	if (n == 0 || event_decode(span_of(one, n), &room, &e) < 0)
		abort();
	if (event_encode(&e, two, sizeof(two)) != n || memcmp(one, two, n) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct span s = span_of(data + 1, size - 1);
	if (data[0] == 0)
		fuzz_walk(s);
	else
		fuzz_event(s);
	return 0;
}
