/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/case_json.h"

#include "incident/grow.h"

#include <errno.h>
#include <stdlib.h>

static int by_learned(const void *a, const void *b)
{
	const struct incident_event *x = a, *y = b;
	ts tx = x->learned, ty = y->learned;

	return tx != ty ? (tx < ty ? -1 : 1) : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int by_seen(const void *a, const void *b)
{
	const struct incident_event *x = a, *y = b;

	return x->seen != y->seen ? (x->seen < y->seen ? -1 : 1) : by_learned(a, b);
}

struct incident_event *incident_timeline(
    const struct incident *c, enum incident_order by, struct arena *a)
{
	struct incident_event *e = arena_array(a, c->nevent ? c->nevent : 1, sizeof(*e));

	if (!e)
		return NULL;
	if (c->nevent) {
		memcpy(e, c->event, c->nevent * sizeof(*e));
		qsort(e, c->nevent, sizeof(*e), by == INCIDENT_BY_SEEN ? by_seen : by_learned);
	}
	return e;
}

static bool heard_from(const struct incident *c, size_t before, const char *reporter)
{
	for (size_t i = 0; i < before; i++)
		if (span_eq_nocase(span_trim(span_str(c->signal[i].s.reporter)),
			span_trim(span_str(reporter))))
			return true;
	return false;
}

size_t incident_reporters(const struct incident *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nsignal; i++)
		n += !heard_from(c, i, c->signal[i].s.reporter);
	return n;
}

int incident_overdue(const struct incident *c, ts now, struct arena *a, size_t *ret_n)
{
	struct incident_deadline *d;
	size_t n, overdue = 0;
	int rc = incident_deadlines(c, now, a, &d, &n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		overdue += d[i].state == DEADLINE_OVERDUE;
	*ret_n = overdue;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int add_place(
    struct incident_place **p, size_t *n, const char *channel, const char *version, struct arena *a)
{
	for (size_t i = 0; i < *n; i++)
		if (same((*p)[i].channel, channel) && same((*p)[i].version, version))
			return 0;
	struct incident_place *slot = GROW(a, *p, *n);
	if (!slot)
		return -ENOMEM;
	*slot = (struct incident_place){ channel, version };
	(*n)++;
	return 0;
}

int incident_places(
    const struct incident *c, struct arena *a, struct incident_place **ret_p, size_t *ret_n)
{
	struct incident_place *p = NULL;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < c->nsignal && rc == 0; i++) {
		const struct incident_signal *s = &c->signal[i];
		if (s->s.channel || s->s.release)
			rc = add_place(&p, &n, s->s.channel, s->s.release, a);
		for (size_t j = 0; j < s->nshipped && rc == 0; j++)
			rc = add_place(&p, &n, s->shipped[j].channel, s->shipped[j].version, a);
	}
	if (rc < 0)
		return rc;
	*ret_p = p;
	*ret_n = n;
	return 0;
}

int incident_digests(
    const struct incident *c, struct arena *a, struct digest **ret_d, size_t *ret_n)
{
	struct digest *d = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->nsignal; i++) {
		const struct digest *s = &c->signal[i].s.subject;
		bool known = !digest_is_set(s);
		for (size_t j = 0; j < n; j++)
			known |= digest_eq(&d[j], s);
		if (known)
			continue;
		struct digest *slot = GROW(a, d, n);
		if (!slot)
			return -ENOMEM;
		*slot = *s;
		n++;
	}
	*ret_d = d;
	*ret_n = n;
	return 0;
}

static void put_ts(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	jw_key(w, key);
	if (t == TS_NONE || t == TS_FOREVER)
		jw_null(w);
	else
		jw_cstr(w, ts_format(t, text));
}

static void put_proof(struct jw *w, const struct incident_proof *p)
{
	jw_key(w, "evidence");
	jw_arr(w);
	for (size_t i = 0; i < p->n; i++) {
		jw_obj(w);
		jw_kcstr(w, "digest", DIGEST_TEXT(&p->e[i].digest));
		jw_kcstr(w, "name", p->e[i].name);
		jw_end(w);
	}
	jw_end(w);
}

static int head_json(struct jw *w, const struct incident *c, ts now, struct arena *a)
{
	const struct route *r = incident_route(c);
	size_t overdue;

	int rc = incident_overdue(c, now, a, &overdue);
	if (rc < 0)
		return rc;
	jw_kcstr(w, "id", c->id);
	put_ts(w, "opened", c->opened_at);
	jw_kint(w, "overdue", (int64_t)overdue);
	jw_kcstr(w, "owner", r ? r->owner : NULL);
	jw_kint(w, "reopened", (int64_t)c->reopened);
	jw_kint(w, "reporters", (int64_t)incident_reporters(c));
	jw_kcstr(w, "severity", severity_name(incident_severity(c)));
	jw_kint(w, "signals_count", (int64_t)c->nsignal);
	jw_kcstr(w, "state", incident_state_name(incident_state_at(c, now)));
	jw_kcstr(w, "title", c->title);
	put_ts(w, "updated", c->last);
	return 0;
}

