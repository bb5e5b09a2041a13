/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/worker.h"

#include "sense/net/event_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PUBLISH_AT (32u << 10) /* bytes; else at each mark */
#define WAIT_MS 100

struct worker {
	const struct worker_opts *o;
	struct board_lane *lane;
	struct ring ring;
	struct decoder *decoder;
	struct net_worker handlers;
	/* What is given now is given because time passed: it belongs to no packet of this worker.
	 */
	bool tick;
	uint64_t tick_number;
	ts tick_time;
	struct feed_batch batch;
	uint8_t scratch[EVENT_WIRE_MAX];
};

static void publish(struct worker *w)
{
	ring_publish(&w->ring);
	board_ring_bell(w->o->board);
}

/* False: it could not be sent, and need not wait. */
static bool put(struct worker *w, const struct record *head, struct span body, bool wait)
{
	struct span h = span_of(head, sizeof(*head));

	while (!ring_put(&w->ring, h, body)) {
		publish(w);
		if (!wait)
			return false;
		ring_wait_room(&w->ring, h.n + body.n, WAIT_MS);
	}
	if (ring_unpublished(&w->ring) >= PUBLISH_AT)
		publish(w);
	return true;
}

static int give(struct net_worker *h, const struct net_event *e)
{
	struct worker *w = h->give_ctx;
	struct record head = {
		.key = h->key,
		.flow = w->tick ? e->flow : 0,
		.type = RECORD_EVENT,
		.tick = w->tick,
	};
	struct net_event at;

	if (w->tick) {
		at = *e;
		at.packet = w->tick_number;
		at.time = w->tick_time;
		e = &at;
	}
	size_t n = event_encode(e, w->scratch, sizeof(w->scratch));
	if (n == 0 || !put(w, &head, span_of(w->scratch, n), !w->o->feed->live))
		h->stat[NET_LOSS_EVENTS]++;
	return 0;
}

static void notice(struct net_worker *h, const char *line)
{
	struct worker *w = h->give_ctx;
	struct record head = { .key = h->key, .type = RECORD_NOTICE };

	(void)put(w, &head, span_of(line, strnlen(line, NOTICE_MAX)), false);
}

int worker_enter(void *ctx)
{
	struct worker_job *job = ctx;
	const struct worker_opts *o = job->o;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->o = o;
	w->lane = &o->board->lane[o->k];
	ring_init(&w->ring, &w->lane->ring, o->ring, o->ring_size);
	w->ring.limit = o->ring_limit;
	w->handlers = (struct net_worker){
		.stat = w->lane->stats.n,
		.give = give,
		.give_ctx = w,
		.notice = notice,
	};
	int rc = o->feed->enter ? o->feed->enter(o->feed->ctx, o->k) : 0;
	if (rc == 0)
		rc = decoder_new(&w->decoder, &w->handlers, &o->decoder);
	job->w = w; /* goes with the process */
	return rc;
}

static void note_times(struct net_stats *s, const struct feed_batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		ts t = b->p[i].time;
		if (s->first == TS_NONE || t < s->first)
			s->first = t;
		if (s->last == TS_NONE || t > s->last)
			s->last = t;
	}
}

static void count(struct worker *w)
{
	if (w->o->feed->count)
		w->o->feed->count(w->o->feed->ctx, w->o->k, w->lane->stats.n);
}

static void tick_begins(struct worker *w, uint64_t key, const struct feed_batch *b)
{
	w->tick = true;
	w->tick_number = b->number;
	w->tick_time = b->now;
	w->handlers.key = key;
}

/* All that is known up to here was sent: the collector may go on to there. */
static void mark(struct worker *w, const struct feed_batch *b)
{
	struct record head = { .key = b->upto, .type = RECORD_MARK };

	tick_begins(w, b->upto, b);
	decoder_tick(w->decoder, b->now, b->number);
	w->tick = false;
	count(w);
	(void)put(w, &head, span_of(&b->now, sizeof(b->now)), !w->o->feed->live);
	publish(w);
}

static void finish(struct worker *w)
{
	struct record head = { .key = UINT64_MAX, .type = RECORD_OVER };

	tick_begins(w, UINT64_MAX, &w->batch);
	decoder_finish(w->decoder, w->batch.number);
	count(w);
	(void)put(w, &head, SPAN_NONE, true);
	publish(w);
}

int worker_run(void *ctx)
{
	struct worker *w = ((struct worker_job *)ctx)->w;
	const struct feed *feed = w->o->feed;
	struct fault fault = FAULT_INIT;

	for (;;) {
		int rc = feed->next(feed->ctx, w->o->k, &w->batch, &fault);
		if (rc < 0) {
			memcpy(w->lane->fault, fault.text, sizeof(w->lane->fault));
			return rc;
		}
		if (rc == FEED_OVER)
			break;
		if (rc == FEED_MARK) {
			mark(w, &w->batch);
			continue;
		}
		note_times(&w->lane->stats, &w->batch);
		decoder_packets(w->decoder, w->batch.p, w->batch.n);
	}
	finish(w);
	return 0;
}
