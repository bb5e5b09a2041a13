/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/collect.h"

#include "base/map.h"
#include "sense/net/event_wire.h"

#include <errno.h>
#include <stdlib.h>

#define WAIT_MS 100
#define FLUSH_MS 20 /* a batch is over when nothing came for so long */
#define NEWS_EVERY (TS_SECOND / 5)
#define STEP_MOST (TS_SECOND / 5) /* of waiting, from one look to the next */
#define STOP_MOST (3 * TS_SECOND) /* for workers to end by themselves */
#define SILENT (5 * TS_SECOND) /* a worker on an interface marks several times a second */
#define NOTICES 32
#define LOOK_MAX 256 /* records that are no event, before somebody else gets a turn */

struct lane {
	struct ring ring;
	struct crew *crew;
	bool over;  /* it said so */
	bool gone;  /* it ended without saying so, or cannot be believed: nothing more is taken */
	bool ended; /* its process is gone: what is in the ring is all there will be */
	bool has;   /* an event is in rec */
	bool heard; /* something came since it was asked last */
	bool silent; /* told */
	ts heard_at;
	struct record head;
	uint64_t upto; /* as marked */
	size_t n;
	uint8_t *rec;	  /* the record */
	struct fault why; /* it ended */
};

struct collector {
	const struct collect_opts *o;
	const struct net_sink *sink;
	struct fault *f;
	struct lane lane[NET_WORKERS_MAX];
	struct event_room room;
	size_t rec_max;
	int result;   /* enum net_result */
	uint64_t end; /* nothing after this key is given: a worker was lost */
	bool batch;   /* a chunk is over, or nothing comes */
	bool given;   /* events since the last batch */
	ts now;	      /* time of the capture */
	ts news_at, stopped_at;
	const struct lane *held; /* whose event waits for another lane */
	ts held_for, held_at;
	uint64_t noticed[NOTICES];
	size_t nnoticed;
};

/* --- one lane ------------------------------------------------------------------------------------
 */

/* The first thing that went wrong is told. */
static void lose(struct collector *c, struct lane *l, const char *why)
{
	unsigned k = (unsigned)(l - c->lane);

	l->gone = true;
	l->has = false;
	if (l->upto < c->end)
		c->end = l->upto;
	if (!c->result) {
		c->result = NET_INCOMPLETE;
		fault_set(c->f, 0, "%s (worker %u of %u); what came before stands", why, k + 1,
		    c->o->workers);
	}
}

/* Text from a worker, safe to print; each once, whoever says it. */
static void notice(struct collector *c, struct span s)
{
	static const uint64_t key[2] = { 1, 2 };
	uint64_t h = siphash13(key, s.p, s.n);

	for (size_t i = 0; i < c->nnoticed; i++)
		if (c->noticed[i] == h)
			return;
	if (c->nnoticed == NOTICES || !c->sink->on_news)
		return;
	c->noticed[c->nnoticed++] = h;
	c->sink->on_news(c->sink->ctx, QUOTE(s));
}

static void on_mark(struct collector *c, struct lane *l, struct span body)
{
	ts now;

	memcpy(&now, body.p, sizeof(now));
	l->upto = l->head.key;
	if (now > c->now)
		c->now = now;
	c->batch |= l == c->lane;
}

/* A record that was taken out. True: it is an event. */
static bool on_record(struct collector *c, struct lane *l)
{
	struct span s = span_of(l->rec, l->n);
	uint64_t before = l->head.key;

	if (s.n >= sizeof(l->head)) {
		memcpy(&l->head, s.p, sizeof(l->head));
		s = span_from(s, sizeof(l->head));
		bool forward = l->head.key >= before && l->head.tick <= 1;
		if (forward && l->head.type == RECORD_EVENT)
			return true;
		if (forward && l->head.type == RECORD_MARK && s.n == sizeof(ts)) {
			on_mark(c, l, s);
			return false;
		}
		if (forward && l->head.type == RECORD_OVER && s.n == 0) {
			l->over = true;
			return false;
		}
		if (l->head.type == RECORD_NOTICE && s.n <= NOTICE_MAX) {
			l->head.key = before;
			notice(c, s);
			return false;
		}
	}
	lose(c, l, "a worker sent what cannot be");
	return false;
}

