/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/triage.h"

#include <errno.h>
#include <stdio.h>

#define OBSERVABLE_MAX 2048 /* bytes of its value, as INDICATOR_VALUE_MAX */

static bool same_str(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_digest(const struct signal *a, const struct signal *b)
{
	return digest_is_set(&a->subject) && digest_eq(&a->subject, &b->subject);
}

static bool same_observable(const struct signal *a, const struct signal *b)
{
	return a->obs_value && b->obs_value && same_str(a->obs_type, b->obs_type) &&
	       span_eq_nocase(span_str(a->obs_value), span_str(b->obs_value)) &&
	       same_str(a->channel, b->channel);
}

static bool same_release(const struct signal *a, const struct signal *b)
{
	return a->channel && a->release && same_str(a->channel, b->channel) &&
	       same_str(a->release, b->release);
}

/* What independence is counted on: the digest where there is one. */
static bool same_matter(const struct signal *a, const struct signal *b)
{
	return digest_is_set(&b->subject) ? same_digest(a, b) : same_observable(a, b);
}

static bool same_reporter(const struct signal *a, const struct signal *b)
{
	return span_eq_nocase(span_trim(span_str(a->reporter)), span_trim(span_str(b->reporter)));
}

/* Is it about something that the case is about? */
static bool knows(const struct incident *c, const struct signal *s)
{
	for (size_t i = 0; i < c->nsignal; i++) {
		const struct signal *t = &c->signal[i].s;
		if (same_digest(t, s) || same_observable(t, s) || same_release(t, s))
			return true;
	}
	return false;
}

/* Is it about the very thing? A dismissal speaks about nothing else. */
static bool knows_matter(const struct incident *c, const struct signal *s)
{
	for (size_t i = 0; i < c->nsignal; i++)
		if (same_matter(&c->signal[i].s, s))
			return true;
	return false;
}

static bool is_dismissed(const struct incident *c, ts now)
{
	const struct incident_decision *d = incident_decision_at(c, now);
	return d && conclusion_dismisses(d->verdict);
}

static struct incident *find_case(
    const struct incident_write *w, const struct signal *s, const struct incident **ret_related)
{
	struct incident *dismissed = NULL;

	*ret_related = NULL;
	for (size_t i = 0; i < w->l->n; i++) {
		struct incident *c = w->l->c[i];
		if (!knows(c, s))
			continue;
		if (is_dismissed(c, w->who.at) && knows_matter(c, s))
			dismissed = c;
		else if (!is_dismissed(c, w->who.at) &&
			 incident_state_at(c, w->who.at) != INCIDENT_CLOSED)
			return c;
		else
			*ret_related = c;
	}
	return dismissed;
}

bool triage_knows(const struct incident_write *w, const struct signal *s)
{
	const struct incident *related;
	return find_case(w, s, &related) != NULL;
}

/* Has this reporter said it before; and how many have, with this one. */
static bool heard_before(const struct incident *c, const struct signal *s, int *ret_reporters)
{
	bool before = false;
	int n = 0;

	for (size_t i = 0; i < c->nsignal; i++) {
		if (!same_matter(&c->signal[i].s, s))
			continue;
		before |= same_reporter(&c->signal[i].s, s);
		n += c->signal[i].independent;
	}
	*ret_reporters = n + !before;
	return before;
}

static int check_signal(const struct signal *s, struct fault *f)
{
	int rc;

	if (s->kind == SIGNAL_NONE)
		return fault_set(f, INCIDENT_INCOMPLETE, "the signal has no kind");
	if (!digest_is_set(&s->subject) && !s->obs_value)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "the signal has neither a subject digest nor an observable: what is it about?");
	if (s->obs_value && !s->obs_type)
		return fault_set(f, INCIDENT_INCOMPLETE, "the observable has no type");
	const struct {
		const char *what, *value;
	} name[] = {
		{ "the channel", s->channel },
		{ "the release", s->release },
		{ "the source", s->source },
		{ "the observable's type", s->obs_type },
	};
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		if (name[i].value && (rc = incident_check_name(name[i].what, name[i].value, f)))
			return rc;
	if (s->summary &&
	    (rc = incident_check_text("the summary", s->summary, INCIDENT_TEXT_MAX, f)))
		return rc;
	if (s->obs_value &&
	    (rc = incident_check_text("the observable's value", s->obs_value, OBSERVABLE_MAX, f)))
		return rc;
	if ((rc = incident_check_name("the reporter", s->reporter, f)))
		return rc;
	if (!span_trim(span_str(s->reporter)).n)
		return fault_set(f, INCIDENT_INCOMPLETE, "the reporter is blank");
	return 0;
}

/* The next free "YEAR-NNNN". */
static void next_id(const struct incident_write *w, char out[static INCIDENT_ID_MAX])
{
	char now[TS_TEXT_MAX];
	unsigned n = 0;

	ts_format(w->who.at, now);
	for (size_t i = 0; i < w->l->n; i++)
		if (strncmp(w->l->c[i]->id, now, 5) == 0)
			n++;
	do
		snprintf(out, INCIDENT_ID_MAX, "%.4s-%04u", now, ++n);
	while (incidents_find(w->l, out));
}

static const char *title_of(struct arena *a, const struct signal *s)
{
	if (s->summary)
		return s->summary;
	if (digest_is_set(&s->subject))
		return arena_printf(
		    a, "%s: %s", signal_kind_name(s->kind), DIGEST_TEXT(&s->subject));
	return arena_printf(a, "%s: %s %s", signal_kind_name(s->kind), s->obs_type, s->obs_value);
}

