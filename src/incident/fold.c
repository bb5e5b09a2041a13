/* SPDX-License-Identifier: Apache-2.0 */

/* fold: ledger entries -> cases. One function a kind of entry. */

#include "incident/case.h"

#include "incident/field.h"
#include "incident/grow.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What every step of the fold needs. */
struct step_ctx {
	struct incidents *l;
	struct incident *c;
	const struct ledger_entry *e;
	struct json_val data;
	const char *actor;
	struct fault *f;
};

static int get_proof(struct step_ctx *x, enum field_need need, struct incident_proof *out)
{
	static const char *const names[] = { "digest", "name", NULL };
	struct arena *a = x->l->arena;
	struct json_val arr;
	uint32_t n;

	int rc = field_array(x->data, "evidence", need, INCIDENT_EVIDENCE_MAX, &arr, &n, x->f);
	if (rc < 0)
		return rc;
	struct incident_proof p = { arena_array(a, n ? n : 1, sizeof(*p.e)), 0 };
	if (!p.e)
		return -ENOMEM;
	JSON_EACH(v, arr) {
		struct incident_evidence *e = &p.e[p.n++];
		if ((rc = json_only(v, names, x->f)) < 0 ||
		    (rc = field_digest(v, "digest", FIELD_REQUIRED, a, &e->digest, x->f)) < 0 ||
		    (rc = field_str(v, "name", FIELD_REQUIRED, a, &e->name, x->f)) < 0)
			return rc;
	}
	*out = p;
	return 0;
}

static int add_event(struct step_ctx *x, ts seen, const char *what, const char *fmt, ...)
    FB_PRINTF(4, 5);

static int add_event(struct step_ctx *x, ts seen, const char *what, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	char *copy = arena_str(x->l->arena, span_str(text));
	free(text);
	struct incident_event *ev = GROW(x->l->arena, x->c->event, x->c->nevent);
	if (!copy || !ev)
		return -ENOMEM;
	*ev = (struct incident_event){ seen, x->e->at, x->e->seq, what, x->actor, copy };
	x->c->nevent++;
	return 0;
}

static int on_open(struct step_ctx *x)
{
	static const char *const names[] = { "id", "related", "route-digest", "route-file", "title",
		NULL };
	struct arena *a = x->l->arena;
	struct incident *c = ARENA_NEW(a, struct incident);
	int rc;

	if (!c)
		return -ENOMEM;
	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_str(x->data, "id", FIELD_REQUIRED, a, &c->id, x->f)) < 0 ||
	    (rc = field_str(x->data, "related", FIELD_OPTIONAL, a, &c->related, x->f)) < 0 ||
	    (rc = field_digest(
		 x->data, "route-digest", FIELD_REQUIRED, a, &c->route_digest, x->f)) < 0 ||
	    (rc = field_str(x->data, "route-file", FIELD_REQUIRED, a, &c->route_file, x->f)) < 0 ||
	    (rc = field_str(x->data, "title", FIELD_REQUIRED, a, &c->title, x->f)) < 0)
		return rc;
	if (strlen(c->id) >= INCIDENT_ID_MAX || strcmp(c->id, x->e->subject + strlen("case:")) != 0)
		return json_fault(x->data, x->f, "\"id\" is not the id of the subject");
	if (x->l->n == INCIDENT_CASES_MAX)
		return fault_set(x->f, -E2BIG, "more than %d cases", INCIDENT_CASES_MAX);
	c->opened_at = x->e->at;
	c->clock_start = c->clock_start_seen = TS_NONE;
	struct incident **slot = GROW(a, x->l->c, x->l->n);
	if (!slot || map_add(&x->l->by_id, span_str(c->id), c, NULL) != 0)
		return -ENOMEM;
	*slot = x->c = c;
	x->l->n++;
	return add_event(x, x->e->at, "opened", "Case opened under the routes %s", c->route_file);
}

static int add_conditions(struct step_ctx *x, const struct route *r)
{
	struct incident *c = x->c;

	for (size_t i = 0; i < r->nexit; i++) {
		bool known = false;
		for (size_t j = 0; j < c->ncondition; j++)
			known |= strcmp(c->condition[j].item->id, r->exit[i].id) == 0;
		if (known)
			continue;
		struct incident_condition *n = GROW(x->l->arena, c->condition, c->ncondition);
		if (!n)
			return -ENOMEM;
		*n = (struct incident_condition){
			.item = &r->exit[i], .route = r, .met_at = TS_NONE
		};
		c->ncondition++;
	}
	return 0;
}

