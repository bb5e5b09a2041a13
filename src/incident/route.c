/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/route.h"

#include "conf/yaml.h"
#include "incident/field.h"

#include <errno.h>
#include <stdio.h>

static int get_signal(struct json_val v, struct arena *a, enum signal_kind *out, struct fault *f)
{
	const char *s = NULL;
	int rc = field_str(v, "signal", FIELD_REQUIRED, a, &s, f);

	if (rc < 0)
		return rc;
	*out = signal_kind_of(span_str(s));
	if (*out == SIGNAL_NONE)
		return json_fault(json_get(v, "signal"), f,
		    "unknown signal %s; known are "
		    "release-integrity, provenance-gap, downstream-impact",
		    QUOTE(span_str(s)));
	return 0;
}

static int get_severity(struct json_val v, struct arena *a, enum severity *out, struct fault *f)
{
	const char *s = NULL;
	int rc = field_str(v, "severity", FIELD_REQUIRED, a, &s, f);

	if (rc < 0)
		return rc;
	*out = severity_of(span_str(s));
	if (*out == SEVERITY_NONE)
		return json_fault(json_get(v, "severity"), f,
		    "unknown severity %s; known are low, medium, high, critical",
		    QUOTE(span_str(s)));
	return 0;
}

static int get_steps(struct json_val v, struct route *r, struct arena *a, struct fault *f)
{
	struct json_val arr;
	uint32_t n;
	int rc = field_array(v, "steps", FIELD_REQUIRED, STEPS - 1, &arr, &n, f);

	if (rc < 0)
		return rc;
	JSON_EACH(x, arr) {
		enum step s = step_of(json_str(x, a));
		if (s == STEP_NONE)
			return json_fault(x, f, "unknown step %s", QUOTE(json_text(x)));
		if (route_has_step(r, s))
			return json_fault(x, f, "step %s twice", step_name(s));
		r->step[r->nstep++] = s;
	}
	return 0;
}

static int get_applies(struct json_val v, struct arena *a, conclusion_set *out, struct fault *f)
{
	struct json_val arr;
	uint32_t n;
	int rc = field_array(v, "applies-to", FIELD_OPTIONAL, CONCLUSIONS, &arr, &n, f);

	if (rc < 0)
		return rc;
	*out = json_ok(arr) ? 0 : CONCLUSIONS_ALL;
	JSON_EACH(x, arr) {
		enum conclusion c = conclusion_of(json_str(x, a));
		if (c == CONCLUSION_NONE)
			return json_fault(x, f,
			    "unknown verdict %s; known are confirmed, contained, "
			    "false-positive, accepted-risk",
			    QUOTE(json_text(x)));
		*out |= 1u << c;
	}
	return json_ok(arr) && !n ? json_fault(arr, f, "\"applies-to\" is empty") : 0;
}

static bool is_reserved(const char *id)
{
	static const char *const words[] = { "learned", "seen", "confirmed", "decision", "freeze",
		"advisory", "close" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(id, words[i]) == 0)
			return true;
	return false;
}

static const struct route_item *find_item(const struct route_item *it, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(it[i].id, id) == 0)
			return &it[i];
	return NULL;
}

static int get_items(struct json_val v, const char *key, struct arena *a,
    struct route_item **ret_it, size_t *ret_n, struct fault *f)
{
	static const char *const names[] = { "applies-to", "id", "text", NULL };
	struct json_val arr;
	uint32_t n, i = 0;

	int rc = field_array(v, key, FIELD_OPTIONAL, ROUTE_ITEMS_MAX, &arr, &n, f);
	if (rc < 0)
		return rc;
	struct route_item *it = arena_array(a, n ? n : 1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	JSON_EACH(x, arr) {
		if ((rc = json_only(x, names, f)) < 0 ||
		    (rc = field_id(x, "id", FIELD_REQUIRED, a, &it[i].id, f)) < 0 ||
		    (rc = field_str(x, "text", FIELD_REQUIRED, a, &it[i].text, f)) < 0 ||
		    (rc = get_applies(x, a, &it[i].applies, f)) < 0)
			return rc;
		if (is_reserved(it[i].id) || find_item(it, i, it[i].id))
			return json_fault(json_get(x, "id"), f, "id %s is %s", it[i].id,
			    is_reserved(it[i].id) ? "a word of its own" : "used twice");
		i++;
	}
	*ret_it = it;
	*ret_n = n;
	return 0;
}

/* A word of the closed set, or the id of an exit condition. */
static int get_event(struct json_val v, const char *key, const char *const *words,
    const struct route *r, struct arena *a, const char **out, struct fault *f)
{
	int rc = field_str(v, key, FIELD_OPTIONAL, a, out, f);

	if (rc < 0)
		return rc;
	for (; *words; words++)
		if (strcmp(*out, *words) == 0)
			return 0;
	if (find_item(r->exit, r->nexit, *out))
		return 0;
	return json_fault(json_get(v, key), f,
	    "\"%s\": %s is neither an event nor an exit condition of this route", key,
	    QUOTE(span_str(*out)));
}

static int get_deadline(struct json_val v, const struct route *r, struct arena *a,
    struct route_deadline *d, struct fault *f)
{
	static const char *const names[] = { "applies-to", "from", "id", "source", "text", "until",
		"within", NULL };
	static const char *const from[] = { "learned", "seen", "confirmed", NULL };
	static const char *const until[] = { "decision", "freeze", "advisory", "close", NULL };
	int rc;