static int open_case(struct incident_write *w, const struct triage_input *in,
    const struct incident *related, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(LEDGER_ENTRY_MAX);
	struct jw j = jw_canonical(&b);
	char id[INCIDENT_ID_MAX];
	const char *title = title_of(w->l->arena, in->signal);

	if (!title)
		return -ENOMEM;
	next_id(w, id);
	jw_obj(&j);
	jw_kcstr(&j, "id", id);
	jw_kcstr(&j, "related", related ? related->id : NULL);
	jw_kcstr(&j, "route-digest", DIGEST_TEXT(&in->route_digest));
	jw_kcstr(&j, "route-file", in->route_file);
	jw_kcstr(&j, "title", title);
	jw_end(&j);
	int rc = incident_append(w, "case.open", id, &b, f);
	if (rc == 0)
		w->c = incidents_find(w->l, id);
	return rc;
}

static bool has_route(const struct incident *c, const char *id)
{
	for (size_t i = 0; i < c->nroute; i++)
		if (strcmp(c->route[i]->id, id) == 0)
			return true;
	return false;
}

static void put_shipped(struct jw *j, const struct triage_input *in)
{
	if (!in->nshipped)
		return;
	jw_key(j, "shipped");
	jw_arr(j);
	for (size_t i = 0; i < in->nshipped && i < INCIDENT_SHIPPED_MAX; i++) {
		jw_obj(j);
		jw_kcstr(j, "artifact", in->shipped[i].artifact);
		jw_kcstr(j, "channel", in->shipped[i].channel);
		jw_kcstr(j, "version", in->shipped[i].version);
		jw_end(j);
	}
	jw_end(j);
}

static int append_signal(struct incident_write *w, const struct triage_input *in,
    const struct route *route, bool independent, int reporters, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(LEDGER_ENTRY_MAX);
	struct jw j = jw_canonical(&b);

	jw_obj(&j);
	jw_kbool(&j, "independent", independent);
	jw_kint(&j, "reporters", reporters);
	if (!has_route(w->c, route->id)) {
		jw_key(&j, "route");
		route_json(&j, route);
	}
	jw_kcstr(&j, "route-id", route->id);
	put_shipped(&j, in);
	jw_key(&j, "signal");
	signal_json(&j, in->signal);
	jw_end(&j);
	return incident_append(w, "case.signal", w->c->id, &b, f);
}

static int choose(
    struct incident_write *w, const struct triage_input *in, bool *ret_opened, struct fault *f)
{
	const struct incident *related = NULL;

	*ret_opened = false;
	if (in->case_id) {
		w->c = incidents_find(w->l, in->case_id);
		if (!w->c)
			return fault_set(f, INCIDENT_REFUSED, "there is no case %s",
			    QUOTE(span_str(in->case_id)));
		if (incident_state_at(w->c, w->who.at) == INCIDENT_CLOSED &&
		    !is_dismissed(w->c, w->who.at))
			return fault_set(f, INCIDENT_REFUSED, "case %s is closed", w->c->id);
		return 0;
	}
	w->c = find_case(w, in->signal, &related);
	if (!w->c && in->belongs_to) {
		w->c = incidents_find(w->l, in->belongs_to);
		enum incident_state st =
		    w->c ? incident_state_at(w->c, w->who.at) : INCIDENT_CLOSED;
		if (st != INCIDENT_OPEN && st != INCIDENT_EXPIRED)
			w->c = NULL;
	}
	if (w->c)
		return 0;
	*ret_opened = true;
	return open_case(w, in, related, f);
}

static const char *reason(struct arena *a, const struct signal *s, const struct triage_result *r,
    bool dismissed, bool new_matter)
{
	if (!r->tripped)
		return arena_printf(a, "%s signal from %s%s", signal_kind_name(s->kind),
		    s->reporter,
		    dismissed && new_matter ? ", which the dismissal does not speak about" : "");
	return arena_printf(a, "%d independent reports%s, the last by %s", r->reporters,
	    dismissed ? " although it had been dismissed" : "", s->reporter);
}

int triage_signal(struct incident_write *w, const struct triage_input *in,
    struct triage_result *ret, struct fault *f)
{
	const struct signal *s = in->signal;
	struct triage_result r = { 0 };
	bool opened;

	int rc = check_signal(s, f);
	if (rc == 0)
		rc = choose(w, in, &opened, f);
	if (rc)
		return rc;
	const struct route *route = routes_match(in->routes, s);
	bool dismissed = is_dismissed(w->c, w->who.at);
	bool new_matter = !knows_matter(w->c, s);
	bool repeated = heard_before(w->c, s, &r.reporters);
	r.tripped = !repeated && r.reporters >= in->routes->independent_reports;
	r.freeze_now = !(repeated && dismissed) && route_has_step(route, STEP_FREEZE_CHANNEL);
	r.why = reason(w->l->arena, s, &r, dismissed, new_matter);
	if (!r.why)
		return -ENOMEM;
	rc = append_signal(w, in, route, !repeated, r.reporters, f);
	if (rc)
		return rc;
	/* A dismissal stands against those who were heard, not against somebody else who finds the
	 * same, nor against another thing. */
	if (dismissed && (r.tripped || r.freeze_now || new_matter)) {
		rc = incident_reopen(w, r.reporters, r.why, f);
		if (rc)
			return rc;
		r.what = TRIAGE_REOPENED;
	} else {
		r.what = opened ? TRIAGE_OPENED : repeated ? TRIAGE_REPEATED : TRIAGE_JOINED;
	}
	r.c = w->c;
	for (size_t i = 0; i < r.c->nroute; i++)
		if (strcmp(r.c->route[i]->id, route->id) == 0)
			r.route = r.c->route[i];
	*ret = r;
	return 0;
}