static struct incident_writeback *find_writeback(const struct incident *c, const char *id)
{
	for (size_t i = 0; i < c->nwriteback; i++)
		if (strcmp(c->writeback[i].id, id) == 0)
			return &c->writeback[i];
	return NULL;
}

static struct incident_writeback *new_writeback(
    struct step_ctx *x, const char *id, const struct route_item *item)
{
	struct incident *c = x->c;
	struct incident_writeback *w = GROW(x->l->arena, c->writeback, c->nwriteback);

	if (!w)
		return NULL;
	*w = (struct incident_writeback){
		.id = id, .item = item, .filled_at = TS_NONE, .done_at = TS_NONE
	};
	c->nwriteback++;
	return w;
}

static const struct route *find_route(const struct incident *c, const char *id)
{
	for (size_t i = 0; i < c->nroute; i++)
		if (strcmp(c->route[i]->id, id) == 0)
			return c->route[i];
	return NULL;
}

/* Most cases have the same few routes, word for word: each is kept once. */
static int shared_route(struct step_ctx *x, struct json_val v, const struct route **ret_r)
{
	struct arena *a = x->l->arena;
	int rc = 0;

	*ret_r = map_get(&x->l->routes, json_text(v));
	if (*ret_r)
		return 0;
	struct span text = arena_dup(a, json_text(v), &rc);
	struct route *r = ARENA_NEW(a, struct route);
	if (rc < 0 || !r)
		return -ENOMEM;
	rc = route_decode(r, v, a, x->f);
	if (rc < 0)
		return rc;
	*ret_r = r;
	return map_add(&x->l->routes, text, r, NULL);
}

/* The first signal of a route brings the route with it. */
static int add_route(struct step_ctx *x, struct json_val v)
{
	struct incident *c = x->c;
	const struct route *r;

	int rc = shared_route(x, v, &r);
	if (rc < 0)
		return rc;
	if (c->nroute == INCIDENT_ROUTES_MAX || find_route(c, r->id))
		return json_fault(v, x->f, "route %s is %s", r->id,
		    find_route(c, r->id) ? "there already" : "one too many");
	c->route[c->nroute++] = r;
	rc = add_conditions(x, r);
	for (size_t i = 0; rc == 0 && i < r->nwriteback; i++)
		if (!find_writeback(c, r->writeback[i].id) &&
		    !new_writeback(x, r->writeback[i].id, &r->writeback[i]))
			rc = -ENOMEM;
	return rc;
}

static int get_shipped(struct step_ctx *x, struct incident_signal *s)
{
	static const char *const names[] = { "artifact", "channel", "version", NULL };
	struct arena *a = x->l->arena;
	struct json_val arr;
	uint32_t n;

	int rc =
	    field_array(x->data, "shipped", FIELD_OPTIONAL, INCIDENT_SHIPPED_MAX, &arr, &n, x->f);
	if (rc < 0)
		return rc;
	s->shipped = arena_array(a, n ? n : 1, sizeof(*s->shipped));
	if (!s->shipped)
		return -ENOMEM;
	JSON_EACH(v, arr) {
		struct incident_shipped *h = &s->shipped[s->nshipped++];
		if ((rc = json_only(v, names, x->f)) < 0 ||
		    (rc = field_str(v, "artifact", FIELD_REQUIRED, a, &h->artifact, x->f)) < 0 ||
		    (rc = field_str(v, "channel", FIELD_REQUIRED, a, &h->channel, x->f)) < 0 ||
		    (rc = field_str(v, "version", FIELD_REQUIRED, a, &h->version, x->f)) < 0)
			return rc;
	}
	return 0;
}