int incident_row_json(struct jw *w, const struct incident *c, ts now, struct arena *a)
{
	jw_obj(w);
	int rc = head_json(w, c, now, a);
	jw_end(w);
	return rc;
}

static void signals_json(struct jw *w, const struct incident *c)
{
	jw_key(w, "signals");
	jw_arr(w);
	for (size_t i = 0; i < c->nsignal; i++) {
		const struct incident_signal *s = &c->signal[i];
		jw_obj(w);
		jw_kint(w, "entry", (int64_t)s->seq);
		jw_kbool(w, "independent", s->independent);
		jw_kint(w, "reporters", s->reporters);
		jw_kcstr(w, "route", s->route);
		jw_key(w, "signal");
		signal_json(w, &s->s);
		jw_end(w);
	}
	jw_end(w);
}

static int affected_json(struct jw *w, const struct incident *c, struct arena *a)
{
	struct incident_place *p = NULL;
	struct digest *d = NULL;
	size_t np = 0, nd = 0;

	int rc = incident_places(c, a, &p, &np);
	if (rc == 0)
		rc = incident_digests(c, a, &d, &nd);
	if (rc < 0)
		return rc;
	jw_key(w, "channels");
	jw_arr(w);
	for (size_t i = 0; i < np; i++) {
		bool known = !p[i].channel;
		for (size_t j = 0; j < i; j++)
			known |= same(p[j].channel, p[i].channel);
		if (!known)
			jw_cstr(w, p[i].channel);
	}
	jw_end(w);
	jw_key(w, "digests");
	jw_arr(w);
	for (size_t i = 0; i < nd; i++)
		jw_cstr(w, DIGEST_TEXT(&d[i]));
	jw_end(w);
	jw_key(w, "releases");
	jw_arr(w);
	for (size_t i = 0; i < np; i++) {
		jw_obj(w);
		jw_kcstr(w, "channel", p[i].channel);
		jw_kcstr(w, "version", p[i].version);
		jw_end(w);
	}
	jw_end(w);
	return 0;
}

static int deadlines_json(struct jw *w, const struct incident *c, ts now, struct arena *a)
{
	struct incident_deadline *d;
	size_t n;
	int rc = incident_deadlines(c, now, a, &d, &n);

	if (rc < 0)
		return rc;
	jw_key(w, "deadlines");
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(w);
		put_ts(w, "due", d[i].due);
		jw_kcstr(w, "id", d[i].d->id);
		put_ts(w, "met", d[i].met);
		jw_kcstr(w, "source", d[i].d->source);
		jw_kcstr(w, "state", deadline_state_name(d[i].state));
		jw_kcstr(w, "text", d[i].d->text);
		jw_end(w);
	}
	jw_end(w);
	return 0;
}

static void decisions_json(struct jw *w, const struct incident *c, ts now)
{
	jw_key(w, "decisions");
	jw_arr(w);
	for (size_t i = 0; i < c->ndecision; i++) {
		const struct incident_decision *d = &c->decision[i];
		jw_obj(w);
		put_ts(w, "at", d->at);
		jw_kcstr(w, "by", d->actor);
		jw_kint(w, "entry", (int64_t)d->seq);
		if (digest_is_set(&d->envelope))
			jw_kcstr(w, "envelope", DIGEST_TEXT(&d->envelope));
		put_proof(w, &d->evidence);
		put_ts(w, "expires", d->expires);
		if (digest_is_set(&d->key))
			jw_kcstr(w, "key", DIGEST_TEXT(&d->key));
		jw_kcstr(w, "owner", d->owner);
		jw_kbool(w, "stands", d == incident_decision_at(c, now));
		jw_kcstr(w, "tripwire", d->tripwire);
		jw_kcstr(w, "verdict", conclusion_name(d->verdict));
		jw_kcstr(w, "why", d->why);
		jw_end(w);
	}
	jw_end(w);
}

static void conditions_json(struct jw *w, const struct incident *c, ts now)
{
	jw_key(w, "exit");
	jw_arr(w);
	for (size_t i = 0; i < c->ncondition; i++) {
		const struct incident_condition *n = &c->condition[i];
		jw_obj(w);
		jw_kcstr(w, "by", n->met_by);
		put_proof(w, &n->evidence);
		jw_kcstr(w, "id", n->item->id);
		jw_kbool(w, "met", n->met);
		put_ts(w, "met_at", n->met_at);
		jw_kbool(w, "needed", incident_applies(c, n->item->applies, now));
		jw_kcstr(w, "note", n->note);
		jw_kcstr(w, "route", n->route->id);
		jw_kcstr(w, "text", n->item->text);
		jw_end(w);
	}
	jw_end(w);
}