	d->from = "learned";
	if ((rc = json_only(v, names, f)) < 0 ||
	    (rc = field_id(v, "id", FIELD_REQUIRED, a, &d->id, f)) < 0 ||
	    (rc = field_str(v, "text", FIELD_REQUIRED, a, &d->text, f)) < 0 ||
	    (rc = field_str(v, "source", FIELD_OPTIONAL, a, &d->source, f)) < 0 ||
	    (rc = field_duration(v, "within", FIELD_REQUIRED, a, &d->within, f)) < 0 ||
	    (rc = get_applies(v, a, &d->applies, f)) < 0 ||
	    (rc = get_event(v, "from", from, r, a, &d->from, f)) < 0)
		return rc;
	if (!json_ok(json_get(v, "until")))
		return json_fault(v, f, "\"until\" is missing");
	return get_event(v, "until", until, r, a, &d->until, f);
}

static int get_deadlines(struct json_val v, struct route *r, struct arena *a, struct fault *f)
{
	struct json_val arr;
	uint32_t n;
	int rc = field_array(v, "deadlines", FIELD_OPTIONAL, ROUTE_ITEMS_MAX, &arr, &n, f);

	if (rc < 0)
		return rc;
	r->deadline = arena_array(a, n ? n : 1, sizeof(*r->deadline));
	if (!r->deadline)
		return -ENOMEM;
	JSON_EACH(x, arr) {
		struct route_deadline *d = &r->deadline[r->ndeadline];
		rc = get_deadline(x, r, a, d, f);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < r->ndeadline; i++)
			if (strcmp(r->deadline[i].id, d->id) == 0)
				return json_fault(
				    json_get(x, "id"), f, "id %s is used twice", d->id);
		r->ndeadline++;
	}
	return 0;
}

int route_decode(struct route *ret_r, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "deadlines", "exit", "id", "min-confidence", "owner",
		"question", "severity", "signal", "steps", "write-back", NULL };
	struct route r = { 0 };
	int64_t confidence = 0;
	int rc;

	if ((rc = json_only(v, names, f)) < 0 ||
	    (rc = field_id(v, "id", FIELD_REQUIRED, a, &r.id, f)) < 0 ||
	    (rc = get_signal(v, a, &r.kind, f)) < 0 ||
	    (rc = field_int(v, "min-confidence", FIELD_OPTIONAL, 0, 100, &confidence, f)) < 0 ||
	    (rc = field_str(v, "question", FIELD_REQUIRED, a, &r.question, f)) < 0 ||
	    (rc = get_severity(v, a, &r.severity, f)) < 0 ||
	    (rc = field_name(v, "owner", FIELD_REQUIRED, a, &r.owner, f)) < 0 ||
	    (rc = get_steps(v, &r, a, f)) < 0 ||
	    (rc = get_items(v, "exit", a, &r.exit, &r.nexit, f)) < 0 ||
	    (rc = get_items(v, "write-back", a, &r.writeback, &r.nwriteback, f)) < 0 ||
	    (rc = get_deadlines(v, &r, a, f)) < 0)
		return rc;
	r.min_confidence = (int)confidence;
	*ret_r = r;
	return 0;
}

static int get_routes(struct json_val v, struct routes *r, struct arena *a, struct fault *f)
{
	struct json_val arr;
	uint32_t n;
	int rc = field_array(v, "routes", FIELD_REQUIRED, ROUTES_MAX, &arr, &n, f);

	if (rc < 0)
		return rc;
	r->route = arena_array(a, n, sizeof(*r->route));
	if (!r->route)
		return -ENOMEM;
	JSON_EACH(x, arr) {
		rc = route_decode(&r->route[r->n], x, a, f);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < r->n; i++)
			if (strcmp(r->route[i].id, r->route[r->n].id) == 0)
				return json_fault(json_get(x, "id"), f, "route id %s is used twice",
				    r->route[i].id);
		r->n++;
	}
	return 0;
}