/* Has the next event in l->rec, if there is one. */
static void look(struct collector *c, struct lane *l)
{
	for (int i = 0; i < LOOK_MAX && !l->has && !l->over && !l->gone; i++) {
		int rc = ring_get(&l->ring, l->rec, c->rec_max, &l->n);
		if (rc < 0)
			lose(c, l, "a worker's messages are damaged");
		if (rc <= 0)
			return;
		l->heard = true;
		l->has = on_record(c, l);
	}
}

/* --- all of them ---------------------------------------------------------------------------------
 */

static bool before(const struct record *a, const struct record *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (a->tick != b->tick)
		return a->tick < b->tick;
	return a->flow < b->flow;
}

/* Can l still send something that comes before h? */
static bool may_precede(const struct lane *l, const struct record *h)
{
	if (l->over || l->gone)
		return false;
	return l->has ? before(&l->head, h) : l->upto < h->key;
}

/* The lane whose event is next; NULL: none is known yet. */
static struct lane *next(struct collector *c)
{
	struct lane *best = NULL;

	c->held = NULL;
	for (unsigned k = 0; k < c->o->workers; k++) {
		struct lane *l = &c->lane[k];
		look(c, l);
		if (l->has && (!best || before(&l->head, &best->head)))
			best = l;
	}
	for (unsigned k = 0; best && k < c->o->workers; k++) {
		if (&c->lane[k] != best && may_precede(&c->lane[k], &best->head)) {
			c->held = best;
			return NULL;
		}
	}
	return best;
}

/* Is there nothing more to be given? */
static bool finished(const struct collector *c)
{
	for (unsigned k = 0; k < c->o->workers; k++) {
		const struct lane *l = &c->lane[k];
		bool past = l->has ? l->head.key > c->end : l->upto >= c->end;
		if (!l->over && !l->gone && !past)
			return false;
		if (l->has && l->head.key <= c->end)
			return false;
	}
	return true;
}

static int give(struct collector *c, struct lane *l)
{
	struct net_event e;
	struct span s = span_from(span_of(l->rec, l->n), sizeof(l->head));

	l->has = false;
	c->given = true;
	if (event_decode(s, &c->room, &e) < 0) {
		lose(c, l, "a worker sent an event that cannot be");
		return 0;
	}
	return c->sink->on_event(c->sink->ctx, &e);
}

/* Gives what can be given now. 1: there was something. */
static int give_all(struct collector *c)
{
	struct lane *l;
	int some = 0;

	while ((l = next(c)) && l->head.key <= c->end) {
		int rc = give(c, l);
		if (rc < 0)
			return rc;
		some = 1;
		if (c->batch)
			break;
	}
	return some;
}

/* --- waiting -------------------------------------------------------------------------------------
 */

/* Takes the status of a worker that has ended, and why. */
static void reap(struct collector *c, struct lane *l)
{
	char told[FAULT_MAX]; /* a copy: the other workers can write there, too */
	struct sandbox_end end;

	if (!crew_ended(l->crew, &end, &l->why))
		return;
	l->ended = true;
	memcpy(told, c->o->board->lane[l - c->lane].fault, sizeof(told));
	if (end.result == SANDBOX_FAILED && told[0])
		fault_set(&l->why, 0, "%s", QUOTE(span_of(told, strnlen(told, sizeof(told)))));
	else if (!l->why.text[0])
		fault_set(&l->why, 0, "a worker ended early");
	if (end.result == SANDBOX_UNAVAILABLE && !c->result) {
		c->result = NET_NO_SANDBOX;
		fault_set(c->f, 0, "%s; --no-sandbox reads without", l->why.text);
	}
}

/* What a worker sent before it ended comes first; then it is lost, if that was not all. */
static void check_workers(struct collector *c)
{
	for (unsigned k = 0; k < c->o->workers; k++) {
		struct lane *l = &c->lane[k];
		if (!l->over && !l->gone && !l->ended)
			reap(c, l);
		if (!l->ended)
			continue;
		look(c, l);
		if (!l->has && !l->over && !l->gone)
			lose(c, l, l->why.text);
	}
}

/* False: nothing came. */
static bool wait_for_workers(struct collector *c, int milliseconds)
{
	struct board *b = c->o->board;
	uint32_t bell = atomic_load(&b->bell);
	bool some = false;

	atomic_store(&b->listening, 1);
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned k = 0; k < c->o->workers; k++)
		some |= !c->lane[k].has && !c->lane[k].over && !c->lane[k].gone &&
			!ring_empty(&c->lane[k].ring);
	if (!some)
		futex_wait_shared(&b->bell, bell, milliseconds);
	atomic_store(&b->listening, 0);
	return some || atomic_load(&b->bell) != bell;
}

