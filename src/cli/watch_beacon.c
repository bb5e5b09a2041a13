/* SPDX-License-Identifier: Apache-2.0 */

/* watch_beacon: who calls the same destination at even intervals: a hint, never a verdict. */

#include "cli/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SCORE_LEAST 70
#define LOOK_EVERY (10 * TS_MINUTE) /* of the capture's time */
#define HINTS_MAX 1000
#define TOLD 4096 /* pairs that are known to have been told */

struct watch_beacons {
	struct beacons *b;
	ts looked;
	uint64_t told[TOLD];
	struct beacon hint[HINTS_MAX];
	size_t n;
};

int watch_beacon_open(struct watch *w)
{
	struct watch_beacons *x = ARENA_NEW(&w->c->arena, struct watch_beacons);

	if (!x)
		return -ENOMEM;
	w->beacons = x;
	x->looked = TS_NONE;
	return beacons_new(&x->b, w->memory / WATCH_BEACONS_SHARE, siphash_seed());
}

void watch_beacon_close(struct watch *w)
{
	if (w->beacons)
		w->beacons->b = beacons_free(w->beacons->b);
}

void watch_beacon_see(struct watch *w, const struct net_event *e, const struct watch_more *m)
{
	char text[SENSE_ADDR_TEXT_MAX];
	struct span to = watch_join_said(w, e->flow);

	if (!to.n)
		to = m->name;
	if (!to.n)
		to = span_str(sense_addr_text(&e->server, text));
	beacons_see(w->beacons->b, span_of(e->client.b, e->client.family == 4 ? 4 : 16), to,
	    e->facts.first, e->facts.bytes[0]);
}

/* A destination that is known to be good, or our own, is no hint. */
static bool known_good(struct watch *w, struct span to)
{
	char text[BEACON_DEST_MAX + 1];

	if (to.n > BEACON_DEST_MAX)
		return false;
	memcpy(text, to.p, to.n);
	text[to.n] = 0;
	return shelf_name(w->h.shelf, INDICATOR_BENIGN, to, w->h.now, w->h.match) > 0 ||
	       shelf_is_own(w->h.shelf, INDICATOR_DOMAIN, text, w->h.now);
}

static int take(void *ctx, const struct beacon *x)
{
	struct watch *w = ctx;
	struct watch_beacons *all = w->beacons;

	if (all->n < HINTS_MAX && !known_good(w, x->destination))
		all->hint[all->n++] = *x;
	return 0;
}

static int by_score(const void *pa, const void *pb)
{
	const struct beacon *a = pa, *b = pb;
	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	int c = span_cmp(a->client, b->client);
	return c ? c : span_cmp(a->destination, b->destination);
}

static int gather(struct watch *w)
{
	struct watch_beacons *x = w->beacons;

	x->n = 0;
	int rc = beacons_each(x->b, SCORE_LEAST, take, w);
	if (rc == 0)
		qsort(x->hint, x->n, sizeof(x->hint[0]), by_score);
	return rc;
}

static bool told_before(struct watch_beacons *x, const struct beacon *h)
{
	uint64_t key = siphash13(siphash_seed(), h->client.p, h->client.n) ^
		       (siphash13(siphash_seed(), h->destination.p, h->destination.n) << 1 | 1);
	uint64_t *slot = &x->told[key >> 52];

	if (*slot == key)
		return true;
	*slot = key;
	return false;
}

static const char *client_text(const struct beacon *h, char out[static SENSE_ADDR_TEXT_MAX])
{
	struct sense_addr a = { .family = h->client.n == 4 ? 4 : 6 };

	memcpy(a.b, h->client.p, h->client.n < 16 ? h->client.n : 16);
	return sense_addr_text(&a, out);
}

static void notice(struct watch *w, const struct beacon *h)
{
	struct line l = line_begin(watch_out_buf(w->out));
	char text[SENSE_ADDR_TEXT_MAX];

	LINE_LIT(&l, "{\"_path\":\"notice\",\"ts\":");
	line_time(&l, h->last);
	LINE_LIT(&l, ",\"note\":\"Beacon::Hint\",\"msg\":\"connections at even intervals: a hint, "
		     "not a verdict\"");
	LINE_KPLAIN(&l, "src", client_text(h, text));
	LINE_KSTRING(&l, "beacon.destination", h->destination);
	LINE_KUINT(&l, "n", h->connections);
	LINE_KUINT(&l, "beacon.score", h->score);
	LINE_KUINT(&l, "beacon.rhythm", h->rhythm);
	LINE_KUINT(&l, "beacon.narrow", h->narrow);
	LINE_KUINT(&l, "beacon.size", h->size);
	LINE_KUINT(&l, "beacon.hours", h->hours);
	LINE_KEY(&l, "beacon.interval");
	line_duration(&l, h->interval);
	LINE_KUINT(&l, "beacon.jitter", h->jitter);
	LINE_KUINT(&l, "beacon.bytes", h->bytes);
	LINE_KEY(&l, "beacon.first");
	line_time(&l, h->first);
	w->lines_lost += !line_end(&l);
}

static int tell_new(struct watch *w)
{
	struct watch_beacons *x = w->beacons;
	int rc = gather(w);

	for (size_t i = 0; i < x->n && rc == 0; i++)
		if (!told_before(x, &x->hint[i]))
			notice(w, &x->hint[i]);
	return rc;
}

int watch_beacon_batch(struct watch *w, ts at, bool end)
{
	struct watch_beacons *x = w->beacons;

	if (!w->json || at == TS_NONE)
		return 0;
	if (x->looked == TS_NONE)
		x->looked = at;
	if (!end && at - x->looked < LOOK_EVERY)
		return 0;
	x->looked = at;
	return tell_new(w);
}

void watch_beacon_table(struct watch *w)
{
	struct watch_beacons *x = w->beacons;
	char client[SENSE_ADDR_TEXT_MAX], every[TS_TEXT_MAX];

	if (gather(w) < 0)
		return;
	if (!x->n)
		printf("nobody calls a destination at even intervals (score %d or more)\n",
		    SCORE_LEAST);
	else
		printf(
		    "Even intervals (a hint, not a verdict: updates and monitoring do the same)\n");
	for (size_t i = 0; i < x->n; i++) {
		const struct beacon *h = &x->hint[i];
		printf("  %3u  %s -> %s  %u times, every %s, jitter %u %%\n", h->score,
		    client_text(h, client), QUOTE(h->destination), h->connections,
		    ts_format_duration(h->interval, every), h->jitter);
	}
}