/* No signal may fall through, whatever its confidence. */
static int check_total(struct json_val v, const struct routes *r, struct fault *f)
{
	for (enum signal_kind k = SIGNAL_RELEASE_INTEGRITY; k <= SIGNAL_DOWNSTREAM_IMPACT; k++) {
		struct signal s = { .kind = k };
		if (!routes_match(r, &s))
			return json_fault(json_get(v, "routes"), f,
			    "no route answers every %s signal: add one without \"min-confidence\"",
			    signal_kind_name(k));
	}
	return 0;
}

int routes_parse(
    struct routes *ret_r, const char *name, struct span text, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "dismissal-max", "freeze-for", "independent-reports",
		"name", "routes", "version", NULL };
	struct routes r = { .dismissal_max = 30 * TS_DAY, .freeze_for = 14 * TS_DAY };
	int64_t version = 0, reports = 2;
	struct json_doc d;

	int rc = yaml_parse(&d, name, text, a, f);
	if (rc < 0)
		return rc;
	struct json_val v = json_root(&d);
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "not a mapping; a route file starts with \"version: 1\"");
	if ((rc = json_only(v, names, f)) < 0 ||
	    (rc = field_int(v, "version", FIELD_REQUIRED, 1, 1, &version, f)) < 0 ||
	    (rc = field_name(v, "name", FIELD_REQUIRED, a, &r.name, f)) < 0 ||
	    (rc = field_int(v, "independent-reports", FIELD_OPTIONAL, 1, ROUTE_REPORTS_MAX,
		 &reports, f)) < 0 ||
	    (rc = field_duration(v, "dismissal-max", FIELD_OPTIONAL, a, &r.dismissal_max, f)) < 0 ||
	    (rc = field_duration(v, "freeze-for", FIELD_OPTIONAL, a, &r.freeze_for, f)) < 0 ||
	    (rc = get_routes(v, &r, a, f)) < 0 || (rc = check_total(v, &r, f)) < 0)
		return rc;
	r.independent_reports = (int)reports;
	*ret_r = r;
	return 0;
}

const struct route *routes_match(const struct routes *r, const struct signal *s)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->route[i].kind == s->kind && s->confidence >= r->route[i].min_confidence)
			return &r->route[i];
	return NULL;
}

bool route_has_step(const struct route *r, enum step s)
{
	for (size_t i = 0; i < r->nstep; i++)
		if (r->step[i] == s)
			return true;
	return false;
}

static void put_applies(struct jw *w, conclusion_set set)
{
	if (set == CONCLUSIONS_ALL)
		return;
	jw_key(w, "applies-to");
	jw_arr(w);
	for (enum conclusion c = CONCLUSION_CONFIRMED; c < CONCLUSIONS; c++)
		if (set & 1u << c)
			jw_cstr(w, conclusion_name(c));
	jw_end(w);
}

static void put_items(struct jw *w, const char *key, const struct route_item *it, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(w);
		put_applies(w, it[i].applies);
		jw_kcstr(w, "id", it[i].id);
		jw_kcstr(w, "text", it[i].text);
		jw_end(w);
	}
	jw_end(w);
}

/* The way back from nanoseconds to the words of a route file. */
static void put_duration(struct jw *w, const char *key, ts d)
{
	char text[32];

	snprintf(text, sizeof(text), "%llds", (long long)(d / TS_SECOND));
	jw_kcstr(w, key, text);
}

static void put_deadlines(struct jw *w, const struct route *r)
{
	jw_key(w, "deadlines");
	jw_arr(w);
	for (size_t i = 0; i < r->ndeadline; i++) {
		const struct route_deadline *d = &r->deadline[i];
		jw_obj(w);
		put_applies(w, d->applies);
		jw_kcstr(w, "from", d->from);
		jw_kcstr(w, "id", d->id);
		jw_kcstr(w, "source", d->source);
		jw_kcstr(w, "text", d->text);
		jw_kcstr(w, "until", d->until);
		put_duration(w, "within", d->within);
		jw_end(w);
	}
	jw_end(w);
}

void route_json(struct jw *w, const struct route *r)
{
	jw_obj(w);
	put_deadlines(w, r);
	put_items(w, "exit", r->exit, r->nexit);
	jw_kcstr(w, "id", r->id);
	jw_kint(w, "min-confidence", r->min_confidence);
	jw_kcstr(w, "owner", r->owner);
	jw_kcstr(w, "question", r->question);
	jw_kcstr(w, "severity", severity_name(r->severity));
	jw_kcstr(w, "signal", signal_kind_name(r->kind));
	jw_key(w, "steps");
	jw_arr(w);
	for (size_t i = 0; i < r->nstep; i++)
		jw_cstr(w, step_name(r->step[i]));
	jw_end(w);
	put_items(w, "write-back", r->writeback, r->nwriteback);
	jw_end(w);
}