static void writebacks_json(struct jw *w, const struct incident *c, ts now)
{
	jw_key(w, "write_back");
	jw_arr(w);
	for (size_t i = 0; i < c->nwriteback; i++) {
		const struct incident_writeback *n = &c->writeback[i];
		jw_obj(w);
		jw_kcstr(w, "control", n->control);
		jw_kbool(w, "done", n->done);
		put_ts(w, "done_at", n->done_at);
		jw_kcstr(w, "done_by", n->done_by);
		put_proof(w, &n->evidence);
		jw_kbool(w, "filled", n->filled);
		jw_kcstr(w, "finding", n->finding);
		jw_kcstr(w, "id", n->id);
		jw_kbool(w, "needed",
		    n->filled || !n->item || incident_applies(c, n->item->applies, now));
		jw_kcstr(w, "owner", n->owner);
		jw_kcstr(w, "runbook", n->runbook);
		jw_kcstr(w, "text", n->item ? n->item->text : NULL);
		jw_kcstr(w, "tripwire", n->tripwire);
		jw_end(w);
	}
	jw_end(w);
}

static void freezes_json(struct jw *w, const struct incident *c)
{
	jw_key(w, "freezes");
	jw_arr(w);
	for (size_t i = 0; i < c->nfreeze; i++) {
		jw_obj(w);
		put_ts(w, "at", c->freeze[i].at);
		jw_kcstr(w, "channel", c->freeze[i].channel);
		jw_kcstr(w, "outcome", incident_freeze_name(c->freeze[i].outcome));
		jw_kcstr(w, "why", c->freeze[i].why);
		jw_end(w);
	}
	jw_end(w);
}

static void advisories_json(struct jw *w, const struct incident *c)
{
	jw_key(w, "advisories");
	jw_arr(w);
	for (size_t i = 0; i < c->nadvisory; i++) {
		const struct incident_advisory *v = &c->advisory[i];
		jw_obj(w);
		jw_kcstr(w, "csaf", DIGEST_TEXT(&v->csaf));
		put_ts(w, "date", v->date);
		jw_kcstr(w, "html", DIGEST_TEXT(&v->html));
		jw_kint(w, "number", v->number);
		jw_kcstr(w, "status", v->status);
		jw_kcstr(w, "summary", v->summary);
		jw_kcstr(w, "text", DIGEST_TEXT(&v->text));
		jw_kcstr(w, "tracking", v->tracking);
		jw_end(w);
	}
	jw_end(w);
}

static int open_json(struct jw *w, const struct incident *c, ts now, struct arena *a)
{
	const char *const *open;
	size_t n;
	int rc = incident_open_items(c, now, a, &open, &n);

	if (rc < 0)
		return rc;
	jw_key(w, "open_items");
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_cstr(w, open[i]);
	jw_end(w);
	return 0;
}

static int timeline_json(
    struct jw *w, const struct incident *c, enum incident_order by, struct arena *a)
{
	const struct incident_event *e = incident_timeline(c, by, a);

	if (!e)
		return -ENOMEM;
	jw_key(w, "timeline");
	jw_arr(w);
	for (size_t i = 0; i < c->nevent; i++) {
		jw_obj(w);
		jw_kint(w, "entry", (int64_t)e[i].seq);
		put_ts(w, "learned", e[i].learned);
		put_ts(w, "seen", e[i].seen);
		jw_kcstr(w, "text", e[i].text);
		jw_kcstr(w, "what", e[i].what);
		jw_kcstr(w, "who", e[i].who);
		jw_end(w);
	}
	jw_end(w);
	return 0;
}

static void routes_json(struct jw *w, const struct incident *c)
{
	const struct route *r = incident_route(c);

	jw_kcstr(w, "question", r ? r->question : NULL);
	jw_kcstr(w, "related", c->related);
	jw_kcstr(w, "route_digest", DIGEST_TEXT(&c->route_digest));
	jw_kcstr(w, "route_file", c->route_file);
	jw_key(w, "routes");
	jw_arr(w);
	for (size_t i = 0; i < c->nroute; i++)
		route_json(w, c->route[i]);
	jw_end(w);
}

int incident_json(
    struct jw *w, const struct incident *c, ts now, enum incident_order by, struct arena *a)
{
	jw_obj(w);
	int rc = head_json(w, c, now, a);
	routes_json(w, c);
	if (rc == 0)
		rc = affected_json(w, c, a);
	if (rc == 0)
		rc = deadlines_json(w, c, now, a);
	signals_json(w, c);
	freezes_json(w, c);
	decisions_json(w, c, now);
	conditions_json(w, c, now);
	writebacks_json(w, c, now);
	advisories_json(w, c);
	if (rc == 0)
		rc = open_json(w, c, now, a);
	if (rc == 0)
		rc = timeline_json(w, c, by, a);
	jw_end(w);
	return rc;
}
