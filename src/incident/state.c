/* SPDX-License-Identifier: Apache-2.0 */

/* state: what a case is at a moment: its state, its deadlines, what still stands open. */

#include "incident/case.h"

#include "incident/grow.h"

#include <errno.h>

#define CLOCK_SKEW (5 * TS_MINUTE) /* what clocks of one organisation may differ */

static const struct incident_decision *last_decision(const struct incident *c)
{
	return c->decided && c->ndecision ? &c->decision[c->ndecision - 1] : NULL;
}

/* A decision dated ahead (--clock) stands for nothing yet, or it could outlast what is allowed. */
static bool ran_out(const struct incident_decision *d, ts now)
{
	return (d->expires != TS_NONE && d->expires <= now) || d->at > now + CLOCK_SKEW;
}

const struct incident_decision *incident_decision_at(const struct incident *c, ts now)
{
	const struct incident_decision *d = last_decision(c);
	return d && !ran_out(d, now) ? d : NULL;
}

enum incident_state incident_state_at(const struct incident *c, ts now)
{
	const struct incident_decision *d = last_decision(c);

	if (d && ran_out(d, now))
		return INCIDENT_EXPIRED;
	if (d && c->closed)
		return INCIDENT_CLOSED;
	return d && conclusion_dismisses(d->verdict) ? INCIDENT_DISMISSED : INCIDENT_OPEN;
}

const char *incident_state_name(enum incident_state s)
{
	static const char *const names[] = { "open", "needs-decision", "dismissed", "closed" };
	return s <= INCIDENT_CLOSED ? names[s] : "open";
}

const struct route *incident_route(const struct incident *c)
{
	const struct route *worst = NULL;

	for (size_t i = 0; i < c->nroute; i++)
		if (!worst || c->route[i]->severity > worst->severity)
			worst = c->route[i];
	return worst;
}

enum severity incident_severity(const struct incident *c)
{
	const struct route *r = incident_route(c);
	return r ? r->severity : SEVERITY_NONE;
}

bool incident_applies(const struct incident *c, conclusion_set set, ts now)
{
	const struct incident_decision *d = incident_decision_at(c, now);
	return !d || set & 1u << d->verdict;
}

/* The earlier of two times, either of which may be unknown. */
static ts earlier(ts a, ts b)
{
	return a == TS_NONE || (b != TS_NONE && b < a) ? b : a;
}

static ts condition_met(const struct incident *c, const char *id)
{
	for (size_t i = 0; i < c->ncondition; i++)
		if (strcmp(c->condition[i].item->id, id) == 0)
			return c->condition[i].met_at;
	return TS_NONE;
}

/* The first decision since the present question was raised; only of those in set. */
static ts first_decision(const struct incident *c, conclusion_set set)
{
	ts t = TS_NONE;

	for (size_t i = 0; i < c->ndecision; i++)
		if (c->decision[i].at >= c->clock_start && set & 1u << c->decision[i].verdict)
			t = earlier(t, c->decision[i].at);
	return t;
}

static ts first_freeze(const struct incident *c)
{
	ts t = TS_NONE;

	for (size_t i = 0; i < c->nfreeze; i++)
		if (c->freeze[i].at >= c->clock_start &&
		    c->freeze[i].outcome != INCIDENT_FREEZE_NO_CHANNEL)
			t = earlier(t, c->freeze[i].at);
	return t;
}

static ts first_advisory(const struct incident *c)
{
	ts t = TS_NONE;

	for (size_t i = 0; i < c->nadvisory; i++)
		if (c->advisory[i].date >= c->clock_start &&
		    strcmp(c->advisory[i].status, "draft") != 0)
			t = earlier(t, c->advisory[i].date);
	return t;
}

static ts start_of(const struct incident *c, const char *from)
{
	if (strcmp(from, "learned") == 0)
		return c->clock_start;
	if (strcmp(from, "seen") == 0)
		return c->clock_start_seen;
	if (strcmp(from, "confirmed") == 0)
		return first_decision(c, 1u << CONCLUSION_CONFIRMED | 1u << CONCLUSION_CONTAINED);
	return condition_met(c, from);
}

static ts end_of(const struct incident *c, const char *until)
{
	if (strcmp(until, "decision") == 0)
		return first_decision(c, CONCLUSIONS_ALL);
	if (strcmp(until, "freeze") == 0)
		return first_freeze(c);
	if (strcmp(until, "advisory") == 0)
		return first_advisory(c);
	if (strcmp(until, "close") == 0)
		return c->closed ? c->closed_at : TS_NONE;
	return condition_met(c, until);
}