static int on_signal(struct step_ctx *x)
{
	static const char *const names[] = { "independent", "reporters", "route", "route-id",
		"shipped", "signal", NULL };
	struct arena *a = x->l->arena;
	struct incident *c = x->c;
	struct incident_signal *s = GROW(a, c->signal, c->nsignal);
	int64_t reporters;
	int rc;

	if (!s)
		return -ENOMEM;
	*s = (struct incident_signal){ .seq = x->e->seq, .at = x->e->at, .actor = x->actor };
	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = signal_decode(&s->s, json_get(x->data, "signal"), a, x->f)) < 0 ||
	    (rc = field_int(x->data, "reporters", FIELD_REQUIRED, 1, INT32_MAX, &reporters, x->f)) <
		0 ||
	    (rc = get_shipped(x, s)) < 0 ||
	    (rc = field_id(x->data, "route-id", FIELD_REQUIRED, a, &s->route, x->f)) < 0)
		return rc;
	if (!s->s.reporter || s->s.seen == TS_NONE || s->s.learned == TS_NONE)
		return json_fault(json_get(x->data, "signal"), x->f,
		    "signal without \"reporter\", \"seen\" or \"learned\"");
	s->reporters = (int)reporters;
	s->independent = json_is_true(json_get(x->data, "independent"));
	if (json_ok(json_get(x->data, "route")) &&
	    (rc = add_route(x, json_get(x->data, "route"))) < 0)
		return rc;
	if (!find_route(c, s->route))
		return json_fault(x->data, x->f, "route %s was never given", s->route);
	if (c->clock_start == TS_NONE) {
		c->clock_start = s->s.learned;
		c->clock_start_seen = s->s.seen;
	}
	c->nsignal++;
	rc = add_event(x, s->s.seen, "signal", "%s reports %s: %s", s->s.reporter,
	    signal_kind_name(s->s.kind), s->s.summary ? s->s.summary : "(no summary)");
	if (rc == 0)
		c->event[c->nevent - 1].learned = s->s.learned;
	return rc;
}

static int on_reopen(struct step_ctx *x)
{
	static const char *const names[] = { "reporters", "why", NULL };
	struct incident *c = x->c;
	const char *why = NULL;
	int64_t reporters;
	int rc;

	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_int(x->data, "reporters", FIELD_REQUIRED, 0, INT32_MAX, &reporters, x->f)) <
		0 ||
	    (rc = field_str(x->data, "why", FIELD_REQUIRED, x->l->arena, &why, x->f)) < 0)
		return rc;
	if (!c->decided && !c->closed)
		return json_fault(x->data, x->f, "re-opens a case that nobody had decided");
	c->decided = c->closed = false;
	c->reopened++;
	/* The question is a new one: its clock starts with the report that raised it, and what had
	 * been shown for the old one shows nothing for it. */
	for (size_t i = 0; i < c->ncondition; i++)
		c->condition[i] = (struct incident_condition){ .item = c->condition[i].item,
			.route = c->condition[i].route,
			.met_at = TS_NONE };
	if (reporters && c->nsignal) {
		c->clock_start = c->signal[c->nsignal - 1].s.learned;
		c->clock_start_seen = c->signal[c->nsignal - 1].s.seen;
	} else {
		c->clock_start = c->clock_start_seen = x->e->at;
	}
	return add_event(x, x->e->at, "re-opened", "%s", why);
}

static int on_freeze(struct step_ctx *x)
{
	static const char *const names[] = { "channel", "outcome", "why", NULL };
	struct arena *a = x->l->arena;
	struct incident *c = x->c;
	struct incident_freeze *z = GROW(a, c->freeze, c->nfreeze);
	const char *outcome = NULL;
	int rc;

	if (!z)
		return -ENOMEM;
	*z = (struct incident_freeze){ .at = x->e->at };
	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_str(x->data, "channel", FIELD_OPTIONAL, a, &z->channel, x->f)) < 0 ||
	    (rc = field_str(x->data, "outcome", FIELD_REQUIRED, a, &outcome, x->f)) < 0 ||
	    (rc = field_str(x->data, "why", FIELD_REQUIRED, a, &z->why, x->f)) < 0)
		return rc;
	z->outcome = incident_freeze_of(span_str(outcome));
	if (z->outcome == INCIDENT_FREEZE_NONE)
		return json_fault(json_get(x->data, "outcome"), x->f, "unknown outcome %s",
		    QUOTE(span_str(outcome)));
	c->nfreeze++;
	if (z->outcome == INCIDENT_FREEZE_NO_CHANNEL)
		return add_event(x, x->e->at, "not frozen", "%s: no channel here ships it", z->why);
	return add_event(x, x->e->at, z->outcome == INCIDENT_FREEZE_DONE ? "frozen" : "is frozen",
	    "Channel %s: %s", z->channel ? z->channel : "?", z->why);
}

static int check_dismissal(struct step_ctx *x, const struct incident_decision *d)
{
	if (!conclusion_dismisses(d->verdict))
		return 0;
	if (!d->evidence.n || !d->owner || !d->tripwire || d->expires == TS_NONE ||
	    d->expires <= x->e->at)
		return json_fault(x->data, x->f,
		    "%s without evidence, owner, tripwire or a later expiry",
		    conclusion_name(d->verdict));
	return 0;
}

