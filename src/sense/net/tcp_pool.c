/* SPDX-License-Identifier: Apache-2.0 */

/* Room for streams: a hand goes round over those in use and takes from who was quiet since it
 * passed. */

#include "sense/net/flow_priv.h"

static bool holds(const struct tcp *t)
{
	return t->half[0].head || t->half[1].head;
}

bool tcp_is_open(const struct flows *f, uint32_t flow)
{
	const struct flow *w = &f->flow[flow];

	return w->tcp && holds(&f->tcp[w->tcp]);
}

void tcp_free(struct flows *f, uint32_t flow)
{
	struct flow *w = &f->flow[flow];

	if (!w->tcp)
		return;
	struct tcp *t = &f->tcp[w->tcp];
	hold_drop(f, &t->half[0]);
	hold_drop(f, &t->half[1]);
	t->flow = 0;
	t->next = f->tcps.free;
	f->tcps.free = w->tcp;
	w->tcp = 0;
	w->bits |= FLOW_BOTH(FLOW_DONE);
	w->bits &= (uint16_t)~FLOW_BOTH(FLOW_HOLE);
}

static uint32_t next_of(struct flows *f)
{
	f->tcp_hand = f->tcp_hand + 1 < f->tcps.top ? f->tcp_hand + 1 : 1;
	return f->tcp_hand;
}

/* 0: nothing is lost with it. */
static unsigned value(const struct flows *f, const struct tcp *t)
{
	if (holds(t))
		return t->touched ? 4 : 3;
	if (f->flow[t->flow].bits & FLOW_CLOSED)
		return 0;
	return t->touched ? 2 : 1;
}

static void steal(struct flows *f)
{
	uint32_t best = 0;
	unsigned least = UINT32_MAX;

	for (unsigned n = 0; n < FLOW_STEAL_MAX && least; n++) {
		uint32_t i = next_of(f);
		struct tcp *t = &f->tcp[i];
		unsigned v = value(f, t);
		if (v < least) {
			best = i;
			least = v;
		}
		t->touched = 0;
	}
	f->w->stat[NET_LOSS_MEMORY] += least > 0;
	tcp_free(f, f->tcp[best].flow);
}

uint32_t tcp_new(struct flows *f, uint32_t flow)
{
	if (!f->tcps.free && f->tcps.top == f->tcps.max)
		steal(f);
	uint32_t i = f->tcps.free;
	if (i)
		f->tcps.free = f->tcp[i].next;
	else
		i = f->tcps.top++;
	f->tcp[i] = (struct tcp){ .flow = flow, .touched = 1 };
	return f->flow[flow].tcp = i;
}

/* What t holds is given up; behind it the stream may be picked up again. */
static void give_up(struct flows *f, struct tcp *t)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		struct tcp_half *h = &t->half[dir];
		f->w->stat[NET_LOSS_MEMORY] += h->chunks;
		h->base += h->avail;
		hold_drop(f, h);
		if (h->proto > TCP_SCAN)
			h->proto = TCP_SCAN;
		h->want = 1;
		h->bits = (uint8_t)((h->bits | TCP_HTTP_LATER | TCP_COUNTED) & ~TCP_BEGUN);
		f->flow[t->flow].bits &= (uint16_t)~FLOW_OF(FLOW_HOLE, dir);
	}
}

/* Those that only wait behind a hole go first, those inside a hello last. */
static bool may_take(const struct tcp *t, bool quiet, unsigned round)
{
	if (!t->flow || !holds(t))
		return false;
	return round > 1 || (quiet && (round || !(t->half[0].avail || t->half[1].avail)));
}

void tcp_chunks(struct flows *f, uint32_t flow, size_t n)
{
	size_t need = n / CHUNK_DATA + 3;

	for (unsigned k = 0; f->chunks_left < need && k < 4 * FLOW_STEAL_MAX; k++) {
		struct tcp *t = &f->tcp[next_of(f)];
		bool quiet = !t->touched;
		t->touched = 0;
		if (t->flow != flow && may_take(t, quiet, k / FLOW_STEAL_MAX))
			give_up(f, t);
	}
}