/* A worker that was stopped, or hangs, keeps back what the others see, too. It may go on. */
static void listen(struct collector *c, struct lane *l, ts now, bool awake)
{
	struct fault line = FAULT_INIT;
	unsigned k = (unsigned)(l - c->lane) + 1;

	if (l->over || l->gone || !c->sink->on_news)
		return;
	bool heard = l->heard || l->has || !ring_empty(&l->ring);
	if (heard || !awake)
		l->heard_at = now;
	l->heard = false;
	if (heard ? l->silent : !l->silent && now - l->heard_at > SILENT) {
		l->silent = !heard;
		fault_set(&line, 0, heard ? "worker %u of %u goes on"
					  : "worker %u of %u does not answer; nothing is told until it does",
		    k, c->o->workers);
		c->sink->on_news(c->sink->ctx, line.text);
	}
}

static void feed_matters(struct collector *c)
{
	const struct feed *feed = c->o->feed;
	struct fault line = FAULT_INIT;
	ts now = clock_mono();

	if (*c->o->stop && c->stopped_at == 0) {
		c->stopped_at = now;
		if (feed->stop)
			feed->stop(feed->ctx);
	}
	if (now - c->news_at < NEWS_EVERY)
		return;
	bool awake = now - c->news_at < SILENT / 2; /* this process was not stopped itself */
	c->news_at = now;
	check_workers(c);
	for (unsigned k = 0; feed->live && k < c->o->workers; k++)
		listen(c, &c->lane[k], now, awake);
	while (feed->news && feed->news(feed->ctx, &line))
		if (c->sink->on_news)
			c->sink->on_news(c->sink->ctx, line.text);
}

/* Events wait, and nothing comes of those that they wait for: they are lost. Time in which this
 * process was stopped does not count. */
static void check_held(struct collector *c, bool gave)
{
	if (gave || !c->held) {
		c->held_at = c->held_for = 0;
		return;
	}
	ts now = clock_mono(), since = c->held_at ? now - c->held_at : 0;
	c->held_at = now;
	c->held_for += since < STEP_MOST ? since : STEP_MOST;
	if (c->held_for < c->o->patience)
		return;
	const struct record *h = &c->held->head;
	for (unsigned k = 0; k < c->o->workers; k++)
		if (&c->lane[k] != c->held && may_precede(&c->lane[k], h))
			lose(c, &c->lane[k], "a worker says nothing any more");
}

static int run(struct collector *c)
{
	while (!finished(c)) {
		int rc = give_all(c);
		if (rc < 0)
			return rc;
		check_held(c, rc > 0);
		if (rc == 0 && !c->batch && !wait_for_workers(c, c->given ? FLUSH_MS : WAIT_MS)) {
			check_workers(c);
			c->batch = true;
		}
		if (c->batch) {
			c->batch = c->given = false;
			rc = c->sink->on_batch(c->sink->ctx, c->now);
			if (rc < 0)
				return rc;
		}
		feed_matters(c);
		if (c->stopped_at && clock_mono() - c->stopped_at > STOP_MOST) {
			if (!c->result)
				c->result = fault_set(c->f, NET_INCOMPLETE,
				    "a worker did not end when it was told to; it was ended");
			break;
		}
	}
	return c->sink->on_batch(c->sink->ctx, c->now);
}

int collect(const struct collect_opts *o, const struct net_sink *sink, struct fault *f)
{
	struct collector *c = calloc(1, sizeof(*c));
	int rc = c ? 0 : -ENOMEM;

	for (unsigned k = 0; rc == 0 && k < o->workers; k++) {
		struct lane *l = &c->lane[k];
		ring_init(
		    &l->ring, &o->board->lane[k].ring, o->rings + k * o->ring_size, o->ring_size);
		l->crew = &o->crew[k];
		c->rec_max = ring_record_max(&l->ring);
		l->rec = malloc(c->rec_max);
		if (!l->rec)
			rc = -ENOMEM;
	}
	if (rc == 0) {
		c->o = o;
		c->sink = sink;
		c->f = f;
		c->end = UINT64_MAX;
		c->now = TS_NONE;
		rc = run(c);
		if (rc == 0)
			rc = c->result;
	}
	for (unsigned k = 0; c && k < o->workers; k++)
		free(c->lane[k].rec);
	free(c);
	return rc;
}
