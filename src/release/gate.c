/* SPDX-License-Identifier: Apache-2.0 */

#include "release/gate.h"

#include <stdio.h>

#define CONTROLS_MAX 32

/*
 * A control is named after what it looks at. Reason codes are families with a dot; some of them (those
 * of formats, and a proven SBOM) go by the name of the control they serve.
 */
static struct span control_of(const struct reason *r)
{
	struct span code = span_str(r->code);
	struct span family = span_cut(code, 0, span_find(code, '.'));
	static const char *const anatomy[] = { "pe", "msi", "cab", "cfb", "apple", "macho", "dmg", "bundle", "rpm",
		"archive", "asar", "name" };

	for (size_t i = 0; i < ARRAY_LEN(anatomy); i++)
		if (span_eq_str(family, anatomy[i]))
			return SPAN_LIT("anatomy");
	return span_eq_str(code, "evidence.sbom") ? SPAN_LIT("sbom") : family;
}

const char *const *gate_required(const char *risk)
{
	static const char *const low[] = { NULL };
	static const char *const normal[] = { "provenance", NULL };
	static const char *const high[] = { "provenance", "sbom", NULL };

	if (strcmp(risk, "low") == 0)
		return low;
	return strcmp(risk, "normal") == 0 ? normal : high;
}

static bool proves(const struct verdict *v, const char *control)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == REASON_PROVEN &&
		    span_eq_str(control_of(&v->reason[i]), control))
			return true;
	return false;
}

/* The first control that the risk class requires and this verdict does not prove, or NULL. */
static const char *lacking(const char *risk, const struct verdict *v)
{
	for (const char *const *p = gate_required(risk); *p; p++)
		if (!proves(v, *p))
			return *p;
	return NULL;
}

enum verdict_status gate_verdict(const char *risk, const struct release_gate *g)
{
	enum verdict_status worst = g->njudged ? VERDICT_PASS : VERDICT_FAIL;

	for (size_t i = 0; i < g->njudged; i++) {
		const struct verdict *v = g->judged[i].verdict;
		enum verdict_status s = v->status;
		if (s == VERDICT_PASS && lacking(risk, v))
			s = VERDICT_UNKNOWN;
		worst = s < worst ? s : worst;
	}
	return worst;
}

enum signal_kind gate_signal(const char *risk, const struct release_gate *g)
{
	enum signal_kind worst = SIGNAL_NONE;

	if (gate_verdict(risk, g) == VERDICT_PASS)
		return SIGNAL_NONE;
	for (size_t i = 0; i < g->njudged; i++)
		if (verdict_signal(g->judged[i].verdict) == SIGNAL_RELEASE_INTEGRITY)
			worst = SIGNAL_RELEASE_INTEGRITY;
	return worst ? worst : SIGNAL_PROVENANCE_GAP;
}

/* --- the record --- */

struct control {
	struct span name;
	enum reason_kind worst;
	bool proven;
};

static void note_control(struct control *c, size_t *n, struct span name, enum reason_kind kind)
{
	size_t i = 0;

	while (i < *n && !span_eq(c[i].name, name))
		i++;
	if (i == CONTROLS_MAX)
		return;
	if (i == *n)
		c[(*n)++] = (struct control){ name, REASON_NOTE, false };
	if (kind < c[i].worst)
		c[i].worst = kind;
	c[i].proven |= kind == REASON_PROVEN;
}

static void controls_json(struct jw *w, const char *risk, const struct release_gate *g)
{
	struct control c[CONTROLS_MAX];
	size_t n = 0;

	for (const char *const *p = gate_required(risk); *p; p++)
		for (size_t i = 0; i < g->njudged; i++)
			if (!proves(g->judged[i].verdict, *p))
				note_control(c, &n, span_str(*p), REASON_MISSING);
	for (size_t i = 0; i < g->njudged; i++)
		for (size_t j = 0; j < g->judged[i].verdict->n; j++) {
			const struct reason *r = &g->judged[i].verdict->reason[j];
			note_control(c, &n, control_of(r), r->kind);
		}
	jw_key(w, "controls");
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		if (c[i].worst > REASON_MISSING && !c[i].proven)
			continue;
		jw_obj(w);
		jw_kstr(w, "name", c[i].name);
		jw_kcstr(w, "result", c[i].worst == REASON_FAIL ? "fail" :
			c[i].worst == REASON_MISSING		? "missing" :
								  "pass");
		jw_end(w);
	}
	jw_end(w);
}