static int on_decide(struct step_ctx *x)
{
	static const char *const names[] = { "envelope", "evidence", "expires", "key", "owner",
		"tripwire", "verdict", "why", NULL };
	struct arena *a = x->l->arena;
	struct incident *c = x->c;
	struct incident_decision *d = GROW(a, c->decision, c->ndecision);
	const char *verdict = NULL;
	int rc;

	if (!d)
		return -ENOMEM;
	*d = (struct incident_decision){
		.expires = TS_NONE, .seq = x->e->seq, .at = x->e->at, .actor = x->actor
	};
	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_digest(x->data, "envelope", FIELD_OPTIONAL, a, &d->envelope, x->f)) < 0 ||
	    (rc = get_proof(x, FIELD_OPTIONAL, &d->evidence)) < 0 ||
	    (rc = field_ts(x->data, "expires", FIELD_OPTIONAL, a, &d->expires, x->f)) < 0 ||
	    (rc = field_digest(x->data, "key", FIELD_OPTIONAL, a, &d->key, x->f)) < 0 ||
	    (rc = field_str(x->data, "owner", FIELD_OPTIONAL, a, &d->owner, x->f)) < 0 ||
	    (rc = field_str(x->data, "tripwire", FIELD_OPTIONAL, a, &d->tripwire, x->f)) < 0 ||
	    (rc = field_str(x->data, "verdict", FIELD_REQUIRED, a, &verdict, x->f)) < 0 ||
	    (rc = field_str(x->data, "why", FIELD_REQUIRED, a, &d->why, x->f)) < 0)
		return rc;
	d->verdict = conclusion_of(span_str(verdict));
	if (d->verdict == CONCLUSION_NONE)
		return json_fault(json_get(x->data, "verdict"), x->f, "unknown verdict %s",
		    QUOTE(span_str(verdict)));
	rc = check_dismissal(x, d);
	if (rc < 0)
		return rc;
	if (c->closed)
		return json_fault(x->data, x->f, "decides a case that is closed");
	c->ndecision++;
	c->decided = true;
	return add_event(x, x->e->at, "decision", "%s: %s", verdict, d->why);
}

static int on_meet(struct step_ctx *x)
{
	static const char *const names[] = { "condition", "evidence", "note", NULL };
	struct arena *a = x->l->arena;
	struct incident_condition *n = NULL;
	const char *id = NULL, *note = NULL;
	struct incident_proof proof;
	int rc;

	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_id(x->data, "condition", FIELD_REQUIRED, a, &id, x->f)) < 0 ||
	    (rc = get_proof(x, FIELD_REQUIRED, &proof)) < 0 ||
	    (rc = field_str(x->data, "note", FIELD_OPTIONAL, a, &note, x->f)) < 0)
		return rc;
	for (size_t i = 0; i < x->c->ncondition; i++)
		if (strcmp(x->c->condition[i].item->id, id) == 0)
			n = &x->c->condition[i];
	if (!n)
		return json_fault(x->data, x->f, "the case has no exit condition %s", id);
	*n =
	    (struct incident_condition){ n->item, n->route, true, x->e->at, x->actor, note, proof };
	return add_event(x, x->e->at, "met", "%s: %s", id, note ? note : n->item->text);
}

static int on_note(struct step_ctx *x)
{
	static const char *const names[] = { "evidence", "text", NULL };
	struct incident_proof proof;
	const char *text = NULL;
	int rc;

	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = get_proof(x, FIELD_OPTIONAL, &proof)) < 0 ||
	    (rc = field_str(x->data, "text", FIELD_REQUIRED, x->l->arena, &text, x->f)) < 0)
		return rc;
	return add_event(x, x->e->at, "note", "%s", text);
}