static struct incident_deadline deadline_at(
    const struct incident *c, const struct route_deadline *d, ts now)
{
	struct incident_deadline r = { .d = d, .due = TS_NONE, .met = end_of(c, d->until) };
	ts start = start_of(c, d->from);

	if (start != TS_NONE && __builtin_add_overflow(start, d->within, &r.due))
		r.due = TS_FOREVER;
	if (r.met != TS_NONE)
		r.state = r.due != TS_NONE && r.met > r.due ? DEADLINE_MISSED : DEADLINE_MET;
	else if (!incident_applies(c, d->applies, now))
		r.state = DEADLINE_MOOT;
	else if (r.due == TS_NONE)
		r.state = DEADLINE_WAITING;
	else
		r.state = now > r.due ? DEADLINE_OVERDUE : DEADLINE_RUNNING;
	return r;
}

static struct incident_deadline *same_id(struct incident_deadline *d, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(d[i].d->id, id) == 0)
			return &d[i];
	return NULL;
}

int incident_deadlines(const struct incident *c, ts now, struct arena *a,
    struct incident_deadline **ret_d, size_t *ret_n)
{
	struct incident_deadline *out = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->nroute; i++) {
		for (size_t j = 0; j < c->route[i]->ndeadline; j++) {
			const struct route_deadline *d = &c->route[i]->deadline[j];
			struct incident_deadline *slot = same_id(out, n, d->id);
			if (slot && slot->d->within <= d->within)
				continue;
			bool fresh = !slot;
			if (fresh)
				slot = GROW(a, out, n);
			if (!slot)
				return -ENOMEM;
			*slot = deadline_at(c, d, now);
			n += fresh;
		}
	}
	*ret_d = out;
	*ret_n = n;
	return 0;
}

const char *deadline_state_name(enum deadline_state s)
{
	static const char *const names[] = { "waiting", "running", "overdue", "met", "met-late",
		"not-needed" };
	return s <= DEADLINE_MOOT ? names[s] : "waiting";
}

struct lines {
	struct arena *a;
	const char **s;
	size_t n;
	bool full;
};

static void add_line(struct lines *l, const char *text)
{
	const char **slot = text ? GROW(l->a, l->s, l->n) : NULL;

	if (!slot) {
		l->full = true;
		return;
	}
	*slot = text;
	l->n++;
}

int incident_open_items(
    const struct incident *c, ts now, struct arena *a, const char *const **ret_s, size_t *ret_n)
{
	struct lines l = { .a = a };
	char when[TS_TEXT_MAX];

	if (incident_state_at(c, now) == INCIDENT_EXPIRED)
		add_line(&l, arena_printf(a, "decision: the %s ran out on %s; decide again",
				 conclusion_name(last_decision(c)->verdict),
				 ts_format(last_decision(c)->expires, when)));
	else if (!last_decision(c))
		add_line(&l, arena_printf(a, "decision: none%s",
				 c->reopened ? " since the case was re-opened" : " yet"));
	for (size_t i = 0; i < c->ncondition; i++) {
		const struct route_item *it = c->condition[i].item;
		if (!c->condition[i].met && incident_applies(c, it->applies, now))
			add_line(&l, arena_printf(a, "exit condition %s: %s", it->id, it->text));
	}
	for (size_t i = 0; i < c->nwriteback; i++) {
		const struct incident_writeback *w = &c->writeback[i];
		if (!w->done &&
		    (!w->item || w->filled || incident_applies(c, w->item->applies, now)))
			add_line(&l, arena_printf(a, "write-back item %s (%s): %s", w->id,
					 w->filled ? "not done" : "not filled in",
					 w->filled ? w->finding : w->item->text));
	}
	if (l.full)
		return -ENOMEM;
	*ret_s = l.s;
	*ret_n = l.n;
	return 0;
}

static const char *const freezes[] = { "", "done", "already", "no-channel" };

const char *incident_freeze_name(enum incident_frozen o)
{
	return o < ARRAY_LEN(freezes) ? freezes[o] : "";
}

enum incident_frozen incident_freeze_of(struct span s)
{
	for (size_t i = 1; i < ARRAY_LEN(freezes); i++)
		if (span_eq_str(s, freezes[i]))
			return (enum incident_frozen)i;
	return INCIDENT_FREEZE_NONE;
}