/* At most max bytes, not inside a character. */
static struct span cut_text(const char *text, size_t max)
{
	struct span s = span_str(text);

	if (s.n > max)
		for (s.n = max; s.n && (s.p[s.n] & 0xc0) == 0x80;)
			s.n--;
	return s;
}

static void reason_json(struct jw *w, const char *artifact, const struct reason *r)
{
	jw_obj(w);
	jw_kcstr(w, "artifact", artifact);
	jw_kcstr(w, "code", r->code);
	if (digest_is_set(&r->evidence))
		jw_kcstr(w, "evidence", DIGEST_TEXT(&r->evidence));
	if (r->file)
		jw_kstr(w, "file", cut_text(r->file, GATE_REASON_TEXT_MAX));
	jw_kcstr(w, "kind", reason_name(r->kind));
	if (r->has_off) {
		jw_kint(w, "length", (int64_t)r->len);
		jw_kint(w, "offset", (int64_t)r->off);
	}
	jw_kstr(w, "text", cut_text(r->text, GATE_REASON_TEXT_MAX));
	jw_end(w);
}

static void lacking_json(struct jw *w, const char *risk, const struct release_judged *j,
    size_t *total)
{
	const char *lacks = lacking(risk, j->verdict);
	char text[160];

	if (j->verdict->status != VERDICT_PASS || !lacks)
		return;
	snprintf(text, sizeof(text), "risk class %s requires %s, and nothing proves it", risk, lacks);
	reason_json(w, j->artifact, &(struct reason){ .kind = REASON_MISSING, .code = "gate.control",
					.text = text });
	++*total;
}

static void reasons_json(struct jw *w, const char *risk, const struct release_gate *g)
{
	size_t total = 0;

	jw_key(w, "reasons");
	jw_arr(w);
	for (size_t i = 0; i < g->njudged; i++)
		lacking_json(w, risk, &g->judged[i], &total);
	for (enum reason_kind k = REASON_FAIL; k <= REASON_PROVEN; k++)
		for (size_t i = 0; i < g->njudged; i++) {
			const struct verdict *v = g->judged[i].verdict;
			for (size_t j = 0; j < v->n; j++)
				if (v->reason[j].kind == k && total++ < GATE_REASONS_MAX)
					reason_json(w, g->judged[i].artifact, &v->reason[j]);
		}
	jw_end(w);
	jw_kint(w, "reasons_total", (int64_t)total);
}

static void put_time(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];
	jw_kcstr(w, key, ts_format(t, text));
}

static void exception_json(struct jw *w, const struct fold_exception *x)
{
	char id[40];

	jw_key(w, "exception");
	if (!x || !x->kind) {
		jw_null(w);
		return;
	}
	snprintf(id, sizeof(id), "%s:%llu", x->kind, (unsigned long long)x->id);
	jw_obj(w);
	put_time(w, "expires", x->expires);
	jw_kcstr(w, "id", id);
	jw_end(w);
}

void gate_json(struct jw *w, const struct release_channel *c, const struct release_gate *g,
    const struct fold_exception *exception, ts at)
{
	jw_obj(w);
	controls_json(w, c->risk, g);
	jw_key(w, "evidence");
	jw_arr(w);
	for (size_t i = 0; i < g->nevidence; i++)
		jw_cstr(w, DIGEST_TEXT(&g->evidence[i].sha256));
	jw_end(w);
	exception_json(w, exception);
	jw_kcstr(w, "owner", c->owner);
	jw_kcstr(w, "policy", DIGEST_TEXT(&g->policy));
	reasons_json(w, c->risk, g);
	jw_key(w, "reevaluate");
	jw_obj(w);
	put_time(w, "by", at + c->valid);
	jw_key(w, "on");
	jw_arr(w);
	jw_cstr(w, "policy-change");
	jw_cstr(w, "report-on-digest");
	jw_end(w);
	jw_end(w);
	if (digest_is_set(&g->report))
		jw_kcstr(w, "report", DIGEST_TEXT(&g->report));
	jw_kcstr(w, "risk", c->risk);
	jw_kcstr(w, "verdict", verdict_name(gate_verdict(c->risk, g)));
	jw_end(w);
}