static int on_writeback(struct step_ctx *x)
{
	static const char *const names[] = { "control", "finding", "item", "owner", "runbook",
		"tripwire", NULL };
	struct arena *a = x->l->arena;
	struct incident_writeback n = { 0 };
	int rc;

	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_str(x->data, "control", FIELD_OPTIONAL, a, &n.control, x->f)) < 0 ||
	    (rc = field_str(x->data, "finding", FIELD_REQUIRED, a, &n.finding, x->f)) < 0 ||
	    (rc = field_id(x->data, "item", FIELD_REQUIRED, a, &n.id, x->f)) < 0 ||
	    (rc = field_str(x->data, "owner", FIELD_REQUIRED, a, &n.owner, x->f)) < 0 ||
	    (rc = field_str(x->data, "runbook", FIELD_OPTIONAL, a, &n.runbook, x->f)) < 0 ||
	    (rc = field_str(x->data, "tripwire", FIELD_REQUIRED, a, &n.tripwire, x->f)) < 0)
		return rc;
	if (!n.control && !n.runbook)
		return json_fault(x->data, x->f, "write-back without \"control\" and \"runbook\"");
	struct incident_writeback *w = find_writeback(x->c, n.id);
	if (w && w->done)
		return json_fault(x->data, x->f, "write-back item %s is done already", n.id);
	if (!w)
		w = new_writeback(x, n.id, NULL);
	if (!w)
		return -ENOMEM;
	n.id = w->id;
	n.item = w->item;
	n.filled = true;
	n.filled_at = x->e->at;
	n.filled_by = x->actor;
	n.done_at = TS_NONE;
	*w = n;
	return add_event(x, x->e->at, "write-back", "%s, for %s: %s", n.id, n.owner, n.finding);
}

static int on_done(struct step_ctx *x)
{
	static const char *const names[] = { "evidence", "item", "note", NULL };
	struct arena *a = x->l->arena;
	const char *id = NULL, *note = NULL;
	struct incident_proof proof;
	int rc;

	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = get_proof(x, FIELD_REQUIRED, &proof)) < 0 ||
	    (rc = field_id(x->data, "item", FIELD_REQUIRED, a, &id, x->f)) < 0 ||
	    (rc = field_str(x->data, "note", FIELD_OPTIONAL, a, &note, x->f)) < 0)
		return rc;
	struct incident_writeback *w = find_writeback(x->c, id);
	if (!w || !w->filled || w->done)
		return json_fault(x->data, x->f, "write-back item %s is %s", id,
		    !w	      ? "unknown"
		    : w->done ? "done already"
			      : "not filled in");
	w->done = true;
	w->done_at = x->e->at;
	w->done_by = x->actor;
	w->note = note;
	w->evidence = proof;
	return add_event(x, x->e->at, "done", "%s: %s", id, note ? note : w->finding);
}

static int on_advisory(struct step_ctx *x)
{
	static const char *const names[] = { "case-data", "csaf", "date", "html", "indicators",
		"number", "overview", "publisher", "status", "summary", "text", "title", "tlp",
		"tracking", NULL };
	struct arena *a = x->l->arena;
	struct incident *c = x->c;
	struct incident_advisory *v = GROW(a, c->advisory, c->nadvisory);
	int rc;

	if (!v)
		return -ENOMEM;
	*v = (struct incident_advisory){ .seq = x->e->seq, .actor = x->actor };
	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_digest(x->data, "case-data", FIELD_OPTIONAL, a, &v->case_data, x->f)) < 0 ||
	    (rc = field_digest(x->data, "indicators", FIELD_OPTIONAL, a, &v->indicators, x->f)) <
		0 ||
	    (rc = field_str(x->data, "overview", FIELD_OPTIONAL, a, &v->overview, x->f)) < 0 ||
	    (rc = field_digest(x->data, "publisher", FIELD_OPTIONAL, a, &v->publisher, x->f)) < 0 ||
	    (rc = field_str(x->data, "title", FIELD_OPTIONAL, a, &v->title, x->f)) < 0 ||
	    (rc = field_name(x->data, "tlp", FIELD_OPTIONAL, a, &v->tlp, x->f)) < 0 ||
	    (rc = field_digest(x->data, "csaf", FIELD_REQUIRED, a, &v->csaf, x->f)) < 0 ||
	    (rc = field_ts(x->data, "date", FIELD_REQUIRED, a, &v->date, x->f)) < 0 ||
	    (rc = field_digest(x->data, "html", FIELD_REQUIRED, a, &v->html, x->f)) < 0 ||
	    (rc = field_int(x->data, "number", FIELD_REQUIRED, 0, INT32_MAX, &v->number, x->f)) <
		0 ||
	    (rc = field_str(x->data, "status", FIELD_REQUIRED, a, &v->status, x->f)) < 0 ||
	    (rc = field_str(x->data, "summary", FIELD_REQUIRED, a, &v->summary, x->f)) < 0 ||
	    (rc = field_digest(x->data, "text", FIELD_REQUIRED, a, &v->text, x->f)) < 0 ||
	    (rc = field_str(x->data, "tracking", FIELD_REQUIRED, a, &v->tracking, x->f)) < 0)
		return rc;
	c->nadvisory++;
	return add_event(x, x->e->at, "advisory", "%s version %lld (%s): %s", v->tracking,
	    (long long)v->number, v->status, v->summary);
}

static int on_close(struct step_ctx *x)
{
	static const char *const names[] = { "why", NULL };
	AUTO_ARENA struct arena tmp = ARENA_INIT(1u << 20);
	const char *const *open;
	const char *why = NULL;
	size_t n;
	int rc;

	if ((rc = json_only(x->data, names, x->f)) < 0 ||
	    (rc = field_str(x->data, "why", FIELD_REQUIRED, x->l->arena, &why, x->f)) < 0 ||
	    (rc = incident_open_items(x->c, x->e->at, &tmp, &open, &n)) < 0)
		return rc;
	if (n)
		return json_fault(
		    x->data, x->f, "closes the case with something open: %s", open[0]);
	x->c->closed = true;
	x->c->closed_at = x->e->at;
	return add_event(x, x->e->at, "closed", "%s", why);
}

static const struct {
	const char *kind;
	int (*on)(struct step_ctx *x);
} kinds[] = {
	{ "case.open", on_open },
	{ "case.signal", on_signal },
	{ "case.reopen", on_reopen },
	{ "case.freeze", on_freeze },
	{ "case.decide", on_decide },
	{ "case.meet", on_meet },
	{ "case.note", on_note },
	{ "case.writeback", on_writeback },
	{ "case.done", on_done },
	{ "case.advisory", on_advisory },
	{ "case.close", on_close },
};

static int apply(struct step_ctx *x)
{
	const struct ledger_entry *e = x->e;

	if (!span_starts(span_str(e->subject), SPAN_LIT("case:")))
		return fault_set(
		    x->f, -EBADMSG, "subject %s is no case", QUOTE(span_str(e->subject)));
	x->c = incidents_find(x->l, e->subject + strlen("case:"));
	x->actor = arena_str(x->l->arena, span_str(e->actor));
	if (!x->actor)
		return -ENOMEM;
	bool opens = strcmp(e->kind, "case.open") == 0;
	if (opens == (x->c != NULL))
		return fault_set(
		    x->f, -EBADMSG, "case %s", opens ? "opened a second time" : "was never opened");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(e->kind, kinds[i].kind) != 0)
			continue;
		int rc = kinds[i].on(x);
		if (rc == 0) {
			x->c->last = e->at;
			x->c->last_seq = e->seq;
		}
		return rc;
	}
	return fault_set(x->f, -EBADMSG, "unknown kind");
}

int incidents_apply(struct incidents *l, const struct ledger_entry *e, struct fault *f)
{
	struct step_ctx x = { .l = l, .e = e, .data = e->data, .f = f };
	int rc = apply(&x);

	if (rc == -ENOMEM)
		fault_set(f, rc, "out of memory");
	return rc < 0 ? fault_wrap(f, rc, "ledger entry %llu (%s)", (unsigned long long)e->seq,
			    QUOTE(span_str(e->kind)))
		      : rc;
}

struct load {
	struct incidents *l;
	struct fault *f;
};

static int on_entry(void *ctx, const struct ledger_entry *e)
{
	struct load *l = ctx;
	return incidents_apply(l->l, e, l->f);
}

int incidents_load(struct incidents *l, struct store *s, const char *only, struct fault *f)
{
	struct ledger_query q = { .subject_prefix = only ? NULL : "case:" };
	struct load ctx = { l, f };
	char subject[INCIDENT_ID_MAX + 8];

	if (only) {
		if (strlen(only) >= INCIDENT_ID_MAX)
			return 0;
		snprintf(subject, sizeof(subject), "case:%s", only);
		q.subject = subject;
	}
	return ledger_each(s, &q, on_entry, &ctx, f);
}

struct incident *incidents_find(const struct incidents *l, const char *id)
{
	return map_get(&l->by_id, span_str(id));
}

void incidents_init(struct incidents *l, struct arena *a)
{
	*l = (struct incidents){ .arena = a };
	map_init(&l->by_id, INCIDENT_CASES_MAX);
	map_init(&l->routes, INCIDENT_CASES_MAX);
}

void incidents_free(struct incidents *l)
{
	map_free(&l->by_id);
	map_free(&l->routes);
}
